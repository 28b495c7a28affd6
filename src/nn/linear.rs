//! The linear layer.

use super::{Init, LowRank, Module, Pass, parameters};
use crate::autodiff::Algebra;
use crate::random::Stream;
use crate::tensor::Tensor;

/// y = x W + b; with a [low-rank update](LowRank), y = x W + s (x A) B + b.
///
/// `x: [.., inputs]` to `[.., outputs]`. The weights are drawn from an [`Init`], the bias starts at
/// zero.
#[derive(Clone, Debug)]
pub struct Linear<A = Tensor> {
    /// W, `[inputs, outputs]`.
    pub weight: A,
    /// b, `[outputs]`.
    pub bias: Option<A>,
    /// A low-rank matrix that is added to W, in a layer that is being adapted.
    pub update: Option<LowRank<A>>,
}

impl Linear {
    /// A layer with random weights, with or without a bias.
    pub fn new(inputs: usize, outputs: usize, bias: bool, init: Init, stream: &mut Stream) -> Self {
        Self {
            weight: init.draw(&[inputs, outputs], inputs, outputs, stream),
            bias: bias.then(|| Tensor::zeros(&[outputs])),
            update: None,
        }
    }
}

parameters!(Linear { weight, bias, update });

impl<A: Algebra> Module<A> for Linear<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let mut y = x.matmul(&self.weight);
        if let Some(update) = &self.update {
            y = y + &update.forward(x, pass);
        }
        match &self.bias {
            Some(bias) => y + bias,
            None => y,
        }
    }
}
