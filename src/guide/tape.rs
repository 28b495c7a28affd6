//! The tape in ten minutes.
//!
//! # Tensors
//! A [`Tensor`](crate::tensor::Tensor) is an array of numbers with a shape. Arithmetic is as in
//! mathematics; operands are taken by value or by reference, and a clone shares its elements.
//!
//! ```
//! use ece472::autodiff::Algebra;
//! use ece472::tensor::Tensor;
//!
//! let x = Tensor::matrix(&[[1.0, 2.0], [3.0, 4.0]]);
//! let b = Tensor::vector(&[10.0, 20.0]);
//! // Shapes broadcast from the last axis: b is added to each row.
//! let y = 2.0 * &x + &b;
//! assert_eq!(y, Tensor::matrix(&[[12.0, 24.0], [16.0, 28.0]]));
//! assert_eq!(x.matmul(&x).sum().item(), 54.0);
//! println!("{y}");
//! ```
//!
//! # Variables
//! A [`Tape`](crate::autodiff::Tape) records each operation with its inputs and its result. A
//! [`Var`](crate::autodiff::Var) is an index into the tape, which is copied freely. The gradient of
//! a result is found by going through the tape backwards: each operation has a rule that turns the
//! gradient of its result into those of its inputs (Speelpenning 1980; Griewank & Walther 2008).
//!
//! ```
//! use ece472::autodiff::{Algebra, Tape};
//! use ece472::tensor::Tensor;
//!
//! let tape = Tape::new();
//! let x = tape.var(Tensor::scalar(3.0_f64));
//! let y = x.powi(2) * x.sin();
//! assert_eq!(tape.operations(), ["powi", "sin", "mul"]);
//!
//! // dy/dx = 2 x sin(x) + x² cos(x)
//! let [dy] = y.grad([x]);
//! let expected = 6.0 * 3.0_f64.sin() + 9.0 * 3.0_f64.cos();
//! assert!((dy.value().item() - expected).abs() < 1e-12);
//! ```
//!
//! The gradient is a variable too: the rules are written with recorded operations. So it can be
//! differentiated again, to any order.
//!
//! ```
//! # use ece472::autodiff::{Algebra, Tape};
//! # use ece472::tensor::Tensor;
//! let tape = Tape::new();
//! let x = tape.var(Tensor::scalar(2.0_f64));
//! let [first] = x.powi(3).grad([x]);
//! let [second] = first.grad([x]);
//! let [third] = second.grad([x]);
//! assert_eq!([first, second, third].map(|d| d.value().item()), [12.0, 12.0, 6.0]);
//! ```
//!
//! # Derivatives of functions
//! [`grad`](crate::autodiff::grad) makes the tape itself. Inputs come as an array, and gradients as
//! an array in the same order. Data, which need no gradient, are used as they are: next to a
//! variable a tensor becomes a constant of its tape.
//!
//! ```
//! use ece472::autodiff::{Algebra, grad};
//! use ece472::tensor::Tensor;
//!
//! let (x, y) = (Tensor::vector(&[0.0, 1.0, 2.0]), Tensor::vector(&[1.0, 3.0, 5.0]));
//! let (w, b) = (Tensor::scalar(2.0), Tensor::scalar(0.0));
//! let (loss, [dw, db]) = grad(|[w, b]| (w * &x + b - &y).powi(2).mean(), [&w, &b]);
//! assert_eq!((loss.item(), dw.item(), db.item()), (1.0, -2.0, -2.0));
//! ```
//!
//! [`vjp`](crate::autodiff::vjp) and [`jvp`](crate::autodiff::jvp) multiply vectors with the
//! Jacobian from the left and from the right, [`hvp`](crate::autodiff::hvp) with the Hessian.
//! [`autodiff::list`](crate::autodiff::list) has the same four for a list of inputs.
//!
//! # One formula, with and without a tape
//! [`Algebra`](crate::autodiff::Algebra) is what tensors and variables share. A function over
//! `A: Algebra` computes on tensors, and is recorded on variables. This is how layers and losses
//! are written. (In generic code the left operand is a value, and numbers are on the right:
//! `-x + 1.0`.)
//!
//! ```
//! use ece472::autodiff::{Algebra, grad};
//! use ece472::tensor::Tensor;
//!
//! fn energy<A: Algebra>(x: &A) -> A {
//!     (x.powi(2) * 0.5).sum()
//! }
//!
//! let x = Tensor::vector(&[3.0, 4.0]);
//! assert_eq!(energy(&x).item(), 12.5);
//! assert_eq!(grad(|[x]| energy(&x), [&x]).1, [x]);
//! ```
//!
//! # Checking derivatives
//! [`autodiff::check`](crate::autodiff::check) compares derivatives of first and second order with
//! differences, in double precision, and names the element that is wrong. It is the quickest way to
//! find a mistake in a function of your own.
//!
//! ```
//! use ece472::autodiff::{Algebra, check};
//! use ece472::tensor::Tensor;
//!
//! let x = [Tensor::vector(&[0.3, -1.2])];
//! check::gradients(|x| x[0].tanh() * x[0], &x).unwrap();
//!
//! // `detach` stops gradients, so half of the derivative of x² is missing.
//! let failure = check::gradients(|x| x[0].detach() * x[0], &x).unwrap_err();
//! println!("{failure}");
//! ```
