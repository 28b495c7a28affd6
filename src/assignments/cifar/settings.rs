//! The settings of assignment 4.

mod choices;
mod preset;

pub use choices::{Blocks, Flipping, Pooling, TestTime};

use std::path::PathBuf;

use clap::ArgAction;

use crate::data::CifarKind;
use crate::experiment::{OptimizerKind, OrNone, Preset, configuration};
use crate::models::classification::check_layers;
use crate::nn::{Activation, Downsampling};

configuration! {
    /// What is on this photograph? A residual network on CIFAR-10 and CIFAR-100
    pub struct Cifar {
        /// quick (six minutes on two cores), standard (an hour or less) or record (hours: trains committed weights further);
        /// other options override it
        preset: Preset = Preset::Standard;
        /// The photographs
        dataset: CifarKind = CifarKind::Cifar10;
        /// How many training examples are held out for validation
        validation: usize = 5000, 10..=49_000;
        /// The number of channels after the first convolution, and after each block
        #[arg(value_delimiter = ',')]
        layer_depths: Vec<usize> = vec![32, 64, 128, 256], 1..=4096;
        /// The extent of each layer's kernels
        #[arg(value_delimiter = ',')]
        layer_kernel_sizes: Vec<usize> = vec![3, 3, 3, 3], 1..=32;
        /// The stride of each layer
        #[arg(value_delimiter = ',')]
        layer_strides: Vec<usize> = vec![1, 2, 2, 2], 1..=32;
        /// How layers make pictures smaller
        downsampling: Downsampling = Downsampling::MaxPool;
        /// The number of groups of each group normalisation, or `none`
        norm_groups: OrNone<usize> = OrNone(Some(8)), 1..=4096;
        /// What follows the first convolution
        residual: Blocks = Blocks::PreActivation;
        /// The nonlinear function; squeeze-and-excitation has its own
        #[serde(default = "choices::relu")]
        activation: Activation = Activation::Relu;
        /// Whether the kernels of residual blocks are standardised
        #[arg(action = ArgAction::Set)]
        standardised: bool = true;
        /// What the scale of each block's last normalisation starts from
        last_scale: f64 = 1.0, 0.0..=100.0;
        /// The probability that training leaves out the last block for an example; less for those before it
        stochastic_depth: f64 = 0.0, 0.0..=0.99;
        /// By how much squeeze-and-excitation narrows the channels of each block, or `none`
        squeeze: OrNone<usize> = OrNone(None), 1..=4096;
        /// What lies between the last block and the linear layer
        head: Pooling = Pooling::Average;
        /// The probability that dropout zeroes a number behind a layer with a stride in training
        layer_dropout: f64 = 0.0, 0.0..=0.99;
        /// The probability that dropout zeroes an input of the last layer in training
        dropout: f64 = 0.0, 0.0..=0.99;
        /// The factor of the penalty on half the squared weights
        l2: f64 = 0.0, 0.0..=1e6;
        /// The share of each target that goes to all classes alike
        label_smoothing: f64 = 0.1, 0.0..=0.99;
        /// Augmentation: when pictures are flipped, left for right
        flip: Flipping = Flipping::Alternating;
        /// Augmentation: the largest shift in pixels
        translate: usize = 2, 0..=32;
        /// Augmentation: the side of a square that is cut out, in pixels, or `none`
        cutout: OrNone<usize> = OrNone(None), 1..=64;
        /// Augmentation: the largest change of brightness, of contrast and of saturation, as a share
        jitter: f64 = 0.0, 0.0..=1.0;
        /// Augmentation: alpha of the blending of pictures by mixup, or `none`
        mixup: OrNone<f64> = OrNone(None), 1e-9..=1e9;
        /// Augmentation: alpha of the pasting of pictures by CutMix, or `none`. With mixup, shards take turns
        /// by chance
        cutmix: OrNone<f64> = OrNone(None), 1e-9..=1e9;
        /// Weights of an earlier run to train further, instead of random ones: of the same layers; the nonlinear
        /// function may be another
        #[arg(value_name = "FILE")]
        #[serde(default)]
        start_from: Option<PathBuf> = None;
        /// The weights of a small network that chooses what to learn from: of each batch the examples that it gets
        /// most wrong
        #[arg(value_name = "FILE")]
        #[serde(default)]
        proxy: Option<PathBuf> = None;
        /// The share of each batch that the proxy keeps
        #[serde(default = "choices::half")]
        keep: f64 = 0.5, 0.001..=1.0;
        /// The update rule
        optimizer: OptimizerKind = OptimizerKind::Muon;
        /// The highest learning rate
        learning_rate: f64 = 0.03, 0.0..=1e6;
        /// By how much kernels and weights shrink at each step, as a share of the learning rate
        weight_decay: f64 = 0.0, 0.0..=1e6;
        /// The factor of the learning rate for biases, scales and shifts; for sgd and muon
        vector_rate: f64 = 2.0, 0.0..=1e6;
        /// The factor of the learning rate for the weights of the last layer; for muon
        last_rate: f64 = 2.0, 0.0..=1e6;
        /// The share of all steps in which the learning rate rises, before it falls linearly
        warmup: f64 = 0.2, 0.0..=1.0;
        /// The last learning rate, as a share of the highest
        last_learning_rate: f64 = 0.01, 0.0..=1.0;
        /// The share of earlier steps in the running average of the weights that is evaluated, or `none`
        average: OrNone<f64> = OrNone(Some(0.998)), 1e-6..=0.999_999;
        /// The number of times that each training example is looked at, by the proxy if there is one
        epochs: u64 = 24, 1..=1_000_000;
        /// The number of examples that a step looks at
        batch_size: usize = 128, 1..=1_000_000;
        /// The number of examples that a thread computes with at a time, and that are mixed with one another
        shard_size: usize = 32, 1..=1_000_000;
        /// Sights of each picture whose logits are averaged in metrics of their own
        test_time: TestTime = TestTime::None;
    }
}

impl Cifar {
    /// [`Assignment::check_together`](super::super::Assignment::check_together) of this assignment.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.layer_depths.is_empty() {
            return Err("--layer-depths is empty: there must be a first convolution".into());
        }
        check_layers(&self.layer_depths, &self.layer_kernel_sizes, &self.layer_strides, self.norm_groups.0)?;
        if self.residual != Blocks::None && self.norm_groups.0.is_none() {
            return Err("--norm-groups none is for --residual none: blocks need a normalisation".into());
        }
        if let Some(squeeze) = self.squeeze.0
            && let Some(depth) = self.layer_depths.iter().find(|&&depth| squeeze > depth)
        {
            return Err(format!("--squeeze {squeeze} leaves nothing of the depth {depth}"));
        }
        if self.proxy.is_some() && (self.mixup.0.is_some() || self.cutmix.0.is_some()) {
            return Err("--proxy chooses pictures by themselves: without --mixup and --cutmix".into());
        }
        Ok(())
    }
}
