//! The same derivatives of functions of a list of inputs, whose number is not known when the
//! program is compiled: `|x| (x[0] * x[1]).sin().sum()`.

use super::{Algebra, Tape, Var};
use crate::tensor::{Float, Tensor};

fn lift<'t, F: Float>(tape: &'t Tape<F>, values: &[Tensor<F>]) -> Vec<Var<'t, F>> {
    values.iter().map(|value| tape.var(value.clone())).collect()
}

fn values<F: Float>(vars: &[Var<'_, F>]) -> Vec<Tensor<F>> {
    vars.iter().map(Algebra::value).collect()
}

/// f(x) and its gradients df/dx_i, for a function whose value is a single number. One reverse
/// sweep.
///
/// ```
/// use ece472::autodiff::{Algebra, list};
/// use ece472::tensor::Tensor;
///
/// let x = Tensor::vector(&[1.0, 2.0, 3.0_f32]);
/// let (value, gradients) = list::grad(|x| x[0].powi(2).sum(), &[x]);
/// assert_eq!(value.item(), 14.0);
/// assert_eq!(gradients[0].as_slice(), [2.0, 4.0, 6.0]);
/// ```
///
/// # Panics
/// If the function's value is not a single number.
#[track_caller]
pub fn grad<F: Float>(
    f: impl for<'t> Fn(&[Var<'t, F>]) -> Var<'t, F>,
    x: &[Tensor<F>],
) -> (Tensor<F>, Vec<Tensor<F>>) {
    let tape = Tape::new();
    let vars = lift(&tape, x);
    let y = f(&vars);
    let gradients = y.backward(&vars);
    let zeros = |x: &Tensor<F>| Tensor::zeros(x.shape());
    (y.value(), gradients.into_iter().zip(x).map(|(g, x)| g.unwrap_or_else(|| zeros(x))).collect())
}

/// f(x) and the vector-Jacobian products gᵀ ∂f/∂x_i. One reverse sweep.
///
/// # Panics
/// If the shape of `g` is not that of f(x).
#[track_caller]
pub fn vjp<F: Float>(
    f: impl for<'t> Fn(&[Var<'t, F>]) -> Var<'t, F>,
    x: &[Tensor<F>],
    g: &Tensor<F>,
) -> (Tensor<F>, Vec<Tensor<F>>) {
    let tape = Tape::new();
    let vars = lift(&tape, x);
    let y = f(&vars);
    (y.value(), values(&y.vjp(&vars, tape.var(g.clone()))))
}

/// f(x) and the Jacobian-vector product sum_i ∂f/∂x_i v_i: the derivative along v.
///
/// It takes two reverse sweeps: u ↦ uᵀ ∂f/∂x is linear in u, and the vector-Jacobian product of
/// that map with v is ∂f/∂x v (Townsend 2017, "A new trick for calculating Jacobian vector
/// products").
///
/// # Panics
/// If the shapes of `v` are not those of `x`.
#[track_caller]
pub fn jvp<F: Float>(
    f: impl for<'t> Fn(&[Var<'t, F>]) -> Var<'t, F>,
    x: &[Tensor<F>],
    v: &[Tensor<F>],
) -> (Tensor<F>, Tensor<F>) {
    let tape = Tape::new();
    let vars = lift(&tape, x);
    let y = f(&vars);
    let u = tape.var(Tensor::zeros(&y.shape()));
    let pulled = y.vjp(&vars, u);
    let along = inner_product(&tape, &pulled, v);
    let [jv] = along.grad([u]);
    (y.value(), jv.value())
}

/// The Hessian-vector products sum_j ∂²f/∂x_i∂x_j v_j of a function whose value is a single number,
/// computed as the gradient of the derivative along v (Pearlmutter 1994).
///
/// # Panics
/// If the function's value is not a single number, or the shapes of `v` are not those of `x`.
#[track_caller]
pub fn hvp<F: Float>(
    f: impl for<'t> Fn(&[Var<'t, F>]) -> Var<'t, F>,
    x: &[Tensor<F>],
    v: &[Tensor<F>],
) -> Vec<Tensor<F>> {
    let tape = Tape::new();
    let vars = lift(&tape, x);
    let y = f(&vars);
    let one = tape.var(Tensor::ones(&y.shape()));
    assert!(y.value().len() == 1, "hvp: a value of shape {:?} is not a single number", y.shape());
    let along = inner_product(&tape, &y.vjp(&vars, one), v);
    let seed = tape.var(Tensor::scalar(F::ONE));
    values(&along.vjp(&vars, seed))
}

/// sum_i <a_i, v_i>
#[track_caller]
fn inner_product<'t, F: Float>(tape: &'t Tape<F>, a: &[Var<'t, F>], v: &[Tensor<F>]) -> Var<'t, F> {
    assert!(a.len() == v.len(), "{} directions for {} inputs", v.len(), a.len());
    // A loop instead of a closure, so that the panic points at the caller's line.
    for (a, v) in a.iter().zip(v) {
        assert!(a.shape()[..] == *v.shape(), "a direction of shape {:?} for {:?}", v.shape(), a.shape());
    }
    let terms = a.iter().zip(v).map(|(a, v)| (*a * v).sum());
    terms.reduce(|sum, term| sum + term).unwrap_or_else(|| tape.var(Tensor::scalar(F::ZERO)))
}
