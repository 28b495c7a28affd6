//! The table of gradient rules.
//!
//! For y = op(x_0, x_1, ...) and a scalar L, [`vjp`] gives dL/dx_i from g = dL/dy: the
//! vector-Jacobian product gᵀ ∂y/∂x_i. The rules use the same operations that users call, so on
//! tensors they are numbers, and on variables of a tape they can be differentiated again.

use std::f64::consts::PI;

use super::{Algebra, Attend as _, Normalise as _, Op, Pictures as _};
use crate::tensor::Tensor;
use crate::tensor::kernels::pool::first_maximum;

/// dL/dx_i from `g` = dL/dy, where y = op(x); `None` where y is constant in x_i almost everywhere.
///
/// `shared` is empty at first, and keeps what the rules for different i of the same node have in common.
pub(super) fn vjp<A: Algebra>(op: &Op, i: usize, x: &[A], y: &A, g: A, shared: &mut Vec<A>) -> Option<A> {
    let (shape, other) = (x[i].shape(), 1 - i.min(1));
    let dx = match (op, i) {
        // Two inputs. Where one was stretched, its gradient is summed at the end.
        (Op::Add, _) | (Op::Sub, 0) => g,
        (Op::Sub, _) => -g,
        (Op::Mul, _) => g * &x[other],
        (Op::Div, 0) => g / &x[1],
        (Op::Div, _) => -(g * y) / &x[1],
        (Op::Maximum | Op::Minimum, _) => {
            let is_y = equal(&x[i], y);
            let share = is_y.clone() / &(is_y + &equal(&x[other], y));
            g * &share
        }
        (Op::Gate | Op::Signed, 0) => return None,
        (Op::GeluGradient, 0) => {
            let density = (x[0].powi(2) * -0.5).exp() * (2.0 * PI).sqrt().recip();
            g * &x[1] * &(density * &(-x[0].powi(2) + 2.0))
        }
        (Op::GeluGradient, _) => x[0].gelu_gradient(&g),
        (Op::Gate, _) => x[0].gate(&g),
        (Op::Signed, _) => x[0].signed(&g),

        // One input, one number at a time.
        (Op::Neg, _) => -g,
        (Op::AddScalar(_), _) => g,
        (Op::MulScalar(c), _) => g * *c,
        (Op::Powi(0) | Op::Powf(0.0), _) => return None,
        (Op::Powi(1), _) => g,
        (Op::Powi(2), _) => g * &x[0] * 2.0,
        (Op::Powi(n), _) => g * &x[0].powi(n - 1) * f64::from(*n),
        (Op::Powf(p), _) => g * &x[0].powf(p - 1.0) * *p,
        (Op::Sqrt, _) => g / y * 0.5,
        (Op::Exp, _) => g * y,
        (Op::Ln, _) => g / &x[0],
        (Op::Tanh, _) => g * &(-y.powi(2) + 1.0),
        (Op::Sin, _) => g * &x[0].cos(),
        (Op::Cos, _) => -(g * &x[0].sin()),
        (Op::Erf, _) => g * &(-x[0].powi(2)).exp() * (2.0 / PI.sqrt()),
        (Op::Abs, _) => x[0].signed(&g),
        (Op::Relu, _) => x[0].gate(&g),
        (Op::Gelu, _) => x[0].gelu_gradient(&g),
        (Op::Sigmoid, _) => g * &(y.clone() - &y.powi(2)),
        (Op::Softplus, _) => g * &x[0].sigmoid(),

        // One input, along axes.
        (Op::Softmax(axis), _) => {
            let gy = g * y;
            gy.clone() - &(gy.sum_keeping(&[*axis]) * y)
        }
        (Op::LogSoftmax(axis), _) => g.clone() - &(g.sum_keeping(&[*axis]) * &y.exp()),
        (Op::SumTo(_), _) => g.broadcast_to(&shape),
        (Op::BroadcastTo(_), _) => g.sum_to(&shape),
        (Op::MaxTo(to), _) => {
            let is_max = equal(&x[0], y);
            g * &(is_max.clone() / &is_max.sum_to(to))
        }

        // y = a b  =>  da = g bᵀ, db = aᵀ g; a transposed side has the transposed gradient.
        (Op::Matmul { ta: false, tb }, 0) => g.product(&x[1], false, !tb),
        (Op::Matmul { ta: true, tb }, 0) => x[1].product(&g, *tb, true),
        (Op::Matmul { ta, tb: false }, _) => x[0].product(&g, !ta, false),
        (Op::Matmul { ta, tb: true }, _) => g.product(&x[0], true, *ta),

        // <g, conv(x, w)> is linear in each of g, x and w, and each of the three operations is its
        // gradient in one of them.
        (Op::Conv2d { window, groups }, 0) => {
            g.conv2d_transpose(&x[1], window, *groups, [shape[1], shape[2]])
        }
        (Op::Conv2d { window, groups }, 1) => x[0].conv2d_kernel(&g, window, *groups),
        (Op::Conv2d { .. }, _) => g.sum_to(&shape),
        (Op::Conv2dTranspose { window, groups, .. }, 0) => g.conv2d(&x[1], None, window, *groups),
        (Op::Conv2dTranspose { window, groups, .. }, _) => g.conv2d_kernel(&x[0], window, *groups),
        (Op::Conv2dKernel { window, groups }, 0) => {
            x[1].conv2d_transpose(&g, window, *groups, [shape[1], shape[2]])
        }
        (Op::Conv2dKernel { window, groups }, _) => x[0].conv2d(&g, None, window, *groups),
        (Op::SumPool(window), _) => g.spread(window, [shape[1], shape[2]]),
        (Op::Spread(window, _), _) => g.sum_pool(window),
        (Op::MaxPool(window), _) => x[0].max_pool_input(y, &g, window),
        // Where the maximum lies does not change with x.
        (Op::MaxPoolInput(_), 0 | 1) => return None,
        (Op::MaxPoolInput(window), _) => {
            let places = first_maximum(&x[0].value(), &x[1].value(), window);
            g.reshape(&[g.shape().iter().product()]).gather(0, places).reshape(&shape)
        }

        // <h, group_norm_input(x, scale, g)> is linear in h, scale and g; what it is in x stands beside
        // the operations.
        (Op::GroupNorm(groups), 0) => x[0].group_norm_input(&x[1], &g, *groups),
        (Op::GroupNorm(groups), 1) => x[0].group_norm_scale(&g, *groups),
        (Op::GroupNorm(_), _) => g.sum_to(&shape),
        (Op::GroupNormInput(groups), 0) => x[0].group_norm_curvature(&(x[2].clone() * &x[1]), &g, *groups),
        (Op::GroupNormInput(groups), i) => {
            let pulled = x[0].group_norm_input(&ones(&x[1]), &g, *groups);
            (pulled * &x[3 - i]).sum_to(&shape)
        }
        (Op::GroupNormScale(groups), 0) => x[0].group_norm_input(&g, &x[1], *groups),
        (Op::GroupNormScale(groups), _) => {
            let zero = g.clone() * 0.0;
            x[0].group_norm(&g, &zero, *groups)
        }

        // All inputs' gradients come from one walk over the weights.
        (Op::Attention(heads), _) => {
            if shared.is_empty() {
                shared.extend(A::attention_gradient([&x[0], &x[1], &x[2]], &g, heads));
            }
            shared[i].clone()
        }
        (Op::AttentionGradient(heads), _) => {
            if shared.is_empty() {
                shared.extend(A::attention_curvature([&x[0], &x[1], &x[2]], &x[3], &g, heads));
            }
            shared[i].clone()
        }

        // Moving numbers: the gradient moves back.
        (Op::Reshape(_), _) => g.reshape(&shape),
        (Op::Permute(order), _) => {
            let mut back = *order;
            order.iter().enumerate().for_each(|(i, &axis)| back[axis] = i);
            g.permute(&back)
        }
        (Op::Slice(block), _) => g.pad(&block.starts, &shape),
        (Op::Pad(block), _) => g.slice(&block.starts, &shape),
        (Op::Concat(axis), _) => {
            let mut starts = shape;
            starts.fill(0);
            starts[*axis] = x[..i].iter().map(|x| x.shape()[*axis]).sum();
            g.slice(&starts, &shape)
        }
        (Op::Gather { axis, indices }, _) => g.scatter_add(*axis, indices.clone(), shape[*axis]),
        (Op::ScatterAdd { axis, indices, .. }, _) => g.gather(*axis, indices.clone()),
        (Op::Select(mask), i) => {
            let zero = A::constant(g.context(), Tensor::zeros(&shape));
            if i == 0 { g.select(mask.clone(), &zero) } else { zero.select(mask.clone(), &g) }
        }
    };
    Some(if op.broadcasts() { dx.sum_to(&shape) } else { dx })
}

/// 1 where a = b or both are NaN, else 0, in the shape of the two broadcast; a constant.
fn equal<A: Algebra>(a: &A, b: &A) -> A {
    A::constant(a.context(), a.value().equal(&b.value()))
}

/// Ones in the shape of x.
fn ones<A: Algebra>(x: &A) -> A {
    A::constant(x.context(), Tensor::ones(&x.shape()))
}
