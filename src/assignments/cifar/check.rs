//! Settings that do not fit together.

use super::{Blocks, Cifar};
use crate::experiment::check;
use crate::models::classification::check_layers;

impl Cifar {
    /// [`Assignment::check_together`](super::super::Assignment::check_together) of this assignment.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.layer_depths.is_empty() {
            return Err("--layer-depths is empty: there must be a first convolution".into());
        }
        check_layers(&self.layer_depths, &self.layer_kernel_sizes, &self.layer_strides, self.norm_groups)?;
        if self.residual != Blocks::None && self.norm_groups == 0 {
            return Err("--norm-groups 0 is for --residual none: blocks need a normalisation".into());
        }
        if let Some(depth) = self.layer_depths.iter().find(|&&depth| self.squeeze > depth) {
            return Err(format!("--squeeze {} leaves nothing of the depth {depth}", self.squeeze));
        }
        for (name, alpha) in [("mixup", self.mixup), ("cutmix", self.cutmix)] {
            if alpha != 0.0 {
                check(name, &alpha, &(1e-9..=1e9))?;
            }
        }
        if self.proxy.is_some() && (self.mixup > 0.0 || self.cutmix > 0.0) {
            return Err("--proxy chooses pictures by themselves: without --mixup and --cutmix".into());
        }
        Ok(())
    }
}
