//! Modules that are not trained.

use std::sync::Arc;

use super::{ParameterPath, Parameters, Pass};
use crate::autodiff::Algebra;
use crate::tensor::Tensor;

/// A module whose parameters stay as they are: it has no trainable parameters of its own, and a pass
/// sees its values as constants. Clones share them.
#[derive(Clone, Debug)]
pub struct Frozen<M>(Arc<M>);

impl<M: Parameters<Tensor>> Frozen<M> {
    /// Freezes a module.
    pub fn new(module: M) -> Self {
        Self(Arc::new(module))
    }

    /// The module itself.
    pub fn module(&self) -> &M {
        &self.0
    }

    /// The module with its parameters as constants of the pass.
    pub fn on<A: Algebra<Elem = f32>>(&self, pass: &mut Pass<A>) -> M::Of<A> {
        self.0.map(ParameterPath::ROOT, &mut |_, parameter: &Tensor| pass.constant(parameter.clone()))
    }
}
