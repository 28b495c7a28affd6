//! Dropout.

use super::{Module, Parameters, Pass, Path};
use crate::autodiff::Algebra;
use crate::tensor::{Float as _, Tensor};

/// In training each element is zero with probability `rate`, else divided by 1 - `rate`, so that its
/// expectation stays what it was; outside of training, the identity (Srivastava et al. 2014, the
/// "inverted" form of section 10).
///
/// Any shape. Shown by its tests: identity without noise, the expectation, the share of zeros, the
/// same mask for the gradient as for the value, the same draw from the same stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// Dropout of elements with probability `rate`.
    ///
    /// # Panics
    /// Unless 0 <= `rate` < 1.
    #[track_caller]
    pub fn new(rate: f64) -> Self {
        assert!((0.0..1.0).contains(&rate), "dropout: the rate {rate} is not in [0, 1)");
        Self { rate }
    }
}

impl<A> Parameters<A> for Dropout {
    type Of<B> = Dropout;

    fn map<B>(&self, _: Path<'_>, _: &mut dyn FnMut(Path<'_>, &A) -> B) -> Dropout {
        *self
    }
}

impl<A: Algebra> Module<A> for Dropout {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let rate = self.rate;
        let Some(noise) = pass.noise().filter(|_| rate > 0.0) else { return x.clone() };
        let kept = A::Elem::from_f64(1.0 / (1.0 - rate));
        let mask = Tensor::from_fn(&x.shape(), || if noise.uniform() < rate { A::Elem::ZERO } else { kept });
        x.clone() * &pass.constant(mask)
    }
}
