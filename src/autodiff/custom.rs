//! Operations that are added from outside of the crate.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Algebra, Op, Var};
use crate::tensor::kernels::elementwise::broadcast_shape;
use crate::tensor::{Float, Shape, ShapeError, Tensor};

/// An operation of one's own, on N tensors: a value, computed in any way, and a pullback.
///
/// The pullback gives dL/dx_i for each input from x, y and g = dL/dy, in the shape of x_i. It is
/// written with the operations of [`Var`], like the rules of this crate. So it can be
/// differentiated itself, and the operation has derivatives of every order. (If the value is needed
/// in a pullback, use y: what the value's closure does inside is not recorded.) For an input that
/// the result does not depend on, the gradient is `0.0 * x`.
///
/// Check a new operation with [`check::gradients`](super::check::gradients), which finds wrong
/// first and second derivatives:
///
/// ```
/// use ece472::autodiff::{Algebra, CustomOp, check, grad};
/// use ece472::tensor::{Float, Tensor};
///
/// /// ln(cosh(x)), which is about x²/2 near 0 and |x| - ln 2 far from it. Its derivative is tanh(x).
/// fn log_cosh<F: Float>() -> CustomOp<F, 1> {
///     let value = |x: f64| x.abs() + (-2.0 * x.abs()).exp().ln_1p() - 2.0_f64.ln();
///     CustomOp::<F, 1>::elementwise(
///         "log_cosh",
///         move |[x]| x.map(|x| F::from_f64(value(x.to_f64()))),
///         |[x], _y, g| [g * x.tanh()],
///     )
/// }
///
/// let x = Tensor::vector(&[-300.0, 0.1, 2.0]);
/// let (_, [dx]) = grad(|[x]| log_cosh().apply([&x]).sum(), [&x]);
/// assert_eq!(dx, x.tanh());
/// check::gradients(|x| log_cosh().apply([&x[0]]), &[x]).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct CustomOp<F: Float, const N: usize> {
    erased: Custom,
    /// The operation is a function of N tensors of this type.
    kind: PhantomData<fn([F; N]) -> F>,
}

/// A [`CustomOp`] as the tape records it, whatever its number of inputs and its element type.
#[derive(Clone)]
pub struct Custom {
    name: &'static str,
    shape: Arc<ShapeRule>,
    /// [`Rules`] for one element type.
    rules: Arc<dyn Any + Send + Sync>,
}

/// The shape of the result for inputs of the given shapes, or why there is none.
type ShapeRule = dyn Fn(&[&[usize]]) -> Result<Shape, String> + Send + Sync;
/// y from x.
type Value<F> = dyn Fn(&[&Tensor<F>]) -> Tensor<F> + Send + Sync;
/// dL/dx_i for each i from x, y and dL/dy.
type Pullback<F> = dyn for<'t> Fn(&[Var<'t, F>], Var<'t, F>, Var<'t, F>) -> Vec<Var<'t, F>> + Send + Sync;

struct Rules<F: Float> {
    value: Box<Value<F>>,
    pullback: Box<Pullback<F>>,
}

impl<F: Float, const N: usize> CustomOp<F, N> {
    /// An operation from its name in messages, the shape of its result for inputs of given shapes,
    /// its value and its pullback.
    ///
    /// ```
    /// use ece472::autodiff::{Algebra, CustomOp, check};
    /// use ece472::tensor::Tensor;
    ///
    /// // The outer product of two vectors, [m] and [n] to [m, n].
    /// let outer = CustomOp::new(
    ///     "outer",
    ///     |[a, b]: [&[usize]; 2]| match (a, b) {
    ///         (&[m], &[n]) => Ok([m, n][..].into()),
    ///         _ => Err(format!("{a:?} and {b:?} are not two vectors")),
    ///     },
    ///     |[a, b]| a.reshape(&[a.len(), 1]) * b,
    ///     |[a, b], _y, g| {
    ///         let column = a.reshape(&[a.shape()[0], 1]);
    ///         [(g * b).sum_over(&[1]), (g * column).sum_over(&[0])]
    ///     },
    /// );
    /// let x = [Tensor::vector(&[1.0, 2.0]), Tensor::vector(&[3.0, 4.0, 5.0])];
    /// assert_eq!(outer.apply([&x[0], &x[1]]), Tensor::matrix(&[[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]));
    /// check::gradients(|x| outer.apply([&x[0], &x[1]]), &x).unwrap();
    /// ```
    pub fn new(
        name: &'static str,
        shape: impl Fn([&[usize]; N]) -> Result<Shape, String> + Send + Sync + 'static,
        value: impl Fn([&Tensor<F>; N]) -> Tensor<F> + Send + Sync + 'static,
        pullback: impl for<'t> Fn([Var<'t, F>; N], Var<'t, F>, Var<'t, F>) -> [Var<'t, F>; N]
        + Send
        + Sync
        + 'static,
    ) -> Self {
        const { assert!(N > 0, "an operation has one input or more") };
        let shape = move |x: &[&[usize]]| match <[&[usize]; N]>::try_from(x) {
            Ok(x) => shape(x),
            Err(_) => Err(format!("{} inputs instead of {N}", x.len())),
        };
        let rules = Rules {
            value: Box::new(move |x| value(std::array::from_fn(|i| x[i]))),
            pullback: Box::new(move |x, y, g| pullback(std::array::from_fn(|i| x[i]), y, g).to_vec()),
        };
        let erased = Custom { name, shape: Arc::new(shape), rules: Arc::new(rules) };
        Self { erased, kind: PhantomData }
    }

    /// An operation whose result has the shape to which its inputs broadcast.
    pub fn elementwise(
        name: &'static str,
        value: impl Fn([&Tensor<F>; N]) -> Tensor<F> + Send + Sync + 'static,
        pullback: impl for<'t> Fn([Var<'t, F>; N], Var<'t, F>, Var<'t, F>) -> [Var<'t, F>; N]
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let shape = |shapes: [&[usize]; N]| {
            let none = Some(Shape::repeat(0, 0));
            let shape = shapes.iter().fold(none, |shape, &x| broadcast_shape(&shape?, x));
            shape.ok_or_else(|| format!("{shapes:?} do not broadcast"))
        };
        Self::new(name, shape, value, pullback)
    }

    /// The operation's value at x.
    ///
    /// # Panics
    /// If the shapes do not fit, or the value has another shape than the one that was declared.
    #[track_caller]
    pub fn apply<A: Algebra<Elem = F>>(&self, x: [&A; N]) -> A {
        A::apply(Op::Custom(self.erased.clone()), &x)
    }
}

impl Custom {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn shape(&self, x: &[&[usize]]) -> Result<Shape, String> {
        (self.shape)(x)
    }

    /// The value, which has the given shape.
    pub(super) fn eval<F: Float>(&self, x: &[&Tensor<F>], shape: &[usize]) -> Result<Tensor<F>, ShapeError> {
        let y = (self.rules::<F>()?.value)(x);
        if y.shape() != shape {
            let message = format!("the value has shape {:?}, but {shape:?} was declared", y.shape());
            return Err(ShapeError::new(self.name, message));
        }
        Ok(y)
    }

    /// dL/dx_i for each input from x, y and g = dL/dy.
    ///
    /// # Panics
    /// If a gradient has another shape than its input.
    pub(super) fn pull_back<A: Algebra>(&self, x: &[A], y: &A, g: &A) -> Vec<A> {
        let rules = self.rules::<A::Elem>().unwrap_or_else(|error| panic!("{error}"));
        let inputs: Vec<&A> = x.iter().chain([y, g]).collect();
        A::on_tape(&inputs, &|vars| {
            let (x, rest) = vars.split_at(vars.len() - 2);
            let gradients = (rules.pullback)(x, rest[0], rest[1]);
            for (i, (dx, x)) in gradients.iter().zip(x).enumerate() {
                let (own, shape) = (dx.shape(), x.shape());
                let name = self.name;
                assert!(own == shape, "{name}: the gradient of input {i} has shape {own:?}, not {shape:?}");
            }
            gradients
        })
    }

    fn rules<F: Float>(&self) -> Result<&Rules<F>, ShapeError> {
        let message = || ShapeError::new(self.name, format!("it is not an operation on {}", F::NAME));
        self.rules.downcast_ref().ok_or_else(message)
    }
}

impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Two operations are equal if one is a clone of the other.
impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rules, &other.rules)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{check, grad, hvp};
    use super::*;

    /// x³, with a pullback that is multiplied by `factor`.
    fn cube<F: Float>(factor: f64) -> CustomOp<F, 1> {
        CustomOp::elementwise("cube", |[x]| x.map(|x| x * x * x), move |[x], _, g| [factor * g * x.powi(2)])
    }

    #[test]
    fn an_own_operation_has_derivatives_of_every_order() {
        let (x, v) = (Tensor::vector(&[1.0_f32, -2.0]), Tensor::vector(&[1.0, 10.0]));
        let cube = cube(3.0);
        assert_eq!(cube.apply([&x]), Tensor::vector(&[1.0, -8.0]));
        assert_eq!(grad(|[x]| cube.apply([&x]).sum(), [&x]).1, [Tensor::vector(&[3.0, 12.0])]);
        assert_eq!(hvp(|[x]| cube.apply([&x]).sum(), [&x], [&v]), [Tensor::vector(&[6.0, -120.0])]);
    }

    #[test]
    fn the_checker_passes_a_right_pullback_and_catches_a_wrong_one() {
        let x = [Tensor::vector(&[0.5, -1.5])];
        check::gradients(|x| cube(3.0).apply([&x[0]]), &x).unwrap();
        let failure = check::gradients(|x| cube(2.0).apply([&x[0]]), &x).unwrap_err();
        assert!(failure.to_string().starts_with("gradient: input 0 ["), "{failure}");
    }

    #[test]
    fn the_tape_names_an_own_operation() {
        let tape = super::super::Tape::new();
        let x = tape.var(Tensor::vector(&[f64::MAX]));
        cube(3.0).apply([&x]);
        assert_eq!(tape.operations(), ["cube"]);
        assert!(tape.first_non_finite().unwrap().starts_with("cube at src/autodiff/custom.rs"));
        let op = cube::<f64>(3.0);
        assert_eq!(Op::Custom(op.erased.clone()), Op::Custom(op.erased));
        assert_ne!(Op::Custom(cube::<f64>(3.0).erased), Op::Custom(cube::<f64>(3.0).erased));
    }

    #[test]
    #[should_panic(expected = "first: the value has shape [2], but [] was declared")]
    fn a_value_of_another_shape_is_refused() {
        let scalar = |_: [&[usize]; 1]| Ok(Shape::repeat(0, 0));
        let first = CustomOp::new("first", scalar, |[x]: [&Tensor; 1]| x.clone(), |[x], _, _| [x]);
        first.apply([&Tensor::vector(&[1.0, 2.0])]);
    }

    #[test]
    #[should_panic(expected = "total: the gradient of input 0 has shape [], not [2]")]
    fn a_gradient_of_another_shape_is_refused() {
        let scalar = |_: [&[usize]; 1]| Ok(Shape::repeat(0, 0));
        let total = CustomOp::new("total", scalar, |[x]| x.sum(), |_, _, g| [g]);
        grad(|[x]| total.apply([&x]), [&Tensor::vector(&[1.0, 2.0])]);
    }

    #[test]
    #[should_panic(expected = "product: [[2], [3]] do not broadcast")]
    fn inputs_that_do_not_broadcast_are_refused() {
        let product = CustomOp::elementwise("product", |[a, b]| a * b, |[a, b], _, g| [g * b, g * a]);
        product.apply([&Tensor::vector(&[1.0, 2.0]), &Tensor::vector(&[1.0, 2.0, 3.0])]);
    }
}
