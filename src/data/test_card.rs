//! A synthetic television test card, drawn from primitives.

use std::f64::consts::TAU;

use image::RgbImage;

use super::supersampled::{Color, supersampled};

const WHITE: Color = [1.0; 3];
const BLACK: Color = [0.0; 3];
/// The colour bars, from light to dark.
const BARS: [Color; 8] = [
    WHITE,
    [1.0, 1.0, 0.0],
    [0.0, 1.0, 1.0],
    [0.0, 1.0, 0.0],
    [1.0, 0.0, 1.0],
    [1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0],
    BLACK,
];
/// The numbers of lines in the gratings, across the width of their column.
const GRATINGS: [f64; 6] = [3.0, 5.0, 8.0, 12.0, 17.0, 23.0];

/// A test card of `width` x `height` pixels: a castellated border, a grid and a circle; inside the
/// circle colour bars, grey steps, gratings, a grey ramp, and in the middle a striped ball on a
/// chequered floor. It has the elements of the BBC's Test Card F but nobody's copyright.
///
/// # Panics
/// If `width` or `height` is 0.
#[track_caller]
pub fn test_card(width: u32, height: u32) -> RgbImage {
    assert!(width > 0 && height > 0, "test card: {width} x {height} pixels");
    let unit = f64::from(width.min(height)) / 2.0;
    let extent = [f64::from(width) / (2.0 * unit), f64::from(height) / (2.0 * unit)];
    supersampled(width, height, |x, y| color(x / unit - extent[0], y / unit - extent[1], extent))
}

/// The colour at (x, y). The shorter side of the picture reaches from -1 to 1; y points down.
fn color(x: f64, y: f64, [right, bottom]: [f64; 2]) -> Color {
    let edge = (right - x.abs()).min(bottom - y.abs());
    if edge < 0.07 {
        return border(x, y, [right, bottom]);
    }
    let radius = x.hypot(y);
    if (radius - 0.85).abs() < 0.012 {
        return WHITE;
    }
    if let Some(color) = inside(x, y).filter(|_| radius < 0.85) {
        return color;
    }
    // White lines, a quarter apart, on grey.
    let from_line = |t: f64| (4.0 * t - (4.0 * t).round()).abs() / 4.0;
    if from_line(x).min(from_line(y)) < 0.006 { WHITE } else { [0.45; 3] }
}

/// Alternating black and white blocks along the nearer edge.
fn border(x: f64, y: f64, [right, bottom]: [f64; 2]) -> Color {
    let along = if right - x.abs() < bottom - y.abs() { y } else { x };
    let block = (along.abs() * 8.0 + 0.5).floor();
    if block % 2.0 == 0.0 { WHITE } else { BLACK }
}

/// The colour of the elements inside the circle.
fn inside(x: f64, y: f64) -> Option<Color> {
    let within = |low: f64, t: f64, high: f64| (low..high).contains(&t);
    let step =
        |low: f64, t: f64, high: f64, count: usize| (((t - low) / (high - low)) * count as f64) as usize;
    if within(-0.5, x, 0.5) && within(-0.66, y, -0.46) {
        return Some(BARS[step(-0.5, x, 0.5, BARS.len())]);
    }
    if within(-0.5, x, 0.5) && within(0.46, y, 0.56) {
        return Some([x + 0.5; 3]);
    }
    if within(-0.5, x, 0.5) && within(0.56, y, 0.66) {
        return Some(if within(-0.03, x, 0.03) { BLACK } else { WHITE });
    }
    if within(-0.7, x, -0.44) && within(-0.42, y, 0.42) {
        let grey = step(-0.42, y, 0.42, 6) as f64 / 5.0;
        return Some([1.0 - grey; 3]);
    }
    if within(0.44, x, 0.7) && within(-0.42, y, 0.42) {
        let lines = GRATINGS[step(-0.42, y, 0.42, GRATINGS.len())];
        return Some([0.5 + 0.5 * libm::sin(TAU * lines * (x - 0.44) / 0.26); 3]);
    }
    (within(-0.4, x, 0.4) && within(-0.42, y, 0.42)).then(|| picture(x / 0.42, y / 0.42))
}

/// A striped ball on a chequered floor in front of a cloudy sky, for x and y from about -1 to 1.
fn picture(x: f64, y: f64) -> Color {
    let (bx, by) = (x / 0.62, (y - 0.1) / 0.62);
    let square = bx * bx + by * by;
    if square < 1.0 {
        let z = (1.0 - square).sqrt();
        // Lambert's cosine law, with light from the upper left, and a specular highlight.
        let light = (-0.5 * bx - 0.6 * by + 0.62 * z).max(0.0);
        let gleam = light.powi(40);
        let stripe = libm::sin(7.0 * (0.8 * bx + 0.6 * z) + 3.0 * by) > 0.0;
        let paint: Color = if stripe { [0.9, 0.35, 0.1] } else { [0.95, 0.9, 0.8] };
        return paint.map(|c| (c * (0.15 + 0.85 * light) + 0.6 * gleam).min(1.0));
    }
    if y > 0.35 {
        // The floor, seen in perspective.
        let depth = 1.0 / (y - 0.15);
        let (u, v) = (2.0 * x * depth, 3.0 * depth);
        let even = (u.floor() + v.floor()).rem_euclid(2.0) == 0.0;
        let shadow = if (x / 0.7).powi(2) + ((y - 0.68) / 0.12).powi(2) < 1.0 { 0.45 } else { 1.0 };
        return if even { [0.75 * shadow, 0.72 * shadow, 0.65 * shadow] } else { [0.2 * shadow; 3] };
    }
    let cloud = (0..5).map(|octave| noise(x, y, octave)).sum::<f64>();
    let cloud = (1.2 * cloud - 0.3).clamp(0.0, 1.0);
    let sky = [0.25 + 0.1 * y, 0.5 + 0.1 * y, 0.85];
    sky.map(|c| c + cloud * (0.97 - c))
}

/// Smoothly interpolated random numbers on a grid, twice as fine and half as large with each octave
/// (Perlin 1985).
fn noise(x: f64, y: f64, octave: i32) -> f64 {
    let scale = 2.5 * f64::from(1 << octave);
    let (u, v) = (x * scale + 100.0, y * scale + 100.0);
    let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
    let (i, j) = (u.floor(), v.floor());
    let (s, t) = (smooth(u - i), smooth(v - j));
    let at = |di: u64, dj: u64| {
        let [i, j, octave] = [i as u64 + di, j as u64 + dj, octave as u64];
        let hash = (i * 0x9e37_79b9) ^ (j * 0x85eb_ca6b) ^ (octave << 40);
        let hash = hash.wrapping_mul(0x2545_f491_4f6c_dd1d);
        (hash >> 40) as f64 / f64::from(1 << 24)
    };
    let row = |dj: u64| at(0, dj) * (1.0 - s) + at(1, dj) * s;
    0.5 * (row(0) * (1.0 - t) + row(1) * t) / f64::from(1 << octave)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_at_its_position() {
        let card = test_card(256, 256);
        let at = |x: f64, y: f64| card.get_pixel(((x + 1.0) * 128.0) as u32, ((y + 1.0) * 128.0) as u32).0;
        assert_eq!((at(0.0, -0.98), at(0.125, -0.98)), ([255; 3], [0; 3]), "blocks of the border");
        assert_eq!(
            (at(-0.45, -0.56), at(0.2, -0.56), at(0.45, -0.56)),
            ([255; 3], [255, 0, 0], [0; 3]),
            "bars"
        );
        let steps: Vec<u8> = (0..6).map(|i| at(-0.57, -0.35 + 0.14 * f64::from(i))[0]).collect();
        assert_eq!(steps, [255, 204, 153, 102, 51, 0]);
        let ramp: Vec<u8> = (0..10).map(|i| at(-0.45 + 0.1 * f64::from(i), 0.5)[1]).collect();
        assert!(ramp.is_sorted() && ramp[0] < 20 && ramp[9] > 235, "{ramp:?}");
        assert_eq!(at(0.0, -0.85), [255; 3], "the circle");
        assert_eq!(at(-0.9, -0.9), [115; 3], "the background");
    }

    #[test]
    fn cards_of_any_size_are_drawn() {
        for (width, height) in [(1, 1), (3, 200), (64, 48)] {
            assert_eq!(test_card(width, height).dimensions(), (width, height));
        }
        assert_eq!(test_card(33, 33), test_card(33, 33));
    }
}
