//! Assignment 2: separating two spirals with a multilayer perceptron.

mod problem;
mod report;
mod settings;
mod studies;

pub use problem::SpiralClassification;
pub use settings::Spirals;
pub use studies::ablation;

use crate::data::SpiralPoints;
use crate::experiment::{Assignment, DataFolder, Error, Goal, Report};
use crate::nn::Mlp;
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Sampling, Settings};

use problem::SHARD;

impl Assignment for Spirals {
    const COMMAND: &'static str = "spirals";
    const HEADINGS: &[(&str, &str)] = &[("points", "Data"), ("hidden_layers", "Model"), ("l2", "Training")];
    type Problem = SpiralClassification;

    fn problem(&self, _: &DataFolder) -> Result<SpiralClassification, Error> {
        let stream = &mut Stream::new(self.seed, Purpose::Data);
        let data = SpiralPoints::draw(self.points, self.laps, self.noise, stream);
        Ok(SpiralClassification { targets: data.targets(), data, l2: self.l2 })
    }

    fn parameter_count(&self) -> usize {
        self.mlp().parameter_count()
    }

    fn activation_count(&self) -> usize {
        self.batch().min(SHARD) * self.hidden_layers * self.width
    }

    fn network(&self) -> Mlp {
        Mlp::new(self.mlp(), &mut Stream::new(self.seed, Purpose::Init))
    }

    fn settings(&self, _: &SpiralClassification) -> Settings {
        Settings {
            steps: self.steps,
            batch_size: self.batch(),
            shard_size: SHARD,
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::OneCycle { warmup: 0.3, first: 0.04, last: 1e-3 },
            method: Method::Adam,
            max_gradient_norm: None,
            average: None,
            log_every: (self.steps / 100).max(1),
            checkpoint_every: (self.steps / 10).max(1),
        }
    }

    fn goals(&self) -> Vec<Goal> {
        vec![Goal::AtLeast("train_accuracy", 1.0), Goal::AtLeast("holdout_accuracy", 0.99)]
    }

    fn report(&self, data: &DataFolder, model: &Mlp, history: Option<&History>) -> Result<Report, Error> {
        report::report(self, data, model, history)
    }
}
