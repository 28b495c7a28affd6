//! The settings of assignment 5.

use std::path::PathBuf;

use super::ModelKind;
use crate::experiment::{Goal, OrAll, OrNone, Preset, configuration};
use crate::nn::Updated;
use crate::text::SentenceEncoder;

configuration! {
    /// What is this news item about? Classifiers of AG News
    pub struct AgNews {
        /// quick (a minute on two cores) or standard (what the model takes); other options override it
        preset: Preset = Preset::Standard;
        /// What a text is classified by; each model has settings of its own
        model: ModelKind = ModelKind::Embeddings;
        /// The number of texts to train on, drawn from the training set, or `all`
        examples: OrAll<usize> = OrAll(None), 1..=1_000_000_000;
        /// The most words in an n-gram; for linear and embeddings
        ngrams: usize = 2, 1..=10;
        /// The most characters in an n-gram inside a token between spaces, from three on, or `none`; for linear and embeddings
        #[serde(default)]
        subwords: OrNone<usize> = OrNone(Some(5)), 3..=20;
        /// The number of places that n-grams are hashed to, for transformer words; of MiniLM its tokens
        places: usize = 1 << 19, 1..=1 << 24;
        /// The number of features of an n-gram or token; of MiniLM those that it has
        width: usize = 8, 1..=4096;
        /// The number of hidden units, or `none`; in a transformer those of each feed-forward layer
        hidden: OrNone<usize> = OrNone(None), 1..=65_536;
        /// The number of a transformer's blocks
        blocks: usize = 2, 1..=100;
        /// The number of a transformer's heads
        heads: usize = 4, 1..=4096;
        /// The most tokens that a transformer sees of a text
        longest: usize = 128, 2..=SentenceEncoder::LONGEST;
        /// The probability that training drops an n-gram, a hidden unit of minilm-frozen, or a number of a transformer
        dropout: f64 = 0.0, 0.0..=0.99;
        /// Which matrices have low-rank updates; for minilm-finetuned
        updated: Updated = Updated::All;
        /// The rank of the updates, or `none` to train all parameters of MiniLM instead
        rank: OrNone<usize> = OrNone(Some(16)), 1..=4096;
        /// Updates are multiplied by this and divided by the rank
        alpha: f64 = 16.0, 0.0..=1e6;
        /// Weights of an earlier run of the same model to train further, instead of random ones
        #[arg(value_name = "FILE")]
        #[serde(default)]
        start_from: Option<PathBuf> = None;
        /// For evaluate: weights of a second model; further metrics tell how well both answer together
        #[arg(value_name = "FILE")]
        #[serde(default)]
        beside: Option<PathBuf> = None;
        /// The share of each target that goes to all classes alike
        label_smoothing: f64 = 0.1, 0.0..=0.99;
        /// The highest learning rate: of SGD with momentum for linear, else of AdamW
        learning_rate: f64 = 0.05, 0.0..=1e6;
        /// By how much weights shrink at each step, as a share of the learning rate
        weight_decay: f64 = 0.7, 0.0..=1e6;
        /// The share of all steps in which the learning rate rises, before it falls linearly to 0
        warmup: f64 = 0.1, 0.0..=1.0;
        /// The share of earlier steps in the running average of the weights that is evaluated, or `none`
        average: OrNone<f64> = OrNone(None), 1e-6..=0.999_999;
        /// The number of times that each training text is seen
        epochs: u64 = 6, 1..=1_000_000;
        /// The number of texts in a step
        batch_size: usize = 256, 1..=1_000_000;
    }
}

impl AgNews {
    /// The accuracy that the preset should reach.
    pub(crate) fn goals_of_preset(&self) -> Vec<Goal> {
        let accuracy = match (self.preset, self.model) {
            (Preset::Quick, ModelKind::Linear | ModelKind::Embeddings) => 0.915,
            (Preset::Standard, ModelKind::Embeddings) => 0.920,
            (Preset::Standard, ModelKind::MinilmFinetuned) => 0.940,
            _ => return Vec::new(),
        };
        vec![Goal::AtLeast("test_accuracy", accuracy)]
    }

    /// The settings of a preset and a model.
    pub(crate) fn of_preset(preset: Preset, model: ModelKind) -> Self {
        let standard = Self { preset, ..Self::default() };
        let config = match model {
            ModelKind::Embeddings => standard,
            ModelKind::Linear => {
                Self { model, learning_rate: 12.0, weight_decay: 0.0, epochs: 10, ..standard }
            }
            ModelKind::Transformer => Self {
                model,
                places: 1 << 15,
                width: 64,
                hidden: OrNone(Some(256)),
                dropout: 0.1,
                learning_rate: 2e-3,
                weight_decay: 0.1,
                epochs: 4,
                batch_size: 64,
                ..standard
            },
            ModelKind::MinilmFrozen => Self {
                model,
                width: 384,
                hidden: OrNone(Some(256)),
                dropout: 0.2,
                learning_rate: 1e-3,
                weight_decay: 0.1,
                epochs: 10,
                batch_size: 256,
                ..standard
            },
            ModelKind::MinilmFinetuned => Self {
                model,
                places: 30_522,
                width: 384,
                hidden: OrNone(Some(1536)),
                blocks: 6,
                heads: 12,
                dropout: 0.1,
                learning_rate: 2e-3,
                weight_decay: 0.01,
                epochs: 2,
                batch_size: 64,
                ..standard
            },
        };
        let is_bag = matches!(model, ModelKind::Linear | ModelKind::Embeddings);
        if preset == Preset::Quick && !is_bag { Self { epochs: 1, ..config } } else { config }
    }
}
