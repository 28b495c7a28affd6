//! Convolution with 3x3 kernels by Winograd's minimal filtering, a quarter of the multiplications.
//!
//! A tile of 4x4 results depends on a patch of 6x6 numbers. Seen as polynomials, patch and kernel are
//! evaluated at the points 0, ±1, ±2 and infinity along both axes, multiplied there, and the results are
//! interpolated: y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A. Summed over channels, the 36 products of numbers become 36
//! products of matrices, one for each pair of points (Lavin & Gray 2016, section 4.3: F(4x4, 3x3)).

mod points;
mod tiles;

use super::super::dispatch::vectorised;
use super::lines::Axis;
use super::tile::{self, LANES, PLACES, Run};
use crate::tensor::{Float, Tensor};
use points::{collect_kernel, collect_tile, evaluate_kernel, evaluate_patch, evaluate_tile};
use tiles::Tiles;

/// Results of a tile along an axis, numbers of a patch along an axis, and numbers of a whole patch.
const TILE: usize = 4;
const PATCH: usize = 6;
const POINTS: usize = PATCH * PATCH;

/// Channels that are transformed at a time: one register.
const WIDTH: usize = 8;

/// Tiles that are multiplied at a time, in a convolution and for the gradient of a kernel.
const CHUNK: usize = 40;
const CHUNK_OF_KERNEL: usize = 64;

/// Whether a convolution is of this kind: one line along each axis, with three taps side by side, and
/// channels for whole registers.
pub(super) fn fits(axes: &[Axis; 2], [inputs, outputs]: [usize; 2], groups: usize) -> bool {
    let dense = |axis: &Axis| {
        let [line] = &axis.lines[..] else { return false };
        line.taps.iter().map(|tap| tap.0).eq(0..3)
            && line.places.iter().enumerate().all(|(i, p)| *p == (i, i))
    };
    groups == 1
        && inputs >= 2 * WIDTH
        && inputs.is_multiple_of(WIDTH)
        && outputs.is_multiple_of(LANES)
        && axes.iter().all(dense)
}

/// y[t, u, o] = b[o] + sum over k, l, c of x[t + k, u + l, c] w[k, l, c, o], with zeros around x; the axes' taps say which
/// row and column of w each k and l is.
pub(super) fn correlate<F: Float>(
    x: &Tensor<F>,
    axes: &[Axis; 2],
    w: &Tensor<F>,
    bias: Option<&Tensor<F>>,
    shape: &[usize],
) -> Tensor<F> {
    let [inputs, outputs] = [w.shape()[2], w.shape()[3]];
    let kernel = kernel_at_points(axes, w);
    let (kernel, _) = kernel.as_slice().as_chunks::<LANES>();
    let zeros = Tensor::zeros(&[outputs]);
    let bias = bias.unwrap_or(&zeros).as_slice();
    let tiles = Tiles::new(x.shape(), shape, axes);
    let count = tiles.count(shape[0]);
    let mut patches = scratch(POINTS * CHUNK * inputs);
    let mut products = scratch(POINTS * CHUNK * outputs);
    let (patches, products) = (patches.as_mut_slice(), products.as_mut_slice());
    Tensor::build(shape, |out| {
        for first in (0..count).step_by(CHUNK) {
            let chunk = first..count.min(first + CHUNK);
            vectorised(
                #[inline(always)]
                || {
                    for (i, tile) in chunk.clone().enumerate() {
                        patch_at_points(x.as_slice(), inputs, &tiles.patch(tile), i, CHUNK, patches);
                    }
                    multiply(patches, kernel, [inputs, outputs], chunk.len(), products);
                    for (i, tile) in chunk.clone().enumerate() {
                        interpolate(products, outputs, i, bias, &tiles.results(tile), out);
                    }
                },
            );
        }
    })
}

/// The gradient of a kernel: w[k, l, c, o] = sum over t, u of x[t + k, u + l, c] y[t, u, o].
pub(super) fn kernel_gradient<F: Float>(
    x: &Tensor<F>,
    y: &Tensor<F>,
    axes: &[Axis; 2],
    shape: &[usize],
) -> Tensor<F> {
    let [inputs, outputs] = [shape[2], shape[3]];
    let tiles = Tiles::new(x.shape(), y.shape(), axes);
    let count = tiles.count(x.shape()[0]);
    let mut patches = scratch(POINTS * CHUNK_OF_KERNEL * inputs);
    let mut gradients = scratch(POINTS * CHUNK_OF_KERNEL * outputs);
    let mut sums = Tensor::zeros(&[POINTS * inputs * outputs]);
    for first in (0..count).step_by(CHUNK_OF_KERNEL) {
        let chunk = first..count.min(first + CHUNK_OF_KERNEL);
        let (patches, sums) = (patches.as_mut_slice(), sums.as_mut_slice());
        let (gradients, _) = gradients.as_mut_slice().as_chunks_mut::<LANES>();
        vectorised(
            #[inline(always)]
            || {
                for (i, tile) in chunk.clone().enumerate() {
                    patch_at_points(x.as_slice(), inputs, &tiles.patch(tile), i, CHUNK_OF_KERNEL, patches);
                    gradient_at_points(y.as_slice(), outputs, &tiles.results(tile), i, gradients);
                }
                add_outer(patches, gradients, [inputs, outputs], chunk.len(), sums);
            },
        );
    }
    Tensor::build(shape, |out| {
        vectorised(
            #[inline(always)]
            || kernel_from_points(sums.as_slice(), inputs * outputs, out),
        );
    })
}

/// Room for numbers that will be written before they are read.
fn scratch<F: Float>(len: usize) -> Tensor<F> {
    Tensor::build(&[len], |_| ())
}

/// The kernel at all points: for each point, block of outputs and input, the block's [`LANES`] numbers.
fn kernel_at_points<F: Float>(axes: &[Axis; 2], w: &Tensor<F>) -> Tensor<F> {
    let [rows, columns] = [0, 1].map(|i| &axes[i].lines[0].taps);
    let [inputs, outputs] = [w.shape()[2], w.shape()[3]];
    let block = inputs * outputs / LANES;
    let mut room = scratch(POINTS * block * LANES);
    let (at_points, _) = room.as_mut_slice().as_chunks_mut::<LANES>();
    let mut of_taps = [[[F::ZERO; LANES]; 3]; 3];
    for o in 0..outputs / LANES {
        for c in 0..inputs {
            for (i, &(_, k)) in rows.iter().enumerate() {
                for (j, &(_, l)) in columns.iter().enumerate() {
                    let first = ((k * w.shape()[1] + l) * inputs + c) * outputs + LANES * o;
                    of_taps[i][j] = w.as_slice()[first..][..LANES].try_into().expect("whole lanes");
                }
            }
            let out = &mut at_points[o * inputs + c..];
            vectorised(
                #[inline(always)]
                || {
                    let mut half = [[[F::ZERO; LANES]; 3]; PATCH];
                    for j in 0..3 {
                        let column = evaluate_kernel(&[of_taps[0][j], of_taps[1][j], of_taps[2][j]]);
                        for i in 0..PATCH {
                            half[i][j] = column[i];
                        }
                    }
                    for (i, half) in half.iter().enumerate() {
                        let row = evaluate_kernel(half);
                        for j in 0..PATCH {
                            out[(i * PATCH + j) * block] = row[j];
                        }
                    }
                },
            );
        }
    }
    room
}

/// The next channels of a pixel.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn load<F: Float>(x: &[F], start: usize) -> [F; WIDTH] {
    x[start..][..WIDTH].try_into().expect("channels for whole registers")
}

/// The numbers of a column.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn column_of<F: Float, const N: usize, const M: usize>(
    rows: &[[[F; WIDTH]; M]; N],
    column: usize,
) -> [[F; WIDTH]; N] {
    let mut numbers = [[F::ZERO; WIDTH]; N];
    for (number, row) in numbers.iter_mut().zip(rows) {
        *number = row[column];
    }
    numbers
}

/// Puts the i-th patch of a chunk, evaluated at all points, into `[points, chunk, channels]`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn patch_at_points<F: Float>(
    x: &[F],
    channels: usize,
    patch: &[[Option<usize>; PATCH]; PATCH],
    i: usize,
    chunk: usize,
    out: &mut [F],
) {
    // Outside of the loop, so that it is filled with zeros but once: every number is written before it is read.
    let mut half = [[[F::ZERO; WIDTH]; PATCH]; PATCH];
    for c in (0..channels).step_by(WIDTH) {
        for (pixels, half) in patch.iter().zip(&mut half) {
            let mut row = [[F::ZERO; WIDTH]; PATCH];
            for (pixel, row) in pixels.iter().zip(&mut row) {
                if let Some(pixel) = pixel {
                    *row = load(x, pixel * channels + c);
                }
            }
            *half = evaluate_patch(&row);
        }
        for column in 0..PATCH {
            let numbers = evaluate_patch(&column_of(&half, column));
            for (row, numbers) in numbers.iter().enumerate() {
                let point = row * PATCH + column;
                out[(point * chunk + i) * channels + c..][..WIDTH].copy_from_slice(numbers);
            }
        }
    }
}

/// Puts the i-th tile of the results' gradients, evaluated at all points, into
/// `[points, channels / LANES, chunk]` of blocks.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn gradient_at_points<F: Float>(
    g: &[F],
    channels: usize,
    results: &[[Option<usize>; TILE]; TILE],
    i: usize,
    out: &mut [[F; LANES]],
) {
    let blocks = channels / LANES;
    let mut half = [[[F::ZERO; WIDTH]; PATCH]; TILE];
    for c in (0..channels).step_by(WIDTH) {
        for (pixels, half) in results.iter().zip(&mut half) {
            let mut row = [[F::ZERO; WIDTH]; TILE];
            for (pixel, row) in pixels.iter().zip(&mut row) {
                if let Some(pixel) = pixel {
                    *row = load(g, pixel * channels + c);
                }
            }
            *half = evaluate_tile(&row);
        }
        for column in 0..PATCH {
            let numbers = evaluate_tile(&column_of(&half, column));
            for (row, numbers) in numbers.iter().enumerate() {
                let point = row * PATCH + column;
                let block = &mut out[(point * blocks + c / LANES) * CHUNK_OF_KERNEL + i];
                block[c % LANES..][..WIDTH].copy_from_slice(numbers);
            }
        }
    }
}

/// The product of patches and kernel at each point.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn multiply<F: Float>(
    patches: &[F],
    kernel: &[[F; LANES]],
    [inputs, outputs]: [usize; 2],
    count: usize,
    products: &mut [F],
) {
    let runs = [Run { offset: 0, len: inputs }];
    for point in 0..POINTS {
        let x = &patches[point * CHUNK * inputs..][..count * inputs];
        let y = &mut products[point * CHUNK * outputs..][..count * outputs];
        for block in 0..outputs / LANES {
            let kernel = &kernel[(point * outputs / LANES + block) * inputs..][..inputs];
            for first in (0..count).step_by(PLACES) {
                // Tiles that are missing in the last block are copies of its first, and not stored.
                let mut from = [first * inputs; PLACES];
                for (r, from) in from.iter_mut().enumerate().take(count - first) {
                    *from = (first + r) * inputs;
                }
                let sums = tile::dot::<F, PLACES>(x, from, &runs, kernel, [F::ZERO; LANES]);
                for (r, sums) in sums.iter().enumerate().take(count - first) {
                    y[(first + r) * outputs + block * LANES..][..LANES].copy_from_slice(sums);
                }
            }
        }
    }
}

/// Puts the i-th tile of a chunk's products where its results belong.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn interpolate<F: Float>(
    products: &[F],
    channels: usize,
    i: usize,
    bias: &[F],
    results: &[[Option<usize>; TILE]; TILE],
    out: &mut [F],
) {
    let mut half = [[[F::ZERO; WIDTH]; TILE]; PATCH];
    for c in (0..channels).step_by(WIDTH) {
        let bias = load(bias, c);
        for (row, half) in half.iter_mut().enumerate() {
            let mut numbers = [[F::ZERO; WIDTH]; PATCH];
            for (column, numbers) in numbers.iter_mut().enumerate() {
                let point = row * PATCH + column;
                *numbers = load(products, (point * CHUNK + i) * channels + c);
            }
            *half = collect_tile(&numbers);
        }
        for column in 0..TILE {
            let numbers = collect_tile(&column_of(&half, column));
            for (pixels, numbers) in results.iter().zip(&numbers) {
                if let Some(pixel) = pixels[column] {
                    let out = &mut out[pixel * channels + c..][..WIDTH];
                    for j in 0..WIDTH {
                        out[j] = numbers[j] + bias[j];
                    }
                }
            }
        }
    }
}

/// Adds the products of patches and gradients at each point, over the tiles of a chunk, to
/// `[points, inputs, outputs]`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn add_outer<F: Float>(
    patches: &[F],
    gradients: &[[F; LANES]],
    [inputs, outputs]: [usize; 2],
    count: usize,
    sums: &mut [F],
) {
    let mut from = [0; CHUNK_OF_KERNEL];
    for (i, from) in from.iter_mut().enumerate() {
        *from = i * inputs;
    }
    let from = &from[..count];
    for point in 0..POINTS {
        let x = &patches[point * CHUNK_OF_KERNEL * inputs..][..count * inputs];
        let sums = &mut sums[point * inputs * outputs..][..inputs * outputs];
        for block in 0..outputs / LANES {
            let g = &gradients[(point * outputs / LANES + block) * CHUNK_OF_KERNEL..][..count];
            let mut c = 0;
            while c < inputs {
                let rows = match inputs - c {
                    0..4 => outer::<F, 2>(x, from, c, g, outputs, block, sums),
                    4..6 => outer::<F, 4>(x, from, c, g, outputs, block, sums),
                    _ => outer::<F, 6>(x, from, c, g, outputs, block, sums),
                };
                c += rows;
            }
        }
    }
}

/// [`add_outer`] of `R` inputs and a block of outputs.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn outer<F: Float, const R: usize>(
    x: &[F],
    from: &[usize],
    input: usize,
    g: &[[F; LANES]],
    outputs: usize,
    block: usize,
    sums: &mut [F],
) -> usize {
    let mut products = [[F::ZERO; LANES]; R];
    tile::outer::<F, R>(x, from, input, g, &mut products);
    for (r, products) in products.iter().enumerate() {
        let sums = &mut sums[(input + r) * outputs + block * LANES..][..LANES];
        for j in 0..LANES {
            sums[j] += products[j];
        }
    }
    R
}

/// From `[points, inputs, outputs]`, of which each point has `count`, to the taps of the kernel.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn kernel_from_points<F: Float>(sums: &[F], count: usize, out: &mut [F]) {
    let mut half = [[[F::ZERO; WIDTH]; 3]; PATCH];
    for c in (0..count).step_by(WIDTH) {
        for (row, half) in half.iter_mut().enumerate() {
            let mut numbers = [[F::ZERO; WIDTH]; PATCH];
            for (column, numbers) in numbers.iter_mut().enumerate() {
                *numbers = load(sums, (row * PATCH + column) * count + c);
            }
            *half = collect_kernel(&numbers);
        }
        for column in 0..3 {
            for (row, numbers) in collect_kernel(&column_of(&half, column)).iter().enumerate() {
                out[(3 * row + column) * count + c..][..WIDTH].copy_from_slice(numbers);
            }
        }
    }
}
