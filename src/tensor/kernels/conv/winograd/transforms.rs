//! Kernels, patches, tiles and gradients: their values at all points, along both axes, and back.

use super::super::super::dispatch::vectorised;
use super::super::lines::Axis;
use super::points::{collect_kernel, collect_tile, evaluate_kernel, evaluate_patch, evaluate_tile};
use super::{CHUNK, CHUNK_OF_KERNEL, LANES, PATCH, POINTS, TILE, scratch};
use crate::tensor::{Float, Tensor};

/// The kernel at all points: [`LANES`] values for each point, block of outputs, and input.
pub(super) fn kernel_at_points<F: Float>(axes: &[Axis; 2], w: &Tensor<F>) -> Tensor<F> {
    let [rows, columns] = [0, 1].map(|i| &axes[i].lines[0].taps);
    let [inputs, outputs] = [w.shape()[2], w.shape()[3]];
    let block = inputs * outputs / LANES;
    let mut buffer = scratch(POINTS * block * LANES);
    let (at_points, _) = buffer.as_mut_slice().as_chunks_mut::<LANES>();
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
    buffer
}

/// `WIDTH` channels of a pixel.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn load<F: Float, const WIDTH: usize>(x: &[F], start: usize) -> [F; WIDTH] {
    x[start..][..WIDTH].try_into().expect("channels for whole registers")
}

/// The elements of a column.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn column_of<F: Float, const WIDTH: usize, const ROWS: usize, const COLUMNS: usize>(
    rows: &[[[F; WIDTH]; COLUMNS]; ROWS],
    column: usize,
) -> [[F; WIDTH]; ROWS] {
    let mut elements = [[F::ZERO; WIDTH]; ROWS];
    for (element, row) in elements.iter_mut().zip(rows) {
        *element = row[column];
    }
    elements
}

/// Evaluates the i-th patch of a chunk at all points, into `[points, chunk, channels]`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn patch_at_points<F: Float, const WIDTH: usize>(
    x: &[F],
    channels: usize,
    patch: &[[Option<usize>; PATCH]; PATCH],
    i: usize,
    chunk: usize,
    out: &mut [F],
) {
    // Declared outside of the loop, so that it is set to zero only once. Every element is written
    // before it is read.
    let mut half = [[[F::ZERO; WIDTH]; PATCH]; PATCH];
    for c in (0..channels).step_by(WIDTH) {
        for (pixels, half) in patch.iter().zip(&mut half) {
            let mut row = [[F::ZERO; WIDTH]; PATCH];
            for (pixel, row) in pixels.iter().zip(&mut row) {
                if let Some(pixel) = pixel {
                    *row = load::<F, WIDTH>(x, pixel * channels + c);
                }
            }
            *half = evaluate_patch(&row);
        }
        for column in 0..PATCH {
            let values = evaluate_patch(&column_of(&half, column));
            for (row, values) in values.iter().enumerate() {
                let point = row * PATCH + column;
                out[(point * chunk + i) * channels + c..][..WIDTH].copy_from_slice(values);
            }
        }
    }
}

/// Evaluates the i-th tile of the results' gradients at all points, into blocks
/// `[points, channels / LANES, chunk]`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn gradient_at_points<F: Float, const WIDTH: usize>(
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
                    *row = load::<F, WIDTH>(g, pixel * channels + c);
                }
            }
            *half = evaluate_tile(&row);
        }
        for column in 0..PATCH {
            let values = evaluate_tile(&column_of(&half, column));
            for (row, values) in values.iter().enumerate() {
                let point = row * PATCH + column;
                let block = &mut out[(point * blocks + c / LANES) * CHUNK_OF_KERNEL + i];
                block[c % LANES..][..WIDTH].copy_from_slice(values);
            }
        }
    }
}

/// Interpolates the i-th tile of a chunk's products, and writes its results, plus the bias, to
/// `out`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn interpolate<F: Float, const WIDTH: usize>(
    products: &[F],
    channels: usize,
    i: usize,
    bias: &[F],
    results: &[[Option<usize>; TILE]; TILE],
    out: &mut [F],
) {
    let mut half = [[[F::ZERO; WIDTH]; TILE]; PATCH];
    for c in (0..channels).step_by(WIDTH) {
        let bias = load::<F, WIDTH>(bias, c);
        for (row, half) in half.iter_mut().enumerate() {
            let mut values = [[F::ZERO; WIDTH]; PATCH];
            for (column, value) in values.iter_mut().enumerate() {
                let point = row * PATCH + column;
                *value = load::<F, WIDTH>(products, (point * CHUNK + i) * channels + c);
            }
            *half = collect_tile(&values);
        }
        for column in 0..TILE {
            let sums = collect_tile(&column_of(&half, column));
            for (pixels, sums) in results.iter().zip(&sums) {
                if let Some(pixel) = pixels[column] {
                    let out = &mut out[pixel * channels + c..][..WIDTH];
                    for j in 0..WIDTH {
                        out[j] = sums[j] + bias[j];
                    }
                }
            }
        }
    }
}

/// Interpolates the kernel's taps from sums at the points, `[points, inputs, outputs]`, with
/// `count` sums at each point.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
pub(super) fn kernel_from_points<F: Float, const WIDTH: usize>(sums: &[F], count: usize, out: &mut [F]) {
    let mut half = [[[F::ZERO; WIDTH]; 3]; PATCH];
    for c in (0..count).step_by(WIDTH) {
        for (row, half) in half.iter_mut().enumerate() {
            let mut values = [[F::ZERO; WIDTH]; PATCH];
            for (column, value) in values.iter_mut().enumerate() {
                *value = load::<F, WIDTH>(sums, (row * PATCH + column) * count + c);
            }
            *half = collect_kernel(&values);
        }
        for column in 0..3 {
            for (row, taps) in collect_kernel(&column_of(&half, column)).iter().enumerate() {
                out[(3 * row + column) * count + c..][..WIDTH].copy_from_slice(taps);
            }
        }
    }
}
