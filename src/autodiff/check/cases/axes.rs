//! Operations along axes, matrix products, and operations that move elements.

use super::draw::{between, distinct, either_sign, normal, shape, shrunk, with_ones};
use super::{Case, Problem};
use crate::autodiff::{Algebra, Var};
use crate::random::Stream;
use crate::tensor::Tensor;

/// A function of one normal tensor of rank 1 to 3, and of constants that are drawn for its shape.
fn moving<C: 'static>(
    name: &'static str,
    constants: impl Fn(&mut Stream, &[usize]) -> C + 'static,
    f: impl for<'t> Fn(Var<'t, f64>, &C) -> Var<'t, f64> + Copy + 'static,
) -> Case {
    Case::new(name, move |s| {
        let shape = shape(s, 1, 3);
        let constants = constants(s, &shape);
        Problem::new([normal(s, &shape)], move |x| f(x[0], &constants))
    })
}

/// As [`moving`], for functions with kinks where two elements are equal.
fn ordering<C: 'static>(
    name: &'static str,
    constants: impl Fn(&mut Stream, &[usize]) -> C + 'static,
    f: impl for<'t> Fn(Var<'t, f64>, &C) -> Var<'t, f64> + Copy + 'static,
) -> Case {
    Case::new(name, move |s| {
        let shape = shape(s, 1, 3);
        let constants = constants(s, &shape);
        Problem::new(distinct(s, [&shape]), move |x| f(x[0], &constants))
    })
}

fn axis(s: &mut Stream, shape: &[usize]) -> usize {
    s.below(shape.len())
}

/// One axis, or two, or all.
fn axes(s: &mut Stream, shape: &[usize]) -> Vec<usize> {
    let mut order = s.permutation(shape.len());
    order.truncate(between(s, 1, shape.len()));
    order
}

/// The first index and the extent of a block along each axis.
fn block(s: &mut Stream, shape: &[usize]) -> (Vec<usize>, Vec<usize>) {
    shape
        .iter()
        .map(|&n| {
            let start = s.below(n);
            (start, between(s, 1, n - start))
        })
        .unzip()
}

/// A function along the given axis of a tensor of rank 3, at values of at most the given magnitude.
fn along(
    name: &'static str,
    axis: usize,
    size: f64,
    f: impl for<'t> Fn(&Var<'t, f64>, usize) -> Var<'t, f64> + Copy + 'static,
) -> Case {
    Case::new(name, move |s| {
        let shape = [2, 3, 4].map(|most| between(s, 1, most));
        Problem::new([either_sign(s, &shape, 0.0, size)], move |x| f(&x[0], axis))
    })
}

/// Draws the leading axes of the two sides of a matrix product.
type Leading = fn(&mut Stream) -> [Vec<usize>; 2];

/// A matrix product of sides with the given leading axes.
fn product(transposed: [bool; 2], leading: Leading) -> Case {
    Case::new("matmul", move |s| {
        let [m, k, n] = [0; 3].map(|_| between(s, 1, 4));
        let [a, b] = leading(s);
        let matrix = |rows, columns, transposed| if transposed { [columns, rows] } else { [rows, columns] };
        let a = [a, matrix(m, k, transposed[0]).to_vec()].concat();
        let b = [b, matrix(k, n, transposed[1]).to_vec()].concat();
        let inputs = [normal(s, &a), normal(s, &b)];
        Problem::new(inputs, move |x| x[0].product(&x[1], transposed[0], transposed[1]))
    })
}

/// For all four pairs of flags: two matrices, two equal batches, a batch and one matrix, one matrix
/// and a batch, and batches that broadcast.
fn products() -> impl Iterator<Item = Case> {
    let leading: [Leading; 5] = [
        |_| [vec![], vec![]],
        |s| {
            let batch = shape(s, 1, 2);
            [batch.clone(), batch]
        },
        |s| [shape(s, 1, 2), vec![]],
        |s| [vec![], shape(s, 1, 2)],
        |s| {
            let batch = shape(s, 2, 2);
            [with_ones(s, &batch), with_ones(s, &batch)]
        },
    ];
    let flags = [[false, false], [false, true], [true, false], [true, true]];
    flags.into_iter().flat_map(move |flags| leading.map(|leading| product(flags, leading)))
}

/// Softmax and its logarithm along each axis, with moderate and with large logits.
fn softmaxes() -> impl Iterator<Item = Case> {
    let softmax = [2.0, 30.0]
        .into_iter()
        .flat_map(|size| (0..3).map(move |axis| along("softmax", axis, size, |x, axis| x.softmax(axis))));
    let log_softmax = [2.0, 30.0].into_iter().flat_map(|size| {
        (0..3).map(move |axis| along("log_softmax", axis, size, |x, axis| x.log_softmax(axis)))
    });
    softmax.chain(log_softmax)
}

/// Three parts, one after the other along a drawn axis.
fn concat() -> Case {
    Case::new("concat", |s| {
        let mut shape = shape(s, 1, 3);
        let axis = axis(s, &shape);
        let parts: Vec<Tensor<f64>> = (0..3)
            .map(|_| {
                shape[axis] = between(s, 1, 3);
                normal(s, &shape)
            })
            .collect();
        Problem::new(parts, move |x| Var::concat(&[&x[0], &x[1], &x[2]], axis))
    })
}

fn select() -> Case {
    Case::new("select", |s| {
        let shape = shape(s, 0, 3);
        let mask: Vec<bool> = (0..shape.iter().product()).map(|_| s.below(2) == 0).collect();
        Problem::new([normal(s, &shape), normal(s, &shape)], move |x| x[0].select(mask.clone(), &x[1]))
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = softmaxes().chain(products()).collect();
    cases.extend([
        moving("sum_to", with_ones, |x, to| x.sum_to(to)),
        moving("sum_to", shrunk, |x, to| x.sum_to(to)),
        Case::new("broadcast_to", |s| {
            let whole = shape(s, 1, 3);
            let from = shrunk(s, &whole);
            Problem::new([normal(s, &from)], move |x| x[0].broadcast_to(&whole))
        }),
        ordering("max_to", axes, |x, axes| x.max_over(axes)),
        moving("reshape", axis, |x, &axis| {
            let shape = x.shape();
            x.reshape(&[shape[..axis].iter().product(), shape[axis..].iter().product()])
        }),
        moving("permute", |s, shape| s.permutation(shape.len()), |x, order| x.permute(order)),
        Case::new("permute", |s| {
            // With equal extents, shapes cannot reveal a permutation confused with its inverse.
            let order = if s.below(2) == 0 { [1, 2, 0] } else { [2, 0, 1] };
            Problem::new([normal(s, &[2, 2, 2])], move |x| x[0].permute(&order))
        }),
        moving("slice", block, |x, (starts, shape)| x.slice(starts, shape)),
        Case::new("pad", |s| {
            let whole = shape(s, 1, 3);
            let (starts, shape) = block(s, &whole);
            Problem::new([normal(s, &shape)], move |x| x[0].pad(&starts, &whole))
        }),
        concat(),
        moving(
            "gather",
            |s, shape| {
                let axis = axis(s, shape);
                // One more index than the axis has elements, so that some repeat.
                (axis, (0..=shape[axis]).map(|_| s.below(shape[axis])).collect::<Vec<_>>())
            },
            |x, (axis, indices)| x.gather(*axis, indices.clone()),
        ),
        moving(
            "scatter_add",
            |s, shape| {
                let (axis, size) = (axis(s, shape), between(s, 1, 4));
                (axis, size, (0..shape[axis]).map(|_| s.below(size)).collect::<Vec<_>>())
            },
            |x, (axis, size, indices)| x.scatter_add(*axis, indices.clone(), *size),
        ),
        select(),
    ]);
    cases.extend([
        moving("sum", |_, _| (), |x, ()| x.sum()),
        moving("mean", |_, _| (), |x, ()| x.mean()),
        moving("sum_keeping", axes, |x, axes| x.sum_keeping(axes)),
        moving("sum_over", axes, |x, axes| x.sum_over(axes)),
        moving("mean_over", axes, |x, axes| x.mean_over(axes)),
        ordering("max_over", axes, |x, axes| x.max_over(axes)),
        ordering("min_over", axes, |x, axes| x.min_over(axes)),
        moving(
            "narrow",
            |s, shape| {
                let axis = axis(s, shape);
                let start = s.below(shape[axis]);
                (axis, start, between(s, start + 1, shape[axis]))
            },
            |x, &(axis, start, end)| x.narrow(axis, start, end),
        ),
        Case::new("transpose", |s| {
            let shape = shape(s, 2, 3);
            Problem::new([normal(s, &shape)], |x| x[0].transpose())
        }),
    ]);
    cases
}
