//! The table of gradient rules.
//!
//! For y = op(x_0, x_1, ...) and a scalar L, [`vjp`] gives dL/dx_i from g = dL/dy: the
//! vector-Jacobian products gᵀ ∂y/∂x_i. The rules use the same operations that users call, so on
//! tensors they are numbers, and on variables of a tape they can be differentiated again.

use smallvec::{SmallVec, smallvec};

use super::elementwise::equal;
use super::{Algebra, Attend as _, Axes, Normalise as _, Op, Pictures as _};
use crate::tensor::Tensor;
use crate::tensor::kernels::pool::first_maximum;

/// dL/dx_i for each input; `None` where nobody wants it, or where y is constant in x_i almost everywhere.
pub(super) type Gradients<A> = SmallVec<[Option<A>; 3]>;

/// The gradients dL/dx_i of all inputs from `g` = dL/dy, where y = op(x).
///
/// A rule is the linear map from g to dL/dx_i. Rules of inputs that are not `wanted` are not computed.
pub(super) fn vjp<A: Algebra>(op: &Op, x: &[A], y: &A, g: &A, wanted: &[bool]) -> Gradients<A> {
    // One rule for each input.
    let each = |rules: &[&dyn Fn(A) -> A]| -> Gradients<A> {
        rules.iter().zip(wanted).map(|(rule, wanted)| wanted.then(|| rule(g.clone()))).collect()
    };
    // A rule for the last input; y is constant in the others.
    let last = |rule: &dyn Fn(A) -> A| -> Gradients<A> {
        (1..=x.len()).map(|i| (i == x.len() && wanted[i - 1]).then(|| rule(g.clone()))).collect()
    };
    // A rule for the only input.
    let only = |rule: &dyn Fn(A) -> A| -> Gradients<A> { smallvec![Some(rule(g.clone()))] };
    // All gradients at once.
    let all = |gradients: &[A]| -> Gradients<A> {
        gradients.iter().zip(wanted).map(|(dx, wanted)| wanted.then(|| dx.clone())).collect()
    };

    let (a, b) = (&x[0], &x[x.len().min(2) - 1]);
    let shape = a.shape();
    match op {
        // The rules for one number at a time are in their own table.
        Op::Unary(op) => smallvec![op.vjp(a, y, g.clone())],
        Op::Binary(op) => {
            let sum = |dx: Option<A>, x: &A| dx.map(|dx| dx.sum_to(&x.shape()));
            let [da, db] = op.vjp([a, b], y, g, [wanted[0], wanted[1]]);
            smallvec![sum(da, a), sum(db, b)]
        }

        // One input, along axes.
        Op::Softmax(axis) => only(&|g| {
            let gy = g * y;
            gy.clone() - &(gy.sum_keeping(&[*axis]) * y)
        }),
        Op::LogSoftmax(axis) => only(&|g| g.clone() - &(g.sum_keeping(&[*axis]) * &y.exp())),
        Op::SumTo(_) => only(&|g| g.broadcast_to(&shape)),
        Op::BroadcastTo(_) => only(&|g| g.sum_to(&shape)),
        Op::MaxTo(to) => only(&|g| {
            let is_max = equal(a, y);
            g * &(is_max.clone() / &is_max.sum_to(to))
        }),

        // y = a b  =>  da = g bᵀ, db = aᵀ g; a transposed side has the transposed gradient.
        &Op::Matmul { ta, tb } => {
            each(&[&|g| if ta { b.product(&g, tb, true) } else { g.product(b, false, !tb) }, &|g| {
                if tb { g.product(a, true, ta) } else { a.product(&g, !ta, false) }
            }])
        }

        // <g, conv(a, b)> is linear in each of g, a and b, and each of the three operations is its
        // gradient in one of them.
        Op::Conv2d { window, groups } => each(&[
            &|g| g.conv2d_transpose(b, window, *groups, [shape[1], shape[2]]),
            &|g| a.conv2d_kernel(&g, window, *groups),
            &|g| g.sum_to(&x[2].shape()),
        ]),
        Op::Conv2dTranspose { window, groups, .. } => {
            each(&[&|g| g.conv2d(b, None, window, *groups), &|g| g.conv2d_kernel(a, window, *groups)])
        }
        Op::Conv2dKernel { window, groups } => {
            each(&[&|g| b.conv2d_transpose(&g, window, *groups, [shape[1], shape[2]]), &|g| {
                a.conv2d(&g, None, window, *groups)
            }])
        }
        Op::SumPool(window) => only(&|g| g.spread(window, [shape[1], shape[2]])),
        Op::Spread(window, _) => only(&|g| g.sum_pool(window)),
        Op::MaxPool(window) => only(&|g| a.max_pool_input(y, &g, window)),
        // Where the maximum lies does not change with the pictures.
        Op::MaxPoolInput(window) => last(&|g| {
            let places = first_maximum(&a.value(), &b.value(), window);
            g.reshape(&[g.shape().iter().product()]).gather(0, places).reshape(&b.shape())
        }),

        // <h, group_norm_input(a, scale, g)> is linear in h, scale and g; what it is in a stands beside
        // the operations.
        Op::GroupNorm(groups) => {
            each(&[&|g| a.group_norm_input(b, &g, *groups), &|g| a.group_norm_scale(&g, *groups), &|g| {
                g.sum_to(&x[2].shape())
            }])
        }
        Op::GroupNormInput(groups) => {
            let pulled = |g| a.group_norm_input(&ones(b), &g, *groups);
            each(&[
                &|g| a.group_norm_curvature(&(x[2].clone() * b), &g, *groups),
                &|g| (pulled(g) * &x[2]).sum_to(&b.shape()),
                &|g| pulled(g) * b,
            ])
        }
        Op::GroupNormScale(groups) => each(&[&|g| a.group_norm_input(&g, b, *groups), &|g| {
            a.group_norm(&g, &(g.clone() * 0.0), *groups)
        }]),

        // All inputs' gradients come from one walk over the weights.
        Op::Attention(heads) => all(&A::attention_gradient([a, b, &x[2]], g, heads)),
        Op::AttentionGradient(heads) => all(&A::attention_curvature([a, b, &x[2]], &x[3], g, heads)),

        // Moving numbers: the gradient moves back.
        Op::Reshape(_) => only(&|g| g.reshape(&shape)),
        Op::Permute(order) => only(&|g| {
            let mut back = *order;
            order.iter().enumerate().for_each(|(i, &axis)| back[axis] = i);
            g.permute(&back)
        }),
        Op::Slice(block) => only(&|g| g.pad(&block.starts, &shape)),
        Op::Pad(block) => only(&|g| g.slice(&block.starts, &shape)),
        Op::Concat(axis) => {
            let mut starts = Axes::repeat(0, shape.len());
            let parts = x.iter().zip(wanted).map(|(x, wanted)| {
                let (from, shape) = (starts, x.shape());
                starts[*axis] += shape[*axis];
                wanted.then(|| g.slice(&from, &shape))
            });
            parts.collect()
        }
        Op::Gather { axis, indices } => only(&|g| g.scatter_add(*axis, indices.clone(), shape[*axis])),
        Op::ScatterAdd { axis, indices, .. } => only(&|g| g.gather(*axis, indices.clone())),
        Op::Select(mask) => {
            let zero = |g: &A| A::constant(g.context(), Tensor::zeros(&shape));
            each(&[&|g| g.select(mask.clone(), &zero(&g)), &|g| zero(&g).select(mask.clone(), &g)])
        }
    }
}

/// Ones in the shape of x.
fn ones<A: Algebra>(x: &A) -> A {
    A::constant(x.context(), Tensor::ones(&x.shape()))
}
