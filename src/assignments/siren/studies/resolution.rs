//! Between and beyond the pixels that a network has seen.

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

/// How many times larger each way the picture is than what a network sees of it.
const FACTOR: usize = 4;
/// The share of pixels that are known.
const KNOWN: f64 = 0.1;
/// So that the length of a gradient has a derivative at 0.
const ROUNDING: f64 = 1e-2;

/// A picture known by means over a few places each, smooth elsewhere: mean squared error plus
/// smoothness times the mean of sqrt(|gradient|² + rounding²), the total variation (Rudin, Osher & Fatemi 1992).
struct Sparse {
    /// Where each mean is taken: `[means, 2 places]`.
    places: Tensor,
    /// The means: `[means, channels]`.
    colors: Tensor,
    /// Places for each mean at which the picture is to be smooth: `[means, 2 places]`.
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
        let rows = |places: &Tensor| {
            let all = places.gather(0, shard.examples);
            let rows = all.len() / 2;
            all.reshape(&[rows, 2])
        };
        let x = pass.constant(rows(&self.places));
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

/// Learns the picture from one of a quarter of its size each way, and draws it at its own size beside what filters make
/// of the small one.
pub(crate) fn super_resolution(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let [width, height] = demo.picture.size;
    if width % FACTOR != 0 || height % FACTOR != 0 {
        let message = format!("{width} x {height} pixels are not multiples of {FACTOR}: give another --size");
        return Err(Error::Usage(message));
    }
    let small = Small::new(&demo.picture, &demo.truth);
    let mut tiles = vec![("original".to_owned(), demo.truth.clone())];
    for (filter, name, metric) in [
        (FilterType::Nearest, "nearest pixel", "psnr_nearest_db"),
        (FilterType::CatmullRom, "bicubic", "psnr_bicubic_db"),
        (FilterType::Lanczos3, "Lanczos", "psnr_lanczos_db"),
    ] {
        let fit = resized(&small.truth, small.size, [width, height], filter);
        tiles.push(compared(demo, metric, name, fit, &<[f32]>::to_vec));
    }
    let smooth = demo.config.smoothness;
    for (at_areas, smoothness, name, metric) in [
        (false, 0.0, "sines at centres", "psnr_sines_db"),
        (true, 0.0, "sines over areas", "psnr_sines_areas_db"),
        (true, smooth, "sines, areas, smooth", "psnr_sines_smooth_db"),
    ] {
        let problem = Sparse {
            places: if at_areas { small.areas.clone() } else { small.centres.clone() },
            colors: small.colors.clone(),
            between: small.between.clone(),
            smoothness,
        };
        let (network, _) = demo.train(name, &demo.config, &problem)?;
        let fit = colors(&network, &demo.picture.places)?;
        tiles.push(compared(demo, metric, name, fit, &<[f32]>::to_vec));
    }
    let title = format!("{FACTOR} times larger each way");
    demo.save("super-resolution", &report::gallery(&title, [width, height], &tiles, 4))
}

/// Measures the part of a picture that is asked for, and gives the picture a caption.
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
    (format!("{name}: {ratio:.2} dB"), fit)
}

/// A picture of which each pixel is the mean of a square of another's.
struct Small {
    size: [usize; 2],
    /// From 0 to 1, in steps of 1/255 as in a file: `channels` planes of pixels.
    truth: Vec<Vec<f32>>,
    /// From -1 to 1: `[pixels, channels]`.
    colors: Tensor,
    /// All places of each square, and its middle.
    areas: Tensor,
    centres: Tensor,
    /// One place of each quarter of a square.
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
        let places = picture.places.as_slice();
        let place = |pixel: usize| [places[2 * pixel], places[2 * pixel + 1]];
        let all: Vec<f32> = (0..count).flat_map(|k| square(k).flat_map(place)).collect();
        let middle = |k: usize| {
            let sum = square(k).map(place).fold([0.0; 2], |sum, at| [sum[0] + at[0], sum[1] + at[1]]);
            sum.map(|s| s / area)
        };
        let between = (0..count).flat_map(|k| {
            let pixels: Vec<usize> = square(k).collect();
            [0, 2, 8, 10].map(|i| place(pixels[i])).concat()
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

/// Planes of a picture in another size, as pixels.
fn resized(planes: &[Vec<f32>], from: [usize; 2], to: [usize; 2], filter: FilterType) -> Vec<f32> {
    let resize = |plane: &Vec<f32>| {
        let [width, height] = from.map(|extent| extent as u32);
        let plane: ImageBuffer<Luma<f32>, Vec<f32>> =
            ImageBuffer::from_raw(width, height, plane.clone()).expect("all pixels");
        imageops::resize(&plane, to[0] as u32, to[1] as u32, filter).into_raw()
    };
    interleaved(&planes.iter().map(resize).collect::<Vec<_>>())
}

/// Pixels from planes.
fn interleaved(planes: &[Vec<f32>]) -> Vec<f32> {
    (0..planes[0].len()).flat_map(|k| planes.iter().map(move |plane| plane[k])).collect()
}

/// Learns the picture from a tenth of its pixels, and draws it beside what diffusion makes of them.
pub(crate) fn inpainting(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let channels = demo.picture.colors.shape()[1];
    let pixels = demo.picture.places.shape()[0];
    if pixels < 2 {
        return Err(Error::Usage("a single pixel has nothing to fill in: give a larger --size".into()));
    }
    let order = Stream::new(demo.config.seed, Purpose::Split).permutation(pixels);
    let count = ((KNOWN * pixels as f64) as usize).max(1);
    let known = &order[..count];
    let mut is_known = vec![false; pixels];
    known.iter().for_each(|&pixel| is_known[pixel] = true);
    // Every pixel is among the places between, dealt out to those that are known.
    let each = pixels / count;
    let between = demo.picture.places.gather(0, &order[..count * each]).reshape(&[count, 2 * each]);

    let shown: Vec<f32> =
        (0..channels * pixels).map(|i| if is_known[i / channels] { demo.truth[i] } else { 1.0 }).collect();
    let planes: Vec<Vec<f32>> = (0..channels)
        .map(|c| {
            let plane: Vec<f32> = demo.truth.iter().skip(c).step_by(channels).copied().collect();
            diffused(&plane, &is_known, demo.picture.size)
        })
        .collect();
    let unknown = |y: &[f32]| -> Vec<f32> {
        y.iter().enumerate().filter(|(i, _)| !is_known[i / channels]).map(|(_, y)| *y).collect()
    };
    let mut tiles = vec![("original".to_owned(), demo.truth.clone()), ("what is known".to_owned(), shown)];
    tiles.push(compared(demo, "psnr_diffusion_db", "diffusion", interleaved(&planes), &unknown));
    for (smoothness, name, metric) in
        [(0.0, "sines", "psnr_sines_db"), (demo.config.smoothness, "sines, smooth", "psnr_sines_smooth_db")]
    {
        let problem = Sparse {
            places: demo.picture.places.gather(0, known),
            colors: demo.picture.colors.gather(0, known),
            between: between.clone(),
            smoothness,
        };
        let (network, _) = demo.train(name, &demo.config, &problem)?;
        let fit = colors(&network, &demo.picture.places)?;
        tiles.push(compared(demo, metric, name, fit, &unknown));
    }
    demo.save("inpainting", &report::gallery("From a tenth of the pixels", demo.picture.size, &tiles, 3))
}

/// The picture in which each unknown pixel is the mean of its neighbours, the discrete Laplace equation, by successive
/// over-relaxation.
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
    fn a_small_picture_is_made_of_means() {
        let truth: Vec<f32> = (0..64).map(|k| (k % 8) as f32 / 255.0).collect();
        let colors = Tensor::from_vec(&[64, 1], truth.iter().map(|y| 2.0 * y - 1.0).collect()).unwrap();
        let picture =
            PixelRegression { size: [8, 8], places: crate::assignments::siren::places([8, 8]), colors };
        let small = Small::new(&picture, &truth);
        assert_eq!(small.size, [2, 2]);
        // The columns' means 1.5 and 5.5, in whole 255ths.
        assert_eq!(small.truth, [[2.0, 6.0, 2.0, 6.0].map(|y| y / 255.0).to_vec()]);
        assert_eq!((small.areas.shape()[1], small.between.shape()[1]), (32, 8));
        let middle = small.centres.as_slice();
        assert!((middle[0] + 4.0 / 7.0).abs() < 1e-6 && (middle[6] - 4.0 / 7.0).abs() < 1e-6, "{middle:?}");
    }

    #[test]
    fn diffusion_draws_a_plane_through_its_edge() {
        let size = [9, 6];
        let plane: Vec<f32> = (0..54).map(|k| 0.1 * (k % 9) as f32 + 0.05 * (k / 9) as f32).collect();
        let edge = |k: usize| matches!(k % 9, 0 | 8) || matches!(k / 9, 0 | 5);
        let known: Vec<bool> = (0..54).map(edge).collect();
        let found = diffused(&plane, &known, size);
        assert!(found.iter().zip(&plane).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
    }

    #[test]
    fn filters_keep_a_constant() {
        let found = resized(&[vec![0.25; 6], vec![0.5; 6]], [3, 2], [12, 8], FilterType::CatmullRom);
        assert!(found.chunks_exact(2).all(|p| (p[0] - 0.25).abs() < 1e-6 && (p[1] - 0.5).abs() < 1e-6));
    }
}
