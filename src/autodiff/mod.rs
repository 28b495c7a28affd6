//! Reverse-mode automatic differentiation by a tape.
//!
//! - [`Op`]: every differentiable operation, and `vjp.rs`: the table of their gradients;
//! - [`Unary`], [`Binary`]: those on one number or two at a time, a row of a table for each;
//! - [`Algebra`]: the arithmetic that [`Tensor`](crate::tensor::Tensor) ("numbers") and [`Var`]
//!   ("numbers that remember") share, [`Pictures`]: convolution and pooling, [`Normalise`], and
//!   [`Attend`];
//! - [`Tape`]: records, and walks back;
//! - [`grad`], [`vjp`], [`jvp`], [`hvp`]: derivatives of functions;
//! - [`check`]: whether derivatives are right.

mod algebra;
mod attend;
pub mod check;
mod elementwise;
mod grad;
mod normalise;
mod op;
mod operators;
mod pictures;
mod shape;
mod tape;
#[cfg(test)]
mod tests;
mod vjp;

pub use algebra::Algebra;
pub use attend::Attend;
pub use elementwise::{Binary, Unary};
pub use grad::{grad, hvp, jvp, vjp};
pub use normalise::Normalise;
pub use op::{Axes, Block, Groups, Heads, Op};
pub use pictures::Pictures;
pub use tape::{Tape, Var};
