//! Networks of earlier runs: one to train further, and a proxy that selects training examples.

use std::path::Path;

use crate::assignments::cifar::Cifar;
use crate::data::LabelledImages;
use crate::experiment::{Assignment as _, Error, load_as, parse_config};
use crate::models::Proxy;
use crate::train::load_metadata;

impl Cifar {
    /// The proxy that selects training examples, if the settings name one.
    pub(crate) fn earlier_proxy(
        &self,
        pictures: &LabelledImages,
        validation: &[usize],
    ) -> Result<Option<Proxy>, Error> {
        let Some(path) = &self.proxy else { return Ok(None) };
        let small = self.check_earlier(path, pictures, validation)?;
        Ok(Some(Proxy { model: load_as(path, &small)?, keep: self.keep }))
    }

    /// The settings of an earlier run. Checks that it was on the same data set, and was not trained
    /// on examples that are held out now.
    pub(crate) fn check_earlier(
        &self,
        path: &Path,
        pictures: &LabelledImages,
        validation: &[usize],
    ) -> Result<Self, Error> {
        let fail = |message: String| Err(Error::Config { path: path.into(), message });
        let earlier: Self = parse_config(Self::COMMAND, &load_metadata(path)?, path)?;
        if earlier.dataset != self.dataset {
            return fail("the network is for another data set, with other classes".into());
        }
        let held_out = earlier.split(pictures)?.validation;
        let seen = validation.iter().filter(|i| held_out.binary_search(i).is_err()).count();
        if seen > 0 {
            return fail(format!(
                "was trained on {seen} of the {} examples that are held out for validation: use its --seed {} \
                 and its --validation {}",
                validation.len(),
                earlier.seed,
                earlier.validation,
            ));
        }
        Ok(earlier)
    }
}
