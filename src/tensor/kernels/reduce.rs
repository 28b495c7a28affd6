//! Sums, maxima, and broadcasting as the adjoint of sums.
//!
//! The order of sums depends only on the shapes, so their bits do not depend on the machine.

use smallvec::SmallVec;

use super::dispatch::vectorised;
use super::elementwise::zip;
use crate::tensor::{Float, Shape, Tensor};

/// Sums along a row use this many running totals, enough to keep the adders busy, over blocks of
/// this many elements, so that no total grows so large that small terms are lost. The blocks'
/// totals are added in pairs (Higham 1993, section 3).
const LANES: usize = 16;
const BLOCK: usize = 1024;

/// Sums over rows use one running total for each column, over blocks of this many rows. The blocks'
/// totals are added in pairs too.
const ROWS: usize = 32;

/// Adjacent axes that are all reduced or all kept, joined: their number of elements, and whether
/// they are reduced.
type Axes = SmallVec<[(usize, bool); 6]>;

/// The axes of `from`, for a reduction to `to`, whose reduced axes have extent 1 or are missing.
fn axes(from: &[usize], to: &[usize]) -> Axes {
    let mut axes: Axes = SmallVec::new();
    for (axis, &count) in from.iter().enumerate() {
        if count == 1 {
            continue;
        }
        let reduced = (axis + to.len()).checked_sub(from.len()).is_none_or(|i| to[i] == 1);
        match axes.last_mut() {
            Some((n, last)) if *last == reduced => *n *= count,
            _ => axes.push((count, reduced)),
        }
    }
    axes
}

/// Combines each element of `x` into its element of `out`, outermost axes in order. `start` is the
/// neutral element of `combine`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn reduce<F: Float>(axes: &[(usize, bool)], x: &[F], out: &mut [F], start: F, combine: &impl Fn(F, F) -> F) {
    match *axes {
        [] => out[0] = combine(out[0], x[0]),
        [(_, true)] => out[0] = combine(out[0], reduce_row(x, combine)),
        [(_, false)] => combine_rows(out, x, combine),
        [(n, true), (m, false)] => reduce_columns(n, m, x, out, start, combine),
        [(_, false), (m, true)] => {
            for (y, row) in out.iter_mut().zip(x.chunks_exact(m)) {
                *y = combine(*y, reduce_row(row, combine));
            }
        }
        [(n, reduced), ref rest @ ..] => reduce_outer(n, reduced, rest, x, out, start, combine),
    }
}

/// The rare case of three or more alternating groups of axes: handles the outermost group.
fn reduce_outer<F: Float>(
    n: usize,
    reduced: bool,
    rest: &[(usize, bool)],
    x: &[F],
    out: &mut [F],
    start: F,
    combine: &impl Fn(F, F) -> F,
) {
    let step = x.len() / n;
    if !reduced {
        let kept = out.len() / n;
        for (x, out) in x.chunks_exact(step).zip(out.chunks_exact_mut(kept)) {
            reduce(rest, x, out, start, combine);
        }
        return;
    }
    let (blocks, width) = (n.div_ceil(ROWS), out.len());
    let mut totals = vec![start; depth(blocks) * width];
    pairwise(
        blocks,
        width,
        &mut totals,
        |i, total| {
            total.fill(start);
            for x in x[i * ROWS * step..].chunks_exact(step).take(ROWS) {
                reduce(rest, x, total, start, combine);
            }
        },
        combine,
    );
    combine_rows(out, &totals[..width], combine);
}

/// Combines `n` rows of `m` into one.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn reduce_columns<F: Float>(
    n: usize,
    m: usize,
    x: &[F],
    out: &mut [F],
    start: F,
    combine: &impl Fn(F, F) -> F,
) {
    if n <= ROWS {
        combine_block(out, x, combine);
        return;
    }
    let blocks = n.div_ceil(ROWS);
    let mut totals = Tensor::build(&[depth(blocks) * m], |_| ());
    let totals = totals.as_mut_slice();
    pairwise(
        blocks,
        m,
        totals,
        #[inline(always)]
        |i, total| {
            total.fill(start);
            let block = &x[i * ROWS * m..];
            combine_block(total, &block[..block.len().min(ROWS * m)], combine);
        },
        combine,
    );
    combine_rows(out, &totals[..m], combine);
}

/// Combines rows into `out` in their order. It takes four rows at a time, so that `out` is read and
/// written once for four.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn combine_block<F: Float>(out: &mut [F], x: &[F], combine: &impl Fn(F, F) -> F) {
    let m = out.len();
    let fours = x.chunks_exact(4 * m);
    let rest = fours.remainder();
    for four in fours {
        let (a, b, c, d) = (&four[..m], &four[m..][..m], &four[2 * m..][..m], &four[3 * m..][..m]);
        for (y, (((&a, &b), &c), &d)) in out.iter_mut().zip(a.iter().zip(b).zip(c).zip(d)) {
            *y = combine(combine(combine(combine(*y, a), b), c), d);
        }
    }
    rest.chunks_exact(m).for_each(|row| combine_rows(out, row, combine));
}

/// The number of totals that [`pairwise`] holds at once.
fn depth(blocks: usize) -> usize {
    blocks.ilog2() as usize + 2
}

/// Combines the blocks' totals in pairs, the results in pairs again, and so on. `block` writes the
/// `width` elements of a block's total. The result is at the start of `totals`. Adding a block
/// combines finished pairs as incrementing a binary number carries digits.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn pairwise<F: Float>(
    blocks: usize,
    width: usize,
    totals: &mut [F],
    mut block: impl FnMut(usize, &mut [F]),
    combine: &impl Fn(F, F) -> F,
) {
    let mut held = 0;
    for i in 0..blocks {
        block(i, &mut totals[held * width..][..width]);
        held += 1;
        let pairs = if i + 1 < blocks { (i + 1).trailing_zeros() as usize } else { held - 1 };
        for _ in 0..pairs {
            held -= 1;
            let (left, right) = totals[(held - 1) * width..].split_at_mut(width);
            combine_rows(left, &right[..width], combine);
        }
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn combine_rows<F: Float>(out: &mut [F], x: &[F], combine: &impl Fn(F, F) -> F) {
    for (y, &x) in out.iter_mut().zip(x) {
        *y = combine(*y, x);
    }
}

/// Combines one row into one value, block by block.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn reduce_row<F: Float>(x: &[F], combine: &impl Fn(F, F) -> F) -> F {
    if x.len() <= BLOCK {
        return reduce_block(x, combine);
    }
    let blocks = x.len().div_ceil(BLOCK);
    let mut totals = [F::ZERO; usize::BITS as usize];
    pairwise(
        blocks,
        1,
        &mut totals,
        #[inline(always)]
        |i, total| total[0] = reduce_block(&x[i * BLOCK..][..BLOCK.min(x.len() - i * BLOCK)], combine),
        combine,
    );
    totals[0]
}

/// The sum of a row.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn sum_row<F: Float>(x: &[F]) -> F {
    reduce_row(x, &|a, b| a + b)
}

/// The largest element of a row.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn max_row<F: Float>(x: &[F]) -> F {
    reduce_row(x, &F::maximum)
}

/// Combines one block into one value: `LANES` running totals, whose halves are then combined.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn reduce_block<F: Float>(x: &[F], combine: &impl Fn(F, F) -> F) -> F {
    let Some((first, rest)) = x.split_first_chunk::<LANES>() else {
        return x.iter().copied().reduce(combine).expect("rows are not empty");
    };
    let mut totals = *first;
    let blocks = rest.chunks_exact(LANES);
    let last = blocks.remainder();
    for block in blocks {
        for (total, &x) in totals.iter_mut().zip(block) {
            *total = combine(*total, x);
        }
    }
    for (total, &x) in totals.iter_mut().zip(last) {
        *total = combine(*total, x);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            totals[i] = combine(totals[i], totals[i + width]);
        }
        width /= 2;
    }
    totals[0]
}

/// The sum of `x` over the axes along which `shape` is broadcast to `x`'s shape: the adjoint of
/// [`broadcast`].
pub(crate) fn sum_to<F: Float>(x: &Tensor<F>, shape: &[usize]) -> Tensor<F> {
    reduce_to(x, shape, F::ZERO, &|a, b| a + b)
}

/// The largest elements of `x` over the axes that have extent 1 in `shape`; NaN if an element is
/// NaN.
pub(crate) fn max_to<F: Float>(x: &Tensor<F>, shape: &[usize]) -> Tensor<F> {
    reduce_to(x, shape, F::NEG_INFINITY, &F::maximum)
}

/// The elements of `x` over the axes that have extent 1 in `shape`, combined from `first` on.
fn reduce_to<F: Float>(x: &Tensor<F>, shape: &[usize], first: F, f: &impl Fn(F, F) -> F) -> Tensor<F> {
    Tensor::build(shape, |out| {
        out.fill(first);
        if !x.is_empty() {
            let axes = axes(x.shape(), shape);
            vectorised(
                #[inline(always)]
                || reduce(&axes, x.as_slice(), out, first, f),
            );
        }
    })
}

/// `x` repeated along the axes in which its extent is 1 or missing.
pub(crate) fn broadcast<F: Float>(x: &Tensor<F>, shape: &[usize]) -> Tensor<F> {
    if x.len() == 1 {
        return Tensor::full(shape, x.item());
    }
    let unit = Tensor::full(&Shape::repeat(1, shape.len()), F::ZERO);
    zip(x, &unit, shape, |x, _| x)
}

/// Whether no element is infinite or NaN.
pub(crate) fn all_finite<F: Float>(x: &[F]) -> bool {
    vectorised(
        #[inline(always)]
        || x.chunks(1024).all(|block| block.iter().fold(true, |all, x| all & x.is_finite())),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A reduction element by element, with index arithmetic alone.
    fn slow(x: &Tensor<f64>, shape: &[usize], start: f64, combine: fn(f64, f64) -> f64) -> Tensor<f64> {
        let mut out = Tensor::full(shape, start);
        for (index, &value) in x.view().indexed_iter() {
            let lead = x.rank() - shape.len();
            let at = shape
                .iter()
                .enumerate()
                .fold(0, |at, (axis, &n)| at * n + if n == 1 { 0 } else { index[lead + axis] });
            let y = &mut out.as_mut_slice()[at];
            *y = combine(*y, value);
        }
        out
    }

    proptest! {
        #[test]
        fn reductions_agree_with_index_arithmetic(
            from in prop::collection::vec(1_usize..20, 0..4),
            keep in prop::collection::vec(any::<bool>(), 4),
            lead in 0_usize..4,
        ) {
            let mut next = 0.0;
            // Integers, so that sums are exact in any order.
            let x = Tensor::from_fn(&from, || { next = (next * 7.0 + 3.0) % 101.0; next });
            let to: Vec<usize> = from.iter().zip(&keep).map(|(&n, &k)| if k { n } else { 1 }).collect();
            let to_short: Vec<usize> = to.iter().enumerate().skip(lead.min(from.len())).map(|(_, &n)| n).collect();
            prop_assert_eq!(sum_to(&x, &to), slow(&x, &to, 0.0, |a, b| a + b));
            prop_assert_eq!(sum_to(&x, &to_short), slow(&x, &to_short, 0.0, |a, b| a + b));
            prop_assert_eq!(max_to(&x, &to), slow(&x, &to, f64::NEG_INFINITY, f64::max));
            let sums = sum_to(&x, &to);
            let (got, view) = (broadcast(&sums, &from), sums.view());
            prop_assert_eq!(got.view(), view.broadcast(&from[..]).unwrap());
        }
    }

    #[test]
    fn a_long_sum_keeps_its_digits() {
        let x = Tensor::full(&[1 << 20], 0.1_f32);
        let exact = f64::from(0.1_f32) * f64::from(1 << 20);
        let error = (f64::from(sum_to(&x, &[]).item()) - exact).abs();
        let one_total = (f64::from(x.as_slice().iter().fold(0.0, |sum, x| sum + x)) - exact).abs();
        assert!(error < 1.0 && 500.0 * error < one_total, "off by {error}; one running total by {one_total}");
    }

    /// The error is the largest one over the largest sum. PyTorch 2.15 has 1.0e-7 to 2.3e-7 over
    /// rows of such extents.
    #[test]
    fn sums_over_rows_keep_their_digits() {
        for (n, m) in [(65536, 8), (1000, 100), (1000, 3), (33, 5)] {
            let mut state = 1_u32;
            let x = Tensor::from_fn(&[n, m], || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 24) as f32
            });
            for (to, x) in [(vec![m], x.clone()), (vec![1, m, 1], x.reshaped(&[n, m, 1])), (vec![n, 1], x)] {
                let (sums, exact) = (sum_to(&x, &to), sum_to(&x.cast::<f64>(), &to));
                let pairs = sums.as_slice().iter().zip(exact.as_slice());
                let error = pairs.map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
                let largest = exact.as_slice().iter().copied().fold(0.0, f64::max);
                assert!(error / largest < 2e-7, "[{n}, {m}] to {to:?}: {:e}", error / largest);
            }
        }
    }

    #[test]
    fn nan_is_the_maximum() {
        let x = Tensor::vector(&[1.0, f32::NAN, 3.0]);
        assert!(max_to(&x, &[1]).item().is_nan());
        assert!(!x.is_finite() && Tensor::vector(&[1.0_f32]).is_finite());
    }
}
