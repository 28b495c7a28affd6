//! Scaling and centring a digit as in MNIST.

use image::GrayImage;
use image::imageops::{self, FilterType};

use super::ink::Ink;

/// Height and width of the result.
pub(super) const SIDE: u32 = 28;
/// Height and width of the box that the ink is fitted into.
const BOX: u32 = 20;
/// The smallest width of strokes, in pixels of the result.
const THINNEST: f64 = 2.0;
/// The largest width of strokes, in pixels of the result.
const BOLDEST: f64 = 4.0;

/// A digit of 28 x 28 pixels, and the square of the picture that it was taken from.
pub(super) struct Fitted {
    pub pixels: Vec<u8>,
    /// Left, top and side of the square, in pixels of the plane.
    pub square: [f64; 3],
}

/// Renders the ink white on black, scaled to fit into 20 x 20 pixels with its proportions kept,
/// with its centre of mass in the middle of 28 x 28 pixels (LeCun et al. 1998, section III.A).
/// Strokes that are thinner or thicker than those of MNIST are thickened or thinned.
pub(super) fn fit(ink: &Ink) -> Fitted {
    let extent = ink.extent;
    let unit = extent.longer() as f64 / f64::from(BOX);
    // The change of width on either side of a stroke.
    let grown = 0.5 * (ink.stroke.clamp(THINNEST * unit, BOLDEST * unit) - ink.stroke);
    let radius = grown.abs().round() as usize;
    let (plane, margin) = if grown > 0.0 {
        (ink.plane.dilated(radius), radius as i64)
    } else {
        let thinner = ink.plane.map(|v| -v).dilated(radius).map(|v| -v);
        let is_left = thinner.values.iter().any(|&v| v > 0.5);
        if is_left { (thinner, -(radius as i64)) } else { (ink.plane.clone(), 0) }
    };
    let start = |n: usize, most: usize| (n as i64 - margin).clamp(0, most as i64 - 1) as u32;
    let (left, top) = (start(extent.left, plane.width), start(extent.top, plane.height));
    let end = |n: usize, start: u32, most: usize| {
        (n as i64 + margin).clamp(i64::from(start) + 1, most as i64) as u32
    };
    let (right, bottom) = (end(extent.right, left, plane.width), end(extent.bottom, top, plane.height));
    let (columns, rows) = (right - left, bottom - top);
    let digit = GrayImage::from_fn(columns, rows, |x, y| {
        let v = plane.values[(top + y) as usize * plane.width + (left + x) as usize];
        image::Luma([(255.0 * v).round() as u8])
    });
    let scale = f64::from(BOX) / f64::from(rows.max(columns));
    let fitted = |n: u32| ((f64::from(n) * scale).round() as u32).clamp(1, BOX);
    let digit = imageops::resize(&digit, fitted(columns), fitted(rows), FilterType::CatmullRom);

    let (mut mass, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    for (x, y, pixel) in digit.enumerate_pixels() {
        let weight = f64::from(pixel.0[0]);
        (mass, sum_x, sum_y) = (mass + weight, sum_x + weight * f64::from(x), sum_y + weight * f64::from(y));
    }
    let middle = f64::from(SIDE - 1) / 2.0;
    let shift = |sum: f64| if mass > 0.0 { (middle - sum / mass).round() as i64 } else { 0 };
    let (right, down) = (shift(sum_x), shift(sum_y));
    let mut pixels = vec![0; (SIDE * SIDE) as usize];
    for (x, y, pixel) in digit.enumerate_pixels() {
        let (x, y) = (i64::from(x) + right, i64::from(y) + down);
        let side = i64::from(SIDE);
        if (0..side).contains(&x) && (0..side).contains(&y) {
            pixels[(y * side + x) as usize] = pixel.0[0];
        }
    }
    let at = |n: u32, shift: i64| f64::from(n) - shift as f64 / scale;
    Fitted { pixels, square: [at(left, right), at(top, down), f64::from(SIDE) / scale] }
}
