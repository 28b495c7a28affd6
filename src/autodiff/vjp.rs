//! The table of gradient rules.
//!
//! For y = op(x_0, x_1, ...) and a scalar L, [`vjp`] computes dL/dx_i from g = dL/dy: the
//! vector-Jacobian products gᵀ ∂y/∂x_i. The rules are written in the same operations that users
//! call. On tensors they only compute; on variables of a tape the gradients are recorded and can be
//! differentiated again.

use super::elementwise::equal;
use super::{Algebra, Attend as _, Axes, Normalise as _, Op, Pictures as _};
use crate::tensor::Tensor;
use crate::tensor::kernels::pool::first_maximum;

/// Passes the gradient dL/dx_i of each input that is `wanted` to `to`, computed from `g` = dL/dy
/// for y = op(x). An input in which y is constant almost everywhere has no gradient.
pub(super) fn vjp<A: Algebra>(
    op: &Op,
    x: &[A],
    y: &A,
    g: A,
    wanted: impl Fn(usize) -> bool,
    mut to: impl FnMut(usize, A),
) {
    let (a, b) = (&x[0], &x[x.len().min(2) - 1]);
    let shape = a.shape();
    // A rule is the linear map from g to dL/dx_i. It runs only if that gradient is wanted.
    let mut dx = |i: usize, rule: &dyn Fn(A) -> A| {
        if wanted(i) {
            to(i, rule(g.clone()));
        }
    };
    match op {
        // Elementwise operations: their rules are in their own table.
        Op::Unary(op) => op.vjp(a, y, g, to),
        Op::Binary(op) => op.vjp([a, b], y, g, wanted, to),

        // One input, along axes.
        Op::Softmax(axis) => dx(0, &|g| {
            let gy = g * y;
            gy.clone() - &(gy.sum_keeping(&[*axis]) * y)
        }),
        Op::LogSoftmax(axis) => dx(0, &|g| g.clone() - &(g.sum_keeping(&[*axis]) * &y.exp())),
        Op::SumTo(_) => dx(0, &|g| g.broadcast_to(&shape)),
        Op::BroadcastTo(_) => dx(0, &|g| g.sum_to(&shape)),
        Op::MaxTo(to) => dx(0, &|g| {
            let is_max = equal(a, y);
            g * &(is_max.clone() / &is_max.sum_to(to))
        }),

        // y = a b  =>  da = g bᵀ, db = aᵀ g; a transposed side has the transposed gradient.
        &Op::Matmul { ta, tb } => {
            dx(0, &|g| if ta { b.product(&g, tb, true) } else { g.product(b, false, !tb) });
            dx(1, &|g| if tb { g.product(a, true, ta) } else { a.product(&g, !ta, false) });
        }

        // <g, conv(a, b)> is linear in each of g, a and b. The three operations are its gradients
        // in these three arguments.
        Op::Conv2d { window, groups } => {
            dx(0, &|g| g.conv2d_transpose(b, window, *groups, [shape[1], shape[2]]));
            dx(1, &|g| a.conv2d_kernel(&g, window, *groups));
            dx(2, &|g| g.sum_to(&x[2].shape()));
        }
        Op::Conv2dTranspose { window, groups, .. } => {
            dx(0, &|g| g.conv2d(b, None, window, *groups));
            dx(1, &|g| g.conv2d_kernel(a, window, *groups));
        }
        Op::Conv2dKernel { window, groups } => {
            dx(0, &|g| b.conv2d_transpose(&g, window, *groups, [shape[1], shape[2]]));
            dx(1, &|g| a.conv2d(&g, None, window, *groups));
        }
        Op::SumPool(window) => dx(0, &|g| g.spread(window, [shape[1], shape[2]])),
        Op::Spread(window, _) => dx(0, &|g| g.sum_pool(window)),
        Op::MaxPool(window) => dx(0, &|g| a.max_pool_input(y, &g, window)),
        // Constant almost everywhere in the pictures and their maxima: the positions of the maxima
        // do not change.
        Op::MaxPoolInput(window) => dx(2, &|g| {
            let maxima = first_maximum(&a.value(), &b.value(), window);
            g.reshape(&[g.shape().iter().product()]).gather(0, maxima).reshape(&b.shape())
        }),

        // <h, group_norm_input(a, scale, g)> is linear in h, scale and g. Its gradient in a is
        // group_norm_curvature.
        Op::GroupNorm(groups) => {
            dx(0, &|g| a.group_norm_input(b, &g, *groups));
            dx(1, &|g| a.group_norm_scale(&g, *groups));
            dx(2, &|g| g.sum_to(&x[2].shape()));
        }
        Op::GroupNormInput(groups) => {
            let pulled = |g| a.group_norm_input(&ones(b), &g, *groups);
            dx(0, &|g| a.group_norm_curvature(&(x[2].clone() * b), &g, *groups));
            dx(1, &|g| (pulled(g) * &x[2]).sum_to(&b.shape()));
            dx(2, &|g| pulled(g) * b);
        }
        Op::GroupNormScale(groups) => {
            dx(0, &|g| a.group_norm_input(&g, b, *groups));
            dx(1, &|g| a.group_norm(&g, &(g.clone() * 0.0), *groups));
        }

        // One pass over the weights gives the gradients of all inputs.
        Op::Attention(heads) => {
            let gradients = A::attention_gradient([a, b, &x[2]], &g, heads);
            gradients.iter().enumerate().for_each(|(i, gradient)| dx(i, &|_| gradient.clone()));
        }
        Op::AttentionGradient(heads) => {
            let gradients = A::attention_curvature([a, b, &x[2]], &x[3], &g, heads);
            gradients.iter().enumerate().for_each(|(i, gradient)| dx(i, &|_| gradient.clone()));
        }

        // Operations that move elements: the gradient moves back.
        Op::Reshape(_) => dx(0, &|g| g.reshape(&shape)),
        Op::Permute(order) => dx(0, &|g| {
            let mut back = *order;
            order.iter().enumerate().for_each(|(i, &axis)| back[axis] = i);
            g.permute(&back)
        }),
        Op::Slice(block) => dx(0, &|g| g.pad(&block.starts, &shape)),
        Op::Pad(block) => dx(0, &|g| g.slice(&block.starts, &shape)),
        Op::Concat(axis) => {
            let mut starts = Axes::repeat(0, shape.len());
            for (i, x) in x.iter().enumerate() {
                dx(i, &|g| g.slice(&starts, &x.shape()));
                starts[*axis] += x.shape()[*axis];
            }
        }
        Op::Gather { axis, indices } => dx(0, &|g| g.scatter_add(*axis, indices.clone(), shape[*axis])),
        Op::ScatterAdd { axis, indices, .. } => dx(0, &|g| g.gather(*axis, indices.clone())),
        Op::Select(mask) => {
            let zero = A::constant(g.context(), Tensor::zeros(&shape));
            dx(0, &|g| g.select(mask.clone(), &zero));
            dx(1, &|g| zero.select(mask.clone(), &g));
        }

        // Operations from outside bring their own rule.
        Op::Custom(op) => {
            let gradients = op.pull_back(x, y, &g);
            gradients.iter().enumerate().for_each(|(i, gradient)| dx(i, &|_| gradient.clone()));
        }
    }
}

/// Ones in the shape of x.
fn ones<A: Algebra>(x: &A) -> A {
    A::constant(x.context(), Tensor::ones(&x.shape()))
}
