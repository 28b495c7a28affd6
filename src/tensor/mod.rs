//! Tensors and the kernels that touch raw numbers.
pub mod kernels;
