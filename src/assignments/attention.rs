//! Assignment 6: attention and the transformer block, at work.

mod figures;
mod learners;
mod task;
mod text;

pub use learners::{Learners, Lessons};
pub use task::{Questions, Sequence, Task};

use crate::experiment::{Assignment, DataFolder, Error, Goal, Report, configuration};
use crate::models::{LanguageModel, LanguageModelConfig};
use crate::nn::PositionKind;
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Precision, Sampling, Settings};

configuration! {
    /// Transformers that learn to repeat, to reverse, to sort, to add and to write
    pub struct Attention {
        /// The number of training steps; in each, all five transformers take one
        steps: u64 = 2000, 1..=1_000_000_000;
        /// The highest learning rate, on a one-cycle schedule
        learning_rate: f64 = 4e-3, 0.0..=1e6;
        /// The number of features of a token in the four tasks
        width: usize = 48, 2..=10_000;
        /// The number of heads
        heads: usize = 4, 1..=1000;
        /// The number of blocks in the four tasks
        blocks: usize = 3, 1..=100;
        /// The number of features of a letter
        text_width: usize = 64, 2..=10_000;
        /// The number of blocks for text
        text_blocks: usize = 2, 1..=100;
        /// The number of letters that the writing transformer learns from at a time
        text_length: usize = 192, 1..=2000;
        /// The number of fresh sequences of each task that an accuracy is measured on; at twice the length, a quarter
        holdout: usize = 10_000, 100..=1_000_000;
    }
}

impl Attention {
    /// The transformer for a task.
    pub fn task_model(&self, task: Task) -> LanguageModelConfig {
        LanguageModelConfig {
            vocabulary: task.symbols().len(),
            positions: task.positions(),
            width: self.width,
            heads: self.heads,
            blocks: self.blocks,
        }
    }

    /// The transformer for text.
    pub fn text_model(&self) -> LanguageModelConfig {
        LanguageModelConfig {
            vocabulary: text::VOCABULARY,
            positions: PositionKind::Rotary,
            width: self.text_width,
            heads: self.heads,
            blocks: self.text_blocks,
        }
    }
}

impl Assignment for Attention {
    const COMMAND: &'static str = "attention";
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
        // The tasks' sequences are short.
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
        let problem = self.problem(data)?;
        let mut metrics = Vec::new();
        for (task, model) in Task::ALL.into_iter().zip(&model.tasks) {
            let [trained, twice] = task.accuracy_names();
            metrics.push((trained, problem.holdout_accuracy(task, model)?));
            let longer = task.holdout(2 * task.length(), self.holdout / 4, self.seed);
            metrics.push((twice, learners::accuracy(model, &longer)?));
        }
        let text = text::samples(&model.text, self.text_length, self.seed)?;
        let figures = figures::all(self, &problem, model, history);
        Ok(Report { metrics, figures, files: vec![("text.txt", text)] })
    }
}
