//! Settings for a minute, for six and for an hour.

use super::Mnist;
use crate::experiment::{Goal, OrNone, Preset};

impl Mnist {
    /// The test accuracy that the preset should reach on MNIST.
    pub(super) fn goal(&self) -> Goal {
        let accuracy = match self.preset {
            Preset::Quick => 0.985,
            Preset::Standard => 0.994,
            Preset::Record => 0.997,
        };
        Goal::AtLeast("test_accuracy", accuracy)
    }

    /// The settings of the preset, from the standard ones.
    pub(super) fn with_preset(self) -> Self {
        match self.preset {
            Preset::Quick => Self { epochs: 2, ..self },
            Preset::Standard => self,
            Preset::Record => Self {
                layer_depths: vec![32, 32, 64, 64, 128, 128],
                layer_kernel_sizes: vec![3; 6],
                layer_strides: vec![1, 1, 2, 1, 2, 1],
                norm_groups: OrNone(Some(8)),
                layer_dropout: 0.2,
                dropout: 0.4,
                label_smoothing: 0.1,
                learning_rate: 3e-3,
                average: OrNone(Some(0.999)),
                epochs: 22,
                ..self
            },
        }
    }
}
