//! Dropout of elements and of whole layers.

use super::{Module, Pass, parameters};
use crate::autodiff::Algebra;
use crate::tensor::{Float, Tensor};

/// In training each element is set to zero with probability `rate` and else divided by 1 - `rate`,
/// so that its expectation does not change. Outside of training this is the identity (Srivastava et
/// al. 2014, the "inverted" form of section 10).
///
/// The input may have any shape.
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

parameters!(Dropout);

impl<A: Algebra> Module<A> for Dropout {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        drop_out(x, &x.shape(), self.rate, pass)
    }
}

/// `x` times a mask of the given shape, whose elements are 0 with probability `rate`, else
/// 1 / (1 - rate); outside of training `x` itself.
fn drop_out<A: Algebra>(x: &A, shape: &[usize], rate: f64, pass: &mut Pass<A>) -> A {
    let Some(noise) = pass.noise().filter(|_| rate > 0.0) else { return x.clone() };
    let kept = A::Elem::from_f64(1.0 / (1.0 - rate));
    let mask = Tensor::from_fn(shape, || if noise.uniform() < rate { A::Elem::ZERO } else { kept });
    x.clone() * &pass.constant(mask)
}

/// In training each example is set to zero as a whole with probability `rate` and else divided by
/// 1 - `rate`. Outside of training this is the identity. In the branch of a residual block it
/// leaves out the block (Huang et al. 2016, with the division of inverted dropout).
///
/// `x: [batch, ..]` to the same shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StochasticDepth {
    rate: f64,
}

impl StochasticDepth {
    /// Dropout of examples with probability `rate`.
    ///
    /// # Panics
    /// Unless 0 <= `rate` < 1.
    #[track_caller]
    pub fn new(rate: f64) -> Self {
        assert!((0.0..1.0).contains(&rate), "stochastic depth: the rate {rate} is not in [0, 1)");
        Self { rate }
    }
}

parameters!(StochasticDepth);

impl<A: Algebra> Module<A> for StochasticDepth {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let mut shape = x.shape();
        shape.iter_mut().skip(1).for_each(|n| *n = 1);
        drop_out(x, &shape, self.rate, pass)
    }
}
