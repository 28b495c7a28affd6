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
    /// Classify photographs (CIFAR-10, CIFAR-100) with a residual network
    pub struct Cifar {
        /// quick (six minutes on two cores), standard (an hour or less) or record (hours; continues
        /// from committed weights); other options override it
        preset: Preset = Preset::Standard;
        /// The data set
        dataset: CifarKind = CifarKind::Cifar10;
        /// The number of training examples held out for validation
        validation: usize = 5000, 10..=49_000;
        /// The number of channels after the first convolution and after each block, a
        /// comma-separated list
        #[arg(value_delimiter = ',')]
        layer_depths: Vec<usize> = vec![32, 64, 128, 256], 1..=4096;
        /// The kernel size of each layer in pixels, a comma-separated list
        #[arg(value_delimiter = ',')]
        layer_kernel_sizes: Vec<usize> = vec![3, 3, 3, 3], 1..=32;
        /// The stride of each layer in pixels, a comma-separated list
        #[arg(value_delimiter = ',')]
        layer_strides: Vec<usize> = vec![1, 2, 2, 2], 1..=32;
        /// How a layer with a stride above 1 reduces the resolution
        downsampling: Downsampling = Downsampling::MaxPool;
        /// The number of groups of each group normalisation, or `none` for no normalisation
        norm_groups: OrNone<usize> = OrNone(Some(8)), 1..=4096;
        /// The kind of the layers after the first convolution
        residual: Blocks = Blocks::PreActivation;
        /// The activation function; squeeze-and-excitation has its own
        #[serde(default = "choices::relu")]
        activation: Activation = Activation::Relu;
        /// Whether the kernels of residual blocks are standardised (mean 0, variance 1)
        #[arg(action = ArgAction::Set)]
        standardised: bool = true;
        /// The initial scale of the last normalisation in each block
        last_scale: f64 = 1.0, 0.0..=100.0;
        /// Stochastic depth: the probability that training skips the last block; linearly less for
        /// earlier blocks
        stochastic_depth: f64 = 0.0, 0.0..=0.99;
        /// The reduction factor of squeeze-and-excitation in each block, or `none` for blocks
        /// without it
        squeeze: OrNone<usize> = OrNone(None), 1..=4096;
        /// The pooling between the last block and the linear layer
        head: Pooling = Pooling::Average;
        /// The dropout probability of the outputs of each layer with a stride above 1
        layer_dropout: f64 = 0.0, 0.0..=0.99;
        /// The dropout probability of the inputs of the last layer
        dropout: f64 = 0.0, 0.0..=0.99;
        /// The factor of the L2 penalty, half the sum of the squared weights
        l2: f64 = 0.0, 0.0..=1e6;
        /// Label smoothing: the share of each target that is spread evenly over all classes
        label_smoothing: f64 = 0.1, 0.0..=0.99;
        /// Augmentation: when to flip pictures horizontally
        flip: Flipping = Flipping::Alternating;
        /// Augmentation: the largest shift in pixels
        #[serde(alias = "translate")]
        shift: usize = 2, 0..=32;
        /// Augmentation: the side in pixels of the square that cutout erases, or `none`
        cutout: OrNone<usize> = OrNone(None), 1..=64;
        /// Augmentation: the largest relative change of brightness, contrast and saturation
        jitter: f64 = 0.0, 0.0..=1.0;
        /// Augmentation: blend pairs of pictures by mixup with this alpha, or `none`
        mixup: OrNone<f64> = OrNone(None), 1e-9..=1e9;
        /// Augmentation: paste parts of other pictures by CutMix with this alpha, or `none`. If
        /// mixup is on too, each shard uses one of the two at random
        cutmix: OrNone<f64> = OrNone(None), 1e-9..=1e9;
        /// Start training from the weights of an earlier run instead of random ones. Its layers
        /// must be the same; the activation function may differ
        #[arg(value_name = "FILE")]
        #[serde(default)]
        start_from: Option<PathBuf> = None;
        /// Weights of a small network that selects examples: training uses those of each batch on
        /// which its loss is highest
        #[arg(value_name = "FILE")]
        #[serde(default)]
        proxy: Option<PathBuf> = None;
        /// The share of each batch that the proxy selects
        #[serde(default = "choices::half")]
        keep: f64 = 0.5, 0.001..=1.0;
        /// The optimizer
        optimizer: OptimizerKind = OptimizerKind::Muon;
        /// The highest learning rate
        learning_rate: f64 = 0.03, 0.0..=1e6;
        /// Weight decay: each step multiplies kernels and weights by 1 minus the learning rate
        /// times this
        weight_decay: f64 = 0.0, 0.0..=1e6;
        /// The factor of the learning rate for biases, scales and shifts; for sgd and muon
        vector_rate: f64 = 2.0, 0.0..=1e6;
        /// The factor of the learning rate for the weights of the last layer; for muon
        last_rate: f64 = 2.0, 0.0..=1e6;
        /// The share of all steps in which the learning rate rises; then it falls linearly
        warmup: f64 = 0.2, 0.0..=1.0;
        /// The final learning rate, as a share of the highest
        last_learning_rate: f64 = 0.01, 0.0..=1.0;
        /// Evaluate an exponential moving average of the weights with this decay per step, or
        /// `none`
        average: OrNone<f64> = OrNone(Some(0.998)), 1e-6..=0.999_999;
        /// The number of passes over the training examples; with a proxy, it sees each example in
        /// each pass
        epochs: u64 = 24, 1..=1_000_000;
        /// The number of examples in a training step, before a proxy selects from them
        batch_size: usize = 128, 1..=1_000_000;
        /// The number of examples that a thread processes at a time; mixup and CutMix mix within
        /// them
        shard_size: usize = 32, 1..=1_000_000;
        /// Test-time augmentation: the views of each picture whose logits are averaged, reported as
        /// extra metrics
        test_time: TestTime = TestTime::None;
    }
}

impl Cifar {
    /// [`Assignment::check_together`](super::super::Assignment::check_together) of this assignment.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.layer_depths.is_empty() {
            return Err("--layer-depths is empty: name at least one convolution".into());
        }
        check_layers(&self.layer_depths, &self.layer_kernel_sizes, &self.layer_strides, self.norm_groups.0)?;
        if self.residual != Blocks::None && self.norm_groups.0.is_none() {
            return Err(
                "--norm-groups none needs --residual none: residual blocks need a normalisation".into()
            );
        }
        if let Some(squeeze) = self.squeeze.0
            && let Some(depth) = self.layer_depths.iter().find(|&&depth| squeeze > depth)
        {
            return Err(format!("--squeeze {squeeze} leaves no channel of the depth {depth}"));
        }
        if self.proxy.is_some() && (self.mixup.0.is_some() || self.cutmix.0.is_some()) {
            return Err("--proxy selects single pictures: leave --mixup and --cutmix away".into());
        }
        Ok(())
    }
}
