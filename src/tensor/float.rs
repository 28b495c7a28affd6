//! The element types.

use std::fmt::{Debug, Display, LowerExp};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use super::kernels::math::Elementary;
use super::kernels::matmul::Gemm;
use super::pool::Pooled;

/// A floating-point type: `f32` for training, `f64` for checks.
pub trait Float:
    Elementary
    + Gemm
    + Pooled
    + PartialOrd
    + Debug
    + Display
    + LowerExp
    + Default
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + Sum
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// -infinity
    const NEG_INFINITY: Self;
    /// The element type's name, as `f32`.
    const NAME: &'static str;

    /// The nearest value of this type.
    fn from_f64(x: f64) -> Self;
    /// The same value in double precision.
    fn to_f64(self) -> f64;
    /// The correctly rounded square root.
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Whether the value is neither infinite nor NaN.
    fn is_finite(self) -> bool;

    /// The larger of two numbers; NaN if either is NaN (unlike `f32::max`, which hides it).
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        clippy::eq_op,
        reason = "kernels are vectorised whole; NaN is not equal to itself"
    )]
    fn maximum(self, other: Self) -> Self {
        if self > other || self != self { self } else { other }
    }

    /// The smaller of two numbers; NaN if either is NaN.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        clippy::eq_op,
        reason = "kernels are vectorised whole; NaN is not equal to itself"
    )]
    fn minimum(self, other: Self) -> Self {
        if self < other || self != self { self } else { other }
    }
}

macro_rules! float {
    ($type:ident) => {
        impl Float for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NEG_INFINITY: Self = <$type>::NEG_INFINITY;
            const NAME: &'static str = stringify!($type);

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as Self
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                <$type>::mul_add(self, a, b)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
        }
    };
}
float!(f32);
float!(f64);
