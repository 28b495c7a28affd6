//! Settings for minutes, for an hour and for what it takes.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::Cifar;
use crate::data::CifarKind;
use crate::experiment::Goal;
use crate::nn::Activation;

/// How long to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Six minutes on two cores
    Quick,
    /// An hour or less on two cores
    Standard,
    /// What it takes: earlier weights, which stand in the repository, trained further
    Record,
}

impl Preset {
    /// What it should reach.
    pub(super) fn goals(self, dataset: CifarKind) -> Vec<Goal> {
        let goal = match (dataset, self) {
            (CifarKind::Cifar10, Self::Quick) => Goal::AtLeast("test_top1", 0.85),
            (CifarKind::Cifar10, Self::Standard) => Goal::AtLeast("test_top1", 0.93),
            (CifarKind::Cifar10, Self::Record) => Goal::AtLeast("test_top1", 0.95),
            (CifarKind::Cifar100, Self::Quick) => return Vec::new(),
            (CifarKind::Cifar100, Self::Standard) => Goal::AtLeast("test_top5", 0.90),
            (CifarKind::Cifar100, Self::Record) => Goal::AtLeast("test_top5", 0.93),
        };
        vec![goal]
    }

    /// The settings of the preset, from the standard ones.
    pub(super) fn apply(self, standard: Cifar) -> Cifar {
        match self {
            Self::Quick => Cifar {
                layer_depths: vec![16, 32, 64, 128],
                learning_rate: 0.04,
                average: 0.995,
                epochs: 5,
                ..standard
            },
            Self::Standard if standard.dataset == CifarKind::Cifar100 => Cifar { epochs: 20, ..standard },
            Self::Standard => standard,
            // `record` trains earlier weights further. It holds out few examples, of those that were held out before.
            Self::Record if standard.dataset == CifarKind::Cifar100 => Cifar {
                validation: 500,
                start_from: Some(weights("cifar100-standard")),
                activation: Activation::Gelu,
                translate: 4,
                mixup: 0.2,
                cutmix: 1.0,
                learning_rate: 0.01,
                epochs: 12,
                ..standard
            },
            Self::Record => Cifar {
                validation: 500,
                start_from: Some(weights("cifar10-record-first")),
                layer_depths: vec![48, 96, 96, 192, 192, 256, 256],
                layer_kernel_sizes: vec![3; 7],
                layer_strides: vec![1, 2, 1, 2, 1, 2, 1],
                activation: Activation::Gelu,
                translate: 4,
                cutout: 12,
                proxy: Some(weights("cifar10-quick")),
                learning_rate: 0.012,
                epochs: 40,
                batch_size: 256,
                ..standard
            },
        }
    }
}

/// Weights that stand beside the write-up, as seen from the repository's root.
fn weights(name: &str) -> PathBuf {
    Path::new("assignments/4-cifar/weights").join(name).with_extension("safetensors")
}
