//! Settings for a minute, for six and for an hour.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::Mnist;
use crate::experiment::Goal;

/// How long to train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// A minute on two cores
    Quick,
    /// Six minutes
    Standard,
    /// An hour
    Record,
}

impl Preset {
    /// What it should reach on MNIST.
    pub(super) fn goal(self) -> Goal {
        let accuracy = match self {
            Self::Quick => 0.985,
            Self::Standard => 0.994,
            Self::Record => 0.997,
        };
        Goal::AtLeast("test_accuracy", accuracy)
    }

    /// The settings of the preset, from the standard ones.
    pub(super) fn apply(self, standard: Mnist) -> Mnist {
        match self {
            Self::Quick => Mnist { epochs: 2, ..standard },
            Self::Standard => standard,
            Self::Record => Mnist {
                layer_depths: vec![32, 32, 64, 64, 128, 128],
                layer_kernel_sizes: vec![3; 6],
                layer_strides: vec![1, 1, 2, 1, 2, 1],
                norm_groups: 8,
                layer_dropout: 0.2,
                dropout: 0.4,
                label_smoothing: 0.1,
                learning_rate: 3e-3,
                average: 0.999,
                epochs: 22,
                ..standard
            },
        }
    }
}
