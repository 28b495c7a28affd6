//! The settings of assignment 3.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::problem::CLASSES;
use crate::data::sources::{self, Source};
use crate::experiment::{Goal, OrNone, Preset, configuration};

/// Which pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Handwritten digits (LeCun et al. 1998)
    Mnist,
    /// Articles of clothing (Xiao et al. 2017)
    FashionMnist,
}

impl Dataset {
    /// Where it comes from.
    pub fn source(self) -> &'static Source {
        match self {
            Self::Mnist => &sources::MNIST,
            Self::FashionMnist => &sources::FASHION_MNIST,
        }
    }

    /// What the classes are called.
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
    /// Which digit is this? A convolutional network on MNIST
    pub struct Mnist {
        /// quick (a minute on two cores), standard (six minutes) or record (an hour); other options override it
        preset: Preset = Preset::Standard;
        /// The pictures
        dataset: Dataset = Dataset::Mnist;
        /// How many training examples are held out for validation
        validation: usize = 5000, 10..=50_000;
        /// The number of channels after each convolution
        #[arg(value_delimiter = ',')]
        layer_depths: Vec<usize> = vec![32, 32, 64, 64], 1..=4096;
        /// The extent of each convolution's kernel
        #[arg(value_delimiter = ',')]
        layer_kernel_sizes: Vec<usize> = vec![3, 3, 3, 3], 1..=28;
        /// The stride of each convolution
        #[arg(value_delimiter = ',')]
        layer_strides: Vec<usize> = vec![1, 2, 1, 2], 1..=28;
        /// The number of groups of the group normalisation after each convolution
        norm_groups: OrNone<usize> = OrNone(None), 1..=4096;
        /// The probability that dropout zeroes a number behind a layer with a stride in training
        layer_dropout: f64 = 0.0, 0.0..=0.99;
        /// The probability that dropout zeroes an input of the last layer in training
        dropout: f64 = 0.3, 0.0..=0.99;
        /// The factor of the penalty on half the squared weights
        l2: f64 = 1e-4, 0.0..=1e6;
        /// The share of each target that goes to all classes alike
        label_smoothing: f64 = 0.0, 0.0..=0.99;
        /// Augmentation: the largest shift in pixels
        shift: f64 = 2.0, 0.0..=28.0;
        /// Augmentation: the largest rotation in degrees
        rotation: f64 = 10.0, 0.0..=180.0;
        /// Augmentation: the largest change of height and of width, as a share
        scaling: f64 = 0.1, 0.0..=0.9;
        /// Augmentation: the largest shear, in pixels across for each pixel down
        shear: f64 = 0.1, 0.0..=10.0;
        /// Augmentation: the standard deviation in pixels of points that bend the picture
        elastic: f64 = 0.5, 0.0..=28.0;
        /// The highest learning rate of Adam, on a one-cycle schedule
        learning_rate: f64 = 2e-3, 0.0..=1e6;
        /// The share of earlier steps in the running average of the weights that is evaluated, or `none`
        average: OrNone<f64> = OrNone(None), 1e-6..=0.999_999;
        /// The number of times that each training example is seen
        epochs: u64 = 13, 1..=1_000_000;
        /// The number of examples in a step
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

    /// The settings of the preset, from the standard ones.
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
