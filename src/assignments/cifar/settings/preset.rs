//! The presets: minutes, an hour, and hours of training.

use std::path::{Path, PathBuf};

use crate::assignments::cifar::Cifar;
use crate::data::CifarKind;
use crate::experiment::{Goal, OrNone, Preset};
use crate::nn::Activation;

impl Cifar {
    /// The accuracies that the preset should reach.
    pub(crate) fn goals_of_preset(&self) -> Vec<Goal> {
        let goal = match (self.dataset, self.preset) {
            (CifarKind::Cifar10, Preset::Quick) => Goal::AtLeast("test_top1", 0.85),
            (CifarKind::Cifar10, Preset::Standard) => Goal::AtLeast("test_top1", 0.93),
            (CifarKind::Cifar10, Preset::Record) => Goal::AtLeast("test_top1", 0.95),
            (CifarKind::Cifar100, Preset::Quick) => return Vec::new(),
            (CifarKind::Cifar100, Preset::Standard) => Goal::AtLeast("test_top5", 0.90),
            (CifarKind::Cifar100, Preset::Record) => Goal::AtLeast("test_top5", 0.93),
        };
        vec![goal]
    }

    /// These settings with those that the preset changes; before, they must be the standard ones.
    pub(crate) fn with_preset(self) -> Self {
        match self.preset {
            Preset::Quick => Self {
                layer_depths: vec![16, 32, 64, 128],
                learning_rate: 0.04,
                average: OrNone(Some(0.995)),
                epochs: 5,
                ..self
            },
            Preset::Standard if self.dataset == CifarKind::Cifar100 => Self { epochs: 20, ..self },
            Preset::Standard => self,
            // `record` continues from earlier weights. Its few validation examples are among those
            // that were held out before.
            Preset::Record if self.dataset == CifarKind::Cifar100 => Self {
                validation: 500,
                start_from: Some(weights("cifar100-standard")),
                activation: Activation::Gelu,
                shift: 4,
                mixup: OrNone(Some(0.2)),
                cutmix: OrNone(Some(1.0)),
                learning_rate: 0.01,
                epochs: 12,
                ..self
            },
            Preset::Record => Self {
                validation: 500,
                start_from: Some(weights("cifar10-record-first")),
                layer_depths: vec![48, 96, 96, 192, 192, 256, 256],
                layer_kernel_sizes: vec![3; 7],
                layer_strides: vec![1, 2, 1, 2, 1, 2, 1],
                activation: Activation::Gelu,
                shift: 4,
                cutout: OrNone(Some(12)),
                proxy: Some(weights("cifar10-quick")),
                learning_rate: 0.012,
                epochs: 40,
                batch_size: 256,
                ..self
            },
        }
    }
}

/// The path of committed weights, relative to the repository's root.
fn weights(name: &str) -> PathBuf {
    Path::new("assignments/4-cifar/weights").join(name).with_extension("safetensors")
}
