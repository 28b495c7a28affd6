//! `+`, `-`, `*` and `/` for tensors and variables.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Algebra as _, Op, Var};
use crate::tensor::{Float, Tensor};

/// Operators for a type that has [`Algebra`], by value, by reference and with numbers.
macro_rules! operators {
    ([$($generics:tt)*], $type:ty) => {
        operators!(@binary [$($generics)*], $type, Add, add, Op::Add, |c| Op::AddScalar(c));
        operators!(@binary [$($generics)*], $type, Sub, sub, Op::Sub, |c: f64| Op::AddScalar(-c));
        operators!(@binary [$($generics)*], $type, Mul, mul, Op::Mul, |c| Op::MulScalar(c));
        operators!(@binary [$($generics)*], $type, Div, div, Op::Div, |c: f64| Op::MulScalar(1.0 / c));

        impl<$($generics)*> Neg for $type {
            type Output = Self;
            #[track_caller]
            fn neg(self) -> Self {
                Self::apply(Op::Neg, &[&self])
            }
        }
    };
    (@binary [$($generics:tt)*], $type:ty, $trait:ident, $method:ident, $op:expr, $scalar:expr) => {
        impl<$($generics)*> $trait for $type {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: Self) -> Self {
                Self::apply($op, &[&self, &other])
            }
        }
        impl<$($generics)*> $trait<&Self> for $type {
            type Output = Self;
            #[track_caller]
            fn $method(self, other: &Self) -> Self {
                Self::apply($op, &[&self, other])
            }
        }
        impl<$($generics)*> $trait<f64> for $type {
            type Output = Self;
            #[track_caller]
            fn $method(self, number: f64) -> Self {
                let scalar: fn(f64) -> Op = $scalar;
                Self::apply(scalar(number), &[&self])
            }
        }
    };
}
operators!([F: Float], Tensor<F>);
operators!(['t, F: Float], Var<'t, F>);
