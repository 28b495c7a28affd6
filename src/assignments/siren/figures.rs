//! The figures of assignment 7.

use super::psnr;
use crate::plot::{Axis, Chart, Color, Figure, Gallery, Key, Series, Stroke, Tile, diverging, palette};
use crate::train::History;

/// Differences as large as this have the deepest colour.
const LARGEST: f64 = 0.1;

/// All of them; the training curve only if there is a history.
pub(super) fn all(
    size: [usize; 2],
    (truth, fit): (&[f32], &[f32]),
    history: Option<&History>,
) -> Vec<(&'static str, Figure)> {
    let mut all = vec![("fit", comparison(size, truth, fit))];
    all.extend(history.map(|history| ("training", training(history))));
    all
}

/// A picture of colours from 0 to 1, one or three a pixel.
fn tile([width, height]: [usize; 2], values: &[f32], caption: &str) -> Tile {
    let byte = |x: f32| (255.0 * x.clamp(0.0, 1.0)).round() as u8;
    let channels = values.len() / (width * height);
    let color = |pixel: &[f32]| -> Color {
        match *pixel {
            [r, g, b] => [r, g, b].map(byte),
            _ => [byte(pixel[0]); 3],
        }
    };
    let pixels = values.chunks_exact(channels).map(color).collect();
    Tile { width, height, pixels, caption: vec![caption.into()], ..Tile::default() }
}

/// The truth, the fit, and the difference.
fn comparison(size: [usize; 2], truth: &[f32], fit: &[f32]) -> Figure {
    let [width, height] = size;
    let channels = truth.len() / (width * height);
    let mean = |pixel: (&[f32], &[f32])| {
        let sum: f64 = pixel.0.iter().zip(pixel.1).map(|(&f, &t)| f64::from(f) - f64::from(t)).sum();
        diverging(0.5 + 0.5 * (sum / channels as f64 / LARGEST).clamp(-1.0, 1.0))
    };
    let difference = Tile {
        width,
        height,
        pixels: fit.chunks_exact(channels).zip(truth.chunks_exact(channels)).map(mean).collect(),
        caption: vec!["fit minus truth".into()],
        ..Tile::default()
    };
    Figure::from(Gallery {
        title: format!("A picture as a network: {:.1} dB", psnr(fit, truth)),
        tiles: vec![tile(size, truth, "truth"), tile(size, fit, "fit"), difference],
        columns: 3,
        scale: 256.0,
        key: vec![Key::range(format!("differences from −{LARGEST} to {LARGEST}"), diverging)],
        ..Gallery::default()
    })
}

/// The truth, and what networks have made of its derivatives.
pub(super) fn reconstructions(size: [usize; 2], truth: &[f32], fits: &[(String, Vec<f32>)]) -> Figure {
    let mut tiles = vec![tile(size, truth, "truth")];
    tiles.extend(fits.iter().map(|(name, fit)| tile(size, fit, name)));
    Figure::from(Gallery {
        title: "A picture from its derivatives alone".into(),
        columns: tiles.len(),
        tiles,
        scale: 256.0,
        ..Gallery::default()
    })
}

/// The signal-to-noise ratio over the steps, from the loss: colours from -1 to 1 have a peak of 2.
fn training(history: &History) -> Figure {
    let ratio = |loss: f64| -10.0 * libm::log10(loss / 4.0);
    let points = history.column("step").into_iter().zip(history.column("loss").into_iter().map(ratio));
    Figure::from(Chart {
        title: "Training".into(),
        x: Axis::new("step"),
        y: Axis::new("PSNR, dB"),
        series: vec![Series::curve(points.collect(), palette(0), Stroke::Solid)],
        ..Chart::default()
    })
}
