//! Assignment 6: transformers that learn to repeat, reverse, sort, add and write.

mod problem;
mod report;
mod settings;

pub use problem::{Learners, Lessons, Questions, Sequence, Task};
pub use settings::Attention;

use crate::experiment::{Assignment, DataFolder, Error, Goal, Report};
use crate::models::LanguageModel;
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Precision, Sampling, Settings};

impl Assignment for Attention {
    const COMMAND: &'static str = "attention";
    const HEADINGS: &[(&str, &str)] = &[("steps", "Training"), ("width", "Model"), ("holdout", "Evaluation")];
    const PRECISION: Precision = Precision::Half;
    const JUDGED_BY: &'static [&'static str] = &["holdout"];
    type Problem = Lessons;

    fn check_together(&self) -> Result<(), String> {
        for (name, width) in [("width", self.width), ("text-width", self.text_width)] {
            if !width.is_multiple_of(2 * self.heads) {
                return Err(format!(
                    "--{name} {width} cannot be cut into {} heads of even width",
                    self.heads
                ));
            }
        }
        Ok(())
    }

    fn problem(&self, _: &DataFolder) -> Result<Lessons, Error> {
        Ok(Lessons::new(self))
    }

    fn parameter_count(&self) -> usize {
        let tasks: usize = Task::ALL.map(|task| self.task_model(task).parameter_count()).iter().sum();
        tasks + self.text_model().parameter_count()
    }

    fn activation_count(&self) -> usize {
        // The sequences of the tasks are shorter than those of text, so text needs the most memory.
        Lessons::SHARD * self.text_model().activation_count(self.text_length)
    }

    fn network(&self) -> Learners {
        let stream = |item| Stream::at(self.seed, Purpose::Init, 0, item);
        let task = |task: Task| LanguageModel::new(&self.task_model(task), &mut stream(task as u64));
        Learners { tasks: Task::ALL.map(task), text: LanguageModel::new(&self.text_model(), &mut stream(4)) }
    }

    fn settings(&self, problem: &Lessons) -> Settings {
        Settings {
            steps: self.steps,
            batch_size: problem.batch(),
            shard_size: Lessons::SHARD,
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::OneCycle { warmup: 0.1, first: 0.01, last: 1e-3 },
            method: Method::AdamW { weight_decay: 0.3 },
            max_gradient_norm: None,
            average: None,
            log_every: (self.steps / 50).max(1),
            checkpoint_every: (self.steps / 10).max(1),
        }
    }

    fn goals(&self) -> Vec<Goal> {
        Task::ALL.map(|task| Goal::AtLeast(task.accuracy_names()[0], 0.999)).to_vec()
    }

    fn report(
        &self,
        data: &DataFolder,
        model: &Learners,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        report::report(self, data, model, history)
    }
}
