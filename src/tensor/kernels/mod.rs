//! Kernels: all loops over the elements of tensors.
//!
//! Kernels take tensors whose shapes have been checked (see
//! [`Op::shape`](crate::autodiff::Op::shape)) and return a new one. They are single-threaded: to
//! use all cores, each thread computes different examples.

pub(crate) mod attention;
pub(crate) mod conv;
pub(crate) mod dispatch;
pub(crate) mod elementwise;
pub(crate) mod layout;
pub mod math;
pub(crate) mod matmul;
pub(crate) mod norm;
pub(crate) mod pool;
pub(crate) mod reduce;
pub(crate) mod softmax;
