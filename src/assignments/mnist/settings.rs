//! The settings of assignment 3.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::problem::CLASSES;
use crate::data::sources::{self, Source};
use crate::experiment::{Goal, OrNone, Preset, configuration};

/// A data set of grey pictures of 28 x 28 pixels in ten classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Handwritten digits (LeCun et al. 1998)
    Mnist,
    /// Articles of clothing (Xiao et al. 2017)
    FashionMnist,
}

impl Dataset {
    /// Its entry in the catalogue of data sets.
    pub fn source(self) -> &'static Source {
        match self {
            Self::Mnist => &sources::MNIST,
            Self::FashionMnist => &sources::FASHION_MNIST,
        }
    }

    /// The names of the classes.
    pub fn classes(self) -> [&'static str; CLASSES] {
        match self {
            Self::Mnist => ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::FashionMnist => [
                "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
                "boot",
            ],
        }
    }
}

configuration! {
    /// Classify handwritten digits (MNIST) with a convolutional network
    pub struct Mnist {
        /// quick (a minute on two cores), standard (six minutes) or record (an hour); other options
        /// override it
        preset: Preset = Preset::Standard;
        /// The data set
        dataset: Dataset = Dataset::Mnist;
        /// The number of training examples held out for validation
        validation: usize = 5000, 10..=50_000;
        /// The number of channels after each convolution, a comma-separated list
        #[arg(value_delimiter = ',')]
        layer_depths: Vec<usize> = vec![32, 32, 64, 64], 1..=4096;
        /// The kernel size of each convolution in pixels, a comma-separated list
        #[arg(value_delimiter = ',')]
        layer_kernel_sizes: Vec<usize> = vec![3, 3, 3, 3], 1..=28;
        /// The stride of each convolution in pixels, a comma-separated list
        #[arg(value_delimiter = ',')]
        layer_strides: Vec<usize> = vec![1, 2, 1, 2], 1..=28;
        /// The number of groups of the group normalisation after each convolution, or `none` for no
        /// normalisation
        norm_groups: OrNone<usize> = OrNone(None), 1..=4096;
        /// The dropout probability of the outputs of each layer with a stride above 1
        layer_dropout: f64 = 0.0, 0.0..=0.99;
        /// The dropout probability of the inputs of the last layer
        dropout: f64 = 0.3, 0.0..=0.99;
        /// The factor of the L2 penalty, half the sum of the squared weights
        l2: f64 = 1e-4, 0.0..=1e6;
        /// Label smoothing: the share of each target that is spread evenly over all classes
        label_smoothing: f64 = 0.0, 0.0..=0.99;
        /// Augmentation: the largest shift in pixels
        shift: f64 = 2.0, 0.0..=28.0;
        /// Augmentation: the largest rotation in degrees
        rotation: f64 = 10.0, 0.0..=180.0;
        /// Augmentation: the largest relative change of height and of width
        scaling: f64 = 0.1, 0.0..=0.9;
        /// Augmentation: the largest shear, in pixels across for each pixel down
        shear: f64 = 0.1, 0.0..=10.0;
        /// Augmentation: the standard deviation in pixels of the random elastic distortion
        elastic: f64 = 0.5, 0.0..=28.0;
        /// The highest learning rate of Adam, on a one-cycle schedule
        learning_rate: f64 = 2e-3, 0.0..=1e6;
        /// Evaluate an exponential moving average of the weights with this decay per step, or
        /// `none`
        average: OrNone<f64> = OrNone(None), 1e-6..=0.999_999;
        /// The number of passes over the training examples
        epochs: u64 = 13, 1..=1_000_000;
        /// The number of examples in a training step
        batch_size: usize = 128, 1..=1_000_000;
    }
}

impl Mnist {
    /// The test accuracy that the preset should reach on MNIST.
    pub(crate) fn goal(&self) -> Goal {
        let accuracy = match self.preset {
            Preset::Quick => 0.985,
            Preset::Standard => 0.994,
            Preset::Record => 0.997,
        };
        Goal::AtLeast("test_accuracy", accuracy)
    }

    /// These settings with those that the preset changes; before, they must be the standard ones.
    pub(crate) fn with_preset(self) -> Self {
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
