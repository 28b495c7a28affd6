//! The settings of assignment 6.

use super::Task;
use super::problem::text;
use crate::experiment::configuration;
use crate::models::LanguageModelConfig;
use crate::nn::PositionKind;

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
