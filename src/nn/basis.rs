//! Basis functions of one variable.

use super::{Module, Pass, parameters};
use crate::autodiff::Algebra;
use crate::choice::choices;
use crate::random::Stream;
use crate::tensor::Tensor;

choices! {
    /// The shape of a basis function.
    pub enum BasisKind {
        /// A bump, exp(-(x - mu)^2 / sigma^2)
        Gaussian = "gaussian",
        /// A step, 1 / (1 + exp(-(x - mu) / sigma))
        Sigmoid = "sigmoid",
    }
}

/// phi_j(x) for j = 1..M: bumps or steps whose location mu_j and scale sigma_j are learned.
///
/// `x: [batch, 1]` to `[batch, M]` (Bishop 2006, Pattern Recognition and Machine Learning,
/// equations 3.4 to 3.6; here without the factor 2 under the square).
///
/// The domain [0, 1] is divided into M equal parts, and a location is drawn uniformly from each.
/// The scales start as wide as the domain: functions that overlap so much can only make smooth
/// sums, and training narrows those that have to be narrow. Functions that start narrow fit the
/// noise.
#[derive(Clone, Debug)]
pub struct BasisExpansion<A = Tensor> {
    /// mu, `[M]`.
    pub location: A,
    /// sigma, `[M]`.
    pub scale: A,
    /// The shape of the functions: bumps or steps.
    pub kind: BasisKind,
}

impl BasisExpansion {
    /// M functions over the domain [0, 1].
    pub fn new(num_basis: usize, kind: BasisKind, stream: &mut Stream) -> Self {
        let width = 1.0 / num_basis as f64;
        let mut left = 0.0;
        let location = Tensor::from_fn(&[num_basis], || {
            let location = left + width * stream.uniform();
            left += width;
            location as f32
        });
        // A step rises over about four times its scale, a bump over twice.
        let scale = if kind == BasisKind::Gaussian { 1.0 } else { 0.5 };
        Self { location, scale: Tensor::full(&[num_basis], scale), kind }
    }
}

parameters!(BasisExpansion { location, scale; kind });

impl<A: Algebra> Module<A> for BasisExpansion<A> {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        let shape = x.shape();
        assert!(shape.last() == Some(&1), "basis expansion: an input of shape {shape:?}, not [batch, 1]");
        let distance = (x.clone() - &self.location) / &self.scale;
        match self.kind {
            BasisKind::Gaussian => (-distance.powi(2)).exp(),
            BasisKind::Sigmoid => distance.sigmoid(),
        }
    }
}
