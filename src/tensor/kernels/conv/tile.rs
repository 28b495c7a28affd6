//! The innermost loops: a few positions times sixteen channels, summed in registers.

use crate::tensor::Float;

/// The number of output channels that are summed at a time.
pub(super) const LANES: usize = 16;

/// The number of positions that are summed at a time in a convolution. With sixteen channels they
/// take ten of the sixteen registers of eight floats; with six positions the compiler runs out of
/// registers.
pub(super) const POSITIONS: usize = 5;

/// The number of kernel elements whose gradients are summed at a time, in twelve registers.
pub(super) const ROWS: usize = 6;

/// A contiguous run of inputs under a window; the offset is relative to the window's first element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub offset: usize,
    pub len: usize,
}

/// For each of `R` positions, start + sum over runs and i of x[from + offset + i] kernel[..].
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn dot<F: Float, const R: usize>(
    x: &[F],
    from: [usize; R],
    runs: &[Run],
    kernel: &[[F; LANES]],
    start: [F; LANES],
) -> [[F; LANES]; R] {
    let mut sums = [start; R];
    let mut kernel = kernel;
    for run in runs {
        let n = run.len;
        let (now, rest) = kernel.split_at(n);
        kernel = rest;
        let mut rows = [&x[..0]; R];
        for r in 0..R {
            rows[r] = &x[from[r] + run.offset..][..n];
        }
        for (i, weights) in now.iter().enumerate() {
            for r in 0..R {
                let x = rows[r][i];
                for j in 0..LANES {
                    sums[r][j] = x.mul_add(weights[j], sums[r][j]);
                }
            }
        }
    }
    sums
}

/// sums[r] += sum over positions p of x[from_p + r] g[p]
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn outer<F: Float, const R: usize>(
    x: &[F],
    from: &[usize],
    offset: usize,
    g: &[[F; LANES]],
    sums: &mut [[F; LANES]; R],
) {
    let mut local = *sums;
    for (&from, g) in from.iter().zip(g) {
        let x: &[F; R] = x[from + offset..][..R].try_into().expect("R elements");
        for r in 0..R {
            for j in 0..LANES {
                local[r][j] = x[r].mul_add(g[j], local[r][j]);
            }
        }
    }
    *sums = local;
}
