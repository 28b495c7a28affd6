//! Reverse-mode automatic differentiation by a tape.
//!
//! - [`Op`]: every differentiable operation, and `vjp.rs`: the table of their gradients;
//! - [`Unary`], [`Binary`]: the elementwise operations on one tensor or two, a table row for each;
//! - [`Algebra`]: the arithmetic that [`Tensor`](crate::tensor::Tensor) (values alone) and [`Var`]
//!   (values recorded on a tape) share; [`Pictures`]: convolution and pooling; [`Normalise`] and
//!   [`Attend`]; [`CustomOp`]: operations from outside of this crate;
//! - [`Tape`]: records operations and computes gradients in a reverse sweep;
//! - [`grad`], [`vjp`], [`jvp`], [`hvp`]: derivatives of functions, and [`list`]: the same for any
//!   number of inputs;
//! - [`check`]: a gradient checker.

mod algebra;
mod attend;
pub mod check;
mod custom;
mod elementwise;
mod grad;
pub mod list;
mod normalise;
mod op;
mod operators;
mod pictures;
mod shape;
mod tape;
#[cfg(test)]
mod tests;
mod vjp;

pub use algebra::{Algebra, OnTape};
pub use attend::Attend;
pub use custom::{Custom, CustomOp};
pub use elementwise::{Binary, Unary};
pub use grad::{grad, hvp, jvp, vjp};
pub use normalise::Normalise;
pub use op::{Axes, Block, Groups, Heads, Op};
pub use pictures::Pictures;
pub use tape::{Tape, Var};
