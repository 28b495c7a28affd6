//! The settings of assignment 5.

use std::path::PathBuf;

use super::ModelKind;
use crate::experiment::{Goal, OrAll, OrNone, Preset, configuration};
use crate::nn::Updated;
use crate::text::SentenceEncoder;

configuration! {
    /// Classify news items (AG News) into four topics
    pub struct AgNews {
        /// quick (about a minute on two cores) or standard (full length); other options override it
        preset: Preset = Preset::Standard;
        /// The kind of classifier; the defaults of the other settings depend on it
        model: ModelKind = ModelKind::Embeddings;
        /// The number of training texts, drawn at random from the training set, or `all`
        examples: OrAll<usize> = OrAll(None), 1..=1_000_000_000;
        /// The largest number of words in an n-gram; for linear and embeddings
        ngrams: usize = 2, 1..=10;
        /// The largest number of characters in a character n-gram (the smallest is 3; n-grams do
        /// not cross spaces), or `none`; for linear and embeddings
        #[serde(default)]
        subwords: OrNone<usize> = OrNone(Some(5)), 3..=20;
        /// The number of buckets that n-grams (for transformer: words) are hashed into; for MiniLM
        /// its vocabulary size
        #[serde(alias = "places")]
        buckets: usize = 1 << 19, 1..=1 << 24;
        /// The embedding width of an n-gram or token; for MiniLM it is fixed by the pretrained
        /// model
        width: usize = 8, 1..=4096;
        /// The number of hidden units, or `none`; in a transformer, of each feed-forward layer
        hidden: OrNone<usize> = OrNone(None), 1..=65_536;
        /// The number of transformer blocks
        blocks: usize = 2, 1..=100;
        /// The number of attention heads in each block
        heads: usize = 4, 1..=4096;
        /// The maximum length of a text in tokens; a transformer ignores the rest
        longest: usize = 128, 2..=SentenceEncoder::LONGEST;
        /// The dropout probability in training: of n-grams, of hidden units of minilm-frozen, or of
        /// activations of a transformer
        dropout: f64 = 0.0, 0.0..=0.99;
        /// The matrices that get low-rank updates; for minilm-finetuned
        updated: Updated = Updated::All;
        /// The rank of the low-rank updates, or `none` to train all parameters of MiniLM instead
        rank: OrNone<usize> = OrNone(Some(16)), 1..=4096;
        /// The scale of the low-rank updates: they are multiplied by ALPHA / RANK
        alpha: f64 = 16.0, 0.0..=1e6;
        /// Start training from the weights of an earlier run of the same model instead of random
        /// ones
        #[arg(value_name = "FILE")]
        #[serde(default)]
        start_from: Option<PathBuf> = None;
        /// For evaluate: weights of a second model; also measures it, and the two models together
        #[arg(value_name = "FILE")]
        #[serde(default, alias = "beside")]
        with: Option<PathBuf> = None;
        /// Label smoothing: the share of each target that is spread evenly over all classes
        label_smoothing: f64 = 0.1, 0.0..=0.99;
        /// The highest learning rate: of SGD with momentum for linear, else of AdamW
        learning_rate: f64 = 0.05, 0.0..=1e6;
        /// Weight decay: each step multiplies weights by 1 minus the learning rate times this
        weight_decay: f64 = 0.7, 0.0..=1e6;
        /// The share of all steps in which the learning rate rises; then it falls linearly to 0
        warmup: f64 = 0.1, 0.0..=1.0;
        /// Evaluate an exponential moving average of the weights with this decay per step, or
        /// `none`
        average: OrNone<f64> = OrNone(None), 1e-6..=0.999_999;
        /// The number of passes over the training texts
        epochs: u64 = 6, 1..=1_000_000;
        /// The number of texts in a training step
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
                buckets: 1 << 15,
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
                buckets: 30_522,
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
