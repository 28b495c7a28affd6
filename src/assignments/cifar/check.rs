//! Settings that do not fit together.

use super::{Blocks, Cifar};
use crate::models::classification::check_layers;

impl Cifar {
    /// [`Assignment::check_together`](super::super::Assignment::check_together) of this assignment.
    pub(super) fn check(&self) -> Result<(), String> {
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
