//! Deep learning from scratch: a small engine, and the assignments of Cooper Union's ECE472 done
//! with it.
//!
//! A hand-written reverse-mode tape ([`autodiff`]) over tensors ([`tensor`]) feeds modules ([`nn`]),
//! which optimizers ([`optim`]) and a training loop ([`train`]) fit to data ([`data`]); [`plot`] draws
//! what came of it, [`experiment`] is what a run is, and [`assignments`] put it all together. Each room
//! knows only those before it: [`random`], [`files`], [`console`], [`signals`] and [`tensor`];
//! [`autodiff`]; [`nn`] and [`optim`]; [`train`] and [`data`]; [`text`], [`metrics`], [`plot`] and
//! [`models`]; [`experiment`]; [`assignments`]; the report; [`cli`].
//!
//! Every result is a function of configuration, data and seed: the same bytes on every run, for any
//! number of threads, on any x86-64 processor with AVX2 and FMA.
//!
//! Ten lines that train something:
//!
//! ```
//! use ece472::autodiff::{Algebra, grad};
//! use ece472::tensor::Tensor;
//!
//! let x = Tensor::matrix(&[[0.0], [1.0], [2.0], [3.0_f32]]);
//! let y = Tensor::matrix(&[[1.0], [3.0], [5.0], [7.0]]);
//! let mut parameters = vec![Tensor::zeros(&[1, 1]), Tensor::zeros(&[1])];
//! for _ in 0..500 {
//!     let (_, gradients) = grad(|p| {
//!         let [x, y] = [&x, &y].map(|data| p[0].context().var(data.clone()));
//!         (x.matmul(&p[0]) + p[1] - y).powi(2).mean()
//!     }, &parameters);
//!     for (parameter, gradient) in parameters.iter_mut().zip(gradients) {
//!         *parameter = parameter.clone() - &(gradient * 0.1);
//!     }
//! }
//! assert!((parameters[0].item() - 2.0).abs() < 1e-3 && (parameters[1].item() - 1.0).abs() < 1e-3);
//! ```

pub mod assignments;
pub mod autodiff;
pub mod choice;
pub mod cli;
pub mod console;
mod contain;
pub mod data;
pub mod experiment;
pub mod files;
pub mod metrics;
pub mod models;
pub mod nn;
pub mod optim;
pub mod plot;
pub mod random;
mod report;
pub mod signals;
mod table;
pub mod tensor;
pub mod text;
pub mod train;
