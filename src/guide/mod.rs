//! A guide to the crate. There is no code here, only examples, which the tests compile and run.
//!
//! - [`tape`]: how derivatives are computed, in ten minutes;
//! - [`operation`]: adding an operation;
//! - [`layer`]: adding a layer;
//! - [`assignment`]: adding an assignment, with its settings, training and report;
//! - [`pytorch`]: coming from PyTorch: names, layouts and weights.
//!
//! The folder `examples` of the repository has whole programs: `mlp`, `own_layer`, `own_op`,
//! `second_derivatives`, `sweep` and `from_pytorch`.

#[cfg(feature = "program")]
pub mod assignment;
pub mod layer;
pub mod operation;
pub mod pytorch;
pub mod tape;
