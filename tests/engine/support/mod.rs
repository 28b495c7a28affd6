//! Functions for tests of sequences.

use approx::assert_relative_eq;
use ece472::autodiff::Algebra;
use ece472::random::{Purpose, Stream};
use ece472::tensor::{Float, Tensor};

pub fn normal(shape: &[usize], seed: u64) -> Tensor<f64> {
    let mut stream = Stream::new(seed, Purpose::Data);
    Tensor::from_fn(shape, || stream.normal())
}

pub fn single(x: &Tensor<f64>) -> Tensor<f32> {
    x.cast()
}

/// The tokens `start..end` of `[batch, tokens, width]`.
pub fn rows<F: Float>(x: &Tensor<F>, start: usize, end: usize) -> Tensor<F> {
    x.narrow(1, start, end)
}

/// Tokens in another order.
pub fn permuted(x: &Tensor<f64>, order: &[usize]) -> Tensor<f64> {
    x.gather(1, order.to_vec())
}

pub fn assert_close(a: &Tensor<f64>, b: &Tensor<f64>) {
    assert_eq!(a.shape(), b.shape());
    for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
        assert_relative_eq!(*a, *b, epsilon = 1e-10, max_relative = 1e-10);
    }
}
