//! The settings of assignment 7.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::NetworkKind;
use super::problem::SHARD;
use crate::experiment::{OptimizerKind, OrAll, Preset, configuration};
use crate::optim::{MuonConfig, Schedule};
use crate::train::{Sampling, Settings};

/// A picture that the program draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Scene {
    /// A television test card
    Card,
    /// A lake before mountains
    Landscape,
}

configuration! {
    /// Represent a picture as a network from pixel coordinates to colours
    pub struct PictureFit {
        /// quick (two minutes on two cores) or standard (ten minutes); other options override it
        preset: Preset = Preset::Standard;
        /// A PNG or JPEG file; without one, the program draws the picture itself
        #[arg(value_name = "FILE")]
        image: Option<PathBuf> = None;
        /// The picture that the program draws without --image
        scene: Scene = Scene::Card;
        /// The side in pixels of the square in the middle of the picture that is used, or `all` for
        /// the whole picture
        size: OrAll<u32> = OrAll(Some(256)), 1..=4096;
        /// Use colour instead of grey
        color: bool = false;
        /// The kind of network
        network: NetworkKind = NetworkKind::Sine;
        /// The number of hidden layers
        hidden_layers: usize = 4, 1..=100;
        /// The number of units in each hidden layer
        width: usize = 256, 1..=8192;
        /// The factor omega inside the sines, sin(omega (W x + b))
        omega: f64 = 30.0, 1e-6..=1e6;
        /// The standard deviation of the random frequencies of Fourier features
        frequency: f64 = 2.5, 0.0..=1e6;
        /// The optimizer
        optimizer: OptimizerKind = OptimizerKind::Adam;
        /// The initial learning rate, which is the highest
        learning_rate: f64 = 1e-3, 0.0..=1e6;
        /// The final learning rate, as a share of the initial one; it falls along a cosine
        #[serde(alias = "last_rate")]
        last_learning_rate: f64 = 0.01, 0.0..=1.0;
        /// The weight of the total variation penalty in super-resolution and inpainting
        smoothness: f64 = 1e-3, 0.0..=1e6;
        /// The number of training steps
        steps: u64 = 800, 1..=1_000_000_000;
        /// The number of pixels in a training step, or `all`
        batch_size: OrAll<usize> = OrAll(None), 1..=1 << 24;
    }
}

impl PictureFit {
    /// How to train on a number of examples.
    pub(super) fn settings_for(&self, examples: usize) -> Settings {
        let part = self.batch_size.0.filter(|&pixels| pixels < examples);
        Settings {
            steps: self.steps,
            batch_size: part.unwrap_or(examples),
            shard_size: SHARD,
            sampling: if part.is_some() { Sampling::WithReplacement } else { Sampling::Epochs },
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine { warmup: 0.0, last: self.last_learning_rate },
            method: self.optimizer.method(MuonConfig { last_rate: Some(1.0), ..MuonConfig::default() }),
            max_gradient_norm: None,
            average: None,
            log_every: (self.steps / 200).max(1),
            checkpoint_every: (self.steps / 20).max(1),
        }
    }

    /// The number of colours.
    pub(super) fn channels(&self) -> usize {
        if self.color { 3 } else { 1 }
    }
}
