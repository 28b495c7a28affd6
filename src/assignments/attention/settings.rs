//! The settings of assignment 6.

use super::Task;
use super::problem::text;
use crate::experiment::configuration;
use crate::models::LanguageModelConfig;
use crate::nn::PositionKind;

configuration! {
    /// Train transformers to repeat, reverse, sort, add and write
    pub struct Attention {
        /// The number of training steps of each of the five transformers
        steps: u64 = 2000, 1..=1_000_000_000;
        /// The highest learning rate, on a one-cycle schedule
        learning_rate: f64 = 4e-3, 0.0..=1e6;
        /// The width (features per token) of the transformers of the four tasks
        width: usize = 48, 2..=10_000;
        /// The number of attention heads in each block
        heads: usize = 4, 1..=1000;
        /// The number of blocks of the transformers of the four tasks
        blocks: usize = 3, 1..=100;
        /// The width (features per character) of the transformer that writes text
        text_width: usize = 64, 2..=10_000;
        /// The number of blocks of the transformer that writes text
        text_blocks: usize = 2, 1..=100;
        /// The length in characters of the training sequences of text
        text_length: usize = 192, 1..=2000;
        /// The number of new sequences per task on which the accuracy is measured; a quarter as
        /// many at twice the length
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
