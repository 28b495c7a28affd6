//! Normalisation.

use super::op::Groups;
use super::{Algebra, Op};
use crate::tensor::{Float as _, Shape, Tensor};

/// Normalisation of `[batch, .., channels]`, for tensors and variables.
///
/// Means are taken in each example over all positions and the channels of a group:
/// sigma = sqrt(mean((x - mean(x))²) + eps), x̂ = (x - mean(x)) / sigma.
///
/// # Panics
/// If shapes do not fit, as [`Algebra`]'s methods.
pub trait Normalise: Algebra {
    /// scale x̂ + shift, with a scale and a shift for each channel.
    #[track_caller]
    fn group_norm(&self, scale: &Self, shift: &Self, groups: Groups) -> Self {
        Self::apply(Op::GroupNorm(groups), &[self, scale, shift])
    }

    /// The gradient of [`group_norm`](Self::group_norm) with respect to x, given the gradient g of
    /// its result. It is J u for u = scale g and the Jacobian J of x̂, which is symmetric:
    /// J u = (u - mean(u) - x̂ mean(x̂ u)) / sigma.
    #[track_caller]
    fn group_norm_input(&self, scale: &Self, g: &Self, groups: Groups) -> Self {
        Self::apply(Op::GroupNormInput(groups), &[self, scale, g])
    }

    /// The gradient of [`group_norm`](Self::group_norm) with respect to the scale, given the
    /// gradient g of its result: the sum of g x̂ over examples and positions.
    #[track_caller]
    fn group_norm_scale(&self, g: &Self, groups: Groups) -> Self {
        Self::apply(Op::GroupNormScale(groups), &[self, g])
    }

    /// The gradient of <h, J(x) u> with respect to x:
    /// -(x̂ mean(h J u) + J h mean(x̂ u) + J u mean(x̂ h)) / sigma,
    /// since the gradient of n sigma is x̂, for n elements in a group, and that of x̂ is J.
    #[track_caller]
    fn group_norm_curvature(&self, u: &Self, h: &Self, groups: Groups) -> Self {
        let shape = self.shape();
        let (batch, channels) = (shape[0], shape[shape.len() - 1]);
        let positions = shape[1..shape.len() - 1].iter().product();
        let grouped = |v: &Self| v.reshape(&[batch, positions, groups.count, channels / groups.count]);
        let count = (positions * channels / groups.count) as f64;
        let mean = |v: &Self| v.sum_keeping(&[1, 3]) * (1.0 / count);

        let constant = |value| Self::constant(self.context(), Tensor::full(&[channels], value));
        let (zero, one) = (constant(Self::Elem::ZERO), constant(Self::Elem::ONE));
        let normalised = grouped(&self.group_norm(&one, &zero, groups));
        let ju = grouped(&self.group_norm_input(&one, u, groups));
        let jh = grouped(&self.group_norm_input(&one, h, groups));
        let (x, u, h) = (grouped(self), grouped(u), grouped(h));
        // Centred twice: the second time removes the rounding error of the mean.
        let centred = x.clone() - &mean(&x);
        let centred = centred.clone() - &mean(&centred);
        let sigma = (mean(&centred.powi(2)) + groups.eps).sqrt();

        let sum = normalised.clone() * &mean(&(h.clone() * &ju))
            + &(jh * &mean(&(normalised.clone() * &u)))
            + &(ju * &mean(&(normalised * &h)));
        (-(sum / &sigma)).reshape(&shape)
    }
}

impl<A: Algebra> Normalise for A {}

impl Op {
    /// [`Op::shape`] of the normalisations.
    pub(super) fn normalise_shape(&self, x: &[&[usize]]) -> Result<Shape, String> {
        let (groups, parameters, gradient) = match self {
            Self::GroupNorm(groups) => (groups, &x[1..], None),
            Self::GroupNormInput(groups) => (groups, &x[1..2], Some(x[2])),
            Self::GroupNormScale(groups) => (groups, &x[..0], Some(x[1])),
            _ => unreachable!("{} is not a normalisation", self.name()),
        };
        let &[_, .., channels] = x[0] else {
            return Err(format!("{:?} is not [batch, .., channels]", x[0]));
        };
        if groups.count == 0 || !channels.is_multiple_of(groups.count) {
            return Err(format!("{channels} channels cannot be cut into {} groups", groups.count));
        }
        if let Some(wrong) = parameters.iter().find(|shape| **shape != [channels]) {
            return Err(format!("{wrong:?} is not one value for each of {channels} channels"));
        }
        if let Some(wrong) = gradient.filter(|shape| *shape != x[0]) {
            return Err(format!("the gradient has shape {wrong:?}, not {:?}", x[0]));
        }
        let scale = matches!(self, Self::GroupNormScale(_));
        Ok(if scale { [channels].as_slice().into() } else { x[0].into() })
    }
}
