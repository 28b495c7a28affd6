//! `+`, `-`, `*` and `/` for tensors and variables.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Algebra as _, Binary, Op, Unary, Var};
use crate::tensor::{Float, Tensor};

/// Operators for a type that implements [`Algebra`], with operands by value, by reference and
/// `f64`.
macro_rules! operators {
    ([$($generics:tt)*], $type:ty) => {
        operators!(@binary [$($generics)*], $type, Add, add, Binary::Add, |c| Unary::AddScalar(c));
        operators!(@binary [$($generics)*], $type, Sub, sub, Binary::Sub, |c: f64| Unary::AddScalar(-c));
        operators!(@binary [$($generics)*], $type, Mul, mul, Binary::Mul, |c| Unary::MulScalar(c));
        operators!(@binary [$($generics)*], $type, Div, div, Binary::Div, |c: f64| Unary::MulScalar(1.0 / c));

        impl<$($generics)*> Neg for $type {
            type Output = Self;
            #[track_caller]
            fn neg(self) -> Self {
                Self::apply(Op::Unary(Unary::Neg), &[&self])
            }
        }
    };
    (@binary [$($generics:tt)*], $type:ty, $trait:ident, $method:ident, $op:expr, $scalar:expr) => {
        impl<$($generics)*> $trait for $type {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: Self) -> Self {
                Self::apply(Op::Binary($op), &[&self, &other])
            }
        }
        impl<$($generics)*> $trait<&Self> for $type {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: &Self) -> Self {
                Self::apply(Op::Binary($op), &[&self, other])
            }
        }
        impl<$($generics)*> $trait<f64> for $type {
            type Output = Self;
            #[track_caller]
            fn $method(self, number: f64) -> Self {
                let scalar: fn(f64) -> Unary = $scalar;
                Self::apply(Op::Unary(scalar(number)), &[&self])
            }
        }
    };
}
operators!([F: Float], Tensor<F>);
operators!(['t, F: Float], Var<'t, F>);
