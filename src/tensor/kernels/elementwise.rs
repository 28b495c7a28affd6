//! Elementwise maps, and binary operations with broadcasting.

use smallvec::SmallVec;

use super::dispatch::vectorised;
use crate::tensor::{Float, Shape, Tensor};

/// y_i = f(x_i)
pub(crate) fn map<F: Float>(x: &Tensor<F>, f: impl Fn(F) -> F) -> Tensor<F> {
    Tensor::build(x.shape(), |out| {
        vectorised(
            #[inline(always)]
            || {
                for (y, &x) in out.iter_mut().zip(x.as_slice()) {
                    *y = f(x);
                }
            },
        );
    })
}

/// y = f(x) for a function of whole slices.
pub(crate) fn map_slice<F: Float>(x: &Tensor<F>, f: impl Fn(&[F], &mut [F])) -> Tensor<F> {
    Tensor::build(x.shape(), |out| f(x.as_slice(), out))
}

/// x + c
pub(crate) fn shift<F: Float>(x: &Tensor<F>, c: F) -> Tensor<F> {
    map(x, |x| x + c)
}

/// c x
pub(crate) fn scale<F: Float>(x: &Tensor<F>, c: F) -> Tensor<F> {
    map(x, |x| x * c)
}

/// b sign(a), with sign(0) = 0.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(crate) fn signed<F: Float>(a: F, b: F) -> F {
    let nonnegative = if a > F::ZERO { b } else { F::ZERO };
    if a < F::ZERO { -b } else { nonnegative }
}

/// x^n by squaring; 1 / x^-n for negative n.
pub(crate) fn powi<F: Float>(x: &Tensor<F>, n: i32) -> Tensor<F> {
    if n == 2 {
        return map(x, |x| x * x);
    }
    map(x, |x| {
        let (mut power, mut square, mut bits) = (F::ONE, x, n.unsigned_abs());
        while bits > 0 {
            if bits & 1 == 1 {
                power = power * square;
            }
            square = square * square;
            bits >>= 1;
        }
        if n < 0 { F::ONE / power } else { power }
    })
}

/// The shape to which two shapes broadcast: axes are aligned at the last one, and an extent of 1 or
/// a missing axis stretches. `None` if extents differ otherwise.
pub(crate) fn broadcast_shape(a: &[usize], b: &[usize]) -> Option<Shape> {
    let rank = a.len().max(b.len());
    let extent = |s: &[usize], axis: usize| (axis + s.len()).checked_sub(rank).map_or(1, |i| s[i]);
    (0..rank)
        .map(|axis| match (extent(a, axis), extent(b, axis)) {
            (m, n) if m == n => Some(m),
            (1, n) => Some(n),
            (m, 1) => Some(m),
            _ => None,
        })
        .collect()
}

/// One loop of a broadcast operation: its count, and whether each operand advances in it or stays.
#[derive(Clone, Copy)]
struct Loop {
    count: usize,
    moves: [bool; 2],
}

/// The loops of a broadcast, outermost first. Adjacent ones are joined if both operands allow it.
fn loops(a: &[usize], b: &[usize], shape: &[usize]) -> SmallVec<[Loop; 6]> {
    let mut loops: SmallVec<[Loop; 6]> = SmallVec::new();
    for (axis, &count) in shape.iter().enumerate() {
        if count == 1 {
            continue;
        }
        let moves = [a, b].map(|s| (axis + s.len()).checked_sub(shape.len()).is_some_and(|i| s[i] != 1));
        match loops.last_mut() {
            Some(last) if last.moves == moves => last.count *= count,
            _ => loops.push(Loop { count, moves }),
        }
    }
    loops
}

/// out = f(a, b), both broadcast to `shape`.
pub(crate) fn zip<F: Float>(
    a: &Tensor<F>,
    b: &Tensor<F>,
    shape: &[usize],
    f: impl Fn(F, F) -> F,
) -> Tensor<F> {
    Tensor::build(shape, |out| {
        if out.is_empty() {
            return;
        }
        vectorised(
            #[inline(always)]
            || {
                if a.shape() == b.shape() {
                    for ((y, &a), &b) in out.iter_mut().zip(a.as_slice()).zip(b.as_slice()) {
                        *y = f(a, b);
                    }
                } else {
                    zip_loops(&loops(a.shape(), b.shape(), shape), a.as_slice(), b.as_slice(), out, &f);
                }
            },
        );
    })
}

/// Runs the innermost loop over slices, and the outer loops by counting like an odometer.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn zip_loops<F: Float>(loops: &[Loop], a: &[F], b: &[F], out: &mut [F], f: &impl Fn(F, F) -> F) {
    let Some((inner, outer)) = loops.split_last() else {
        out[0] = f(a[0], b[0]);
        return;
    };
    // For each outer loop, the distance that each operand advances in a step.
    let mut strides: SmallVec<[[usize; 2]; 6]> = SmallVec::new();
    let mut extents = inner.moves.map(|moves| if moves { inner.count } else { 1 });
    for l in outer.iter().rev() {
        strides.push([0, 1].map(|k| if l.moves[k] { extents[k] } else { 0 }));
        extents = [0, 1].map(|k| if l.moves[k] { extents[k] * l.count } else { extents[k] });
    }
    let mut counters = Shape::repeat(0, outer.len());
    let mut at = [0, 0];
    for row in out.chunks_exact_mut(inner.count) {
        match inner.moves {
            [true, true] => {
                let (a, b) = (&a[at[0]..][..inner.count], &b[at[1]..][..inner.count]);
                for ((y, &a), &b) in row.iter_mut().zip(a).zip(b) {
                    *y = f(a, b);
                }
            }
            [true, false] => {
                let (a, b) = (&a[at[0]..][..inner.count], b[at[1]]);
                for (y, &a) in row.iter_mut().zip(a) {
                    *y = f(a, b);
                }
            }
            [false, false] => row.fill(f(a[at[0]], b[at[1]])),
            [false, true] => {
                let (a, b) = (a[at[0]], &b[at[1]..][..inner.count]);
                for (y, &b) in row.iter_mut().zip(b) {
                    *y = f(a, b);
                }
            }
        }
        for (k, l) in outer.iter().rev().enumerate() {
            counters[k] += 1;
            at = [0, 1].map(|i| at[i] + strides[k][i]);
            if counters[k] < l.count {
                break;
            }
            counters[k] = 0;
            at = [0, 1].map(|i| at[i] - l.count * strides[k][i]);
        }
    }
}

/// `sum + x`, in place if nothing else shares `sum`.
pub(crate) fn accumulate<F: Float>(mut sum: Tensor<F>, x: &Tensor<F>) -> Tensor<F> {
    add_into(sum.as_mut_slice(), x.as_slice());
    sum
}

/// out_i += x_i
pub(crate) fn add_into<F: Float>(out: &mut [F], x: &[F]) {
    vectorised(
        #[inline(always)]
        || {
            for (y, &x) in out.iter_mut().zip(x) {
                *y += x;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use ndarray::Zip;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shapes_broadcast_from_the_last_axis() {
        let shape = |a: &[usize], b: &[usize]| broadcast_shape(a, b).map(|s| s.to_vec());
        assert_eq!(shape(&[4, 1], &[3]), Some(vec![4, 3]));
        assert_eq!(shape(&[], &[2, 0]), Some(vec![2, 0]));
        assert_eq!(shape(&[4, 2], &[3]), None);
    }

    fn numbered(shape: &[usize], start: f64) -> Tensor<f64> {
        let mut next = start;
        Tensor::from_fn(shape, || {
            next += 1.0;
            next
        })
    }

    proptest! {
        #[test]
        fn broadcasting_agrees_with_ndarray(
            full in prop::collection::vec(1_usize..5, 0..5),
            keep_a in prop::collection::vec(any::<bool>(), 5),
            keep_b in prop::collection::vec(any::<bool>(), 5),
            drop_b in 0_usize..5,
        ) {
            let stretch = |keep: &[bool]| -> Vec<usize> {
                full.iter().zip(keep).map(|(&n, &k)| if k { n } else { 1 }).collect()
            };
            let (a, b) = (stretch(&keep_a), stretch(&keep_b));
            let b = &b[drop_b.min(b.len())..];
            let (a, b) = (numbered(&a, 0.0), numbered(b, 100.0));
            let shape = broadcast_shape(a.shape(), b.shape()).expect("made to fit");
            let got = zip(&a, &b, &shape, |a, b| 2.0 * a - b);
            let want = Zip::from(a.view().broadcast(&shape[..]).unwrap())
                .and(b.view().broadcast(&shape[..]).unwrap())
                .map_collect(|a, b| 2.0 * a - b);
            prop_assert_eq!(got.view(), want);
        }
    }
}
