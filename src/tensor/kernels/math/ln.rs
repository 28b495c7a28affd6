//! The natural logarithm.

use super::exp::exp;
use super::polynomial;

/// ln 2 in two parts; the first has so few bits that its products with exponents are exact.
const LN_2_HIGH: f32 = 0.693145751953125;
const LN_2_LOW: f32 = 1.42860682030941723e-6;

/// ln(x) = e ln 2 + ln(1 + f) for x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), where
/// ln(1 + f) = f - f²/2 + f³ p(f) (Cody & Waite 1980, chapter 5).
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    const ROOT_HALF: u32 = 0x3f35_04f3;
    let subnormal = x < f32::MIN_POSITIVE;
    let bits = (if subnormal { x * 8388608.0 } else { x }).to_bits().wrapping_sub(ROOT_HALF);
    let exponent = (bits.cast_signed() >> 23) - if subnormal { 23 } else { 0 };
    let f = f32::from_bits((bits & 0x007f_ffff).wrapping_add(ROOT_HALF)) - 1.0;
    let e = exponent as f32;

    let p = polynomial(
        f,
        [
            0.3333331,
            -0.24999987,
            0.20002227,
            -0.16669247,
            0.1421865,
            -0.123844266,
            0.11873118,
            -0.117894076,
            0.06914582,
        ],
    );
    let square = f * f;
    let small = e.mul_add(LN_2_LOW, square * (f * p));
    let y = e.mul_add(LN_2_HIGH, f + square.mul_add(-0.5, small));
    let y = if x == f32::INFINITY { x } else { y };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x >= 0.0 { y } else { f32::NAN }
}

/// ln(1 + t) for t in [0, 1]: the logarithm of the rounded sum, corrected for the rounding error.
#[inline(always)]
fn ln_1p(t: f32) -> f32 {
    let sum = 1.0 + t;
    ln(sum) + (t - (sum - 1.0)) / sum
}

/// ln(1 + exp(x)) = max(x, 0) + ln(1 + exp(-|x|))
#[inline(always)]
pub(super) fn softplus(x: f32) -> f32 {
    let positive = if x < 0.0 { 0.0 } else { x };
    positive + ln_1p(exp(-x.abs()))
}
