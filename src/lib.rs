//! Deep learning from scratch: a small engine, and the assignments of Cooper Union's ECE472 done
//! with it.
//!
//! A hand-written reverse-mode tape ([`autodiff`]) over tensors ([`tensor`]) feeds modules ([`nn`]),
//! which optimizers ([`optim`]) and a training loop ([`train`]) fit to data ([`data`]); [`plot`] draws
//! what came of it, [`experiment`] is what a run is, and [`assignments`] put it all together. Each room
//! knows only those before it: [`random`], [`files`], [`console`], [`signals`], `parallel` and [`tensor`];
//! [`autodiff`]; [`nn`] and [`optim`]; [`train`] and [`data`]; [`text`], [`metrics`], [`plot`] and
//! [`models`]; [`experiment`]; [`assignments`]; the report; [`cli`].
//!
//! The [`guide`] begins with the tape in ten minutes, and has a page for those who come from
//! PyTorch.
//!
//! Every result is a function of configuration, data and seed: the same bytes on every run, for any
//! number of threads, on any x86-64 processor with AVX2 and FMA.
//!
//! Ten lines that train something, a line through four points:
//!
//! ```
//! use ece472::autodiff::{Algebra, grad};
//! use ece472::tensor::Tensor;
//!
//! let x = Tensor::vector(&[0.0, 1.0, 2.0, 3.0]);
//! let y = 2.0 * &x + 1.0;
//! let (mut w, mut b) = (Tensor::scalar(0.0), Tensor::scalar(0.0));
//! for _ in 0..500 {
//!     let (_, [dw, db]) = grad(|[w, b]| (w * &x + b - &y).powi(2).mean(), [&w, &b]);
//!     w -= 0.1 * dw;
//!     b -= 0.1 * db;
//! }
//! println!("y = {w:.3} x + {b:.3}");
//! assert!((w - 2.0).abs().item() < 1e-3 && (b - 1.0).abs().item() < 1e-3);
//! ```
//!
//! The derivatives of your own functions and modules are checked against differences by
//! [`autodiff::check`] and [`nn::check`], at first and second order:
//!
//! ```
//! use ece472::autodiff::{Algebra, check};
//! use ece472::tensor::Tensor;
//!
//! let x = [Tensor::vector(&[0.3, -1.2, 2.0])];
//! check::gradients(|x| (x[0] * x[0].sigmoid()).powi(2), &x).unwrap();
//! ```
//!
//! The feature `program`, which is on by default, adds the command line and what only it needs.
//! `default-features = false` leaves the library: [`tensor`], [`autodiff`], [`nn`], [`optim`],
//! [`train`], [`random`] and [`files`].

// Without the program some internal functions have no caller.
#![cfg_attr(not(feature = "program"), allow(dead_code, unused_imports, unused_macros))]

#[cfg(feature = "program")]
pub mod assignments;
pub mod autodiff;
pub mod choice;
#[cfg(feature = "program")]
pub mod cli;
pub mod console;
#[cfg(feature = "program")]
mod contain;
#[cfg(feature = "program")]
pub mod data;
#[cfg(feature = "program")]
pub mod experiment;
pub mod files;
pub mod guide;
#[cfg(feature = "program")]
pub mod metrics;
#[cfg(feature = "program")]
pub mod models;
pub mod nn;
pub mod optim;
mod parallel;
#[cfg(feature = "program")]
pub mod plot;
mod progress;
pub mod random;
#[cfg(feature = "program")]
mod report;
pub mod signals;
mod table;
pub mod tensor;
#[cfg(feature = "program")]
pub mod text;
pub mod train;
