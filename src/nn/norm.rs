//! Normalisation layers.

use super::{Module, Parameters, Pass, Path};
use crate::autodiff::{Algebra, Groups, Normalise as _};
use crate::tensor::Tensor;

/// Group normalisation: y = scale (x - mean) / sqrt(variance + eps) + shift, where mean and variance are
/// those of an example's group of channels over all places (Wu & He 2018, equations 1 to 3 and 7).
///
/// `x: [batch, .., channels]` to the same shape. One group is layer normalisation (Ba et al. 2016, over
/// places and channels), as many groups as channels are instance normalisation (Ulyanov et al. 2016).
/// The scale starts at 1, the shift at 0, and eps is 1e-5.
///
/// Shown by its tests: mean 0 and variance 1 of each group, invariance under a shift and a positive scale
/// of each group of each example, no effect of one example of a batch on another, layer and instance
/// normalisation as its limits, PyTorch's values and gradients, gradients to order 2.
#[derive(Clone, Debug)]
pub struct GroupNorm<A = Tensor> {
    /// `[channels]`.
    pub scale: A,
    /// `[channels]`.
    pub shift: A,
    groups: Groups,
}

impl GroupNorm {
    /// A layer for pictures of so many channels, cut into so many groups.
    ///
    /// # Panics
    /// If the channels cannot be cut into the groups.
    #[track_caller]
    pub fn new(channels: usize, groups: usize) -> Self {
        assert!(
            groups > 0 && channels.is_multiple_of(groups),
            "group normalisation: {channels} channels cannot be cut into {groups} groups"
        );
        Self {
            scale: Tensor::ones(&[channels]),
            shift: Tensor::zeros(&[channels]),
            groups: Groups { count: groups, eps: 1e-5 },
        }
    }
}

impl<A> Parameters<A> for GroupNorm<A> {
    type Of<B> = GroupNorm<B>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> GroupNorm<B> {
        GroupNorm {
            scale: f(path.field("scale"), &self.scale),
            shift: f(path.field("shift"), &self.shift),
            groups: self.groups,
        }
    }
}

impl<A: Algebra> Module<A> for GroupNorm<A> {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        x.group_norm(&self.scale, &self.shift, self.groups)
    }
}
