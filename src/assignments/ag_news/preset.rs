//! Settings of each model, for a minute and for what it takes.

use super::{AgNews, ModelKind};
use crate::experiment::{Goal, OrNone, Preset};

impl AgNews {
    /// The accuracy that the preset should reach.
    pub(super) fn goals_of_preset(&self) -> Vec<Goal> {
        let accuracy = match (self.preset, self.model) {
            (Preset::Quick, ModelKind::Linear | ModelKind::Embeddings) => 0.915,
            (Preset::Standard, ModelKind::Embeddings) => 0.920,
            (Preset::Standard, ModelKind::MinilmFinetuned) => 0.940,
            _ => return Vec::new(),
        };
        vec![Goal::AtLeast("test_accuracy", accuracy)]
    }

    /// The settings of a preset and a model.
    pub(super) fn of_preset(preset: Preset, model: ModelKind) -> Self {
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
