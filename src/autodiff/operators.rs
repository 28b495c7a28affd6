//! `+`, `-`, `*` and `/` for tensors, variables and numbers in any combination.
//!
//! A tensor next to a variable enters the variable's tape as a constant: gradients do not flow into
//! it. A number on the right is an operation of its own (`x / c` multiplies by 1 / c); `c - x` is
//! computed as `-x + c`, which has the same bits, and `c / x` divides a constant.

use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::{Algebra, Binary, Op, Unary, Var};
use crate::tensor::{Float, Tensor};

/// Implements a binary operator for one pair of types.
macro_rules! implement {
    ($trait:ident, $method:ident, [$($generics:tt)*], $left:ty, $right:ty, $output:ty,
     |$a:ident, $b:ident| $value:expr) => {
        impl<$($generics)*> $trait<$right> for $left {
            type Output = $output;
            #[track_caller]
            fn $method(self, other: $right) -> $output {
                let ($a, $b) = (self, other);
                $value
            }
        }
    };
}

/// Implements a binary operator, and its assignment, for all pairs of types. `x op c` and `c op x`
/// give the value for a number c.
macro_rules! operator {
    ($trait:ident, $method:ident, $assign:ident, $assign_method:ident, $op:expr,
     |$x:ident, $c:ident| $x_op_c:expr, $c_op_x:expr) => {
        // Two tensors.
        operator!(@pair $trait, $method, [F: Float], Tensor<F>, Tensor<F>, Tensor<F>, $op);
        operator!(@pair $trait, $method, ['a, F: Float], Tensor<F>, &'a Tensor<F>, Tensor<F>, $op);
        operator!(@pair $trait, $method, ['a, F: Float], &'a Tensor<F>, Tensor<F>, Tensor<F>, $op);
        operator!(@pair $trait, $method, ['a, 'b, F: Float], &'a Tensor<F>, &'b Tensor<F>, Tensor<F>, $op);

        // Two variables.
        operator!(@pair $trait, $method, ['t, F: Float], Var<'t, F>, Var<'t, F>, Var<'t, F>, $op);
        operator!(@pair $trait, $method, ['a, 't, F: Float], Var<'t, F>, &'a Var<'t, F>, Var<'t, F>, $op);

        // A variable and a tensor.
        implement!($trait, $method, ['t, F: Float], Var<'t, F>, Tensor<F>, Var<'t, F>,
            |x, data| $trait::$method(x, x.context().var(data)));
        implement!($trait, $method, ['a, 't, F: Float], Var<'t, F>, &'a Tensor<F>, Var<'t, F>,
            |x, data| $trait::$method(x, x.context().var(data.clone())));
        implement!($trait, $method, ['t, F: Float], Tensor<F>, Var<'t, F>, Var<'t, F>,
            |data, x| $trait::$method(x.context().var(data), x));
        implement!($trait, $method, ['a, 't, F: Float], &'a Tensor<F>, Var<'t, F>, Var<'t, F>,
            |data, x| $trait::$method(x.context().var(data.clone()), x));

        // A number on the right, and on the left.
        implement!($trait, $method, [F: Float], Tensor<F>, f64, Tensor<F>, |$x, $c| $x_op_c);
        implement!($trait, $method, ['a, F: Float], &'a Tensor<F>, f64, Tensor<F>, |$x, $c| $x_op_c);
        implement!($trait, $method, ['t, F: Float], Var<'t, F>, f64, Var<'t, F>, |$x, $c| $x_op_c);
        implement!($trait, $method, [F: Float], f64, Tensor<F>, Tensor<F>, |$c, $x| $c_op_x);
        implement!($trait, $method, ['a, F: Float], f64, &'a Tensor<F>, Tensor<F>, |$c, $x| $c_op_x);
        implement!($trait, $method, ['t, F: Float], f64, Var<'t, F>, Var<'t, F>, |$c, $x| $c_op_x);

        // Assignment to a tensor.
        operator!(@assign $assign, $assign_method, $trait, $method, [F: Float], Tensor<F>);
        operator!(@assign $assign, $assign_method, $trait, $method, ['a, F: Float], &'a Tensor<F>);
        operator!(@assign $assign, $assign_method, $trait, $method, [F: Float], f64);
    };
    (@pair $trait:ident, $method:ident, [$($generics:tt)*], $left:ty, $right:ty, $output:ty, $op:expr) => {
        implement!($trait, $method, [$($generics)*], $left, $right, $output,
            |a, b| Algebra::apply(Op::Binary($op), &[operand(&a), operand(&b)]));
    };
    (@assign $assign:ident, $assign_method:ident, $trait:ident, $method:ident, [$($generics:tt)*],
     $right:ty) => {
        impl<$($generics)*> $assign<$right> for Tensor<F> {
            /// # Panics
            /// If the result has another shape than this tensor.
            #[track_caller]
            fn $assign_method(&mut self, other: $right) {
                let result = $trait::$method(&*self, other);
                let (old, new) = (Tensor::shape(self), Tensor::shape(&result));
                assert!(old == new, "{}: {old:?} cannot hold a result of shape {new:?}", stringify!($assign_method));
                *self = result;
            }
        }
    };
}
operator!(Add, add, AddAssign, add_assign, Binary::Add,
    |x, c| Algebra::apply(Op::Unary(Unary::AddScalar(c)), &[operand(&x)]), x + c);
operator!(Sub, sub, SubAssign, sub_assign, Binary::Sub,
    |x, c| Algebra::apply(Op::Unary(Unary::AddScalar(-c)), &[operand(&x)]), -x + c);
operator!(Mul, mul, MulAssign, mul_assign, Binary::Mul,
    |x, c| Algebra::apply(Op::Unary(Unary::MulScalar(c)), &[operand(&x)]), x * c);
operator!(Div, div, DivAssign, div_assign, Binary::Div,
    |x, c| Algebra::apply(Op::Unary(Unary::MulScalar(1.0 / c)), &[operand(&x)]), constant(c, operand(&x)) / x);

/// An operand that is given by value or by reference.
trait Operand {
    type Value: Algebra;
    fn operand(&self) -> &Self::Value;
}

impl<F: Float> Operand for Tensor<F> {
    type Value = Self;
    fn operand(&self) -> &Self {
        self
    }
}

impl<'t, F: Float> Operand for Var<'t, F> {
    type Value = Self;
    fn operand(&self) -> &Self {
        self
    }
}

impl<A: Operand> Operand for &A {
    type Value = A::Value;
    fn operand(&self) -> &A::Value {
        (**self).operand()
    }
}

fn operand<A: Operand>(x: &A) -> &A::Value {
    x.operand()
}

/// The number c where x lives, of rank 0.
#[track_caller]
fn constant<A: Algebra>(c: f64, x: &A) -> A {
    A::constant(x.context(), Tensor::scalar(A::Elem::from_f64(c)))
}

impl<F: Float> Neg for Tensor<F> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        -&self
    }
}

impl<F: Float> Neg for &Tensor<F> {
    type Output = Tensor<F>;
    #[track_caller]
    fn neg(self) -> Tensor<F> {
        Tensor::apply(Op::Unary(Unary::Neg), &[self])
    }
}

impl<F: Float> Neg for Var<'_, F> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        Self::apply(Op::Unary(Unary::Neg), &[&self])
    }
}
