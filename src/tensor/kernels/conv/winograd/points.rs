//! The transforms along one axis between elements and polynomial values at the points 0, ±√½, ±√2
//! and infinity.
//!
//! Rows of A are the powers of a point p up to p³. Rows of G are those up to p², divided by the
//! product of p's differences from the other finite points. Rows of B are the coefficients of the
//! product of x - q over the other finite points q (over all finite points at infinity). See Lavin
//! & Gray 2016, section 4, after Winograd 1980. Even and odd powers are summed separately, since a
//! point and its negative share these sums.
//!
//! The points are chosen for small errors (Barabasz et al. 2020, section 5): with squares ½ and 2
//! all coefficients of even powers are exact, and errors are a quarter of those with the points 0,
//! ±1, ±2 and infinity.

use super::{PATCH, TILE};
use crate::tensor::Float;

/// The points √½ and √2.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn roots<F: Float>() -> [F; 2] {
    [F::from_f64(std::f64::consts::FRAC_1_SQRT_2), F::from_f64(std::f64::consts::SQRT_2)]
}

/// G w, for several kernels at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn evaluate_kernel<F: Float, const N: usize>(w: &[[F; N]; 3]) -> [[F; N]; PATCH] {
    let (near, far) = kernel_factors::<F>();
    let mut v = [[F::ZERO; N]; PATCH];
    for j in 0..N {
        let [w_0, w_1, w_2] = [w[0][j], w[1][j], w[2][j]];
        let (even, odd) = (w_0.mul_add(near[0], w_2 * near[2]), w_1 * near[1]);
        let (far_even, far_odd) = (w_0.mul_add(far[0], w_2 * far[2]), w_1 * far[1]);
        v[0][j] = w_0;
        v[1][j] = even + odd;
        v[2][j] = even - odd;
        v[3][j] = far_even + far_odd;
        v[4][j] = far_even - far_odd;
        v[5][j] = w_2;
    }
    v
}

/// Gᵀ s, for several kernels at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn collect_kernel<F: Float, const N: usize>(s: &[[F; N]; PATCH]) -> [[F; N]; 3] {
    let (near, far) = kernel_factors::<F>();
    let mut w = [[F::ZERO; N]; 3];
    for j in 0..N {
        let (sum, far_sum) = (s[1][j] + s[2][j], s[3][j] + s[4][j]);
        let (difference, far_difference) = (s[1][j] - s[2][j], s[3][j] - s[4][j]);
        w[0][j] = sum.mul_add(near[0], far_sum.mul_add(far[0], s[0][j]));
        w[1][j] = difference.mul_add(near[1], far_difference * far[1]);
        w[2][j] = sum.mul_add(near[2], far_sum.mul_add(far[2], s[5][j]));
    }
    w
}

/// The rows of G for √½ and √2.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn kernel_factors<F: Float>() -> ([F; 3], [F; 3]) {
    let row = |square: f64, product: f64| [1.0, square.sqrt(), square].map(|p| F::from_f64(p / product));
    (row(0.5, -1.5), row(2.0, 6.0))
}

/// Bᵀ d, for several patches at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn evaluate_patch<F: Float, const N: usize>(d: &[[F; N]; PATCH]) -> [[F; N]; PATCH] {
    let [half, two, five_halves] = [-0.5, -2.0, -2.5].map(F::from_f64);
    let [near, far] = roots::<F>();
    let mut v = [[F::ZERO; N]; PATCH];
    for j in 0..N {
        let (even, odd) = (two.mul_add(d[2][j], d[4][j]), two.mul_add(d[1][j], d[3][j]));
        let (far_even, far_odd) = (half.mul_add(d[2][j], d[4][j]), half.mul_add(d[1][j], d[3][j]));
        v[0][j] = d[0][j] + five_halves.mul_add(d[2][j], d[4][j]);
        v[1][j] = near.mul_add(odd, even);
        v[2][j] = (-near).mul_add(odd, even);
        v[3][j] = far.mul_add(far_odd, far_even);
        v[4][j] = (-far).mul_add(far_odd, far_even);
        v[5][j] = d[1][j] + five_halves.mul_add(d[3][j], d[5][j]);
    }
    v
}

/// Aᵀ m, for several tiles at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn collect_tile<F: Float, const N: usize>(m: &[[F; N]; PATCH]) -> [[F; N]; TILE] {
    let [half, two] = [0.5, 2.0].map(F::from_f64);
    let [near, far] = roots::<F>();
    let mut y = [[F::ZERO; N]; TILE];
    for j in 0..N {
        let (sum, far_sum) = (m[1][j] + m[2][j], m[3][j] + m[4][j]);
        let (difference, far_difference) = (near * (m[1][j] - m[2][j]), far * (m[3][j] - m[4][j]));
        y[0][j] = m[0][j] + (sum + far_sum);
        y[1][j] = difference + far_difference;
        y[2][j] = half.mul_add(sum, two * far_sum);
        y[3][j] = half.mul_add(difference, two.mul_add(far_difference, m[5][j]));
    }
    y
}

/// A g, for several tiles at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn evaluate_tile<F: Float, const N: usize>(g: &[[F; N]; TILE]) -> [[F; N]; PATCH] {
    let [half, two] = [0.5, 2.0].map(F::from_f64);
    let [near, far] = roots::<F>();
    let mut v = [[F::ZERO; N]; PATCH];
    for j in 0..N {
        let (even, odd) = (half.mul_add(g[2][j], g[0][j]), half.mul_add(g[3][j], g[1][j]));
        let (far_even, far_odd) = (two.mul_add(g[2][j], g[0][j]), two.mul_add(g[3][j], g[1][j]));
        v[0][j] = g[0][j];
        v[1][j] = near.mul_add(odd, even);
        v[2][j] = (-near).mul_add(odd, even);
        v[3][j] = far.mul_add(far_odd, far_even);
        v[4][j] = (-far).mul_add(far_odd, far_even);
        v[5][j] = g[3][j];
    }
    v
}
