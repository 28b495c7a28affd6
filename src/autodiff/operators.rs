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
operator!(
    Add,
    add,
    AddAssign,
    add_assign,
    Binary::Add,
    |x, c| Algebra::apply(Op::Unary(Unary::AddScalar(c)), &[operand(&x)]),
    x + c
);
operator!(
    Sub,
    sub,
    SubAssign,
    sub_assign,
    Binary::Sub,
    |x, c| Algebra::apply(Op::Unary(Unary::AddScalar(-c)), &[operand(&x)]),
    -x + c
);
operator!(
    Mul,
    mul,
    MulAssign,
    mul_assign,
    Binary::Mul,
    |x, c| Algebra::apply(Op::Unary(Unary::MulScalar(c)), &[operand(&x)]),
    x * c
);
operator!(
    Div,
    div,
    DivAssign,
    div_assign,
    Binary::Div,
    |x, c| Algebra::apply(Op::Unary(Unary::MulScalar(1.0 / c)), &[operand(&x)]),
    constant(c, operand(&x)) / x
);

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

impl<F: Float> Operand for Var<'_, F> {
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

#[cfg(test)]
mod tests {
    use super::super::{check, grad};
    use super::*;

    fn vector(values: [f64; 2]) -> Tensor<f64> {
        Tensor::vector(&values)
    }

    #[test]
    fn operands_come_by_value_by_reference_and_as_numbers() {
        let (a, b) = (vector([1.0, 2.0]), vector([4.0, 8.0]));
        for (value, results) in [
            ([5.0, 10.0], [a.clone() + b.clone(), a.clone() + &b, &a + b.clone(), &a + &b]),
            ([-3.0, -6.0], [a.clone() - b.clone(), a.clone() - &b, &a - b.clone(), &a - &b]),
            ([4.0, 16.0], [a.clone() * b.clone(), a.clone() * &b, &a * b.clone(), &a * &b]),
            ([0.25, 0.25], [a.clone() / b.clone(), a.clone() / &b, &a / b.clone(), &a / &b]),
            ([5.0, 6.0], [4.0 + a.clone(), 4.0 + &a, a.clone() + 4.0, &a + 4.0]),
            ([3.0, 2.0], [4.0 - a.clone(), 4.0 - &a, -(a.clone() - 4.0), -(&a - 4.0)]),
            ([4.0, 8.0], [4.0 * a.clone(), 4.0 * &a, a.clone() * 4.0, &a * 4.0]),
            ([4.0, 2.0], [4.0 / a.clone(), 4.0 / &a, 1.0 / (a.clone() / 4.0), 1.0 / (&a / 4.0)]),
        ] {
            results.iter().for_each(|result| assert_eq!(*result, vector(value)));
        }
        assert_eq!(-&a, -a);
    }

    #[test]
    fn assignment_computes_as_the_operator() {
        let (mut a, b) = (vector([1.0, 2.0]), vector([4.0, 8.0]));
        let shared = a.clone();
        a += &b;
        a -= 1.0;
        a *= b.clone();
        a /= &b;
        assert_eq!((a, shared), (vector([4.0, 9.0]), vector([1.0, 2.0])));
    }

    #[test]
    #[should_panic(expected = "add_assign: [2] cannot hold a result of shape [3, 2]")]
    fn assignment_does_not_change_the_shape() {
        let mut a = vector([1.0, 2.0]);
        a += Tensor::ones(&[3, 2]);
    }

    /// Every combination of a variable with a tensor or a number has the value and the derivatives
    /// of the same operation on two variables.
    #[test]
    fn data_next_to_a_variable_is_a_constant() {
        let (x, c) = (vector([0.5, -1.5]), vector([2.0, 3.0]));
        macro_rules! agree {
            ($op:tt) => {
                let (value, [dx, _]) = grad(|[x, c]| (x $op c).sum(), [&x, &c]);
                assert_eq!(grad(|[x]| (x $op &c).sum(), [&x]), (value.clone(), [dx.clone()]));
                assert_eq!(grad(|[x]| (x $op c.clone()).sum(), [&x]), (value, [dx]));
                let (value, [_, dx]) = grad(|[c, x]| (c $op x).sum(), [&c, &x]);
                assert_eq!(grad(|[x]| (&c $op x).sum(), [&x]), (value.clone(), [dx.clone()]));
                assert_eq!(grad(|[x]| (c.clone() $op x).sum(), [&x]), (value, [dx]));
                check::gradients(|x| 2.5 $op x[0], std::slice::from_ref(&x)).unwrap();
            };
        }
        agree!(+);
        agree!(-);
        agree!(*);
        agree!(/);
    }

    /// Model code that is rewritten with a number on the left keeps its bits.
    #[test]
    fn a_number_on_the_left_has_the_bits_of_the_usual_form() {
        let x: Tensor = Tensor::vector(&[0.1, -0.7, 1.0, 1e-20, 3e8, -0.0]);
        let bits = |x: Tensor| x.as_slice().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(1.0 - &x), bits(-x.clone() + 1.0));
        assert_eq!(bits(1.0 - &x), bits(Tensor::scalar(1.0) - &x));
        assert_eq!(bits(0.1 * &x), bits(x.clone() * 0.1));
        assert_eq!(bits(3.0 / &x), bits(x.map(|x| 3.0 / x)));
    }
}
