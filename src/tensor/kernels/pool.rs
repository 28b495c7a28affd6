//! Pooling: sums and maxima under a window that slides over pictures.

use super::dispatch::vectorised;
use crate::tensor::window::Window;
use crate::tensor::{Float, Tensor};

/// Calls `visit` with (pixel of the result, pixel of the input), in order, for each position of the
/// window and each pixel under it that is not padding.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn visit(window: &Window, input: &[usize], output: &[usize], mut visit: impl FnMut(usize, usize)) {
    // The index along an axis of the window's element k at position t; `None` in the padding.
    let inside = |axis: usize, t: usize, k: usize| {
        let at =
            (t * window.stride[axis] + k * window.dilation[axis]).checked_sub(window.padding[axis][0])?;
        (at < input[1 + axis]).then_some(at)
    };
    let mut result = 0;
    for n in 0..output[0] {
        for t in 0..output[1] {
            for u in 0..output[2] {
                for k in 0..window.kernel[0] {
                    let Some(row) = inside(0, t, k) else { continue };
                    for l in 0..window.kernel[1] {
                        let Some(column) = inside(1, u, l) else { continue };
                        visit(result, (n * input[1] + row) * input[2] + column);
                    }
                }
                result += 1;
            }
        }
    }
}

/// The elements of `x` combined with `f`, from `first` on, into a result of the given shape: those under
/// the window at each position. If `SPREAD`, the window slides over the result instead, and each element
/// of `x` is combined into all that are under the window at its position.
fn combine<F: Float, const SPREAD: bool>(
    x: &Tensor<F>,
    window: &Window,
    shape: &[usize],
    first: F,
    f: impl Fn(F, F) -> F,
) -> Tensor<F> {
    let channels = shape[3];
    let (input, output) = if SPREAD { (shape, x.shape()) } else { (x.shape(), shape) };
    Tensor::build(shape, |out| {
        out.fill(first);
        vectorised(
            #[inline(always)]
            || {
                visit(
                    window,
                    input,
                    output,
                    #[inline(always)]
                    |position, under| {
                        let (to, from) = if SPREAD { (under, position) } else { (position, under) };
                        let x = &x.as_slice()[from * channels..][..channels];
                        out[to * channels..][..channels].iter_mut().zip(x).for_each(|(y, &x)| *y = f(*y, x));
                    },
                );
            },
        );
    })
}

/// y[n, t, u, c] = the sum of x[n, .., .., c] under the window at t, u.
pub(crate) fn sum_pool<F: Float>(x: &Tensor<F>, window: &Window, shape: &[usize]) -> Tensor<F> {
    combine::<F, false>(x, window, shape, F::ZERO, |y, x| y + x)
}

/// x[n, i, j, c] = the sum of y[n, .., .., c] over all positions of the window that cover i, j: the
/// adjoint of [`sum_pool`].
pub(crate) fn spread<F: Float>(y: &Tensor<F>, window: &Window, shape: &[usize]) -> Tensor<F> {
    combine::<F, true>(y, window, shape, F::ZERO, |x, y| x + y)
}

/// y[n, t, u, c] = the largest x[n, .., .., c] under the window at t, u, without padding; NaN if
/// one is NaN.
pub(crate) fn max_pool<F: Float>(x: &Tensor<F>, window: &Window, shape: &[usize]) -> Tensor<F> {
    combine::<F, false>(x, window, shape, F::NEG_INFINITY, F::maximum)
}

/// The gradient of [`max_pool`] in x, from x, its result y and the gradient g of y. Each g is added
/// to the first element under its window that is equal to y, or NaN if y is NaN.
pub(crate) fn max_pool_input<F: Float>(
    x: &Tensor<F>,
    y: &Tensor<F>,
    g: &Tensor<F>,
    window: &Window,
) -> Tensor<F> {
    let channels = y.shape()[3];
    // The gradients that have not been added to an element yet.
    let mut rest = g.clone();
    let rest = rest.as_mut_slice();
    Tensor::build(x.shape(), |out| {
        out.fill(F::ZERO);
        vectorised(
            #[inline(always)]
            || {
                visit(
                    window,
                    x.shape(),
                    y.shape(),
                    #[inline(always)]
                    |to, from| {
                        let x = &x.as_slice()[from * channels..][..channels];
                        let out = &mut out[from * channels..][..channels];
                        let y = &y.as_slice()[to * channels..][..channels];
                        let rest = &mut rest[to * channels..][..channels];
                        #[expect(
                            clippy::eq_op,
                            clippy::needless_bitwise_bool,
                            reason = "NaN is not equal to itself; without a branch the loop is vectorised"
                        )]
                        for ((out, rest), (&x, &y)) in out.iter_mut().zip(rest).zip(x.iter().zip(y)) {
                            // Where x is NaN, y is NaN too.
                            let here = (x == y) | (x != x);
                            *out += if here { *rest } else { F::ZERO };
                            *rest = if here { F::ZERO } else { *rest };
                        }
                    },
                );
            },
        );
    })
}

/// For each element of `y` = [`max_pool`]`(x)`, the index in `x` of the first element under its
/// window that is equal to it, or NaN if it is NaN.
pub(crate) fn first_maximum<F: Float>(x: &Tensor<F>, y: &Tensor<F>, window: &Window) -> Vec<usize> {
    let channels = y.shape()[3];
    let mut indices = vec![usize::MAX; y.len()];
    visit(window, x.shape(), y.shape(), |to, from| {
        for c in 0..channels {
            let (x_at, y_at) = (from * channels + c, to * channels + c);
            let (x, y) = (x.as_slice()[x_at], y.as_slice()[y_at]);
            // Where x is NaN, y is NaN too.
            if indices[y_at] == usize::MAX && (x == y || x.partial_cmp(&x).is_none()) {
                indices[y_at] = x_at;
            }
        }
    });
    indices
}
