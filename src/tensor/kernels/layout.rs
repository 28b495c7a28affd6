//! Operations that only move elements: permuted axes, slices, padding, concatenation, gathering.

use ndarray::{ArrayViewMutD, IxDyn, Slice};

use crate::tensor::{Float, Shape, Tensor};

/// The shape of a tensor whose axis `i` is `x`'s axis `order[i]`.
pub(crate) fn permuted_shape(shape: &[usize], order: &[usize]) -> Shape {
    order.iter().map(|&axis| shape[axis]).collect()
}

/// `x` with its axes in another order.
pub(crate) fn permute<F: Float>(x: &Tensor<F>, order: &[usize]) -> Tensor<F> {
    let shape = permuted_shape(x.shape(), order);
    Tensor::build(&shape, |out| {
        let mut out = ArrayViewMutD::from_shape(IxDyn(&shape), out).expect("extents agree");
        out.assign(&x.view().permuted_axes(IxDyn(order)));
    })
}

/// The block of `x` that starts at `starts` and has the extents `shape`.
pub(crate) fn slice<F: Float>(x: &Tensor<F>, starts: &[usize], shape: &[usize]) -> Tensor<F> {
    Tensor::build(shape, |out| {
        let view = x.view();
        let block = view.slice_each_axis(|axis| {
            let start = starts[axis.axis.index()];
            Slice::from(start..start + shape[axis.axis.index()])
        });
        ArrayViewMutD::from_shape(IxDyn(shape), out).expect("extents agree").assign(&block);
    })
}

/// `x` inside zeros: it begins at `starts` in a tensor of extents `shape`. The adjoint of
/// [`slice`].
pub(crate) fn pad<F: Float>(x: &Tensor<F>, starts: &[usize], shape: &[usize]) -> Tensor<F> {
    Tensor::build(shape, |out| {
        out.fill(F::ZERO);
        let mut out = ArrayViewMutD::from_shape(IxDyn(shape), out).expect("extents agree");
        out.slice_each_axis_mut(|axis| {
            let i = axis.axis.index();
            Slice::from(starts[i]..starts[i] + x.shape()[i])
        })
        .assign(&x.view());
    })
}

/// The parts concatenated along `axis`.
pub(crate) fn concatenate<F: Float>(parts: &[&Tensor<F>], axis: usize, shape: &[usize]) -> Tensor<F> {
    let inner: usize = shape[axis + 1..].iter().product();
    Tensor::build(shape, |out| {
        let row = shape[axis] * inner;
        let mut start = 0;
        for part in parts {
            let run = part.shape()[axis] * inner;
            if run > 0 {
                for (out, part) in out.chunks_exact_mut(row).zip(part.as_slice().chunks_exact(run)) {
                    out[start..start + run].copy_from_slice(part);
                }
            }
            start += run;
        }
    })
}

/// Calls `copy` for each run of `inner` elements with its offset in the tensor of the indices'
/// extent and its offset in the indexed tensor.
fn runs(outer: usize, count: usize, indices: &[usize], inner: usize, mut copy: impl FnMut(usize, usize)) {
    for o in 0..outer {
        for (i, &index) in indices.iter().enumerate() {
            copy((o * indices.len() + i) * inner, (o * count + index) * inner);
        }
    }
}

/// y[.., i, ..] = x[.., indices[i], ..] along `axis`
pub(crate) fn gather<F: Float>(x: &Tensor<F>, axis: usize, indices: &[usize], shape: &[usize]) -> Tensor<F> {
    let (outer, inner) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    Tensor::build(shape, |out| {
        if (outer, inner) == (1, 1) {
            out.iter_mut().zip(indices).for_each(|(y, &index)| *y = x.as_slice()[index]);
            return;
        }
        runs(outer, x.shape()[axis], indices, inner, |to, from| {
            out[to..to + inner].copy_from_slice(&x.as_slice()[from..from + inner]);
        });
    })
}

/// y[.., indices[i], ..] += x[.., i, ..] along `axis`; y starts at zero. The adjoint of [`gather`].
pub(crate) fn scatter_add<F: Float>(
    x: &Tensor<F>,
    axis: usize,
    indices: &[usize],
    shape: &[usize],
) -> Tensor<F> {
    let (outer, inner) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    Tensor::build(shape, |out| {
        out.fill(F::ZERO);
        runs(outer, shape[axis], indices, inner, |from, to| {
            for (y, &x) in out[to..to + inner].iter_mut().zip(&x.as_slice()[from..from + inner]) {
                *y += x;
            }
        });
    })
}

/// y_i = a_i where the mask is true, else b_i
pub(crate) fn select<F: Float>(mask: &[bool], a: &Tensor<F>, b: &Tensor<F>) -> Tensor<F> {
    Tensor::build(a.shape(), |out| {
        for (((y, &m), &a), &b) in out.iter_mut().zip(mask).zip(a.as_slice()).zip(b.as_slice()) {
            *y = if m { a } else { b };
        }
    })
}
