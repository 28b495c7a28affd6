//! Derivatives of functions: gradients, and vector products with Jacobians and Hessians.
//!
//! A function is written over the variables of a tape, `|[x, y]| (x * y).sin().sum()`; each call
//! records it on a new tape. All derivatives follow from one table of gradient rules.

use super::{Var, list};
use crate::tensor::{Float, Tensor};

/// f(x) and its gradients df/dx_i, for a function whose value is a single number. One reverse
/// sweep. The inputs come as an array of references, and the gradients as an array in the same
/// order; [`list::grad`] takes any number of inputs.
///
/// ```
/// use ece472::autodiff::{Algebra, grad};
/// use ece472::tensor::Tensor;
///
/// let (w, x) = (Tensor::scalar(0.5), Tensor::vector(&[1.0, 2.0, 3.0]));
/// let (value, [dw, dx]) = grad(|[w, x]| (w * x.powi(2)).sum(), [&w, &x]);
/// assert_eq!(value.item(), 7.0);
/// assert_eq!(dw.item(), 14.0);
/// assert_eq!(dx, x);
/// ```
///
/// # Panics
/// If the function's value is not a single number.
#[track_caller]
pub fn grad<F: Float, const N: usize>(
    f: impl for<'t> Fn([Var<'t, F>; N]) -> Var<'t, F>,
    x: [&Tensor<F>; N],
) -> (Tensor<F>, [Tensor<F>; N]) {
    let (value, gradients) = list::grad(|x| f(array(x)), &x.map(Clone::clone));
    (value, array(&gradients))
}

/// f(x) and the vector-Jacobian products gᵀ ∂f/∂x_i. One reverse sweep.
///
/// ```
/// use ece472::autodiff::{Algebra, vjp};
/// use ece472::tensor::Tensor;
///
/// let (x, g) = (Tensor::vector(&[1.0, 2.0]), Tensor::vector(&[1.0, 10.0]));
/// let (value, [dx]) = vjp(|[x]| x.powi(3), [&x], &g);
/// assert_eq!((value.as_slice(), dx.as_slice()), (&[1.0, 8.0][..], &[3.0, 120.0][..]));
/// ```
///
/// # Panics
/// If the shape of `g` is not that of f(x).
#[track_caller]
pub fn vjp<F: Float, const N: usize>(
    f: impl for<'t> Fn([Var<'t, F>; N]) -> Var<'t, F>,
    x: [&Tensor<F>; N],
    g: &Tensor<F>,
) -> (Tensor<F>, [Tensor<F>; N]) {
    let (value, products) = list::vjp(|x| f(array(x)), &x.map(Clone::clone), g);
    (value, array(&products))
}

/// f(x) and the Jacobian-vector product sum_i ∂f/∂x_i v_i: the derivative along v. It takes two
/// reverse sweeps.
///
/// ```
/// use ece472::autodiff::{Algebra, jvp};
/// use ece472::tensor::Tensor;
///
/// let (x, v) = (Tensor::vector(&[1.0, 2.0]), Tensor::vector(&[1.0, 10.0]));
/// let (value, along) = jvp(|[x]| x.powi(3), [&x], [&v]);
/// assert_eq!((value.as_slice(), along.as_slice()), (&[1.0, 8.0][..], &[3.0, 120.0][..]));
/// ```
///
/// # Panics
/// If the shapes of `v` are not those of `x`.
#[track_caller]
pub fn jvp<F: Float, const N: usize>(
    f: impl for<'t> Fn([Var<'t, F>; N]) -> Var<'t, F>,
    x: [&Tensor<F>; N],
    v: [&Tensor<F>; N],
) -> (Tensor<F>, Tensor<F>) {
    list::jvp(|x| f(array(x)), &x.map(Clone::clone), &v.map(Clone::clone))
}

/// The Hessian-vector products sum_j ∂²f/∂x_i∂x_j v_j of a function whose value is a single number,
/// computed as the gradient of the derivative along v (Pearlmutter 1994).
///
/// ```
/// use ece472::autodiff::{Algebra, hvp};
/// use ece472::tensor::Tensor;
///
/// // f(x) = sum_i x_i³ has the Hessian diag(6 x).
/// let (x, v) = (Tensor::vector(&[1.0, 2.0]), Tensor::vector(&[1.0, 10.0]));
/// let [hv] = hvp(|[x]| x.powi(3).sum(), [&x], [&v]);
/// assert_eq!(hv, 6.0 * x * v);
/// ```
///
/// # Panics
/// If the function's value is not a single number, or the shapes of `v` are not those of `x`.
#[track_caller]
pub fn hvp<F: Float, const N: usize>(
    f: impl for<'t> Fn([Var<'t, F>; N]) -> Var<'t, F>,
    x: [&Tensor<F>; N],
    v: [&Tensor<F>; N],
) -> [Tensor<F>; N] {
    array(&list::hvp(|x| f(array(x)), &x.map(Clone::clone), &v.map(Clone::clone)))
}

/// A list with as many elements as there are inputs, as an array.
fn array<T: Clone, const N: usize>(list: &[T]) -> [T; N] {
    std::array::from_fn(|i| list[i].clone())
}
