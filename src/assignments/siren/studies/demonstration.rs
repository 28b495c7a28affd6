//! Shared parts of the demonstrations: the picture, the training of networks, and the results.

use crate::assignments::siren::{Network, PictureFit, PixelRegression};
use crate::experiment::{Action, Assignment as _, Error, Identity, Output, RunArgs, memory};
use crate::plot::Figure;
use crate::train::{History, Objective, RunOptions, train};

/// The inputs of a demonstration, and the metrics that it has measured so far.
pub(crate) struct Demonstration<'a> {
    pub config: PictureFit,
    pub picture: PixelRegression,
    /// The picture's colours from 0 to 1.
    pub truth: Vec<f32>,
    pub args: &'a RunArgs,
    pub resume: bool,
    pub output: Output,
    pub action: Action,
    pub metrics: Vec<(&'static str, f64)>,
}

impl Demonstration<'_> {
    /// Trains a network. Its name identifies its checkpoint and is shown with the progress.
    pub(crate) fn train<P: Objective<Model = Network>>(
        &self,
        name: &'static str,
        config: &PictureFit,
        problem: &P,
    ) -> Result<(Network, History), Error> {
        let options = RunOptions {
            checkpoint: Some(self.output.checkpoint_of(&name.replace(' ', "-"))?),
            identity: format!("{name} {}", Identity::new(config, self.action.clone())?.text()),
            resume: self.resume,
            progress: (!self.args.quiet).then_some(name),
        };
        let settings = config.settings_for(problem.examples());
        memory::check(config, &settings, problem.examples(), 1)?;
        Ok(train(problem, &config.network(), settings, config.seed, &options)?)
    }

    /// Stores and prints a metric.
    pub(crate) fn measured(&mut self, metric: &'static str, value: f64) {
        self.args.say(&format!("{metric:<28} {value:.4}"));
        self.metrics.push((metric, value));
    }

    pub(crate) fn save(&self, name: &str, figure: &Figure) -> Result<(), Error> {
        self.output.figure(name, figure)
    }

    pub(crate) fn write(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        self.output.write(name, contents)
    }
}
