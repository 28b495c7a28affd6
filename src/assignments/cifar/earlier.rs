//! Networks of earlier runs: one to train further, and a small one that chooses what a large one learns from.

use std::path::Path;

use super::{Cifar, Classification};
use crate::experiment::{Assignment as _, Error, load_as, parse_config};
use crate::models::Proxy;
use crate::train::load_metadata;

impl Cifar {
    /// The problem with the earlier networks that the settings name.
    pub(super) fn with_earlier_networks(&self, problem: Classification) -> Result<Classification, Error> {
        let start = match &self.start_from {
            Some(path) => {
                self.check_earlier(path, &problem)?;
                // What has no weights, such as the nonlinear function, may be another than it was.
                Some(load_as(path, self)?)
            }
            None => None,
        };
        let proxy = match &self.proxy {
            Some(path) => {
                let small = self.check_earlier(path, &problem)?;
                let model = load_as(path, &small)?;
                Some(Proxy { model, keep: self.keep })
            }
            None => None,
        };
        Ok(Classification { start, proxy, ..problem })
    }

    /// The settings of an earlier run, if it was on the same data set and learned from none of the examples that
    /// are held out now.
    fn check_earlier(&self, path: &Path, problem: &Classification) -> Result<Self, Error> {
        let fail = |message: String| Err(Error::Config { path: path.into(), message });
        let earlier: Self = parse_config(Self::COMMAND, &load_metadata(path)?, path)?;
        if earlier.dataset != self.dataset {
            return fail("a network for another data set: its classes are not those of this one".into());
        }
        let held_out = earlier.split(&problem.pictures)?.validation;
        let seen = problem.validation.iter().filter(|i| held_out.binary_search(i).is_err()).count();
        if seen > 0 {
            return fail(format!(
                "has learned from {seen} of the {} examples that are held out for validation: take its --seed, {}, \
                 and its --validation, {}",
                problem.validation.len(),
                earlier.seed,
                earlier.validation,
            ));
        }
        Ok(earlier)
    }
}
