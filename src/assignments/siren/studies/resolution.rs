//! Super-resolution and inpainting: networks that fill in pixels which they were not trained on.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};

use super::demonstration::Demonstration;
use crate::assignments::siren::problem::colors;
use crate::assignments::siren::{Network, PixelRegression, report};
use crate::autodiff::Algebra;
use crate::experiment::Error;
use crate::metrics::psnr;
use crate::nn::{Module as _, Pass};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// The factor by which width and height of the picture are larger than those that the network is
/// trained on.
const FACTOR: usize = 4;
/// The share of pixels that are known in inpainting.
const KNOWN: f64 = 0.1;
/// A small constant that makes the norm of a gradient differentiable at 0.
const ROUNDING: f64 = 1e-2;

/// The training objective for incomplete pictures. Each known value is the mean of the picture over
/// a few points. The loss is the mean squared error of these means, plus smoothness times the mean
/// of sqrt(|gradient|² + rounding²), the total variation (Rudin, Osher & Fatemi 1992).
struct Sparse {
    /// The coordinates of the points of each mean: `[means, 2 points]`.
    coordinates: Tensor,
    /// The means: `[means, channels]`.
    colors: Tensor,
    /// The coordinates of points at which the picture should be smooth, listed for each mean:
    /// `[means, 2 points]`.
    between: Tensor,
    smoothness: f64,
}

impl Objective for Sparse {
    type Model = Network;

    fn examples(&self) -> usize {
        self.colors.shape()[0]
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Network<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        let (count, channels) = (shard.examples.len(), self.colors.shape()[1]);
        let rows = |coordinates: &Tensor| {
            let all = coordinates.gather(0, shard.examples);
            let rows = all.len() / 2;
            all.reshape(&[rows, 2])
        };
        let x = pass.constant(rows(&self.coordinates));
        let each = x.shape()[0] / count;
        let found = model.forward(&x, pass).reshape(&[count, each, channels]).mean_over(&[1]);
        let target = pass.constant(self.colors.gather(0, shard.examples));
        let error = (found.reshape(&[count, channels]) - &target).powi(2).sum() * (1.0 / channels as f64);
        if self.smoothness == 0.0 {
            return error;
        }
        let between = pass.constant(rows(&self.between));
        let weight = self.smoothness * count as f64 / (between.shape()[0] * channels) as f64;
        let (_, slopes) = model.siren().value_and_gradient(&between, pass);
        let squares = slopes.iter().map(|d| d.powi(2)).reduce(|sum, d| sum + &d).expect("two slopes");
        error + &((squares + ROUNDING * ROUNDING).sqrt().sum() * weight)
    }
}

/// Trains networks on the picture at a quarter of its width and height. Draws them at full size
/// next to the small picture, enlarged by several filters.
pub(crate) fn super_resolution(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let [width, height] = demo.picture.size;
    if width % FACTOR != 0 || height % FACTOR != 0 {
        let message = format!("{width} x {height} pixels are not multiples of {FACTOR}: give another --size");
        return Err(Error::Usage(message));
    }
    let small = Small::new(&demo.picture, &demo.truth);
    let mut tiles = vec![("original".to_owned(), demo.truth.clone())];
    for (filter, name, metric) in [
        (FilterType::Nearest, "nearest", "psnr_nearest_db"),
        (FilterType::CatmullRom, "bicubic", "psnr_bicubic_db"),
        (FilterType::Lanczos3, "Lanczos", "psnr_lanczos_db"),
    ] {
        let fit = resized(&small.truth, small.size, [width, height], filter);
        tiles.push(compared(demo, metric, name, fit, &<[f32]>::to_vec));
    }
    let smooth = demo.config.smoothness;
    for (at_areas, smoothness, name, metric) in [
        (false, 0.0, "SIREN, pixel centres", "psnr_sines_db"),
        (true, 0.0, "SIREN, pixel areas", "psnr_sines_areas_db"),
        (true, smooth, "SIREN, pixel areas, TV", "psnr_sines_smooth_db"),
    ] {
        let problem = Sparse {
            coordinates: if at_areas { small.areas.clone() } else { small.centres.clone() },
            colors: small.colors.clone(),
            between: small.between.clone(),
            smoothness,
        };
        let (network, _) = demo.train(name, &demo.config, &problem)?;
        let fit = colors(&network, &demo.picture.coordinates)?;
        tiles.push(compared(demo, metric, name, fit, &<[f32]>::to_vec));
    }
    let title = format!("Super-resolution, scale factor {FACTOR}");
    demo.save("super-resolution", &report::gallery(&title, [width, height], &tiles, 4).into())
}

/// Measures the signal-to-noise ratio of a part of a picture, and returns the picture with a
/// caption.
fn compared(
    demo: &mut Demonstration<'_>,
    metric: &'static str,
    name: &str,
    fit: Vec<f32>,
    part: &dyn Fn(&[f32]) -> Vec<f32>,
) -> (String, Vec<f32>) {
    let fit: Vec<f32> = fit.into_iter().map(|y| y.clamp(0.0, 1.0)).collect();
    let ratio = psnr(&part(&fit), &part(&demo.truth));
    demo.measured(metric, ratio);
    (format!("{name}: PSNR {ratio:.2} dB"), fit)
}

/// A reduced picture. Each pixel is the mean of a square of pixels of the original.
struct Small {
    size: [usize; 2],
    /// The colours from 0 to 1, in steps of 1/255 as in a file: one plane of pixels for each
    /// channel.
    truth: Vec<Vec<f32>>,
    /// The colours from -1 to 1: `[pixels, channels]`.
    colors: Tensor,
    /// The coordinates of all original pixels of each square: `[pixels, 2 points]`.
    areas: Tensor,
    /// The coordinates of the centre of each square: `[pixels, 2]`.
    centres: Tensor,
    /// The coordinates of one original pixel in each quarter of a square: `[pixels, 2 points]`.
    between: Tensor,
}

impl Small {
    fn new(picture: &PixelRegression, truth: &[f32]) -> Self {
        let [width, height] = picture.size.map(|extent| extent / FACTOR);
        let channels = picture.colors.shape()[1];
        let area = (FACTOR * FACTOR) as f32;
        let square = |k: usize| {
            let corner = FACTOR * (k / width) * picture.size[0] + FACTOR * (k % width);
            (0..FACTOR * FACTOR).map(move |i| corner + i / FACTOR * picture.size[0] + i % FACTOR)
        };
        let mean = |k: usize, channel: usize| {
            let sum: f32 = square(k).map(|pixel| truth[channels * pixel + channel]).sum();
            (255.0 * sum / area).round() / 255.0
        };
        let count = width * height;
        let planes: Vec<Vec<f32>> =
            (0..channels).map(|channel| (0..count).map(|k| mean(k, channel)).collect()).collect();
        let colors = (0..count).flat_map(|k| planes.iter().map(move |plane| 2.0 * plane[k] - 1.0)).collect();
        let coordinates = picture.coordinates.as_slice();
        let position = |pixel: usize| [coordinates[2 * pixel], coordinates[2 * pixel + 1]];
        let all: Vec<f32> = (0..count).flat_map(|k| square(k).flat_map(position)).collect();
        let middle = |k: usize| {
            let sum = square(k).map(position).fold([0.0; 2], |sum, at| [sum[0] + at[0], sum[1] + at[1]]);
            sum.map(|s| s / area)
        };
        let between = (0..count).flat_map(|k| {
            let pixels: Vec<usize> = square(k).collect();
            [0, 2, 8, 10].map(|i| position(pixels[i])).concat()
        });
        let tensor =
            |values: Vec<f32>| Tensor::from_vec(&[count, values.len() / count], values).expect("all");
        Self {
            size: [width, height],
            truth: planes,
            colors: tensor(colors),
            centres: tensor((0..count).flat_map(middle).collect()),
            between: tensor(between.collect()),
            areas: tensor(all),
        }
    }
}

/// Resizes the planes of a picture, and returns its pixels with interleaved channels.
fn resized(planes: &[Vec<f32>], from: [usize; 2], to: [usize; 2], filter: FilterType) -> Vec<f32> {
    let resize = |plane: &Vec<f32>| {
        let [width, height] = from.map(|extent| extent as u32);
        let plane: ImageBuffer<Luma<f32>, Vec<f32>> =
            ImageBuffer::from_raw(width, height, plane.clone()).expect("all pixels");
        imageops::resize(&plane, to[0] as u32, to[1] as u32, filter).into_raw()
    };
    interleaved(&planes.iter().map(resize).collect::<Vec<_>>())
}

/// The pixels of a picture with interleaved channels, from its planes.
fn interleaved(planes: &[Vec<f32>]) -> Vec<f32> {
    (0..planes[0].len()).flat_map(|k| planes.iter().map(move |plane| plane[k])).collect()
}

/// Trains networks on a tenth of the picture's pixels, and compares the filled-in pictures with
/// diffusion.
pub(crate) fn inpainting(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let channels = demo.picture.colors.shape()[1];
    let pixels = demo.picture.coordinates.shape()[0];
    if pixels < 2 {
        return Err(Error::Usage(
            "a picture of one pixel has nothing to fill in: give a larger --size".into(),
        ));
    }
    let order = Stream::new(demo.config.seed, Purpose::Split).permutation(pixels);
    let count = ((KNOWN * pixels as f64) as usize).max(1);
    let known = &order[..count];
    let mut is_known = vec![false; pixels];
    known.iter().for_each(|&pixel| is_known[pixel] = true);
    // The points where the picture should be smooth are all pixels, distributed among the known
    // ones.
    let each = pixels / count;
    let between = demo.picture.coordinates.gather(0, &order[..count * each]).reshape(&[count, 2 * each]);

    let planes: Vec<Vec<f32>> = (0..channels)
        .map(|c| {
            let plane: Vec<f32> = demo.truth.iter().skip(c).step_by(channels).copied().collect();
            diffused(&plane, &is_known, demo.picture.size)
        })
        .collect();
    let unknown = |y: &[f32]| -> Vec<f32> {
        y.iter().enumerate().filter(|(i, _)| !is_known[i / channels]).map(|(_, y)| *y).collect()
    };
    let mut tiles = ["original", "known pixels"].map(|name| (name.to_owned(), demo.truth.clone())).to_vec();
    tiles.push(compared(demo, "psnr_diffusion_db", "diffusion", interleaved(&planes), &unknown));
    for (smoothness, name, metric) in
        [(0.0, "SIREN", "psnr_sines_db"), (demo.config.smoothness, "SIREN, TV", "psnr_sines_smooth_db")]
    {
        let problem = Sparse {
            coordinates: demo.picture.coordinates.gather(0, known),
            colors: demo.picture.colors.gather(0, known),
            between: between.clone(),
            smoothness,
        };
        let (network, _) = demo.train(name, &demo.config, &problem)?;
        let fit = colors(&network, &demo.picture.coordinates)?;
        tiles.push(compared(demo, metric, name, fit, &unknown));
    }
    let title = "Inpainting from 10% of the pixels";
    demo.save("inpainting", &report::inpainting(title, demo.picture.size, &tiles, &is_known).into())
}

/// Fills in unknown pixels by diffusion, so that each is the mean of its neighbours. It solves this
/// discrete Laplace equation by successive over-relaxation.
fn diffused(plane: &[f32], is_known: &[bool], [width, height]: [usize; 2]) -> Vec<f32> {
    const RELAXATION: f32 = 1.7;
    const SWEEPS: usize = 1000;
    let known = plane.iter().zip(is_known).filter(|(_, known)| **known).map(|(y, _)| *y);
    let mean = known.clone().sum::<f32>() / known.count().max(1) as f32;
    let mut y: Vec<f32> =
        plane.iter().zip(is_known).map(|(y, known)| if *known { *y } else { mean }).collect();
    for _ in 0..SWEEPS {
        for k in (0..y.len()).filter(|&k| !is_known[k]) {
            let (i, j) = (k % width, k / width);
            let near = [
                (i > 0).then(|| y[k - 1]),
                (i + 1 < width).then(|| y[k + 1]),
                (j > 0).then(|| y[k - width]),
                (j + 1 < height).then(|| y[k + width]),
            ];
            let count = near.iter().flatten().count();
            let mean = near.iter().flatten().sum::<f32>() / count.max(1) as f32;
            y[k] += RELAXATION * (mean - y[k]);
        }
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_of_a_small_picture_are_means() {
        let truth: Vec<f32> = (0..64).map(|k| (k % 8) as f32 / 255.0).collect();
        let colors = Tensor::from_vec(&[64, 1], truth.iter().map(|y| 2.0 * y - 1.0).collect()).unwrap();
        let picture = PixelRegression {
            size: [8, 8],
            coordinates: crate::assignments::siren::pixel_coordinates([8, 8]),
            colors,
        };
        let small = Small::new(&picture, &truth);
        assert_eq!(small.size, [2, 2]);
        // The columns' means 1.5 and 5.5, in whole 255ths.
        assert_eq!(small.truth, [[2.0, 6.0, 2.0, 6.0].map(|y| y / 255.0).to_vec()]);
        assert_eq!((small.areas.shape()[1], small.between.shape()[1]), (32, 8));
        let middle = small.centres.as_slice();
        assert!((middle[0] + 4.0 / 7.0).abs() < 1e-6 && (middle[6] - 4.0 / 7.0).abs() < 1e-6, "{middle:?}");
    }

    #[test]
    fn diffusion_restores_a_linear_picture_from_its_edge() {
        let size = [9, 6];
        let plane: Vec<f32> = (0..54).map(|k| 0.1 * (k % 9) as f32 + 0.05 * (k / 9) as f32).collect();
        let edge = |k: usize| matches!(k % 9, 0 | 8) || matches!(k / 9, 0 | 5);
        let known: Vec<bool> = (0..54).map(edge).collect();
        let found = diffused(&plane, &known, size);
        assert!(found.iter().zip(&plane).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn filters_keep_constant_pictures() {
        let found = resized(&[vec![0.25; 6], vec![0.5; 6]], [3, 2], [12, 8], FilterType::CatmullRom);
        assert!(found.chunks_exact(2).all(|p| (p[0] - 0.25).abs() < 1e-6 && (p[1] - 0.5).abs() < 1e-6));
    }
}
