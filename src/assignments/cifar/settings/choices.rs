//! Settings that are a choice among named values.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::data::augment::Flip;
use crate::models::classifier::Readout;
use crate::nn::{Activation, Order, Pool2d};

/// The kind of the layers after the first convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Blocks {
    /// Plain convolutions, each followed by a normalisation and an activation
    None,
    /// Residual blocks with normalisation and activation before each convolution (He et al. 2016b)
    PreActivation,
    /// Residual blocks with normalisation and activation after each convolution (He et al. 2016a)
    PostActivation,
}

impl Blocks {
    pub(crate) fn order(self) -> Option<Order> {
        match self {
            Self::None => None,
            Self::PreActivation => Some(Order::PreActivation),
            Self::PostActivation => Some(Order::PostActivation),
        }
    }
}

/// The pooling between the last convolutional layer and the linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// No pooling: all values are flattened into one vector
    Flat,
    /// The mean over all pixels
    Average,
    /// The maximum over all pixels
    Max,
}

impl Pooling {
    pub(crate) fn head(self) -> Readout {
        match self {
            Self::Flat => Readout::Flat,
            Self::Average => Readout::Pooled(Pool2d::GlobalAverage),
            Self::Max => Readout::Pooled(Pool2d::GlobalMax),
        }
    }
}

/// When a picture is flipped horizontally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Flipping {
    /// Never
    None,
    /// In each epoch with probability 1/2
    Random,
    /// In every other epoch, starting with the first or the second at random (Jordan 2024)
    Alternating,
}

impl Flipping {
    pub(crate) fn flip(self) -> Option<Flip> {
        match self {
            Self::None => None,
            Self::Random => Some(Flip::Random),
            Self::Alternating => Some(Flip::Alternating),
        }
    }
}

/// Test-time augmentation: the views of each picture whose logits are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TestTime {
    /// The picture alone
    None,
    /// The picture and its mirror image
    Flip,
    /// Both, and both shifted by a pixel to the upper left and to the lower right with half the
    /// weight (Jordan 2024)
    FlipShift,
}

/// `keep` in configurations that were written before there was a proxy.
pub(crate) fn half() -> f64 {
    0.5
}

/// `activation` in configurations that were written before it could be chosen.
pub(crate) fn relu() -> Activation {
    Activation::Relu
}
