//! Assignment 6: attention and the transformer block, at work.

mod figures;
mod learners;
mod model;
mod task;
mod text;

use clap::Args;
use serde::{Deserialize, Serialize};

pub use learners::{Learners, Lessons};
pub use model::{LanguageModel, LanguageModelConfig};
pub use task::{Questions, Sequence, Task};

use super::{Assignment, DataFolder, Error, Goal, Report, within};
use crate::nn::PositionKind;
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Precision, Sampling, Settings};

/// Transformers that learn to repeat, to reverse, to sort, to add and to write
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[group(skip)]
pub struct Attention {
    /// Where all randomness starts
    #[arg(long, default_value_t = 472)]
    pub seed: u64,
    /// The number of training steps; in each, all five transformers take one
    #[arg(long, default_value_t = 2000)]
    pub steps: u64,
    /// The highest learning rate, on a one-cycle schedule
    #[arg(long, default_value_t = 4e-3)]
    pub learning_rate: f64,
    /// The number of features of a token in the four tasks
    #[arg(long, default_value_t = 48)]
    pub width: usize,
    /// The number of heads
    #[arg(long, default_value_t = 4)]
    pub heads: usize,
    /// The number of blocks in the four tasks
    #[arg(long, default_value_t = 3)]
    pub blocks: usize,
    /// The number of features of a letter
    #[arg(long, default_value_t = 64)]
    pub text_width: usize,
    /// The number of blocks for text
    #[arg(long, default_value_t = 2)]
    pub text_blocks: usize,
    /// The number of letters that the writing transformer learns from at a time
    #[arg(long, default_value_t = 192)]
    pub text_length: usize,
    /// The number of fresh sequences of each task that an accuracy is measured on; at twice the length, a quarter
    #[arg(long, default_value_t = 10_000)]
    pub holdout: usize,
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

    fn seed(&self) -> u64 {
        self.seed
    }

    fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..self.clone() }
    }

    fn validate(&self) -> Result<(), String> {
        within("steps", self.steps, 1, 1_000_000_000)?;
        within("learning-rate", self.learning_rate, 0.0, 1e6)?;
        within("heads", self.heads, 1, 1000)?;
        for (name, width) in [("width", self.width), ("text-width", self.text_width)] {
            within(name, width, 2, 10_000)?;
            if !width.is_multiple_of(2 * self.heads) {
                return Err(format!(
                    "--{name} {width} cannot be cut into {} heads of even width",
                    self.heads
                ));
            }
        }
        within("blocks", self.blocks, 1, 100)?;
        within("text-blocks", self.text_blocks, 1, 100)?;
        within("text-length", self.text_length, 1, 2000)?;
        within("holdout", self.holdout, 100, 1_000_000)
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

    fn model(&self) -> Learners {
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
        problem: &Lessons,
        model: &Learners,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        let mut metrics = Vec::new();
        for (task, model) in Task::ALL.into_iter().zip(&model.tasks) {
            let [trained, twice] = task.accuracy_names();
            metrics.push((trained, problem.holdout_accuracy(task, model)?));
            let longer = task.holdout(2 * task.length(), self.holdout / 4, self.seed);
            metrics.push((twice, learners::accuracy(model, &longer)?));
        }
        let text = text::samples(&model.text, self.text_length, self.seed)?;
        let figures = figures::all(self, problem, model, history);
        Ok(Report { metrics, figures, files: vec![("text.txt", text)] })
    }
}
