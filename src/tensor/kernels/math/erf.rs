//! The error function, and the Gaussian error linear unit.

use super::exp::exp;
use super::polynomial;

/// exp(t²) erfc(t) for t in [0, 11]: 1 / (1 + 2t) times a polynomial in (t - 3) / (t + 3) (the form
/// of Shepherd & Laframboise 1981).
#[inline(always)]
fn scaled_erfc(t: f32) -> f32 {
    let u = (t - 3.0) / (t + 3.0);
    let p = polynomial(
        u,
        [
            1.253008,
            -0.13562115,
            -0.04756249,
            0.12964651,
            -0.119269416,
            0.0682962,
            -0.023805844,
            0.0025588905,
            0.0020133562,
            -0.0007563187,
            -0.00025952296,
        ],
    );
    p / (1.0 + 2.0 * t)
}

/// x + x p(x²) near 0; elsewhere 1 - erfc(|x|) with the sign of x.
#[inline(always)]
pub(super) fn erf(x: f32) -> f32 {
    let square = x * x;
    let p = polynomial(
        square,
        [
            0.12837917,
            -0.37612638,
            0.11283783,
            -0.026865445,
            0.005221075,
            -0.000848471,
            0.00011270534,
            -9.680106e-06,
        ],
    );
    let near = x.mul_add(p, x);
    // Beyond 4 the result is 1 in any case. NaN passes the comparison.
    let t = if x.abs() > 4.0 { 4.0 } else { x.abs() };
    let far = (1.0 - exp(-(t * t)) * scaled_erfc(t)).copysign(x);
    if x.abs() < 1.0 { near } else { far }
}

/// x Phi(x) = x erfc(-x / sqrt 2) / 2; for positive x computed as x - x Phi(-x).
#[inline(always)]
pub(super) fn gelu(x: f32) -> f32 {
    // Beyond 15 the tail is below the smallest positive float. NaN passes the comparison.
    let t = if x.abs() > 15.0 { 15.0 } else { x.abs() };
    // exp(-t²/2), corrected for the rounding error of t².
    let square = t * t;
    let rounding = t.mul_add(t, -square);
    let density = exp(-0.5 * square);
    let density = (-0.5 * rounding).mul_add(density, density);
    let tail = 0.5 * t * density * scaled_erfc(t * std::f32::consts::FRAC_1_SQRT_2);
    if x < 0.0 { -tail } else { x - tail }
}

/// The derivative of [`gelu`], Phi(x) + x phi(x). Its values at x and -x add up to 1.
#[inline(always)]
pub(super) fn gelu_slope(x: f32) -> f32 {
    let t = if x.abs() > 15.0 { 15.0 } else { x.abs() };
    let density = exp(-0.5 * t * t);
    let tail = 0.5 * density * scaled_erfc(t * std::f32::consts::FRAC_1_SQRT_2);
    let slope = (-t).mul_add(density * 0.398_942_28, tail);
    if x < 0.0 { slope } else { 1.0 - slope }
}
