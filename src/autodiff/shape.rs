//! The shapes that an operation takes, and the shape of its result.

use super::Op;
use crate::tensor::kernels::elementwise::broadcast_shape;
use crate::tensor::kernels::layout;
use crate::tensor::{Shape, ShapeError};

impl Op {
    /// The shape of the result for inputs of the given shapes.
    ///
    /// # Errors
    /// If the operation cannot be applied to such inputs. The message names the shapes and the
    /// axis.
    pub fn shape(&self, x: &[&[usize]]) -> Result<Shape, ShapeError> {
        let fail = |message: String| Err(ShapeError::new(self.name(), message));
        match self {
            Self::Unary(_) => Ok(x[0].into()),
            Self::Binary(_) => match broadcast_shape(x[0], x[1]) {
                Some(shape) => Ok(shape),
                None => fail(format!("{:?} and {:?}: {}", x[0], x[1], first_conflict(x[0], x[1]))),
            },
            Self::Softmax(axis) | Self::LogSoftmax(axis) => {
                if *axis >= x[0].len() {
                    return fail(no_axis(*axis, x[0]));
                }
                Ok(x[0].into())
            }
            Self::Custom(op) => op.shape(x).or_else(fail),
            Self::Matmul { ta, tb } => self.matmul_shape(x[0], x[1], *ta, *tb),
            Self::Conv2d { .. }
            | Self::Conv2dTranspose { .. }
            | Self::Conv2dKernel { .. }
            | Self::SumPool(_)
            | Self::Spread(..)
            | Self::MaxPool(_)
            | Self::MaxPoolInput(_) => self.pictures_shape(x).or_else(fail),
            Self::GroupNorm(_) | Self::GroupNormInput(_) | Self::GroupNormScale(_) => {
                self.normalise_shape(x).or_else(fail)
            }
            Self::Attention(_) | Self::AttentionGradient(_) => self.attention_shape(x).or_else(fail),
            Self::SumTo(shape) => {
                if broadcast_shape(x[0], shape).as_deref() != Some(x[0]) || shape.len() > x[0].len() {
                    return fail(format!("{:?} cannot be summed to {shape:?}", x[0]));
                }
                Ok(*shape)
            }
            Self::MaxTo(shape) => {
                let fits = shape.len() == x[0].len() && broadcast_shape(x[0], shape).as_deref() == Some(x[0]);
                if !fits {
                    return fail(format!("{:?} has no maximum of shape {shape:?}", x[0]));
                }
                if let Some(axis) = (0..shape.len()).find(|&i| x[0][i] == 0 && shape[i] == 1) {
                    return fail(format!("{:?}: axis {axis} has no elements, so no maximum", x[0]));
                }
                Ok(*shape)
            }
            Self::BroadcastTo(shape) => {
                if broadcast_shape(x[0], shape).as_ref() != Some(shape) {
                    return fail(format!("{:?} does not broadcast to {shape:?}", x[0]));
                }
                Ok(*shape)
            }
            Self::Reshape(shape) => {
                let count = |s: &[usize]| s.iter().product::<usize>();
                if count(shape) != count(x[0]) {
                    let counts = (count(x[0]), count(shape));
                    return fail(format!("{:?} to {shape:?}: {} elements, not {}", x[0], counts.0, counts.1));
                }
                Ok(*shape)
            }
            Self::Permute(order) => {
                let mut sorted = *order;
                sorted.sort_unstable();
                if sorted.len() != x[0].len() || sorted.iter().enumerate().any(|(i, &axis)| i != axis) {
                    return fail(format!("{order:?} is not a permutation of the axes of {:?}", x[0]));
                }
                Ok(layout::permuted_shape(x[0], order))
            }
            Self::Slice(block) => match outside(&block.starts, &block.shape, x[0]) {
                Some(axis) => fail(format!(
                    "the block {:?} at {:?} does not fit into {:?} along axis {axis}",
                    block.shape, block.starts, x[0]
                )),
                None => Ok(block.shape),
            },
            Self::Pad(block) => match outside(&block.starts, x[0], &block.shape) {
                Some(axis) => fail(format!(
                    "the block {:?} at {:?} does not fit into {:?} along axis {axis}",
                    x[0], block.starts, block.shape
                )),
                None => Ok(block.shape),
            },
            Self::Concat(axis) => {
                if *axis >= x[0].len() {
                    return fail(no_axis(*axis, x[0]));
                }
                let rest = |s: &[usize]| [&s[..*axis], &s[*axis + 1..]].concat();
                if let Some(other) = x.iter().find(|s| s.len() != x[0].len() || rest(s) != rest(x[0])) {
                    return fail(format!("{:?} and {other:?} differ in an axis other than {axis}", x[0]));
                }
                let mut shape: Shape = x[0].into();
                shape[*axis] = x.iter().map(|s| s[*axis]).sum();
                Ok(shape)
            }
            Self::Gather { axis, indices } => {
                if *axis >= x[0].len() {
                    return fail(no_axis(*axis, x[0]));
                }
                if let Some(index) = indices.iter().find(|&&i| i >= x[0][*axis]) {
                    return fail(format!("index {index} is outside axis {axis} of {:?}", x[0]));
                }
                let mut shape: Shape = x[0].into();
                shape[*axis] = indices.len();
                Ok(shape)
            }
            Self::ScatterAdd { axis, indices, size } => {
                if x[0].get(*axis) != Some(&indices.len()) {
                    return fail(format!("{} indices for axis {axis} of {:?}", indices.len(), x[0]));
                }
                if let Some(index) = indices.iter().find(|&&i| i >= *size) {
                    return fail(format!("index {index} is outside an axis of extent {size}"));
                }
                let mut shape: Shape = x[0].into();
                shape[*axis] = *size;
                Ok(shape)
            }
            Self::Select(mask) => {
                if x[0] != x[1] || x[0].iter().product::<usize>() != mask.len() {
                    return fail(format!(
                        "{:?} and {:?} under a mask of {} elements",
                        x[0],
                        x[1],
                        mask.len()
                    ));
                }
                Ok(x[0].into())
            }
        }
    }

    fn matmul_shape(&self, a: &[usize], b: &[usize], ta: bool, tb: bool) -> Result<Shape, ShapeError> {
        let flag = |transposed: bool| if transposed { "ᵀ" } else { "" };
        let fail = |why: String| {
            let shapes = format!("{a:?}{} x {b:?}{}", flag(ta), flag(tb));
            Err(ShapeError::new(self.name(), format!("{shapes}: {why}")))
        };
        if a.len() < 2 || b.len() < 2 {
            return fail("both sides need two axes".into());
        }
        let ((a_batch, a), (b_batch, b)) = (a.split_at(a.len() - 2), b.split_at(b.len() - 2));
        if a_batch != b_batch {
            return fail(format!("leading axes {a_batch:?} and {b_batch:?} differ"));
        }
        let (m, k) = if ta { (a[1], a[0]) } else { (a[0], a[1]) };
        let (l, n) = if tb { (b[1], b[0]) } else { (b[0], b[1]) };
        if k != l {
            return fail(format!("inner dimensions {k} and {l} differ"));
        }
        let mut shape: Shape = a_batch.into();
        shape.push(m);
        shape.push(n);
        Ok(shape)
    }
}

/// A description of the first axis, counted from the last, in which two shapes do not broadcast.
fn first_conflict(a: &[usize], b: &[usize]) -> String {
    let pairs = a.iter().rev().zip(b.iter().rev());
    let conflict = pairs.enumerate().find(|&(_, (m, n))| m != n && *m != 1 && *n != 1);
    let (axis, (m, n)) = conflict.expect("the shapes do not broadcast");
    format!("extents {m} and {n} of axis -{} differ, and neither is 1", axis + 1)
}

fn no_axis(axis: usize, shape: &[usize]) -> String {
    format!("{shape:?} has no axis {axis}")
}

/// The first axis along which a block is not inside `whole`.
fn outside(starts: &[usize], block: &[usize], whole: &[usize]) -> Option<usize> {
    if starts.len() != whole.len() || block.len() != whole.len() {
        return Some(whole.len().min(starts.len()).min(block.len()));
    }
    (0..whole.len()).find(|&i| starts[i].checked_add(block[i]).is_none_or(|end| end > whole[i]))
}
