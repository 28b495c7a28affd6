//! Softmax and its logarithm along one axis.

use super::dispatch::vectorised;
use super::reduce::{max_row, sum_row};
use crate::tensor::{Elementary, Float, Tensor};

/// Gathers each line of `x` along `axis` into a contiguous slice, lets `row` change it, and copies
/// it to the result.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// With one running total, sums over a row of a million elements were off by 4e-3. The bounds
    /// are twice PyTorch 2.15's largest error over the largest result.
    #[test]
    fn long_rows_keep_their_digits() {
        for (shape, softmax_bound, log_bound) in [([1, 1_000_000], 3e-6, 3e-7), ([8, 1000], 3.4e-7, 1.8e-7)] {
            let mut stream = Stream::new(1, Purpose::Data);
            let x = Tensor::from_fn(&shape, || 3.0 * stream.normal() as f32);
            let wide = x.cast::<f64>();
            for (what, got, exact, bound) in [
                ("softmax", softmax(&x, 1), softmax(&wide, 1), softmax_bound),
                ("log-softmax", log_softmax(&x, 1), log_softmax(&wide, 1), log_bound),
            ] {
                let largest = exact.as_slice().iter().fold(0.0, |max: f64, x| x.abs().max(max));
                let pairs = got.as_slice().iter().zip(exact.as_slice());
                let error = pairs.map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max) / largest;
                assert!(error < bound, "{what} of {shape:?}: {error:e}");
            }
        }
    }
}
