//! Settings that are a choice among named things.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::data::augment::Flip;
use crate::models::classifier::Readout;
use crate::nn::{Activation, Order, Pool2d};

/// What follows the first convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Blocks {
    /// Convolutions, each with its normalisation and activation
    None,
    /// Residual blocks, normalisation and activation before each convolution (He et al. 2016b)
    PreActivation,
    /// Residual blocks, normalisation and activation after each convolution (He et al. 2016a)
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

/// What lies between the last layer of pictures and the linear one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Nothing: all numbers, one after the other
    Flat,
    /// The mean over all places
    Average,
    /// The maximum over all places
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

/// When a picture is flipped, left for right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Flipping {
    /// Never
    None,
    /// In each epoch with probability 1/2
    Random,
    /// In every other epoch, from the first or the second on (Jordan 2024)
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

/// Sights of each picture whose logits are averaged after training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum TestTime {
    /// The picture alone
    None,
    /// The picture and its mirror image
    Flip,
    /// Both, and both moved by a pixel to the upper left and to the lower right, which count half
    /// (Jordan 2024)
    FlipShift,
}

/// The share that a proxy keeps in configurations from before there was one.
pub(crate) fn half() -> f64 {
    0.5
}

/// The nonlinear function of configurations from before there was a choice.
pub(crate) fn relu() -> Activation {
    Activation::Relu
}
