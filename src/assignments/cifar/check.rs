//! Whether the settings make sense.

use super::super::within;
use super::{Blocks, Cifar};

impl Cifar {
    /// [`Assignment::validate`](super::super::Assignment::validate) of this assignment.
    pub(super) fn check(&self) -> Result<(), String> {
        within("validation", self.validation, 10, 49_000)?;
        self.check_layers()?;
        within("l2", self.l2, 0.0, 1e6)?;
        within("label-smoothing", self.label_smoothing, 0.0, 0.99)?;
        within("translate", self.translate, 0, 32)?;
        within("cutout", self.cutout, 0, 64)?;
        within("jitter", self.jitter, 0.0, 1.0)?;
        for (name, alpha) in [("mixup", self.mixup), ("cutmix", self.cutmix)] {
            if alpha != 0.0 {
                within(name, alpha, 1e-9, 1e9)?;
            }
        }
        within("keep", self.keep, 0.001, 1.0)?;
        if self.proxy.is_some() && (self.mixup > 0.0 || self.cutmix > 0.0) {
            return Err("--proxy chooses pictures by themselves: without --mixup and --cutmix".into());
        }
        within("learning-rate", self.learning_rate, 0.0, 1e6)?;
        within("weight-decay", self.weight_decay, 0.0, 1e6)?;
        within("vector-rate", self.vector_rate, 0.0, 1e6)?;
        within("last-rate", self.last_rate, 0.0, 1e6)?;
        within("warmup", self.warmup, 0.0, 1.0)?;
        within("last-learning-rate", self.last_learning_rate, 0.0, 1.0)?;
        within("average", self.average, 0.0, 0.999_999)?;
        within("epochs", self.epochs, 1, 1_000_000)?;
        within("batch-size", self.batch_size, 1, 1_000_000)?;
        within("shard-size", self.shard_size, 1, 1_000_000)
    }

    fn check_layers(&self) -> Result<(), String> {
        let layers = self.layer_depths.len();
        if layers == 0 {
            return Err("--layer-depths is empty: there must be a first convolution".into());
        }
        for (name, list, high) in [
            ("layer-depths", &self.layer_depths, 4096),
            ("layer-kernel-sizes", &self.layer_kernel_sizes, 32),
            ("layer-strides", &self.layer_strides, 32),
        ] {
            if list.len() != layers {
                return Err(format!("--{name} has {} numbers, --layer-depths {layers}", list.len()));
            }
            list.iter().try_for_each(|&n| within(name, n, 1, high))?;
        }
        if self.residual != Blocks::None && self.norm_groups == 0 {
            return Err("--norm-groups 0 is for --residual none: blocks need a normalisation".into());
        }
        for &depth in &self.layer_depths {
            if !depth.is_multiple_of(self.norm_groups.max(1)) {
                return Err(format!("--norm-groups {} does not divide the depth {depth}", self.norm_groups));
            }
            if self.squeeze > depth {
                return Err(format!("--squeeze {} leaves nothing of the depth {depth}", self.squeeze));
            }
        }
        within("last-scale", self.last_scale, 0.0, 100.0)?;
        within("stochastic-depth", self.stochastic_depth, 0.0, 0.99)?;
        within("layer-dropout", self.layer_dropout, 0.0, 0.99)?;
        within("dropout", self.dropout, 0.0, 0.99)
    }
}
