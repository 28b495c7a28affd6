//! Elementwise operations on one tensor, and on two with broadcasting.

use super::draw::{away_from_zero, broadcast_pair, distinct, either_sign, normal, shape, uniform};
use super::{Case, Problem};
use crate::autodiff::{Algebra, Var};
use crate::random::Stream;
use crate::tensor::Tensor;

/// Draws values for a shape.
type Draw = fn(&mut Stream, &[usize]) -> Tensor<f64>;

/// A function of one tensor.
fn unary(
    name: &'static str,
    draw: Draw,
    f: impl for<'t> Fn(&Var<'t, f64>) -> Var<'t, f64> + Copy + 'static,
) -> Case {
    Case::new(name, move |s| {
        let shape = shape(s, 0, 3);
        Problem::new([draw(s, &shape)], move |x| f(&x[0]))
    })
}

/// A function of two tensors that are broadcast.
fn binary(
    name: &'static str,
    draw: [Draw; 2],
    f: impl for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64> + Copy + 'static,
) -> Case {
    Case::new(name, move |s| {
        let [a, b] = broadcast_pair(s);
        Problem::new([draw[0](s, &a), draw[1](s, &b)], move |x| f(x[0], x[1]))
    })
}

/// A function of two tensors that are broadcast, with kinks where two elements are equal.
fn comparing(
    name: &'static str,
    f: impl for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64> + Copy + 'static,
) -> Case {
    Case::new(name, move |s| {
        let [a, b] = broadcast_pair(s);
        Problem::new(distinct(s, [&a, &b]), move |x| f(x[0], x[1]))
    })
}

/// Values on [0.4, 2.5), for functions with a singularity at 0.
fn positive(s: &mut Stream, shape: &[usize]) -> Tensor<f64> {
    uniform(s, shape, 0.4, 2.5)
}

/// Values of either sign, with absolute values in [0.4, 2.5), for functions with a pole at 0.
fn away_from_pole(s: &mut Stream, shape: &[usize]) -> Tensor<f64> {
    either_sign(s, shape, 0.4, 2.5)
}

/// A function of one tensor where it is flat or straight: at absolute values in [5, 30). Errors are
/// measured on the scale of its values at moderate inputs, which are concatenated to them.
fn saturated(name: &'static str, f: impl for<'t> Fn(&Var<'t, f64>) -> Var<'t, f64> + Copy + 'static) -> Case {
    Case::new(name, move |s| {
        let shape = shape(s, 1, 3);
        let inputs = [normal(s, &shape), either_sign(s, &shape, 5.0, 30.0)];
        Problem::new(inputs, move |x| f(&Var::concat(&[&x[0], &x[1]], 0)))
    })
}

/// Values many turns from 0: absolute values in [20, 100).
fn turns(s: &mut Stream, shape: &[usize]) -> Tensor<f64> {
    either_sign(s, shape, 20.0, 100.0)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        binary("add", [normal, normal], |a, b| a + b),
        binary("sub", [normal, normal], |a, b| a - b),
        binary("mul", [normal, normal], |a, b| a * b),
        Case::new("mul", |s| {
            let shape = shape(s, 0, 2);
            Problem::new([normal(s, &shape)], |x| x[0] * x[0])
        }),
        binary("div", [normal, away_from_pole], |a, b| a / b),
        comparing("maximum", |a, b| a.maximum(&b)),
        comparing("minimum", |a, b| a.minimum(&b)),
        binary("gate", [away_from_zero, normal], |a, b| a.gate(&b)),
        binary("gelu_gradient", [normal, normal], |a, b| a.gelu_gradient(&b)),
        binary("signed", [away_from_zero, normal], |a, b| a.signed(&b)),
        unary("neg", normal, |x| -*x),
        unary("add_scalar", normal, |x| *x + 1.7),
        unary("add_scalar", normal, |x| *x - 0.3),
        unary("mul_scalar", normal, |x| *x * -2.3),
        unary("mul_scalar", normal, |x| *x / 0.7),
        unary("powi", away_from_pole, |x| x.powi(-3)),
        unary("powi", away_from_pole, |x| x.powi(-1)),
        unary("powi", normal, |x| x.powi(0)),
        unary("powi", normal, |x| x.powi(1)),
        unary("powi", normal, |x| x.powi(2)),
        unary("powi", normal, |x| x.powi(3)),
        unary("powi", normal, |x| x.powi(4)),
        unary("powf", positive, |x| x.powf(-1.5)),
        unary("powf", positive, |x| x.powf(0.0)),
        unary("powf", positive, |x| x.powf(0.5)),
        unary("powf", positive, |x| x.powf(1.0)),
        unary("powf", positive, |x| x.powf(2.7)),
        unary("sqrt", positive, |x| x.sqrt()),
        unary("exp", normal, |x| x.exp()),
        unary("ln", positive, |x| x.ln()),
        unary("tanh", normal, |x| x.tanh()),
        saturated("tanh", |x| x.tanh()),
        unary("sin", normal, |x| x.sin()),
        unary("sin", turns, |x| x.sin()),
        unary("cos", normal, |x| x.cos()),
        unary("cos", turns, |x| x.cos()),
        unary("erf", normal, |x| x.erf()),
        saturated("erf", |x| x.erf()),
        unary("abs", away_from_zero, |x| x.abs()),
        unary("relu", away_from_zero, |x| x.relu()),
        unary("gelu", normal, |x| x.gelu()),
        saturated("gelu", |x| x.gelu()),
        unary("sigmoid", normal, |x| x.sigmoid()),
        saturated("sigmoid", |x| x.sigmoid()),
        unary("softplus", normal, |x| x.softplus()),
        saturated("softplus", |x| x.softplus()),
    ]
}
