//! Reverse-mode automatic differentiation by a tape.
//!
//! - [`Op`]: every differentiable operation;
//! - `vjp.rs`: the table of their gradients;
//! - [`Algebra`]: the arithmetic that [`Tensor`](crate::tensor::Tensor) ("numbers") and [`Var`]
//!   ("numbers that remember") share, and [`Pictures`]: convolution and pooling;
//! - [`Tape`]: records, and walks back;
//! - [`grad`], [`vjp`], [`jvp`], [`hvp`]: derivatives of functions;
//! - [`check`]: whether derivatives are right.

mod algebra;
pub mod check;
mod grad;
mod op;
mod operators;
mod pictures;
mod shape;
mod tape;
#[cfg(test)]
mod tests;
mod vjp;

pub use algebra::Algebra;
pub use grad::{grad, hvp, jvp, vjp};
pub use op::{Axes, Block, Op};
pub use pictures::Pictures;
pub use tape::{Tape, Var};
