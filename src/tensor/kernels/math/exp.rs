//! The exponential function.

use std::f32::consts::LOG2_E;

use super::{polynomial, power_of_two, round_product};

/// ln 2 in two parts; the first has so few bits that its products with the integers n are exact.
const LN_2_HIGH: f32 = 0.693145751953125;
const LN_2_LOW: f32 = 1.42860682030941723e-6;

/// exp(x) = 2^n exp(r) for an integer n and |r| <= ln(2) / 2, where exp(r) = 1 + r + r² q(r) (Cody
/// & Waite 1980, chapter 6).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Beyond these bounds the result is infinity or 0 in any case. NaN passes both comparisons.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let (n, n_bits) = round_product(x, LOG2_E);
    // r, and its rounding error.
    let high = n.mul_add(-LN_2_HIGH, x);
    let r = n.mul_add(-LN_2_LOW, high);
    let rest = n.mul_add(-LN_2_LOW, high - r);
    let q = polynomial(r, [0.5, 0.16666518, 0.041666206, 0.008368882, 0.0013950474]);
    let y = (r * r).mul_add(q, rest) + r + 1.0;
    // Two factors, since 2^n may be outside of the normal range.
    let half = n_bits >> 1;
    y * power_of_two(half) * power_of_two(n_bits.wrapping_sub(half))
}

/// 1 / (1 + exp(-x)), computed from exp(-|x|), which does not overflow.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}
