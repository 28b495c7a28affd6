//! The elementwise operations on one tensor, and on two with broadcasting: a table with a row for
//! each.
//!
//! A row gives an operation's names, its value and its gradients. The macros write three things
//! from it: the variant of [`Unary`] or [`Binary`] with its value and its gradient rule, and the
//! method of [`Algebra`] (operators have none). A new operation needs a row here, a kernel if there
//! is none yet, and a case of the gradient checker.

use std::f64::consts::PI;

use super::Algebra;
use crate::tensor::kernels::elementwise::{map, map_slice, powi, scale, shift, signed, zip};
use crate::tensor::{Float, Tensor};

/// The elementwise operations on one tensor. A row reads `Variant, method(constant): y => dL/dx;`:
/// y is computed from x, and dL/dx from g = dL/dy, x and y. A rule that only returns gives no
/// gradient, because y is constant in x.
macro_rules! unary {
    ($write:ident) => {
        $write! {
            x y g
            operators {
                /// -x
                Neg, neg(): map(x, |x| -x) => -g;
                /// x + c
                AddScalar, add_scalar(c: f64): shift(x, F::from_f64(c)) => g;
                /// c x
                MulScalar, mul_scalar(c: f64): scale(x, F::from_f64(c)) => g * c;
            }
            methods {
                /// x^n for an integer n, by multiplication.
                Powi, powi(n: i32): powi(x, n) => match n {
                    0 => return,
                    1 => g,
                    2 => g * x * 2.0,
                    n => g * &x.powi(n - 1) * f64::from(n),
                };
                /// x^p for any p; NaN for negative x unless p is an integer.
                Powf, powf(p: f64): map(x, |x| F::from_f64(libm::pow(x.to_f64(), p))) => match p {
                    0.0 => return,
                    p => g * &x.powf(p - 1.0) * p,
                };
                /// The square root.
                Sqrt, sqrt(): map(x, F::sqrt) => g / y * 0.5;
                /// The exponential function.
                Exp, exp(): map(x, F::exp) => g * y;
                /// The natural logarithm.
                Ln, ln(): map(x, F::ln) => g / x;
                /// The hyperbolic tangent.
                Tanh, tanh(): map(x, F::tanh) => g * &(-y.powi(2) + 1.0);
                /// The sine.
                Sin, sin(): map_slice(x, F::sin_slice) => g * &x.cos();
                /// The cosine.
                Cos, cos(): map_slice(x, F::cos_slice) => -(g * &x.sin());
                /// The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.
                Erf, erf(): map(x, F::erf) => g * &(-x.powi(2)).exp() * (2.0 / PI.sqrt());
                /// |x|, with gradient 0 at 0 and at NaN.
                Abs, abs(): map(x, F::abs) => x.signed(&g);
                /// max(x, 0), with gradient 0 at 0. NaN stays NaN and passes the gradient on.
                Relu, relu(): map(x, |x| if x < F::ZERO { F::ZERO } else { x }) => x.gate(&g);
                /// x Phi(x), Phi the standard normal distribution function (Hendrycks & Gimpel
                /// 2016).
                Gelu, gelu(): map(x, F::gelu) => x.gelu_gradient(&g);
                /// 1 / (1 + exp(-x))
                Sigmoid, sigmoid(): map(x, F::sigmoid) => g * &(y.clone() - &y.powi(2));
                /// ln(1 + exp(x))
                Softplus, softplus(): map(x, F::softplus) => g * &x.sigmoid();
            }
        }
    };
}

/// The elementwise operations on two tensors. A row reads `Variant, method: y => dL/da, dL/db;`: y
/// is a function of two elements, and the gradients are computed from g = dL/dy, a, b and y. If a
/// or b was broadcast, its gradient is summed to its shape at the end.
macro_rules! binary {
    ($write:ident) => {
        $write! {
            a b y g
            operators {
                /// a + b, broadcasting.
                Add, add: |a, b| a + b => g, g;
                /// a - b, broadcasting.
                Sub, sub: |a, b| a - b => g, -g;
                /// a b, element by element, broadcasting.
                Mul, mul: |a, b| a * b => g * b, g * a;
                /// a / b, broadcasting.
                Div, div: |a, b| a / b => g / b, -(g * y) / b;
            }
            methods {
                /// The larger of a and b, broadcasting. Where they are equal, each gets half of the
                /// gradient. NaN counts as larger than any number and as equal to itself (PyTorch
                /// gives the whole gradient to both if one is NaN).
                Maximum, maximum: F::maximum => share(g, a, b, y), share(g, b, a, y);
                /// The smaller of a and b, broadcasting. Where they are equal, each gets half of
                /// the gradient. NaN counts as smaller than any number and as equal to itself.
                Minimum, minimum: F::minimum => share(g, a, b, y), share(g, b, a, y);
                /// b where a > 0 or a is NaN, else 0. This is the gradient of `Relu`, and its own
                /// gradient in b. Constant in a.
                Gate, gate: |a, b| if a <= F::ZERO { F::ZERO } else { b } => constant(g), a.gate(&g);
                /// b sign(a), with sign(0) = 0. This is the gradient of `Abs`, and its own gradient
                /// in b. Constant in a.
                Signed, signed: signed => constant(g), a.signed(&g);
                /// b (Phi(a) + a phi(a)): the gradient of `Gelu`.
                GeluGradient, gelu_gradient: |a, b| a.gelu_slope() * b =>
                    g * b * &((a.powi(2) * -0.5).exp() * (2.0 * PI).sqrt().recip() * &(-a.powi(2) + 2.0)),
                    a.gelu_gradient(&g);
            }
        }
    };
}

macro_rules! write_unary {
    ($x:ident $y:ident $g:ident operators { $($operators:tt)* } methods { $($methods:tt)* }) => {
        write_unary! { @rows $x $y $g $($operators)* $($methods)* }
    };
    (@rows $x:ident $y:ident $g:ident $(
        $(#[$doc:meta])*
        $variant:ident, $name:ident($($c:ident: $type:ty)?): $value:expr => $gradient:expr;
    )*) => {
        /// An operation on each element x of a tensor.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Unary {
            $($(#[$doc])* $variant $(($type))?,)*
        }

        impl Unary {
            /// The name of every operation on one tensor.
            pub(super) const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// The operation's name.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant { .. } => stringify!($name),)* }
            }

            /// y
            pub(super) fn eval<F: Float>(self, $x: &Tensor<F>) -> Tensor<F> {
                match self { $(Self::$variant $(($c))? => $value,)* }
            }

            /// Passes dL/dx to `to`, computed from g = dL/dy, if there is a gradient.
            #[expect(unused_variables, reason = "the gradient of x + c is the same for all c")]
            pub(super) fn vjp<A: Algebra>(self, $x: &A, $y: &A, $g: A, to: impl FnOnce(usize, A)) {
                match self { $(
                    Self::$variant $(($c))? => to(0, $gradient),
                )* }
            }
        }
    };
}
unary!(write_unary);

macro_rules! write_binary {
    ($a:ident $b:ident $y:ident $g:ident operators { $($operators:tt)* } methods { $($methods:tt)* }) => {
        write_binary! { @rows $a $b $y $g $($operators)* $($methods)* }
    };
    (@rows $a:ident $b:ident $y:ident $g:ident $(
        $(#[$doc:meta])*
        $variant:ident, $name:ident: $value:expr => $da:expr, $db:expr;
    )*) => {
        /// An operation on the elements a and b of two tensors, which are broadcast.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Binary {
            $($(#[$doc])* $variant,)*
        }

        impl Binary {
            /// The name of every operation on two tensors.
            pub(super) const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// The operation's name.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($name),)* }
            }

            /// y, in the shape to which a and b are broadcast.
            pub(super) fn eval<F: Float>(self, $a: &Tensor<F>, $b: &Tensor<F>, shape: &[usize]) -> Tensor<F> {
                match self { $(Self::$variant => zip($a, $b, shape, $value),)* }
            }

            /// Passes dL/da and dL/db to `to`, computed from g = dL/dy: those that are wanted and
            /// exist.
            pub(super) fn vjp<A: Algebra>(
                self,
                [$a, $b]: [&A; 2],
                $y: &A,
                $g: A,
                wanted: impl Fn(usize) -> bool,
                mut to: impl FnMut(usize, A),
            ) {
                match self { $(
                    Self::$variant => {
                        if wanted(0) {
                            let $g = $g.clone();
                            give(0, $a, $da, &mut to);
                        }
                        if wanted(1) {
                            give(1, $b, $db, &mut to);
                        }
                    }
                )* }
            }
        }
    };
}
binary!(write_binary);

/// The methods of [`Algebra`] for the operations on one tensor.
macro_rules! unary_methods {
    ($x:ident $y:ident $g:ident operators $operators:tt methods { $(
        $(#[$doc:meta])*
        $variant:ident, $name:ident($($c:ident: $type:ty)?): $value:expr => $gradient:expr;
    )* }) => { $(
        $(#[$doc])*
        #[track_caller]
        fn $name(&self $(, $c: $type)?) -> Self {
            Self::apply(Op::Unary(Unary::$variant $(($c))?), &[self])
        }
    )* };
}

/// The methods of [`Algebra`] for the operations on two tensors.
macro_rules! binary_methods {
    ($a:ident $b:ident $y:ident $g:ident operators $operators:tt methods { $(
        $(#[$doc:meta])*
        $variant:ident, $name:ident: $value:expr => $da:expr, $db:expr;
    )* }) => { $(
        $(#[$doc])*
        #[track_caller]
        fn $name(&self, $b: &Self) -> Self {
            Self::apply(Op::Binary(Binary::$variant), &[self, $b])
        }
    )* };
}

pub(super) use {binary, binary_methods, unary, unary_methods};

/// The gradient in an input in which the result is constant almost everywhere: none.
fn constant<A: Algebra>(_: A) -> Option<A> {
    None
}

/// Passes the gradient of input i, which is x, to `to`, if there is one. If x was broadcast, the
/// gradient is summed to its shape.
fn give<A: Algebra>(i: usize, x: &A, dx: impl Into<Option<A>>, to: impl FnOnce(usize, A)) {
    if let Some(dx) = dx.into() {
        to(i, dx.sum_to(&x.shape()));
    }
}

/// The gradient in a of y, the larger or the smaller of a and b: half of g where they are equal.
fn share<A: Algebra>(g: A, a: &A, b: &A, y: &A) -> A {
    let is_y = equal(a, y);
    g * &(is_y.clone() / &(is_y + &equal(b, y)))
}

/// A constant: 1 where a = b or both are NaN, else 0, in the shape to which the two broadcast.
pub(super) fn equal<A: Algebra>(a: &A, b: &A) -> A {
    A::constant(a.context(), a.value().equal(&b.value()))
}
