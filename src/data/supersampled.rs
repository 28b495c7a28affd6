//! Drawing synthetic pictures with antialiasing.

use image::{Rgb, RgbImage};

/// A colour: red, green and blue from 0 to 1.
pub(super) type Color = [f64; 3];

/// The number of samples per pixel along each axis.
const SAMPLES: u32 = 4;

/// A picture of `width` x `height` pixels. Each pixel is the mean of `color(x, y)` at its samples,
/// where x and y are in pixels from the upper left corner.
pub(super) fn supersampled(width: u32, height: u32, color: impl Fn(f64, f64) -> Color) -> RgbImage {
    let at = |pixel: u32, sample: u32| f64::from(pixel) + (f64::from(sample) + 0.5) / f64::from(SAMPLES);
    RgbImage::from_fn(width, height, |i, j| {
        let mut sum = [0.0; 3];
        for s in 0..SAMPLES * SAMPLES {
            let color = color(at(i, s % SAMPLES), at(j, s / SAMPLES));
            sum.iter_mut().zip(color).for_each(|(sum, c)| *sum += c);
        }
        Rgb(sum.map(|sum| (255.0 * sum / f64::from(SAMPLES * SAMPLES)).round() as u8))
    })
}
