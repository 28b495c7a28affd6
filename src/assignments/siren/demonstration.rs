//! What the demonstrations have in common: a picture, networks that are trained, and results.

use std::fs;

use super::super::Assignment as _;
use super::super::output::{Output, config_value};
use super::super::run::RunArgs;
use super::super::{Error, memory};
use super::network::Network;
use super::{Picture, PictureFit};
use crate::plot::Figure;
use crate::train::{History, Objective, RunOptions, train};

/// A demonstration: what it works with, and what it has measured.
pub(super) struct Demonstration<'a> {
    pub config: PictureFit,
    pub picture: Picture,
    /// The picture's colours from 0 to 1.
    pub truth: Vec<f32>,
    pub args: &'a RunArgs,
    pub output: Output,
    pub metrics: Vec<(&'static str, f64)>,
}

impl Demonstration<'_> {
    /// Trains a network with a checkpoint of its own, and shows progress under the name.
    pub(super) fn train<P: Objective<Model = Network>>(
        &self,
        name: &'static str,
        config: &PictureFit,
        problem: &P,
    ) -> Result<(Network, History), Error> {
        let folder = self.output.folder().join("checkpoint");
        let checkpoint = folder.join(format!("{}.safetensors", name.replace(' ', "-")));
        if !self.args.resume {
            // A checkpoint of an earlier run must not be taken for one of this.
            let _ = fs::remove_file(&checkpoint);
        }
        let options = RunOptions {
            checkpoint: Some(checkpoint),
            identity: format!("{name} {}", config_value(PictureFit::COMMAND, config)),
            resume: self.args.resume,
            progress: (!self.args.quiet).then_some(name),
        };
        let settings = config.settings_for(problem.examples());
        memory::check(config, &settings, problem.examples(), 1)?;
        Ok(train(problem, &config.model(), settings, config.seed, &options)?)
    }

    /// Keeps and prints a number.
    pub(super) fn measured(&mut self, metric: &'static str, value: f64) {
        self.args.say(&format!("{metric:<28} {value:.4}"));
        self.metrics.push((metric, value));
    }

    pub(super) fn save(&self, name: &str, figure: &Figure) -> Result<(), Error> {
        Ok(figure.save(self.output.folder(), name)?)
    }

    pub(super) fn write(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        Ok(crate::files::write(&self.output.folder().join(name), contents)?)
    }
}
