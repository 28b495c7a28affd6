//! Settings of each model, for a minute and for what it takes.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{AgNews, ModelKind};
use crate::experiment::Goal;

/// How long to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// A minute on two cores
    Quick,
    /// What the model takes
    Standard,
}

impl Preset {
    /// What it should reach.
    pub(super) fn goals(self, model: ModelKind) -> Vec<Goal> {
        let accuracy = match (self, model) {
            (Self::Quick, ModelKind::Linear | ModelKind::Embeddings) => 0.915,
            (Self::Standard, ModelKind::Embeddings) => 0.920,
            (Self::Standard, ModelKind::MinilmFinetuned) => 0.940,
            _ => return Vec::new(),
        };
        vec![Goal::AtLeast("test_accuracy", accuracy)]
    }

    /// The settings of the model, from those of the standard one.
    pub(super) fn apply(self, model: ModelKind, standard: AgNews) -> AgNews {
        let config = match model {
            ModelKind::Embeddings => standard,
            ModelKind::Linear => {
                AgNews { model, learning_rate: 12.0, weight_decay: 0.0, epochs: 10, ..standard }
            }
            ModelKind::Transformer => AgNews {
                model,
                places: 1 << 15,
                width: 64,
                hidden: 256,
                dropout: 0.1,
                learning_rate: 2e-3,
                weight_decay: 0.1,
                epochs: 4,
                batch_size: 64,
                ..standard
            },
            ModelKind::MinilmFrozen => AgNews {
                model,
                width: 384,
                hidden: 256,
                dropout: 0.2,
                learning_rate: 1e-3,
                weight_decay: 0.1,
                epochs: 10,
                batch_size: 256,
                ..standard
            },
            ModelKind::MinilmFinetuned => AgNews {
                model,
                places: 30_522,
                width: 384,
                hidden: 1536,
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
        match self {
            Self::Standard => config,
            Self::Quick if matches!(model, ModelKind::Linear | ModelKind::Embeddings) => {
                AgNews { preset: self, ..config }
            }
            Self::Quick => AgNews { preset: self, epochs: 1, ..config },
        }
    }
}
