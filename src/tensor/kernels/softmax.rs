//! Softmax and its logarithm along one axis.

use super::dispatch::vectorised;
use super::reduce::{max_row, sum_row};
use crate::tensor::{Elementary, Float, Tensor};

/// Calls `row` with each line of `x` along `axis` gathered into a contiguous slice, and puts what it
/// leaves there back into the result.
fn lines<F: Float>(x: &Tensor<F>, axis: usize, mut row: impl FnMut(&mut [F])) -> Tensor<F> {
    let n = x.shape()[axis];
    let inner: usize = x.shape()[axis + 1..].iter().product();
    Tensor::build(x.shape(), |out| {
        out.copy_from_slice(x.as_slice());
        if out.is_empty() {
            return;
        }
        if inner == 1 {
            out.chunks_exact_mut(n).for_each(row);
            return;
        }
        let mut line = vec![F::ZERO; n];
        for block in out.chunks_exact_mut(n * inner) {
            for i in 0..inner {
                line.iter_mut().zip(block[i..].iter().step_by(inner)).for_each(|(l, b)| *l = *b);
                row(&mut line);
                block[i..].iter_mut().step_by(inner).zip(&line).for_each(|(b, l)| *b = *l);
            }
        }
    })
}

/// Subtracts the largest element, so that no exponential overflows.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn shift_to_zero<F: Float>(row: &mut [F]) {
    let max = max_row(row);
    row.iter_mut().for_each(|x| *x = *x - max);
}

/// softmax(x)_i = exp(x_i - max x) / sum_j exp(x_j - max x) along `axis`
pub(crate) fn softmax<F: Float>(x: &Tensor<F>, axis: usize) -> Tensor<F> {
    lines(x, axis, |row| {
        vectorised(
            #[inline(always)]
            || {
                shift_to_zero(row);
                row.iter_mut().for_each(|x| *x = Elementary::exp(*x));
                let scale = F::ONE / sum_row(row);
                row.iter_mut().for_each(|x| *x = *x * scale);
            },
        );
    })
}

/// log softmax(x)_i = x_i - max x - ln sum_j exp(x_j - max x) along `axis`
pub(crate) fn log_softmax<F: Float>(x: &Tensor<F>, axis: usize) -> Tensor<F> {
    let mut powers = vec![F::ZERO; x.shape()[axis]];
    lines(x, axis, |row| {
        vectorised(
            #[inline(always)]
            || {
                shift_to_zero(row);
                powers.iter_mut().zip(&*row).for_each(|(power, x)| *power = Elementary::exp(*x));
                let log_sum = Elementary::ln(sum_row(&powers));
                row.iter_mut().for_each(|x| *x = *x - log_sum);
            },
        );
    })
}
