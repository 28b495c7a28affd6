//! The trait of modules, and the context of a forward pass.

use crate::autodiff::{Algebra, Tape, Var};
use crate::random::Stream;
use crate::tensor::{Float, Tensor};

/// The context of a forward pass: where constants go, and in training the random numbers of dropout
/// and similar noise.
pub struct Pass<A: Algebra> {
    context: A::Context,
    noise: Option<Stream>,
}

impl<F: Float> Pass<Tensor<F>> {
    /// A pass over tensors, without noise.
    pub fn inference() -> Self {
        Self { context: (), noise: None }
    }
}

impl<'t, F: Float> Pass<Var<'t, F>> {
    /// A pass recorded on a tape, without noise.
    pub fn on(tape: &'t Tape<F>) -> Self {
        Self { context: tape, noise: None }
    }
}

impl<A: Algebra> Pass<A> {
    /// The same pass with noise from `stream`, as in training.
    pub fn with_noise(self, stream: Stream) -> Self {
        Self { noise: Some(stream), ..self }
    }

    /// A value that gradients do not flow into.
    #[track_caller]
    pub fn constant(&self, value: Tensor<A::Elem>) -> A {
        A::constant(self.context, value)
    }

    /// The random numbers for noise; `None` outside of training.
    pub fn noise(&mut self) -> Option<&mut Stream> {
        self.noise.as_mut()
    }
}

/// A function with parameters, of one input.
pub trait Module<A: Algebra> {
    /// The module's value at `x`, whose first axis is the batch unless the module says otherwise.
    ///
    /// # Panics
    /// If `x` has a shape that the module does not take.
    #[track_caller]
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A;
}
