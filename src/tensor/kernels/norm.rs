//! Group normalisation of `[batch, .., channels]`: each group of channels of each example gets mean
//! 0 and variance 1 over all positions.
//!
//! All loops run along the channels. Sums over positions are kept for each channel, and only then
//! added over the channels of a group. So groups of one channel are as fast as one group of all
//! channels.

use super::dispatch::vectorised;
use super::reduce::sum_row;
use crate::tensor::{Float, Tensor};

/// Blocks of this many positions are summed separately first, so that long sums keep their digits.
const BLOCK: usize = 32;

/// The mean and the reciprocal standard deviation of each channel's group, in one example.
struct Moments<F> {
    groups: usize,
    eps: F,
    mean: Vec<F>,
    reciprocal: Vec<F>,
    /// Two sums over positions for each channel: over all positions, and over the current block.
    sums: [Vec<F>; 2],
    block: [Vec<F>; 2],
}

impl<F: Float> Moments<F> {
    fn new(channels: usize, groups: usize, eps: f64) -> Self {
        let zeros = || vec![F::ZERO; channels];
        Self {
            groups,
            eps: F::from_f64(eps),
            mean: zeros(),
            reciprocal: zeros(),
            sums: [zeros(), zeros()],
            block: [zeros(), zeros()],
        }
    }

    /// Sets `sums[0]` to the sums of `f(x, mean)` over positions.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
    fn sum(&mut self, x: &[F], f: impl Fn(F, F) -> F) {
        let (channels, [sums, _], [block, _]) = (self.mean.len(), &mut self.sums, &mut self.block);
        sums.fill(F::ZERO);
        for rows in x.chunks(BLOCK * channels) {
            block.fill(F::ZERO);
            for row in rows.chunks_exact(channels) {
                for ((sum, &x), &mean) in block.iter_mut().zip(row).zip(&self.mean) {
                    *sum += f(x, mean);
                }
            }
            for (sum, &block) in sums.iter_mut().zip(block.iter()) {
                *sum += block;
            }
        }
    }

    /// Sets `sums` to the sums over positions of g and of g (x - mean).
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
    fn sum_gradient(&mut self, x: &[F], g: &[F]) {
        let (channels, [sum_0, sum_1], [block_0, block_1]) =
            (self.mean.len(), &mut self.sums, &mut self.block);
        sum_0.fill(F::ZERO);
        sum_1.fill(F::ZERO);
        for (x, g) in x.chunks(BLOCK * channels).zip(g.chunks(BLOCK * channels)) {
            block_0.fill(F::ZERO);
            block_1.fill(F::ZERO);
            for (x, g) in x.chunks_exact(channels).zip(g.chunks_exact(channels)) {
                let sums = block_0.iter_mut().zip(block_1.iter_mut());
                for ((((s, t), &x), &g), &mean) in sums.zip(x).zip(g).zip(&self.mean) {
                    *s += g;
                    *t = g.mul_add(x - mean, *t);
                }
            }
            for (sum, &block) in sum_0.iter_mut().zip(block_0.iter()) {
                *sum += block;
            }
            for (sum, &block) in sum_1.iter_mut().zip(block_1.iter()) {
                *sum += block;
            }
        }
    }

    /// Computes the moments of one example.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
    fn measure(&mut self, x: &[F]) {
        let width = self.mean.len() / self.groups;
        let count = F::from_f64((x.len() / self.groups) as f64);
        // The mean is computed from differences to a group's first element. They are small if the
        // group is far from zero, and exactly 0 if all its elements are equal.
        for (mean, x) in self.mean.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            mean.fill(x[0]);
        }
        self.sum(x, |x, first| x - first);
        for (mean, sums) in self.mean.chunks_exact_mut(width).zip(self.sums[0].chunks_exact(width)) {
            mean.fill(mean[0] + sum_row(sums) / count);
        }
        self.sum(x, |x, mean| (x - mean) * (x - mean));
        for (r, sums) in self.reciprocal.chunks_exact_mut(width).zip(self.sums[0].chunks_exact(width)) {
            r.fill(F::ONE / (sum_row(sums) / count + self.eps).sqrt());
        }
    }
}

/// y = scale (x - mean) / sqrt(variance + eps) + shift
pub(crate) fn group_norm<F: Float>(
    x: &Tensor<F>,
    scale: &Tensor<F>,
    shift: &Tensor<F>,
    groups: usize,
    eps: f64,
) -> Tensor<F> {
    let channels = scale.len();
    let mut moments = Moments::new(channels, groups, eps);
    let mut factor = vec![F::ZERO; channels];
    Tensor::build(x.shape(), |out| {
        let example = (x.len() / x.shape()[0].max(1)).max(1);
        for (x, y) in x.as_slice().chunks_exact(example).zip(out.chunks_exact_mut(example)) {
            vectorised(
                #[inline(always)]
                || {
                    moments.measure(x);
                    for ((f, &scale), &r) in factor.iter_mut().zip(scale.as_slice()).zip(&moments.reciprocal)
                    {
                        *f = scale * r;
                    }
                    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
                        let channels = moments.mean.iter().zip(&factor).zip(shift.as_slice());
                        for ((y, &x), ((&mean, &factor), &shift)) in y.iter_mut().zip(x).zip(channels) {
                            *y = (x - mean).mul_add(factor, shift);
                        }
                    }
                },
            );
        }
    })
}

/// The gradient of [`group_norm`] in x: with u = scale g, x̂ = (x - mean) / sigma and means over
/// each group, it is (u - mean(u) - x̂ mean(x̂ u)) / sigma.
pub(crate) fn group_norm_input<F: Float>(
    x: &Tensor<F>,
    scale: &Tensor<F>,
    g: &Tensor<F>,
    groups: usize,
    eps: f64,
) -> Tensor<F> {
    let channels = scale.len();
    let (width, scale) = (channels / groups, scale.as_slice());
    let mut moments = Moments::new(channels, groups, eps);
    let [mut of_g, mut of_x, mut constant] = [(); 3].map(|()| vec![F::ZERO; channels]);
    Tensor::build(x.shape(), |out| {
        let example = (x.len() / x.shape()[0].max(1)).max(1);
        let count = F::from_f64((example / groups) as f64);
        let examples = x.as_slice().chunks_exact(example).zip(g.as_slice().chunks_exact(example));
        for ((x, g), dx) in examples.zip(out.chunks_exact_mut(example)) {
            vectorised(
                #[inline(always)]
                || {
                    moments.measure(x);
                    moments.sum_gradient(x, g);
                    let Moments { mean, reciprocal, sums: [sum_g, sum_gx], .. } = &mut moments;
                    for c in 0..channels {
                        of_g[c] = scale[c] * reciprocal[c];
                        sum_g[c] = scale[c] * sum_g[c];
                        sum_gx[c] = of_g[c] * sum_gx[c];
                    }
                    for first in (0..channels).step_by(width) {
                        let group = first..first + width;
                        let r = reciprocal[first];
                        constant[group.clone()].fill(r * (sum_row(&sum_g[group.clone()]) / count));
                        of_x[group.clone()].fill(r * r * (sum_row(&sum_gx[group]) / count));
                    }
                    let rows = x.chunks_exact(channels).zip(g.chunks_exact(channels));
                    for ((x, g), dx) in rows.zip(dx.chunks_exact_mut(channels)) {
                        let channels = mean.iter().zip(&of_g).zip(of_x.iter().zip(&constant));
                        for (((dx, &x), &g), ((&mean, &of_g), (&of_x, &constant))) in
                            dx.iter_mut().zip(x).zip(g).zip(channels)
                        {
                            *dx = g.mul_add(of_g, -(x - mean).mul_add(of_x, constant));
                        }
                    }
                },
            );
        }
    })
}

/// The gradient of [`group_norm`] in the scale: the sum of g x̂ over examples and positions.
pub(crate) fn group_norm_scale<F: Float>(
    x: &Tensor<F>,
    g: &Tensor<F>,
    groups: usize,
    eps: f64,
    shape: &[usize],
) -> Tensor<F> {
    let mut moments = Moments::new(shape[0], groups, eps);
    Tensor::build(shape, |out| {
        out.fill(F::ZERO);
        let example = (x.len() / x.shape()[0].max(1)).max(1);
        for (x, g) in x.as_slice().chunks_exact(example).zip(g.as_slice().chunks_exact(example)) {
            vectorised(
                #[inline(always)]
                || {
                    moments.measure(x);
                    moments.sum_gradient(x, g);
                    for ((out, &sum), &r) in out.iter_mut().zip(&moments.sums[1]).zip(&moments.reciprocal) {
                        *out = sum.mul_add(r, *out);
                    }
                },
            );
        }
    })
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    /// Equal elements have no variance, so their normalised values and gradients are those of
    /// zeros.
    #[test]
    fn equal_elements_far_from_zero_are_normalised_to_zero() {
        for value in [1000.1_f32, -1e7 / 3.0, 1e-3] {
            for shape in [[2, 1, 3], [1, 7, 9], [3, 100, 6]] {
                let (x, channels) = (Tensor::full(&shape, value), shape[2]);
                let (one, zero) = (Tensor::ones(&[channels]), Tensor::zeros(&[channels]));
                for groups in [1, 3, channels] {
                    let y = group_norm(&x, &one, &zero, groups, 1e-5);
                    assert!(
                        y.as_slice().iter().all(|y| *y == 0.0),
                        "{value} in {shape:?}, {groups} groups: {y:?}"
                    );
                    let mut next = 0.3;
                    let g = Tensor::from_fn(&shape, || {
                        next = (next * 97.0_f32).fract();
                        next - 0.5
                    });
                    let origin = Tensor::zeros(&shape);
                    let at_value = group_norm_input(&x, &one, &g, groups, 1e-5);
                    assert_eq!(at_value, group_norm_input(&origin, &one, &g, groups, 1e-5));
                    let scale = group_norm_scale(&x, &g, groups, 1e-5, &[channels]);
                    assert!(scale.as_slice().iter().all(|s| *s == 0.0));
                }
            }
        }
    }

    /// The reference is the definition, computed in double precision.
    #[test]
    fn a_large_mean_costs_few_digits() {
        let mut next = 0.37_f64;
        let x = Tensor::from_fn(&[2, 1024, 12], || {
            next = (next * 997.0).fract();
            (1000.0 + next) as f32
        });
        let (one, zero) = (Tensor::ones(&[12]), Tensor::zeros(&[12]));
        let y = group_norm(&x, &one, &zero, 3, 0.0);
        for n in 0..2 {
            for group in 0..3 {
                let of_group = |t: &Tensor| -> Vec<f64> {
                    let rows = t.as_slice()[n * 1024 * 12..][..1024 * 12].chunks_exact(12);
                    rows.flat_map(|row| &row[4 * group..][..4]).map(|&x| f64::from(x)).collect()
                };
                let (x, y) = (of_group(&x), of_group(&y));
                let mean = x.iter().sum::<f64>() / x.len() as f64;
                let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
                for (x, y) in x.iter().zip(&y) {
                    assert_relative_eq!((x - mean) / variance.sqrt(), *y, epsilon = 2e-3);
                }
            }
        }
    }
}
