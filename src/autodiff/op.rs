//! Every differentiable operation.
//!
//! [`Op::shape`] checks shapes, and nothing else does; [`Op::eval`] computes; and the table in
//! `vjp.rs` holds the gradients. Their matches are exhaustive, so an operation that lacks one of
//! the three does not compile. The elementwise operations have their own table, in
//! `elementwise.rs`.

use std::sync::Arc;

use smallvec::SmallVec;

use super::custom::Custom;
use super::elementwise::{Binary, Unary};
use crate::tensor::kernels::{attention, conv, layout, matmul, norm, pool, reduce, softmax};
use crate::tensor::{Float, Mask, Shape, ShapeError, Tensor, Window};

/// A list of axes, or of one index for each axis.
pub type Axes = Shape;

/// An operation: a function of one or more tensors, together with its constants.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// A function of each element.
    Unary(Unary),
    /// A function of the elements of two tensors, broadcasting.
    Binary(Binary),
    /// exp(x_i) / sum_j exp(x_j) along an axis.
    Softmax(usize),
    /// x_i - ln sum_j exp(x_j) along an axis.
    LogSoftmax(usize),

    /// The matrix product of the last two axes, each side optionally transposed; other axes equal.
    Matmul {
        /// Transpose the left side.
        ta: bool,
        /// Transpose the right side.
        tb: bool,
    },
    /// The convolution of pictures x: `[batch, height, width, channels]` with a kernel w:
    /// `[height, width, channels / groups, outputs]`, plus, as a third input, a bias `[outputs]`.
    Conv2d {
        /// How the kernel slides.
        window: Box<Window>,
        /// The number of groups of channels; outputs of a group depend only on its own channels.
        groups: usize,
    },
    /// The adjoint of `Conv2d` in x: from its result and w to pictures of the given height and
    /// width.
    Conv2dTranspose {
        /// How the kernel slides over the result.
        window: Box<Window>,
        /// The number of groups of channels.
        groups: usize,
        /// The height and width of the result.
        size: [usize; 2],
    },
    /// The adjoint of `Conv2d` in w: from x and the result to a kernel.
    Conv2dKernel {
        /// How the kernel slides.
        window: Box<Window>,
        /// The number of groups of channels.
        groups: usize,
    },
    /// The sum under a window at each of its positions; padding counts as zero.
    SumPool(Box<Window>),
    /// The adjoint of `SumPool`, to pictures of the given height and width: each element is added
    /// to every pixel that its window covers.
    Spread(Box<Window>, [usize; 2]),
    /// The maximum under a window at each of its positions, without padding. The first of equal
    /// maxima gets the gradient. The maximum is NaN if an element is NaN, and the first NaN gets
    /// the gradient (in PyTorch the last one does).
    MaxPool(Box<Window>),
    /// The gradient of `MaxPool`, from its input, its result and the result's gradient.
    MaxPoolInput(Box<Window>),

    /// Group normalisation of x: `[batch, .., channels]` with a scale and a shift for each channel:
    /// scale (x - mean) / sigma + shift, where mean and sigma are taken in each example over all
    /// positions and the channels of a group.
    GroupNorm(Groups),
    /// The gradient of `GroupNorm` in x, from x, the scale and the result's gradient.
    GroupNormInput(Groups),
    /// The gradient of `GroupNorm` in the scale, from x and the result's gradient.
    GroupNormScale(Groups),

    /// Scaled dot-product attention: softmax(scale q kᵀ) v in each head, from q:
    /// `[batch, queries, heads * width]`, k: `[batch, keys, kv_heads * width]` and
    /// v: `[batch, keys, kv_heads * value_width]` to `[batch, queries, heads * value_width]`.
    Attention(Arc<Heads>),
    /// The gradients of `Attention` in q, k and v, concatenated in one row, from q, k, v and the
    /// result's gradient.
    AttentionGradient(Arc<Heads>),

    /// The sum over all axes that have extent 1 or are missing in the given shape.
    SumTo(Shape),
    /// Repetition up to the given shape.
    BroadcastTo(Shape),
    /// The maximum over all axes that have extent 1 in the given shape; equal maxima share the
    /// gradient equally. The maximum is NaN if an element is NaN, and the NaNs share the gradient.
    /// An axis of extent 0 has no maximum.
    MaxTo(Shape),

    /// The same elements in another shape.
    Reshape(Shape),
    /// Axes in another order: axis i of the result is axis `order[i]` of x.
    Permute(Axes),
    /// The block of x with the given starts and extents.
    Slice(Box<Block>),
    /// x inside zeros: x begins at the given starts in a tensor of the given extents.
    Pad(Box<Block>),
    /// All inputs concatenated along an axis.
    Concat(usize),
    /// x at the given indices of an axis.
    Gather {
        /// The axis that is indexed.
        axis: usize,
        /// For each index of the result's axis, the index in x.
        indices: Arc<[usize]>,
    },
    /// The sums of those slices of x that have the same index, in an axis of extent `size`.
    ScatterAdd {
        /// The axis that is indexed.
        axis: usize,
        /// For each slice of x, its index in the result.
        indices: Arc<[usize]>,
        /// The extent of the axis in the result.
        size: usize,
    },
    /// a where the mask is true, else b; equal shapes.
    Select(Arc<[bool]>),

    /// An operation from outside of the crate; see [`CustomOp`](super::CustomOp).
    Custom(Custom),
}

/// A block of a tensor: where it begins, and its extents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first index along each axis.
    pub starts: Axes,
    /// The extents of the result.
    pub shape: Shape,
}

/// The groups of channels that are normalised together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Groups {
    /// The number of groups that the channels are divided into.
    pub count: usize,
    /// The constant that is added to the variance: sigma = sqrt(variance + eps).
    pub eps: f64,
}

/// The heads of an attention, and which keys their queries see.
#[derive(Clone, Debug, PartialEq)]
pub struct Heads {
    /// The number of heads.
    pub count: usize,
    /// The number of heads of keys and values, each shared by count / `kv_count` neighbouring heads
    /// (Ainslie et al. 2023).
    pub kv_count: usize,
    /// The factor of the scores.
    pub scale: f64,
    /// Which keys each query sees.
    pub mask: Mask,
}

/// Writes [`Op::name`] and the list of all names from the same lines, so that no name can be
/// missing.
macro_rules! names {
    (match self { $($pattern:pat => $name:literal,)* }) => {
        /// The operation's name in messages.
        pub fn name(&self) -> &'static str {
            match self {
                Self::Unary(op) => op.name(),
                Self::Binary(op) => op.name(),
                Self::Custom(op) => op.name(),
                $($pattern => $name,)*
            }
        }

        /// The name of every operation of this crate.
        pub fn names() -> impl Iterator<Item = &'static str> {
            [Unary::NAMES, Binary::NAMES, &[$($name),*]].into_iter().flatten().copied()
        }
    };
}

impl Op {
    names! {
        match self {
            Self::Softmax(_) => "softmax",
            Self::LogSoftmax(_) => "log_softmax",
            Self::Matmul { .. } => "matmul",
            Self::Conv2d { .. } => "conv2d",
            Self::Conv2dTranspose { .. } => "conv2d_transpose",
            Self::Conv2dKernel { .. } => "conv2d_kernel",
            Self::SumPool(_) => "sum_pool",
            Self::Spread(..) => "spread",
            Self::MaxPool(_) => "max_pool",
            Self::MaxPoolInput(_) => "max_pool_input",
            Self::GroupNorm(_) => "group_norm",
            Self::GroupNormInput(_) => "group_norm_input",
            Self::GroupNormScale(_) => "group_norm_scale",
            Self::Attention(_) => "attention",
            Self::AttentionGradient(_) => "attention_gradient",
            Self::SumTo(_) => "sum_to",
            Self::BroadcastTo(_) => "broadcast_to",
            Self::MaxTo(_) => "max_to",
            Self::Reshape(_) => "reshape",
            Self::Permute(_) => "permute",
            Self::Slice(_) => "slice",
            Self::Pad(_) => "pad",
            Self::Concat(_) => "concat",
            Self::Gather { .. } => "gather",
            Self::ScatterAdd { .. } => "scatter_add",
            Self::Select(_) => "select",
        }
    }

    /// Computes the operation.
    ///
    /// # Errors
    /// As [`Op::shape`].
    pub fn eval<F: Float>(&self, x: &[&Tensor<F>]) -> Result<Tensor<F>, ShapeError> {
        let shapes: SmallVec<[&[usize]; 3]> = x.iter().map(|x| x.shape()).collect();
        let shape = self.shape(&shapes)?;
        Ok(match self {
            Self::Unary(op) => op.eval(x[0]),
            Self::Binary(op) => op.eval(x[0], x[1], &shape),
            Self::Softmax(axis) => softmax::softmax(x[0], *axis),
            Self::LogSoftmax(axis) => softmax::log_softmax(x[0], *axis),
            Self::Matmul { ta, tb } => matmul::matmul(x[0], x[1], [*ta, *tb], &shape),
            Self::Conv2d { window, groups } => {
                conv::conv2d(x[0], x[1], x.get(2).copied(), window, *groups, &shape)
            }
            Self::Conv2dTranspose { window, groups, .. } => {
                conv::conv2d_transpose(x[0], x[1], window, *groups, &shape)
            }
            Self::Conv2dKernel { window, groups } => conv::conv2d_kernel(x[0], x[1], window, *groups, &shape),
            Self::SumPool(window) => pool::sum_pool(x[0], window, &shape),
            Self::Spread(window, _) => pool::spread(x[0], window, &shape),
            Self::MaxPool(window) => pool::max_pool(x[0], window, &shape),
            Self::MaxPoolInput(window) => pool::max_pool_input(x[0], x[1], x[2], window),
            Self::GroupNorm(Groups { count, eps }) => norm::group_norm(x[0], x[1], x[2], *count, *eps),
            Self::GroupNormInput(Groups { count, eps }) => {
                norm::group_norm_input(x[0], x[1], x[2], *count, *eps)
            }
            Self::GroupNormScale(Groups { count, eps }) => {
                norm::group_norm_scale(x[0], x[1], *count, *eps, &shape)
            }
            Self::Attention(heads) => attention::attention([x[0], x[1], x[2]], heads.layout(&shapes), &shape),
            Self::AttentionGradient(heads) => {
                attention::attention_gradient([x[0], x[1], x[2], x[3]], heads.layout(&shapes), &shape)
            }
            Self::SumTo(_) => reduce::sum_to(x[0], &shape),
            Self::BroadcastTo(_) => reduce::broadcast(x[0], &shape),
            Self::MaxTo(_) => reduce::max_to(x[0], &shape),
            Self::Reshape(_) => x[0].reshaped(&shape),
            Self::Permute(order) => layout::permute(x[0], order),
            Self::Slice(block) => layout::slice(x[0], &block.starts, &shape),
            Self::Pad(block) => layout::pad(x[0], &block.starts, &shape),
            Self::Concat(axis) => layout::concatenate(x, *axis, &shape),
            Self::Gather { axis, indices } => layout::gather(x[0], *axis, indices, &shape),
            Self::ScatterAdd { axis, indices, .. } => layout::scatter_add(x[0], *axis, indices, &shape),
            Self::Select(mask) => layout::select(mask, x[0], x[1]),
            Self::Custom(op) => op.eval(x, &shape)?,
        })
    }
}
