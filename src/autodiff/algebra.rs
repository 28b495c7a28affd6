//! The arithmetic that tensors and the variables of a tape share.

use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::Arc;

use super::elementwise::{Binary, Unary, binary, binary_methods, unary, unary_methods};
use super::op::{Axes, Block};
use super::{Op, Tape, Var};
use crate::tensor::kernels::elementwise::{self, broadcast_shape};
use crate::tensor::{Float, Shape, Tensor};

/// The arithmetic that tensors and the variables of a tape share.
///
/// Code written over `A: Algebra` runs on [`Tensor`], where it computes and records nothing, and on
/// [`Var`](super::Var), where it is recorded and can be differentiated. Besides the methods there
/// are `a + b`, `a - b`, `a * b`, `a / b` and `-a`; the right side may be a reference or an `f64`.
/// (Tensors and variables also mix with each other, and take references and `f64` on the left, as
/// in `1.0 - &x`. Rust cannot say this about all `A: Algebra`, so generic code writes `-x + 1.0`.)
/// Two operands broadcast: axes are aligned at the last one, and extents of 1 stretch. In the
/// formulas of elementwise methods this value is x, or a if there is a second operand b.
///
/// # Panics
/// If shapes do not fit, with a message that names the operation, both shapes and the axis, at the
/// caller's line. Check shapes that come from input before computing with them ([`Op::shape`]).
pub trait Algebra:
    Clone
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + for<'a> Add<&'a Self, Output = Self>
    + for<'a> Sub<&'a Self, Output = Self>
    + for<'a> Mul<&'a Self, Output = Self>
    + for<'a> Div<&'a Self, Output = Self>
    + Add<f64, Output = Self>
    + Sub<f64, Output = Self>
    + Mul<f64, Output = Self>
    + Div<f64, Output = Self>
{
    /// The element type.
    type Elem: Float;
    /// Where values of this kind live: nowhere (`()`) for tensors, a tape for its variables.
    type Context: Copy;

    /// Where this value lives.
    fn context(&self) -> Self::Context;

    /// A value that gradients do not flow into.
    fn constant(context: Self::Context, value: Tensor<Self::Elem>) -> Self;

    /// The elements.
    fn value(&self) -> Tensor<Self::Elem>;

    /// The extent along each axis.
    fn shape(&self) -> Shape;

    /// Applies any operation.
    #[track_caller]
    fn apply(op: Op, inputs: &[&Self]) -> Self;

    /// Applies a function that is written for variables: to variables as it is, and to tensors by
    /// way of a temporary tape.
    fn on_tape(inputs: &[&Self], f: &OnTape<'_, Self::Elem>) -> Vec<Self>;

    /// The same value as a constant: gradients stop here.
    fn detach(&self) -> Self {
        Self::constant(self.context(), self.value())
    }

    unary!(unary_methods);
    binary!(binary_methods);

    /// exp(x_i) / sum_j exp(x_j) along an axis.
    #[track_caller]
    fn softmax(&self, axis: usize) -> Self {
        Self::apply(Op::Softmax(axis), &[self])
    }

    /// x_i - ln sum_j exp(x_j) along an axis.
    #[track_caller]
    fn log_softmax(&self, axis: usize) -> Self {
        Self::apply(Op::LogSoftmax(axis), &[self])
    }

    /// The matrix product: `[.., m, k] x [.., k, n] -> [.., m, n]`. Leading axes broadcast.
    #[track_caller]
    fn matmul(&self, other: &Self) -> Self {
        self.product(other, false, false)
    }

    /// The matrix product with either side's last two axes transposed first.
    #[track_caller]
    fn product(&self, other: &Self, transpose_self: bool, transpose_other: bool) -> Self {
        let op = Op::Matmul { ta: transpose_self, tb: transpose_other };
        let (a, b) = (self.shape(), other.shape());
        if a.len() < 2 || b.len() < 2 || a[..a.len() - 2] == b[..b.len() - 2] {
            return Self::apply(op, &[self, other]);
        }
        if b.len() == 2 && !transpose_self {
            // One matrix for all: the leading axes are only more rows.
            let (k, rows) = (a[a.len() - 1], a[..a.len() - 1].iter().product());
            let flat = Self::apply(op, &[&self.reshape(&[rows, k]), other]);
            let mut shape = a;
            *shape.last_mut().expect("rank of two or more") = flat.shape()[1];
            return flat.reshape(&shape);
        }
        let batch = broadcast_shape(&a[..a.len() - 2], &b[..b.len() - 2]);
        let stretch = |x: &Self, shape: &[usize]| match &batch {
            Some(batch) => x.broadcast_to(&[batch, &shape[shape.len() - 2..]].concat()),
            None => x.clone(),
        };
        Self::apply(op, &[&stretch(self, &a), &stretch(other, &b)])
    }

    /// The sum over the axes that `shape` lacks or has with extent 1; `shape` must broadcast to
    /// this one.
    #[track_caller]
    fn sum_to(&self, shape: &[usize]) -> Self {
        into_shape(self, shape, Op::SumTo)
    }

    /// Repetition along axes that are missing or have extent 1.
    #[track_caller]
    fn broadcast_to(&self, shape: &[usize]) -> Self {
        into_shape(self, shape, Op::BroadcastTo)
    }

    /// The sum of all elements, of rank 0.
    #[track_caller]
    fn sum(&self) -> Self {
        self.sum_to(&[])
    }

    /// The mean of all elements, of rank 0.
    #[track_caller]
    fn mean(&self) -> Self {
        let count = self.shape().iter().product::<usize>();
        self.sum() * (1.0 / count as f64)
    }

    /// The sum over some axes, which stay with extent 1.
    #[track_caller]
    fn sum_keeping(&self, axes: &[usize]) -> Self {
        self.sum_to(&kept(self.shape(), axes))
    }

    /// The sum over some axes, which disappear.
    #[track_caller]
    fn sum_over(&self, axes: &[usize]) -> Self {
        self.sum_keeping(axes).reshape(&dropped(&self.shape(), axes))
    }

    /// The mean over some axes, which disappear.
    #[track_caller]
    fn mean_over(&self, axes: &[usize]) -> Self {
        let sum = self.sum_over(axes);
        let count: usize = axes.iter().map(|&axis| self.shape()[axis]).product();
        sum * (1.0 / count as f64)
    }

    /// The maximum over some axes, which disappear; equal maxima share the gradient equally. NaN
    /// counts as larger than any number and as equal to itself. An axis of extent 0 has no maximum:
    /// asking for it panics.
    #[track_caller]
    fn max_over(&self, axes: &[usize]) -> Self {
        let to = kept(self.shape(), axes);
        Self::apply(Op::MaxTo(to), &[self]).reshape(&dropped(&self.shape(), axes))
    }

    /// The minimum over some axes, which disappear; equal minima share the gradient equally.
    #[track_caller]
    fn min_over(&self, axes: &[usize]) -> Self {
        -(-self.clone()).max_over(axes)
    }

    /// The same elements, in row-major order, in another shape.
    #[track_caller]
    fn reshape(&self, shape: &[usize]) -> Self {
        into_shape(self, shape, Op::Reshape)
    }

    /// Axes in another order: axis i of the result is axis `order[i]` of this one.
    #[track_caller]
    fn permute(&self, order: &[usize]) -> Self {
        Self::apply(Op::Permute(order.into()), &[self])
    }

    /// The last two axes exchanged.
    #[track_caller]
    fn transpose(&self) -> Self {
        let rank = self.shape().len();
        assert!(rank >= 2, "transpose: {:?} has fewer than two axes", self.shape());
        let mut order: Axes = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        self.permute(&order)
    }

    /// The block that begins at `starts` and has extents `shape`.
    #[track_caller]
    fn slice(&self, starts: &[usize], shape: &[usize]) -> Self {
        Self::apply(Op::Slice(Box::new(Block { starts: starts.into(), shape: shape.into() })), &[self])
    }

    /// The indices `start..end` of one axis.
    #[track_caller]
    fn narrow(&self, axis: usize, start: usize, end: usize) -> Self {
        let mut shape = self.shape();
        assert!(axis < shape.len(), "narrow: {shape:?} has no axis {axis}");
        assert!(start <= end, "narrow: {start}..{end} runs backwards");
        let mut starts: Axes = Axes::repeat(0, shape.len());
        (starts[axis], shape[axis]) = (start, end - start);
        self.slice(&starts, &shape)
    }

    /// This tensor inside zeros: it begins at `starts` in a tensor of extents `shape`.
    #[track_caller]
    fn pad(&self, starts: &[usize], shape: &[usize]) -> Self {
        Self::apply(Op::Pad(Box::new(Block { starts: starts.into(), shape: shape.into() })), &[self])
    }

    /// All parts concatenated along an axis.
    #[track_caller]
    fn concat(parts: &[&Self], axis: usize) -> Self {
        assert!(!parts.is_empty(), "concat: there are no parts");
        Self::apply(Op::Concat(axis), parts)
    }

    /// `y[.., i, ..] = x[.., indices[i], ..]` along an axis.
    #[track_caller]
    fn gather(&self, axis: usize, indices: impl Into<Arc<[usize]>>) -> Self {
        Self::apply(Op::Gather { axis, indices: indices.into() }, &[self])
    }

    /// `y[.., indices[i], ..] += x[.., i, ..]` along an axis of extent `size`; y starts at zero.
    #[track_caller]
    fn scatter_add(&self, axis: usize, indices: impl Into<Arc<[usize]>>, size: usize) -> Self {
        Self::apply(Op::ScatterAdd { axis, indices: indices.into(), size }, &[self])
    }

    /// This where the mask is true, else `other`. `mask` is in row-major order, and all three have
    /// one shape.
    #[track_caller]
    fn select(&self, mask: impl Into<Arc<[bool]>>, other: &Self) -> Self {
        Self::apply(Op::Select(mask.into()), &[self, other])
    }
}

/// A function of the variables of a tape.
pub type OnTape<'f, F> = dyn for<'t> Fn(&[Var<'t, F>]) -> Vec<Var<'t, F>> + 'f;

/// x brought to a shape by `op`, or x itself if it has the shape, so that nothing is recorded.
#[track_caller]
fn into_shape<A: Algebra>(x: &A, shape: &[usize], op: fn(Shape) -> Op) -> A {
    if x.shape()[..] == *shape { x.clone() } else { A::apply(op(shape.into()), &[x]) }
}

/// `shape` with extent 1 along the given axes.
#[track_caller]
fn kept(mut shape: Shape, axes: &[usize]) -> Shape {
    for &axis in axes {
        assert!(axis < shape.len(), "{shape:?} has no axis {axis}");
        shape[axis] = 1;
    }
    shape
}

/// `shape` without the given axes.
fn dropped(shape: &[usize], axes: &[usize]) -> Shape {
    shape.iter().enumerate().filter(|(axis, _)| !axes.contains(axis)).map(|(_, &n)| n).collect()
}

impl<F: Float> Algebra for Tensor<F> {
    type Elem = F;
    type Context = ();

    fn context(&self) -> Self::Context {}

    fn constant((): (), value: Tensor<F>) -> Self {
        value
    }

    fn value(&self) -> Tensor<F> {
        self.clone()
    }

    fn shape(&self) -> Shape {
        Tensor::shape(self).into()
    }

    fn apply(op: Op, inputs: &[&Self]) -> Self {
        match op.eval(inputs) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    fn on_tape(inputs: &[&Self], f: &OnTape<'_, F>) -> Vec<Self> {
        let tape = Tape::new();
        let vars: Vec<Var<'_, F>> = inputs.iter().map(|&x| tape.var(x.clone())).collect();
        f(&vars).iter().map(Algebra::value).collect()
    }
}

impl<F: Float> Tensor<F> {
    /// 1 where the two are equal or both NaN, else 0, broadcasting.
    #[track_caller]
    pub(crate) fn equal(&self, other: &Self) -> Self {
        let shape = broadcast_shape(Tensor::shape(self), Tensor::shape(other));
        let shape = shape.unwrap_or_else(|| panic!("equal: {:?} and {:?}", self.shape(), other.shape()));
        #[expect(
            clippy::eq_op,
            clippy::needless_bitwise_bool,
            reason = "NaN is not equal to itself; without a branch the loop is vectorised"
        )]
        let equal = |a: F, b: F| (a == b) | ((a != a) & (b != b));
        elementwise::zip(self, other, &shape, |a, b| if equal(a, b) { F::ONE } else { F::ZERO })
    }
}
