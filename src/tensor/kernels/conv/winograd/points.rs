//! The transforms between numbers and their values at the points 0, 1, -1, 2, -2 and infinity, along one axis.
//!
//! G, B and A are the matrices of Lavin & Gray 2016, section 4.3.

use super::{PATCH, TILE};
use crate::tensor::Float;

/// G w, for several kernels at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn evaluate_kernel<F: Float, const N: usize>(w: &[[F; N]; 3]) -> [[F; N]; PATCH] {
    let [quarter, sixth, twelfth, twenty_fourth] =
        [1.0 / 4.0, 1.0 / 6.0, 1.0 / 12.0, 1.0 / 24.0].map(F::from_f64);
    let mut v = [[F::ZERO; N]; PATCH];
    for j in 0..N {
        let (a, b) = (-(w[0][j] + w[2][j]) * sixth, w[1][j] * sixth);
        let (c, d) = (w[0][j].mul_add(twenty_fourth, w[2][j] * sixth), w[1][j] * twelfth);
        v[0][j] = w[0][j] * quarter;
        v[1][j] = a - b;
        v[2][j] = a + b;
        v[3][j] = c + d;
        v[4][j] = c - d;
        v[5][j] = w[2][j];
    }
    v
}

/// Gᵀ s, for several kernels at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn collect_kernel<F: Float, const N: usize>(s: &[[F; N]; PATCH]) -> [[F; N]; 3] {
    let [quarter, sixth, twelfth, twenty_fourth] =
        [1.0 / 4.0, 1.0 / 6.0, 1.0 / 12.0, 1.0 / 24.0].map(F::from_f64);
    let mut w = [[F::ZERO; N]; 3];
    for j in 0..N {
        let (sum_1, sum_2) = (s[1][j] + s[2][j], s[3][j] + s[4][j]);
        w[0][j] = s[0][j].mul_add(quarter, sum_2.mul_add(twenty_fourth, -(sum_1 * sixth)));
        w[1][j] = (s[2][j] - s[1][j]).mul_add(sixth, (s[3][j] - s[4][j]) * twelfth);
        w[2][j] = (sum_2 - sum_1).mul_add(sixth, s[5][j]);
    }
    w
}

/// Bᵀ d, for several patches at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn evaluate_patch<F: Float, const N: usize>(d: &[[F; N]; PATCH]) -> [[F; N]; PATCH] {
    let [two, four, five] = [2.0, 4.0, 5.0].map(F::from_f64);
    let mut v = [[F::ZERO; N]; PATCH];
    for j in 0..N {
        let (a, b) = ((-four).mul_add(d[2][j], d[4][j]), (-four).mul_add(d[1][j], d[3][j]));
        let (c, e) = (d[4][j] - d[2][j], (d[3][j] - d[1][j]) * two);
        v[0][j] = four.mul_add(d[0][j], (-five).mul_add(d[2][j], d[4][j]));
        v[1][j] = a + b;
        v[2][j] = a - b;
        v[3][j] = c + e;
        v[4][j] = c - e;
        v[5][j] = four.mul_add(d[1][j], (-five).mul_add(d[3][j], d[5][j]));
    }
    v
}

/// Aᵀ m, for several tiles at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn collect_tile<F: Float, const N: usize>(m: &[[F; N]; PATCH]) -> [[F; N]; TILE] {
    let [two, four, eight] = [2.0, 4.0, 8.0].map(F::from_f64);
    let mut y = [[F::ZERO; N]; TILE];
    for j in 0..N {
        let (sum_1, sum_2) = (m[1][j] + m[2][j], m[3][j] + m[4][j]);
        let (difference_1, difference_2) = (m[1][j] - m[2][j], m[3][j] - m[4][j]);
        y[0][j] = m[0][j] + sum_1 + sum_2;
        y[1][j] = two.mul_add(difference_2, difference_1);
        y[2][j] = four.mul_add(sum_2, sum_1);
        y[3][j] = eight.mul_add(difference_2, difference_1) + m[5][j];
    }
    y
}

/// A g, for several tiles at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn evaluate_tile<F: Float, const N: usize>(g: &[[F; N]; TILE]) -> [[F; N]; PATCH] {
    let [two, four] = [2.0, 4.0].map(F::from_f64);
    let mut v = [[F::ZERO; N]; PATCH];
    for j in 0..N {
        let (even, odd) = (g[0][j] + g[2][j], g[1][j] + g[3][j]);
        let far_even = four.mul_add(g[2][j], g[0][j]);
        let far_odd = four.mul_add(g[3][j], g[1][j]) * two;
        v[0][j] = g[0][j];
        v[1][j] = even + odd;
        v[2][j] = even - odd;
        v[3][j] = far_even + far_odd;
        v[4][j] = far_even - far_odd;
        v[5][j] = g[3][j];
    }
    v
}
