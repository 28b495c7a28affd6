//! Pictures without a digit, or with more than one.

use std::f64::consts::TAU;

use ece472::random::{Purpose, Stream};
use image::RgbImage;

use super::pen::{Ink, ink};

const SIDE: usize = 160;

/// The kinds of pictures.
pub const NAMES: [&str; 10] = [
    "noisy paper",
    "unevenly lit paper",
    "noise alone",
    "a scribble",
    "a grid",
    "a star",
    "dots",
    "a filled square",
    "rough paper",
    "a line of writing",
];

/// A picture of one kind; each number gives another one.
pub fn picture(kind: usize, number: u64) -> RgbImage {
    let mut stream = Stream::at(number, Purpose::Data, 10, kind as u64);
    let mut uniform = |low: f64, high: f64| low + (high - low) * stream.uniform();
    let side = SIDE as f64;
    let mut strokes: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut pen = uniform(3.0, 9.0);
    match kind {
        3 => strokes.push((0..14).map(|_| [uniform(35.0, 125.0), uniform(35.0, 125.0)]).collect()),
        4 => {
            let (low, high, count) =
                (uniform(15.0, 40.0), uniform(115.0, 145.0), 4 + (uniform(0.0, 3.0) as usize));
            for i in 0..count {
                let t = low + (high - low) * i as f64 / (count - 1) as f64;
                strokes.push(vec![[low, t], [high, t]]);
                strokes.push(vec![[t, low], [t, high]]);
            }
            pen = uniform(2.0, 5.0);
        }
        5 => {
            let (radius, turn) = (uniform(35.0, 60.0), uniform(0.0, 1.0));
            let corner = |i: usize| {
                let (sin, cos) = (TAU * (i as f64 * 0.4 + turn)).sin_cos();
                [80.0 + radius * sin, 80.0 + radius * cos]
            };
            strokes.push((0..6).map(corner).collect());
        }
        6 => {
            for _ in 0..40 {
                let [x, y] = [uniform(10.0, 150.0), uniform(10.0, 150.0)];
                strokes.push(vec![[x, y], [x + 1.0, y]]);
            }
        }
        7 => {
            let (x, y, extent) = (uniform(50.0, 70.0), uniform(50.0, 70.0), uniform(30.0, 50.0));
            strokes.extend((0..=10).map(|i| {
                let t = y + extent * f64::from(i) / 10.0;
                vec![[x, t], [x + extent, t]]
            }));
        }
        9 => {
            for word in 0..9 {
                let x = 12.0 + 15.5 * f64::from(word);
                strokes.push((0..5).map(|_| [x + uniform(0.0, 11.0), uniform(70.0, 90.0)]).collect());
            }
            pen = 2.5;
        }
        _ => (),
    }
    let Ink { coverage, .. } = ink(&strokes, SIDE, pen);
    let (dark, fall) = (uniform(0.05, 0.4), if kind == 1 { uniform(0.3, 0.7) } else { 1.0 });
    let deviation = match kind {
        0 => uniform(0.01, 0.08),
        2 => 0.3,
        _ => 0.012,
    };
    let waves: Vec<[f64; 4]> = (0..24)
        .map(|_| [uniform(-0.4, 0.4), uniform(-0.4, 0.4), uniform(0.0, TAU), uniform(0.005, 0.02)])
        .collect();
    let mut noise = Stream::at(number, Purpose::Data, 11, kind as u64);
    let pixels = (0..SIDE * SIDE).flat_map(|i| {
        let (x, y) = ((i % SIDE) as f64, (i / SIDE) as f64);
        let rough: f64 = if kind == 8 {
            waves.iter().map(|[u, v, phase, size]| size * (u * x + v * y + phase).sin()).sum()
        } else {
            0.0
        };
        let light = 1.0 - (1.0 - fall) * (x + y) / (2.0 * side);
        let covered = f64::from(coverage[i]);
        let v = light * (0.85 * (1.0 - covered) + dark * covered) + rough + deviation * noise.normal();
        [(255.0 * v).round().clamp(0.0, 255.0) as u8; 3]
    });
    RgbImage::from_raw(SIDE as u32, SIDE as u32, pixels.collect()).expect("all pixels")
}
