//! Convolution with 3x3 kernels by Winograd's minimal filtering, with a quarter of the
//! multiplications.
//!
//! A tile of 4x4 results depends on a patch of 6x6 inputs. Patch and kernel are seen as
//! polynomials: they are evaluated at six [points] along both axes and multiplied there, and the
//! results are interpolated: y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A. Summed over channels, the 36 products
//! become 36 matrix products, one for each pair of points (Lavin & Gray 2016, section 4.3:
//! F(4x4, 3x3)).
//!
//! In `f32` the largest error is about 1e-6 times the largest result, two to three times that of
//! direct sums; a test checks this. Interpolation mixes the results of a tile. An infinity or NaN
//! would spoil all sixteen, and a large input would cost digits in results that do not depend on
//! it. So only inputs below [`LIMIT`] are convolved this way.

mod points;
mod tiles;
mod transforms;

use std::ops::Range;

use super::super::dispatch::{many_registers, vectorised};
use super::lines::Axis;
use super::tile::{self, LANES, Run};
use crate::tensor::{Float, Tensor};
use tiles::Tiles;
use transforms::{gradient_at_points, interpolate, kernel_at_points, kernel_from_points, patch_at_points};

/// The extent of a tile of results.
const TILE: usize = 4;
/// The extent of a patch of inputs.
const PATCH: usize = 6;
/// The number of elements of a patch, and of pairs of points.
const POINTS: usize = PATCH * PATCH;

/// The number of tiles that are multiplied at a time, in a convolution and for a kernel's gradient.
const CHUNK: usize = 40;
const CHUNK_OF_KERNEL: usize = 64;

/// The number of channels whose products are summed separately before they are added to a result,
/// so that results keep their digits.
const BLOCK: usize = 16;

/// Inputs and weights have to be smaller than this in magnitude.
pub(super) const LIMIT: f64 = 1024.0;

/// Whether all elements are below [`LIMIT`] in magnitude. NaN is not.
pub(super) fn within_limit<F: Float>(x: &Tensor<F>) -> bool {
    let limit = F::from_f64(LIMIT);
    vectorised(
        #[inline(always)]
        || x.as_slice().chunks(1024).all(|block| block.iter().fold(true, |all, x| all & (x.abs() < limit))),
    )
}

/// Whether a convolution can be computed here: one line along each axis, with three adjacent taps,
/// and inputs and outputs in multiples of [`LANES`].
pub(super) fn fits(axes: &[Axis; 2], [inputs, outputs]: [usize; 2], groups: usize) -> bool {
    let dense = |axis: &Axis| {
        let [line] = &axis.lines[..] else { return false };
        line.taps.iter().map(|tap| tap.0).eq(0..3)
            && line.positions.iter().enumerate().all(|(i, p)| *p == (i, i))
    };
    groups == 1
        && inputs > 0
        && inputs.is_multiple_of(LANES)
        && outputs.is_multiple_of(LANES)
        && axes.iter().all(dense)
}

/// y[t, u, o] = b[o] + sum over k, l, c of x[t + k, u + l, c] w[k, l, c, o], with zeros around x.
/// The axes' taps give the row and column of w for each k and l.
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
    let tiles = Tiles::new(x.shape(), shape, axes);
    let bias = bias.unwrap_or(&zeros).as_slice();
    let convolution = Convolution { x: x.as_slice(), kernel, bias, channels: [inputs, outputs], tiles };
    let mut patches = scratch(POINTS * CHUNK * inputs);
    let mut products = scratch(POINTS * CHUNK * outputs);
    let (patches, products) = (patches.as_mut_slice(), products.as_mut_slice());
    let count = tiles.count(shape[0]);
    Tensor::build(shape, |out| {
        for first in (0..count).step_by(CHUNK) {
            let chunk = first..count.min(first + CHUNK);
            vectorised(
                #[inline(always)]
                || {
                    if many_registers() {
                        convolution.chunk::<10, 16>(chunk, patches, products, out);
                    } else {
                        convolution.chunk::<5, 8>(chunk, patches, products, out);
                    }
                },
            );
        }
    })
}

/// The operands of a convolution; the kernel is the result of [`kernel_at_points`].
struct Convolution<'a, F> {
    x: &'a [F],
    kernel: &'a [[F; LANES]],
    bias: &'a [F],
    channels: [usize; 2],
    tiles: Tiles,
}

impl<F: Float> Convolution<'_, F> {
    /// Computes the results of some tiles, `TILES` tiles times [`LANES`] outputs in registers.
    /// `WIDTH` channels, those of a register, are transformed at a time. The bits of the results
    /// depend on neither.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
    fn chunk<const TILES: usize, const WIDTH: usize>(
        &self,
        tiles: Range<usize>,
        patches: &mut [F],
        products: &mut [F],
        out: &mut [F],
    ) {
        let [inputs, outputs] = self.channels;
        for (i, tile) in tiles.clone().enumerate() {
            let patch = self.tiles.patch(tile);
            patch_at_points::<F, WIDTH>(self.x, inputs, &patch, i, CHUNK, patches);
        }
        multiply::<F, TILES>(patches, self.kernel, self.channels, tiles.len(), products);
        for (i, tile) in tiles.enumerate() {
            interpolate::<F, WIDTH>(products, outputs, i, self.bias, &self.tiles.results(tile), out);
        }
    }
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
    let gradient = KernelGradient { x: x.as_slice(), y: y.as_slice(), channels: [inputs, outputs], tiles };
    let mut patches = scratch(POINTS * CHUNK_OF_KERNEL * inputs);
    let mut gradients = scratch(POINTS * CHUNK_OF_KERNEL * outputs);
    let mut sums = Tensor::zeros(&[POINTS * inputs * outputs]);
    let count = tiles.count(x.shape()[0]);
    for first in (0..count).step_by(CHUNK_OF_KERNEL) {
        let chunk = first..count.min(first + CHUNK_OF_KERNEL);
        let (patches, sums) = (patches.as_mut_slice(), sums.as_mut_slice());
        let (gradients, _) = gradients.as_mut_slice().as_chunks_mut::<LANES>();
        vectorised(
            #[inline(always)]
            || {
                if many_registers() {
                    gradient.add_chunk::<11, 16>(chunk, patches, gradients, sums);
                } else {
                    gradient.add_chunk::<6, 8>(chunk, patches, gradients, sums);
                }
            },
        );
    }
    Tensor::build(shape, |out| {
        vectorised(
            #[inline(always)]
            || kernel_from_points::<F, LANES>(sums.as_slice(), inputs * outputs, out),
        );
    })
}

/// The operands of a kernel's gradient.
struct KernelGradient<'a, F> {
    x: &'a [F],
    y: &'a [F],
    channels: [usize; 2],
    tiles: Tiles,
}

impl<F: Float> KernelGradient<'_, F> {
    /// Adds the gradient at all points of some tiles, `ROWS` inputs times [`LANES`] outputs in
    /// registers. `WIDTH` channels, those of a register, are transformed at a time. The bits of the
    /// sums depend on neither.
    ///
    /// If `ROWS` is a multiple of four, the compiler shuffles inputs instead of broadcasting them,
    /// which is fifty times slower.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
    fn add_chunk<const ROWS: usize, const WIDTH: usize>(
        &self,
        tiles: Range<usize>,
        patches: &mut [F],
        gradients: &mut [[F; LANES]],
        sums: &mut [F],
    ) {
        let [inputs, outputs] = self.channels;
        for (i, tile) in tiles.clone().enumerate() {
            let patch = self.tiles.patch(tile);
            patch_at_points::<F, WIDTH>(self.x, inputs, &patch, i, CHUNK_OF_KERNEL, patches);
            gradient_at_points::<F, WIDTH>(self.y, outputs, &self.tiles.results(tile), i, gradients);
        }
        add_outer::<F, ROWS>(patches, gradients, self.channels, tiles.len(), sums);
    }
}

/// A buffer of unspecified values, which have to be written before they are read.
fn scratch<F: Float>(len: usize) -> Tensor<F> {
    Tensor::build(&[len], |_| ())
}

/// The product of patches and kernel at each point.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn multiply<F: Float, const TILES: usize>(
    patches: &[F],
    kernel: &[[F; LANES]],
    [inputs, outputs]: [usize; 2],
    count: usize,
    products: &mut [F],
) {
    for point in 0..POINTS {
        let x = &patches[point * CHUNK * inputs..][..count * inputs];
        let y = &mut products[point * CHUNK * outputs..][..count * outputs];
        for block in 0..outputs / LANES {
            let kernel = &kernel[(point * outputs / LANES + block) * inputs..][..inputs];
            for first in (0..count).step_by(TILES) {
                // The last block is filled up with copies of its first tile, which are not stored.
                let mut from = [first * inputs; TILES];
                for (r, from) in from.iter_mut().enumerate().take(count - first) {
                    *from = (first + r) * inputs;
                }
                let mut sums = [[F::ZERO; LANES]; TILES];
                for (i, kernel) in kernel.chunks_exact(BLOCK).enumerate() {
                    let run = [Run { offset: BLOCK * i, len: BLOCK }];
                    let terms = tile::dot::<F, TILES>(x, from, &run, kernel, [F::ZERO; LANES]);
                    for (sums, terms) in sums.iter_mut().zip(&terms) {
                        for j in 0..LANES {
                            sums[j] += terms[j];
                        }
                    }
                }
                for (r, sums) in sums.iter().enumerate().take(count - first) {
                    y[(first + r) * outputs + block * LANES..][..LANES].copy_from_slice(sums);
                }
            }
        }
    }
}

/// Adds the products of patches and gradients at each point, summed over the tiles of a chunk, to
/// `[points, inputs, outputs]`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn add_outer<F: Float, const ROWS: usize>(
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
            for c in (0..inputs).step_by(ROWS) {
                // The last block begins early, and skips the inputs that were already added.
                let first = c.min(inputs - ROWS);
                let mut products = [[F::ZERO; LANES]; ROWS];
                tile::outer::<F, ROWS>(x, from, first, g, &mut products);
                for (r, products) in products.iter().enumerate().skip(c - first) {
                    let sums = &mut sums[(first + r) * outputs + block * LANES..][..LANES];
                    for j in 0..LANES {
                        sums[j] += products[j];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;
    use crate::random::{Purpose, Stream};
    use crate::tensor::Window;

    /// The results of a convolution and the gradient of its kernel at all points.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
    fn compute<const TILES: usize, const ROWS: usize, const WIDTH: usize>(
        convolution: &Convolution<f32>,
        gradient: &KernelGradient<f32>,
        tiles: usize,
        results: usize,
    ) -> [Vec<f32>; 2] {
        let [inputs, outputs] = convolution.channels;
        let mut patches = vec![0.0; POINTS * CHUNK_OF_KERNEL * inputs];
        let mut products = vec![0.0; POINTS * CHUNK * outputs];
        let mut gradients = vec![[0.0; LANES]; POINTS * CHUNK_OF_KERNEL * outputs / LANES];
        let (mut out, mut sums) = (vec![0.0; results], vec![0.0; POINTS * inputs * outputs]);
        for first in (0..tiles).step_by(CHUNK) {
            let chunk = first..tiles.min(first + CHUNK);
            convolution.chunk::<TILES, WIDTH>(chunk, &mut patches, &mut products, &mut out);
        }
        for first in (0..tiles).step_by(CHUNK_OF_KERNEL) {
            let chunk = first..tiles.min(first + CHUNK_OF_KERNEL);
            gradient.add_chunk::<ROWS, WIDTH>(chunk, &mut patches, &mut gradients, &mut sums);
        }
        [out, sums]
    }

    /// The bits do not depend on the block sizes in registers or on the instructions. With 21
    /// results along each axis the last block of tiles is incomplete, and with these numbers of
    /// inputs the last block of inputs.
    #[test]
    fn bits_do_not_depend_on_registers() {
        let stream = &mut Stream::new(0, Purpose::Data);
        let mut normal = |shape: &[usize]| Tensor::from_fn(shape, || stream.normal() as f32);
        for inputs in [16, 32, 48] {
            let (x, y) = (normal(&[2, 21, 21, inputs]), normal(&[2, 21, 21, 16]));
            let (w, bias) = (normal(&[3, 3, inputs, 16]), normal(&[16]));
            let window = Window::new([3, 3]).same();
            let axes = [0, 1].map(|i| lines::forward(&window, i, 21));
            let tiles = Tiles::new(x.shape(), y.shape(), &axes);
            let channels = [inputs, 16];
            let kernel = kernel_at_points(&axes, &w);
            let (kernel, _) = kernel.as_slice().as_chunks::<LANES>();
            let convolution = Convolution { x: x.as_slice(), kernel, bias: bias.as_slice(), channels, tiles };
            let gradient = KernelGradient { x: x.as_slice(), y: y.as_slice(), channels, tiles };
            let (count, results) = (tiles.count(2), y.len());
            let plain = compute::<5, 6, 8>(&convolution, &gradient, count, results);
            assert_eq!(compute::<10, 11, 16>(&convolution, &gradient, count, results), plain);
            let wide = vectorised(
                #[inline(always)]
                || compute::<10, 11, 16>(&convolution, &gradient, count, results),
            );
            let narrow = vectorised(
                #[inline(always)]
                || compute::<5, 6, 8>(&convolution, &gradient, count, results),
            );
            assert_eq!([wide, narrow], [plain.clone(), plain.clone()]);
            assert_eq!(correlate(&x, &axes, &w, Some(&bias), y.shape()).as_slice(), &plain[0]);
            let mut at_taps = vec![0.0; w.len()];
            kernel_from_points::<f32, LANES>(&plain[1], inputs * 16, &mut at_taps);
            assert_eq!(kernel_gradient(&x, &y, &axes, w.shape()).as_slice(), &at_taps);
        }
    }
}
