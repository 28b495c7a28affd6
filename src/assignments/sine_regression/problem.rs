//! The data, the network and the loss of assignment 1.

use crate::autodiff::Algebra;
use crate::data::SinePoints;
use crate::nn::loss::half_squared_error;
use crate::nn::{BasisExpansion, BasisKind, Init, Linear, Module, Pass, parameters};
use crate::random::Stream;
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// The number of points that a thread processes at a time.
pub(super) const SHARD: usize = 4096;

/// The model y = w φ(x) + b: basis functions and a linear layer.
#[derive(Clone, Debug)]
pub struct BasisRegression<A = Tensor> {
    /// The basis functions φ.
    pub basis: BasisExpansion<A>,
    /// The weights w and the bias b.
    pub linear: Linear<A>,
}

impl BasisRegression {
    /// A model with `num_basis` basis functions and random parameters.
    pub fn new(num_basis: usize, kind: BasisKind, stream: &mut Stream) -> Self {
        Self {
            basis: BasisExpansion::new(num_basis, kind, stream),
            linear: Linear::new(num_basis, 1, true, Init::Normal(1.0), stream),
        }
    }
}

parameters!(BasisRegression { basis, linear });

impl<A: Algebra> Module<A> for BasisRegression<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        self.linear.forward(&self.basis.forward(x, pass), pass)
    }
}

/// The training objective: half the squared error of points.
pub struct Regression {
    pub(super) data: SinePoints,
}

impl Regression {
    /// The objective for the given points.
    pub fn new(data: SinePoints) -> Self {
        Self { data }
    }
}

impl Objective for Regression {
    type Model = BasisRegression;

    fn examples(&self) -> usize {
        self.data.x.len()
    }

    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &BasisRegression<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A {
        let x = pass.constant(self.data.x.gather(0, shard.examples));
        let y = pass.constant(self.data.y.gather(0, shard.examples));
        half_squared_error(&model.forward(&x, pass), &y).sum()
    }
}

/// The model's values at the given x.
pub(super) fn predict(model: &BasisRegression, x: &[f64]) -> Vec<f64> {
    let mut x = x.iter();
    let x = Tensor::from_fn(&[x.len(), 1], || *x.next().expect("one for each row") as f32);
    let y = model.forward(&x, &mut Pass::inference());
    y.as_slice().iter().map(|&y| f64::from(y)).collect()
}

/// `count` evenly spaced values from `low` to `high`, ends included.
pub(super) fn evenly_spaced(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| low + (high - low) * i as f64 / (count - 1) as f64).collect()
}

/// The root mean squared difference.
pub(super) fn rmse(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = a.zip(b).fold((0.0, 0), |(sum, n), (a, b)| (sum + (a - b) * (a - b), n + 1));
    (sum / f64::from(count)).sqrt()
}
