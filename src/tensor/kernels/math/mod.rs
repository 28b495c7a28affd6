//! Elementary functions. They are our own, since those of different platforms differ in their last
//! bits and cannot be vectorised.
//!
//! The `f32` functions are straight-line code (multiply-adds, bit operations, selections), which
//! the compiler turns into vector instructions when they are inlined into a loop. They give the
//! same bits on every machine. Polynomials are minimax fits by iteratively reweighted least squares
//! in 40-digit arithmetic, rounded to `f32`. The stated errors are the largest over all 2^32
//! inputs, compared with `libm` in `f64`, in units in the last place (ULP) of the result.
//! | function | max. error (ULP) | | function | max. error (ULP) |
//! | --- | --- | --- | --- | --- |
//! | exp | 0.895 | | erf | 1.178 |
//! | ln | 0.795 | | sigmoid | 2.402 |
//! | tanh | 1.324 | | softplus | 1.950 |
//! | sin, cos | 0.892, 0.876 | | gelu | 6.482 |
//!
//! The `f64` functions are used in checks, not for speed, and are those of the `libm` crate in pure
//! Rust.

#![expect(clippy::inline_always, reason = "vectorised only as part of the caller's loop")]
#![expect(clippy::unreadable_literal, clippy::excessive_precision, reason = "coefficients, from a program")]

mod erf;
mod exp;
mod ln;
mod tanh;
#[cfg(test)]
mod tests;
mod trig;

use super::dispatch::vectorised;

/// Floating-point types with elementary functions, for one value and for a slice.
pub trait Elementary: Copy + Sized {
    /// The exponential function.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The sine.
    fn sin(self) -> Self;
    /// The cosine.
    fn cos(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// 1 / (1 + exp(-x))
    fn sigmoid(self) -> Self;
    /// ln(1 + exp(x))
    fn softplus(self) -> Self;
    /// x Phi(x), Phi the standard normal distribution function.
    fn gelu(self) -> Self;
    /// The derivative of `gelu`, Phi(x) + x phi(x); to 4e-7 in `f32`.
    fn gelu_slope(self) -> Self;

    /// The sine of each element of a slice.
    fn sin_slice(x: &[Self], out: &mut [Self]) {
        map(x, out, Self::sin);
    }
    /// The cosine of each element of a slice.
    fn cos_slice(x: &[Self], out: &mut [Self]) {
        map(x, out, Self::cos);
    }
}

/// out_i = f(x_i)
#[inline(always)]
fn map<F: Copy>(x: &[F], out: &mut [F], f: impl Fn(F) -> F) {
    debug_assert_eq!(x.len(), out.len());
    vectorised(
        #[inline(always)]
        || {
            for (y, &x) in out.iter_mut().zip(x) {
                *y = f(x);
            }
        },
    );
}

impl Elementary for f32 {
    #[inline(always)]
    fn exp(self) -> Self {
        exp::exp(self)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        ln::ln(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        tanh::tanh(self)
    }
    #[inline(always)]
    fn sin(self) -> Self {
        if trig::is_far(self) { trig::far_sin(self) } else { trig::sin(self) }
    }
    #[inline(always)]
    fn cos(self) -> Self {
        if trig::is_far(self) { trig::far_cos(self) } else { trig::cos(self) }
    }
    #[inline(always)]
    fn erf(self) -> Self {
        erf::erf(self)
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        exp::sigmoid(self)
    }
    #[inline(always)]
    fn softplus(self) -> Self {
        ln::softplus(self)
    }
    #[inline(always)]
    fn gelu(self) -> Self {
        erf::gelu(self)
    }
    #[inline(always)]
    fn gelu_slope(self) -> Self {
        erf::gelu_slope(self)
    }

    fn sin_slice(x: &[Self], out: &mut [Self]) {
        trig::slice(x, out, trig::sin, trig::far_sin);
    }
    fn cos_slice(x: &[Self], out: &mut [Self]) {
        trig::slice(x, out, trig::cos, trig::far_cos);
    }
}

impl Elementary for f64 {
    fn exp(self) -> Self {
        libm::exp(self)
    }
    fn ln(self) -> Self {
        libm::log(self)
    }
    fn tanh(self) -> Self {
        libm::tanh(self)
    }
    fn sin(self) -> Self {
        libm::sin(self)
    }
    fn cos(self) -> Self {
        libm::cos(self)
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn sigmoid(self) -> Self {
        let e = libm::exp(-self.abs());
        if self < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
    }
    fn softplus(self) -> Self {
        let positive = if self < 0.0 { 0.0 } else { self };
        positive + libm::log1p(libm::exp(-self.abs()))
    }
    fn gelu(self) -> Self {
        // At minus infinity the product would be NaN.
        let x = if self < -40.0 { -40.0 } else { self };
        0.5 * x * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
    }
    fn gelu_slope(self) -> Self {
        use std::f64::consts::{FRAC_1_SQRT_2, PI};
        // Beyond 40 the density is 0; at infinity the product would be NaN.
        let x = if self.abs() > 40.0 { Self::copysign(40.0, self) } else { self };
        0.5 * libm::erfc(-x * FRAC_1_SQRT_2) + x * libm::exp(-0.5 * x * x) / (2.0 * PI).sqrt()
    }
}

/// c_0 + c_1 x + c_2 x² + ..., by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, c: [f32; N]) -> f32 {
    let mut sum = c[N - 1];
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, c[i]);
    }
    sum
}

/// 1.5 * 2^23: adding it rounds to an integer, which is then in the low bits of the sum.
const ROUND: f32 = 12582912.0;

/// x a, rounded to an integer, as a float and as an integer; for |x a| < 2^22.
#[inline(always)]
fn round_product(x: f32, a: f32) -> (f32, i32) {
    let sum = x.mul_add(a, ROUND);
    (sum - ROUND, sum.to_bits().wrapping_sub(ROUND.to_bits()).cast_signed())
}

/// 2^n for -126 <= n <= 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23).cast_unsigned())
}
