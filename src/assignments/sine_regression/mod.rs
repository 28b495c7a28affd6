//! Assignment 1: regression of a noisy sine with learned basis functions.

mod problem;
mod report;
mod settings;
mod studies;

pub use problem::{BasisRegression, Regression};
pub use settings::SineRegression;
pub use studies::cross_validate;

use crate::data::SinePoints;
use crate::experiment::{Assignment, DataFolder, Error, Goal, Report};
use crate::optim::{MuonConfig, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Sampling, Settings};

use problem::SHARD;

impl Assignment for SineRegression {
    const COMMAND: &'static str = "sine-regression";
    const HEADINGS: &[(&str, &str)] = &[("points", "Data"), ("basis", "Model"), ("optimizer", "Training")];
    type Problem = Regression;

    fn problem(&self, _: &DataFolder) -> Result<Regression, Error> {
        let stream = &mut Stream::new(self.seed, Purpose::Data);
        Ok(Regression::new(SinePoints::draw(self.points, self.noise, stream)))
    }

    fn parameter_count(&self) -> usize {
        // A location, a scale and a weight for each function, and the bias.
        3 * self.basis_functions + 1
    }

    fn activation_count(&self) -> usize {
        self.batch_size.min(SHARD) * self.basis_functions
    }

    fn network(&self) -> BasisRegression {
        BasisRegression::new(self.basis_functions, self.basis, &mut Stream::new(self.seed, Purpose::Init))
    }

    fn settings(&self, _: &Regression) -> Settings {
        Settings {
            steps: self.steps,
            batch_size: self.batch_size,
            shard_size: SHARD,
            sampling: Sampling::WithReplacement,
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine { warmup: 0.0, last: 0.0 },
            method: self.optimizer.method(MuonConfig::default()),
            max_gradient_norm: None,
            average: None,
            log_every: (self.steps / 200).max(1),
            checkpoint_every: (self.steps / 10).max(1),
        }
    }

    fn goals(&self) -> Vec<Goal> {
        vec![Goal::AtMost("rmse_clean", 0.10)]
    }

    fn report(
        &self,
        data: &DataFolder,
        model: &BasisRegression,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        report::report(self, data, model, history)
    }
}
