//! A synthetic landscape picture, drawn from primitives.

use std::f64::consts::TAU;

use image::RgbImage;

use super::supersampled::{Color, supersampled};

/// Ridges from the farthest to the nearest: the mean height of the edge, its amplitude, the number
/// of waves across the picture, and the colour. Heights are from 0 (top) to 1 (bottom).
const RIDGES: [(f64, f64, f64, Color); 3] = [
    (0.50, 0.16, 1.3, [0.55, 0.60, 0.72]),
    (0.60, 0.10, 2.1, [0.36, 0.44, 0.48]),
    (0.70, 0.07, 3.4, [0.20, 0.29, 0.24]),
];
/// The vertical position of the lake's upper edge.
const SHORE: f64 = 0.74;

/// A landscape of `width` x `height` pixels: a sun in a clouded sky, three ridges, and a lake with
/// waves. It has smooth shades, edges and fine texture like a photograph, but nobody's copyright.
///
/// # Panics
/// If `width` or `height` is 0.
#[track_caller]
pub fn landscape(width: u32, height: u32) -> RgbImage {
    assert!(width > 0 && height > 0, "landscape: {width} x {height} pixels");
    let extent = [f64::from(width), f64::from(height)];
    supersampled(width, height, |x, y| color(x / extent[0], y / extent[1]))
}

/// The colour at (x, y); x is from 0 (left) to 1 (right), y from 0 (top) to 1 (bottom).
fn color(x: f64, y: f64) -> Color {
    if y > SHORE {
        return lake(x, y);
    }
    let nearest = RIDGES.iter().rev().find(|ridge| y > horizon(x, ridge));
    match nearest {
        Some(&(_, _, waves, color)) => {
            // Woods: a texture that is finer on nearer ridges.
            let grain = 0.06 * libm::sin(TAU * 23.0 * waves * x) * libm::sin(TAU * 17.0 * waves * y);
            color.map(|c| c * (1.0 + grain))
        }
        None => sky(x, y),
    }
}

/// The vertical position of a ridge's edge.
fn horizon(x: f64, &(middle, rise, waves, _): &(f64, f64, f64, Color)) -> f64 {
    let octave = |k: f64| libm::fabs(libm::sin(TAU * waves * k * (x + 0.137 * k * waves))) / k;
    middle - rise * ([1.0, 2.3, 4.9, 9.7].map(octave).iter().sum::<f64>() - 0.9)
}

fn sky(x: f64, y: f64) -> Color {
    let sun = (x - 0.72).hypot(y - 0.20);
    if sun < 0.075 {
        return [1.0, 0.96, 0.80];
    }
    let glow = 0.5 * libm::exp(-sun / 0.14);
    let wave = |a: f64, b: f64, phase: f64| libm::sin(TAU * (a * x + b * y) + phase);
    let bent = 0.8 * wave(1.3, 2.9, 0.4) + 0.5 * wave(3.1, -4.7, 1.9);
    let cloud = 0.5 + 0.3 * libm::sin(TAU * (2.2 * x + 6.1 * y) + bent) + 0.2 * wave(5.3, 11.9, bent);
    let cloud = cloud.powi(2) * (1.0 - 1.2 * y).max(0.0);
    let blue = [0.42 + 0.35 * y, 0.60 + 0.25 * y, 0.86 + 0.05 * y];
    [0, 1, 2].map(|k| blue[k] + (1.0 - blue[k]) * (0.75 * cloud).max(glow))
}

/// The lake: a dimmed mirror image of the sky, distorted by waves that get longer towards the
/// viewer.
fn lake(x: f64, y: f64) -> Color {
    let depth = (y - SHORE) / (1.0 - SHORE);
    let wave = libm::sin(TAU * 9.0 * libm::log(1.0 + 9.0 * depth) + 3.0 * libm::sin(TAU * 2.0 * x));
    let reflected = sky(x + 0.02 * wave * depth, (0.55 * (1.0 - depth) + 0.03 * wave).clamp(0.0, 1.0));
    reflected.map(|c| c * (0.62 + 0.10 * wave * (0.3 + depth)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_the_same_at_any_size() {
        let (fine, coarse) = (landscape(64, 64), landscape(16, 16));
        for (x, y, pixel) in coarse.enumerate_pixels() {
            let block = (0..16).map(|k| fine.get_pixel(4 * x + k % 4, 4 * y + k / 4).0);
            let sum = block.fold([0.0; 3], |sum, p| [0, 1, 2].map(|c| sum[c] + f64::from(p[c])));
            // Samples fall on different sides of edges, so the blocks do not all agree exactly.
            let near =
                pixel.0.iter().zip(sum).all(|(&found, sum)| (f64::from(found) - sum / 16.0).abs() < 16.0);
            assert!(near, "{pixel:?} at {x}, {y}, not {sum:?} / 16");
        }
    }

    #[test]
    fn the_sun_is_bright_and_the_shore_is_dark() {
        let picture = landscape(100, 50);
        let brightness = |x, y| picture.get_pixel(x, y).0.map(u32::from).iter().sum::<u32>();
        assert!(brightness(72, 10) > 650 && brightness(50, 36) < 400);
    }
}
