//! Shapes and values for cases.

use crate::random::Stream;
use crate::tensor::Tensor;

/// A random integer in `low..=high`.
pub(super) fn between(s: &mut Stream, low: usize, high: usize) -> usize {
    low + s.below(high - low + 1)
}

/// A shape of some rank in `low..=high`, with extents from 1 to 4.
pub(super) fn shape(s: &mut Stream, low: usize, high: usize) -> Vec<usize> {
    (0..between(s, low, high)).map(|_| between(s, 1, 4)).collect()
}

/// Two shapes that broadcast: a shape of rank up to 3, where on each side some axes are 1 and some
/// leading axes are missing.
pub(super) fn broadcast_pair(s: &mut Stream) -> [Vec<usize>; 2] {
    let whole = shape(s, 0, 3);
    [0, 1].map(|_| shrunk(s, &whole))
}

/// `whole` with some extents replaced by 1, and some leading axes missing.
pub(super) fn shrunk(s: &mut Stream, whole: &[usize]) -> Vec<usize> {
    let mut shape = with_ones(s, whole);
    shape.drain(..s.below(whole.len() + 1) / 2);
    shape
}

/// `whole` with some extents replaced by 1.
pub(super) fn with_ones(s: &mut Stream, whole: &[usize]) -> Vec<usize> {
    whole.iter().map(|&n| if s.below(3) == 0 { 1 } else { n }).collect()
}

/// Values uniform on [low, high).
pub(super) fn uniform(s: &mut Stream, shape: &[usize], low: f64, high: f64) -> Tensor<f64> {
    Tensor::from_fn(shape, || low + (high - low) * s.uniform())
}

/// Standard normal values.
pub(super) fn normal(s: &mut Stream, shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, || s.normal())
}

/// Values of either sign, with absolute values in [low, high).
pub(super) fn either_sign(s: &mut Stream, shape: &[usize], low: f64, high: f64) -> Tensor<f64> {
    Tensor::from_fn(shape, || {
        let size = low + (high - low) * s.uniform();
        if s.below(2) == 0 { size } else { -size }
    })
}

/// Values of either sign, at 0.1 or more from 0.
pub(super) fn away_from_zero(s: &mut Stream, shape: &[usize]) -> Tensor<f64> {
    either_sign(s, shape, 0.1, 2.5)
}

/// Tensors of which no two elements are closer than 0.1.
pub(super) fn distinct<const N: usize>(s: &mut Stream, shapes: [&[usize]; N]) -> [Tensor<f64>; N] {
    let count = shapes.iter().map(|shape| shape.iter().product::<usize>()).sum();
    let mut ranks = s.permutation(count).into_iter();
    shapes.map(|shape| {
        Tensor::from_fn(shape, || {
            let rank = ranks.next().expect("a rank for each element") as f64;
            0.2 * (rank - count as f64 / 2.0) + 0.1 * s.uniform()
        })
    })
}
