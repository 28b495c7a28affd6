//! Adding an operation.
//!
//! # A composition
//! Most functions need no new operation: a function over [`Algebra`](crate::autodiff::Algebra) is
//! differentiated through its parts.
//!
//! ```
//! use ece472::autodiff::{Algebra, check};
//! use ece472::tensor::Tensor;
//!
//! /// x tanh(softplus(x)) (Misra 2019, "Mish").
//! fn mish<A: Algebra>(x: &A) -> A {
//!     x.softplus().tanh() * x
//! }
//!
//! check::gradients(|x| mish(&x[0]), &[Tensor::vector(&[-2.0, 0.1, 3.0])]).unwrap();
//! ```
//!
//! # An operation outside of the crate
//! A value that the parts cannot give, or a derivative that is simpler, faster or more exact than
//! that of the parts, needs a [`CustomOp`](crate::autodiff::CustomOp): the value computes with
//! tensors, in any way; the pullback gives dL/dx from x, the result y and g = dL/dy. Here the
//! derivative of the logarithm of a sum of exponentials over all elements is the softmax.
//!
//! ```
//! use ece472::autodiff::{Algebra, CustomOp, check, grad};
//! use ece472::tensor::{Float, Shape, Tensor};
//!
//! fn log_sum_exp<F: Float>() -> CustomOp<F, 1> {
//!     CustomOp::<F, 1>::new(
//!         "log_sum_exp",
//!         |_shapes| Ok(Shape::repeat(0, 0)), // rank 0, for every input
//!         |[x]| {
//!             let largest = x.as_slice().iter().fold(F::NEG_INFINITY, |max, &x| max.maximum(x));
//!             // Exponentials of numbers up to 0 do not overflow.
//!             let sum = x.map(|x| x - largest).exp().sum();
//!             sum.ln() + largest.to_f64()
//!         },
//!         |[x], y, g| [g * (x - y).exp()],
//!     )
//! }
//!
//! let x = Tensor::vector(&[1000.0, 1001.0]);
//! let (value, [dx]) = grad(|[x]| log_sum_exp().apply([&x]), [&x]);
//! assert_eq!(value.item(), 1001.0 + (-1.0_f64).exp().ln_1p());
//! assert!((dx - x.softmax(0)).abs().sum().item() < 1e-12);
//! check::gradients(|x| log_sum_exp().apply([&x[0]]), &[Tensor::vector(&[0.5, -1.0, 2.0])]).unwrap();
//! ```
//!
//! A training computes with `f32` and the checker with `f64`: a function that is generic over
//! [`Float`](crate::tensor::Float) makes the operation for both. In a module it is
//! `my_op::<A::Elem>().apply([&x])`.
//!
//! # An operation of the crate
//! An elementwise one is a row of the table in `src/autodiff/elementwise.rs`, such as
//!
//! ```text
//! /// The hyperbolic tangent.
//! Tanh, tanh(): map(x, F::tanh) => g * &(-y.powi(2) + 1.0);
//! ```
//!
//! with the name, the value and the gradient. Any other is a variant of
//! [`Op`](crate::autodiff::Op). The compiler then asks for the rest: its name and value in `op.rs`,
//! the check of its shapes in `shape.rs`, and its rule in `vjp.rs`. A test asks for a case of the
//! checker in `check/cases`. `cargo run --release -- gradcheck` lists the results.
