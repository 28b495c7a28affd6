//! Convolution, its transpose, and the gradient of its kernel.
//!
//! All three are computed without a matrix of patches. The input is padded with zeros, so that the
//! elements under a row of the window are contiguous, channel after channel. Sums for a few
//! positions times sixteen output channels are kept in registers. Each is one running sum, in an
//! order that depends only on the shapes. 3x3 kernels without a stride, between multiples of
//! sixteen channels, use [Winograd's filtering](winograd) instead, with the same inner loops, if
//! all elements of a picture and of the kernel are finite and below 1024 in magnitude.

mod lines;
mod padded;
#[cfg(test)]
mod tests;
mod tile;
mod winograd;

use super::dispatch::vectorised;
use super::layout::{concatenate, permute, slice};
use crate::tensor::window::Window;
use crate::tensor::{Float, Tensor};
use lines::{Axis, Line};
use padded::Padded;
use tile::{LANES, POSITIONS, ROWS, Run};

/// The number of positions whose inputs and gradients fit into a first-level cache.
const CACHED: usize = 192;

/// A part of a convolution: some of its outputs, and the inputs and weights that they are sums of.
struct Job<F> {
    /// The index of the pair of lines that its positions are on.
    lines: usize,
    /// The first input channel.
    input: usize,
    /// The first output channel, and the number of channels.
    output: (usize, usize),
    runs: Vec<Run>,
    /// The weights, for each element of the runs and output channel.
    kernel: Vec<[F; LANES]>,
    /// The initial values of the sums.
    start: [F; LANES],
}

/// y[n, t, u, o] = b[o] + sum over k, l, c of x[n, t s - p + k d, u s - p + l d, c] w[k, l, c, o],
/// where x is zero outside, and c runs over the channels of o's group.
pub(crate) fn conv2d<F: Float>(
    x: &Tensor<F>,
    w: &Tensor<F>,
    bias: Option<&Tensor<F>>,
    window: &Window,
    groups: usize,
    shape: &[usize],
) -> Tensor<F> {
    let axes = [0, 1].map(|i| lines::forward(window, i, shape[1 + i]));
    let [_, columns, inputs, outputs] = extents(w);
    let weight = |k: [usize; 2], input: usize, output: usize, _: usize| {
        w.as_slice()[((k[0] * columns + k[1]) * inputs + input) * outputs + output]
    };
    let plain = |x: &Tensor<F>, shape: &[usize]| {
        correlate(x, &axes, [inputs, outputs / groups], groups, bias, weight, shape)
    };
    if winograd::fits(&axes, [inputs, outputs], groups) && winograd::within_limit(w) {
        return by_picture(x, shape, |x, shape| winograd::correlate(x, &axes, w, bias, shape), plain);
    }
    plain(x, shape)
}

/// x[n, i, j, c] = sum over k, l, o of y[n, t, u, o] w[k, l, c, o] for all t, u with
/// t s - p + k d = i and u s - p + l d = j: the adjoint of [`conv2d`] in x.
pub(crate) fn conv2d_transpose<F: Float>(
    y: &Tensor<F>,
    w: &Tensor<F>,
    window: &Window,
    groups: usize,
    shape: &[usize],
) -> Tensor<F> {
    let axes = [0, 1].map(|i| lines::transposed(window, i, y.shape()[1 + i], shape[1 + i]));
    let [_, columns, results, inputs] = extents(w);
    let inputs_of_group = inputs / groups;
    let weight = |k: [usize; 2], input: usize, output: usize, group: usize| {
        let (input, output) = (group * inputs_of_group + input, output - group * results);
        w.as_slice()[((k[0] * columns + k[1]) * results + output) * inputs + input]
    };
    let plain = |y: &Tensor<F>, shape: &[usize]| {
        correlate(y, &axes, [inputs_of_group, results], groups, None, weight, shape)
    };
    if winograd::fits(&axes, [inputs, results], groups) && winograd::within_limit(w) {
        let w = permute(w, &[0, 1, 3, 2]);
        return by_picture(y, shape, |y, shape| winograd::correlate(y, &axes, &w, None, shape), plain);
    }
    plain(y, shape)
}

/// Computes pictures with `fast`, and those with elements beyond Winograd's limit with `plain`. So
/// the result of a picture does not depend on the others.
fn by_picture<F: Float>(
    x: &Tensor<F>,
    shape: &[usize],
    fast: impl Fn(&Tensor<F>, &[usize]) -> Tensor<F>,
    plain: impl Fn(&Tensor<F>, &[usize]) -> Tensor<F>,
) -> Tensor<F> {
    if winograd::within_limit(x) {
        return fast(x, shape);
    }
    let [mut input, mut output] = [extents(x), shape.try_into().expect("pictures")];
    (input[0], output[0]) = (1, 1);
    let results: Vec<Tensor<F>> = (0..shape[0])
        .map(|i| {
            let picture = slice(x, &[i, 0, 0, 0], &input);
            if winograd::within_limit(&picture) { fast(&picture, &output) } else { plain(&picture, &output) }
        })
        .collect();
    concatenate(&results.iter().collect::<Vec<_>>(), 0, shape)
}

fn extents<F: Float>(x: &Tensor<F>) -> [usize; 4] {
    x.shape().try_into().expect("the shape was checked")
}

/// Computes the sums over the taps of each pair of lines. `channels` are the inputs and outputs of
/// a group. `weight` takes the tap, the input channel of the group, the output channel, and the
/// group.
fn correlate<F: Float>(
    x: &Tensor<F>,
    axes: &[Axis; 2],
    channels: [usize; 2],
    groups: usize,
    bias: Option<&Tensor<F>>,
    weight: impl Fn([usize; 2], usize, usize, usize) -> F,
    shape: &[usize],
) -> Tensor<F> {
    let mut padded = Padded::new(x, axes);
    let pairs: Vec<[&Line; 2]> =
        axes[0].lines.iter().flat_map(|a| axes[1].lines.iter().map(move |b| [a, b])).collect();
    let mut jobs = Vec::new();
    for (lines, pair) in pairs.iter().enumerate() {
        let runs = padded.runs(*pair, channels[0]);
        for group in 0..groups {
            for first in (0..channels[1]).step_by(LANES) {
                let output = (group * channels[1] + first, LANES.min(channels[1] - first));
                let mut kernel = Vec::with_capacity(runs.iter().map(|run| run.len).sum());
                for &(_, k) in &pair[0].taps {
                    for &(_, l) in &pair[1].taps {
                        kernel
                            .extend((0..channels[0]).map(|input| {
                                lanes(output.1, |j| weight([k, l], input, output.0 + j, group))
                            }));
                    }
                }
                let start = lanes(output.1, |j| bias.map_or(F::ZERO, |b| b.as_slice()[output.0 + j]));
                jobs.push(Job {
                    lines,
                    input: group * channels[0],
                    output,
                    runs: runs.clone(),
                    kernel,
                    start,
                });
            }
        }
    }
    let positions: Vec<_> = pairs.iter().map(|pair| padded.positions(*pair, [shape[1], shape[2]])).collect();
    let outputs = shape[3];
    Tensor::build(shape, |out| {
        let (room, picture) = (padded.count, shape[1] * shape[2] * outputs);
        for (i, out) in out.chunks_mut((room * picture).max(1)).enumerate() {
            let x = padded.fill(x, i * room);
            for job in &jobs {
                let positions = &positions[job.lines];
                let positions = &positions[..positions.len() / room * (out.len() / picture)];
                vectorised(
                    #[inline(always)]
                    || job.run(x, positions, out, outputs),
                );
            }
        }
    })
}

/// The first `count` lanes from `f`; the others are zeros.
fn lanes<F: Float>(count: usize, f: impl Fn(usize) -> F) -> [F; LANES] {
    let mut lanes = [F::ZERO; LANES];
    (0..count).for_each(|j| lanes[j] = f(j));
    lanes
}

impl<F: Float> Job<F> {
    /// Computes the job's channels at the given positions (from, to).
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
    fn run(&self, x: &[F], positions: &[(usize, usize)], out: &mut [F], outputs: usize) {
        let (first, count) = self.output;
        for block in positions.chunks(POSITIONS) {
            // The last block is filled up with copies of its first position, which are not stored.
            let mut from = [block[0].0 + self.input; POSITIONS];
            from.iter_mut().zip(block).for_each(|(from, position)| *from = position.0 + self.input);
            let sums = tile::dot::<F, POSITIONS>(x, from, &self.runs, &self.kernel, self.start);
            for ((_, to), sums) in block.iter().zip(&sums) {
                let out = &mut out[to * outputs + first..][..count];
                match <&mut [F; LANES]>::try_from(&mut *out) {
                    Ok(out) => *out = *sums,
                    Err(_) => out.copy_from_slice(&sums[..count]),
                }
            }
        }
    }
}

/// w[k, l, c, o] = sum over n, t, u of x[n, t s - p + k d, u s - p + l d, c] y[n, t, u, o]: the
/// adjoint of [`conv2d`] in w.
pub(crate) fn conv2d_kernel<F: Float>(
    x: &Tensor<F>,
    y: &Tensor<F>,
    window: &Window,
    groups: usize,
    shape: &[usize],
) -> Tensor<F> {
    let axes = [0, 1].map(|i| lines::forward(window, i, y.shape()[1 + i]));
    let [_, height, width, outputs] = extents(y);
    let (inputs, outputs_of_group) = (shape[2], outputs / groups);
    let fits = winograd::fits(&axes, [inputs, outputs], groups);
    if fits && winograd::within_limit(x) && winograd::within_limit(y) {
        return winograd::kernel_gradient(x, y, &axes, shape);
    }
    let mut padded = Padded::new(x, &axes);
    let pair = [&axes[0].lines[0], &axes[1].lines[0]];
    let runs = padded.runs(pair, inputs);
    let from: Vec<usize> =
        padded.positions(pair, [height, width]).iter().map(|position| position.0).collect();
    let mut gradients: Vec<[F; LANES]> = Vec::new();
    Tensor::build(shape, |out| {
        out.fill(F::ZERO);
        let step = padded.count * height * width * outputs;
        for (i, y) in y.as_slice().chunks(step.max(1)).enumerate() {
            let x = padded.fill(x, i * padded.count);
            for group in 0..groups {
                for first in (0..outputs_of_group).step_by(LANES) {
                    let count = LANES.min(outputs_of_group - first);
                    let first = group * outputs_of_group + first;
                    gradients.clear();
                    gradients.extend(y.chunks_exact(outputs).map(|y| {
                        let y = &y[first..][..count];
                        // If all lanes are used, they are copied as one block, which is faster.
                        y.try_into().unwrap_or_else(|_| lanes(count, |j| y[j]))
                    }));
                    for (from, g) in from.chunks(CACHED).zip(gradients.chunks(CACHED)) {
                        vectorised(
                            #[inline(always)]
                            || add_outer(x, from, group * inputs, &runs, g, out, outputs, (first, count)),
                        );
                    }
                }
            }
        }
    })
}

/// Adds the products at some positions to the kernel's gradient, `out`, for `count` channels from
/// `first` on.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
#[expect(clippy::too_many_arguments, reason = "a loop outside of its closure is easier to read")]
fn add_outer<F: Float>(
    x: &[F],
    from: &[usize],
    input: usize,
    runs: &[Run],
    g: &[[F; LANES]],
    out: &mut [F],
    outputs: usize,
    (first, count): (usize, usize),
) {
    let mut out = out.chunks_exact_mut(outputs);
    for run in runs {
        for i in (0..run.len).step_by(ROWS) {
            let (offset, rows) = (run.offset + input + i, ROWS.min(run.len - i));
            let mut sums = [[F::ZERO; LANES]; ROWS];
            match rows {
                ROWS => tile::outer::<F, ROWS>(x, from, offset, g, &mut sums),
                3 => {
                    let sums = (&mut sums[..3]).try_into().expect("three rows");
                    tile::outer::<F, 3>(x, from, offset, g, sums);
                }
                _ => {
                    for r in 0..rows {
                        let sums = (&mut sums[r..=r]).try_into().expect("a row");
                        tile::outer::<F, 1>(x, from, offset + r, g, sums);
                    }
                }
            }
            for sums in &sums[..rows] {
                let out = &mut out.next().expect("a row for each element of the kernel")[first..][..count];
                for (out, sum) in out.iter_mut().zip(sums) {
                    *out += *sum;
                }
            }
        }
    }
}
