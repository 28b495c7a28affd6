//! The metrics and figures of assignment 7.

use super::problem::{Derivatives, colors};
use super::{Network, PictureFit};
use crate::experiment::{Assignment as _, DataFolder, Error, Report};
use crate::metrics::{psnr, ratio, ssim};
use crate::nn::Parameters as _;
use crate::plot::{
    Axis, Chart, Color, Figure, Gallery, Key, Marker, Series, Stroke, Tile, diverging, gray, palette,
};
use crate::train::History;

/// Measures a trained model and draws the figures; the training curve only if there is a history.
///
/// # Errors
/// If the data cannot be read, or a score is not finite.
pub(super) fn report(
    config: &PictureFit,
    data: &DataFolder,
    model: &Network,
    history: Option<&History>,
) -> Result<Report, Error> {
    let problem = config.problem(data)?;
    let truth: Vec<f32> = problem.colors.as_slice().iter().map(|y| 0.5 * y + 0.5).collect();
    let fit = colors(model, &problem.coordinates)?;
    let similarity = ssim(&fit, &truth, problem.size, config.channels());
    let mut metrics = vec![("psnr_db", psnr(&fit, &truth))];
    metrics.extend(similarity.map(|similarity| ("ssim", similarity)));
    metrics.push(("parameters", model.count() as f64));
    Ok(Report { metrics, figures: all(problem.size, (&truth, &fit), history), files: Vec::new() })
}

/// All figures of a report; the training curve only if there is a history.
pub(crate) fn all(
    size: [usize; 2],
    (truth, fit): (&[f32], &[f32]),
    history: Option<&History>,
) -> Vec<(&'static str, Figure)> {
    let mut all = vec![("fit", comparison(size, truth, fit)), ("gallery", small(size, truth, fit))];
    all.extend(history.map(|history| ("training", training(history))));
    all
}

/// The colour of unknown pixels, which is not grey.
const UNKNOWN: Color = [240, 180, 240];

/// A tile of a picture with colours from 0 to 1, one or three values per pixel.
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

/// The figure of the truth, the fit, and their difference.
fn comparison(size: [usize; 2], truth: &[f32], fit: &[f32]) -> Figure {
    let [width, height] = size;
    let channels = truth.len() / (width * height);
    let largest = largest(psnr(fit, truth));
    let mean = |pixel: (&[f32], &[f32])| {
        let sum: f64 = pixel.0.iter().zip(pixel.1).map(|(&f, &t)| f64::from(f) - f64::from(t)).sum();
        diverging(0.5 + 0.5 * (sum / channels as f64 / largest).clamp(-1.0, 1.0))
    };
    let difference = Tile {
        width,
        height,
        pixels: fit.chunks_exact(channels).zip(truth.chunks_exact(channels)).map(mean).collect(),
        caption: vec!["fit − original".into()],
        ..Tile::default()
    };
    Figure::from(Gallery {
        title: format!("SIREN fit: PSNR {:.1} dB", psnr(fit, truth)),
        tiles: vec![tile(size, truth, "original"), tile(size, fit, "fit"), difference],
        columns: 3,
        scale: 256.0,
        key: vec![Key::range(format!("difference, −{largest} to {largest} (intensities 0 to 1)"), diverging)],
        ..Gallery::default()
    })
}

/// The figure of the truth and the fit, for a small size.
fn small(size: [usize; 2], truth: &[f32], fit: &[f32]) -> Figure {
    let title = format!("A picture as a network: {:.1} dB", psnr(fit, truth));
    let tiles = vec![tile(size, truth, "truth"), tile(size, fit, "fit")];
    Figure::from(Gallery { title, tiles, columns: 2, scale: 240.0, ..Gallery::default() }).framed()
}

/// The difference that has the deepest colour: the smallest of 0.001, 0.002, 0.005, 0.01 and so on up
/// to 1 that is at least three times the root mean squared difference.
fn largest(decibels: f64) -> f64 {
    let least = 3.0 * libm::pow(10.0, -decibels / 20.0);
    let steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
    steps.into_iter().find(|largest| *largest >= least).unwrap_or(1.0)
}

/// A figure of pictures with captions in one row.
pub(crate) fn pictures(title: &str, size: [usize; 2], tiles: &[(String, Vec<f32>)]) -> Figure {
    gallery(title, size, tiles, tiles.len()).into()
}

/// Pictures with captions in rows of `columns` pictures.
pub(crate) fn gallery(
    title: &str,
    size: [usize; 2],
    tiles: &[(String, Vec<f32>)],
    columns: usize,
) -> Gallery {
    Gallery {
        title: title.into(),
        columns,
        tiles: tiles.iter().map(|(name, values)| tile(size, values, name)).collect(),
        scale: 256.0,
        ..Gallery::default()
    }
}

/// Pictures of inpainting: pictures like those of [`gallery`], of which the second shows the known
/// pixels. All its other pixels get a colour that no grey picture has.
pub(crate) fn inpainting(
    title: &str,
    size: [usize; 2],
    tiles: &[(String, Vec<f32>)],
    is_known: &[bool],
) -> Gallery {
    let mut gallery = gallery(title, size, tiles, 3);
    let pixels = gallery.tiles[1].pixels.iter_mut();
    pixels.zip(is_known).filter(|(_, known)| !**known).for_each(|(pixel, _)| *pixel = UNKNOWN);
    Gallery { key: vec![Key::color("unknown pixel", UNKNOWN)], ..gallery }
}

/// A figure of pictures with captions in named rows.
pub(crate) fn rows(title: &str, size: [usize; 2], tiles: &[(String, Vec<f32>)], names: &[&str]) -> Figure {
    Figure::from(Gallery {
        title: title.into(),
        columns: tiles.len() / names.len(),
        tiles: tiles.iter().map(|(name, values)| tile(size, values, name)).collect(),
        rows: names.iter().map(|name| (*name).to_owned()).collect(),
        scale: 180.0,
        ..Gallery::default()
    })
}

/// A figure with a column for each picture: the picture, the norm of its gradient, and its
/// Laplacian. The colour scales of the derivatives, which all columns share, end at the 99th
/// percentiles of the first column.
pub(crate) fn with_derivatives(size: [usize; 2], columns: &[(String, Vec<f32>, Derivatives)]) -> Figure {
    let [width, height] = size;
    let first = &columns[0].2;
    let steepest = percentile(&first.steepness());
    let strongest = percentile(first.laplacian.as_slice());
    let mut tiles: Vec<Tile> = columns.iter().map(|(name, values, _)| tile(size, values, name)).collect();
    tiles.extend(columns.iter().map(|(_, _, found)| {
        let shares: Vec<f32> = found.steepness().iter().map(|d| d / steepest).collect();
        tile(size, &shares, "")
    }));
    tiles.extend(columns.iter().map(|(_, _, found)| {
        Tile {
            width,
            height,
            pixels: found
                .laplacian
                .as_slice()
                .iter()
                .map(|d| diverging(f64::from(0.5 + 0.5 * (d / strongest).clamp(-1.0, 1.0))))
                .collect(),
            caption: vec![String::new()],
            ..Tile::default()
        }
    }));
    Figure::from(Gallery {
        title: "Fits and their derivatives, networks of the same size".into(),
        columns: columns.len(),
        tiles,
        rows: ["picture", "gradient norm", "Laplacian"].map(str::to_owned).to_vec(),
        scale: 200.0,
        key: vec![
            Key::range("picture, −1 to 1", gray),
            Key::range(format!("gradient norm, 0 to {steepest:.0}"), gray),
            Key::range(format!("Laplacian, −{strongest:.0} to {strongest:.0}"), diverging),
        ],
    })
}

/// The 99th percentile of the absolute values.
fn percentile(values: &[f32]) -> f32 {
    let mut sizes: Vec<f32> = values.iter().map(|x| x.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    sizes[(sizes.len() * 99 / 100).min(sizes.len() - 1)].max(f32::MIN_POSITIVE)
}

/// The signal-to-noise ratios over the training steps. They are computed from the losses, whose
/// colours are from -1 to 1 and so have a peak of 2.
pub(crate) fn ratios(history: &History) -> Vec<(f64, f64)> {
    let ratio = |loss: f64| ratio(loss / 4.0);
    history.column("step").into_iter().zip(history.column("loss").into_iter().map(ratio)).collect()
}

fn training(history: &History) -> Figure {
    Figure::from(Chart {
        title: "Training".into(),
        x: Axis::new("step"),
        y: Axis::new("PSNR, dB"),
        series: vec![Series::curve(ratios(history), palette(0), Stroke::Solid)],
        ..Chart::default()
    })
}

/// A named curve.
type Curve = (String, Vec<(f64, f64)>);

/// A figure of the signal-to-noise ratios of several trainings.
pub(crate) fn curves(title: &str, x: &str, curves: &[Curve]) -> Figure {
    let curve = |(i, (name, points)): (usize, &Curve)| {
        Series::curve(points.clone(), palette(i), Stroke::Solid).named(name)
    };
    Figure::from(Chart {
        title: title.into(),
        x: Axis::new(x),
        y: Axis::new("PSNR, dB"),
        series: curves.iter().enumerate().map(curve).collect(),
        ..Chart::default()
    })
}

/// A figure of the signal-to-noise ratios over the sizes of networks and of JPEG files.
pub(crate) fn rates(networks: Vec<Curve>, jpeg: Vec<(f64, f64)>) -> Figure {
    let all = networks.into_iter().chain([("JPEG".to_owned(), jpeg)]).enumerate();
    let series = |(i, (name, points)): (usize, Curve)| {
        Series::curve(points, palette(i), Stroke::Solid).named(name).marked(Marker::Circle)
    };
    Figure::from(Chart {
        title: "Rate and distortion: quantised SIRENs and JPEG".into(),
        x: Axis::new("bits per pixel").logarithmic(),
        y: Axis::new("PSNR, dB"),
        series: all.map(series).collect(),
        ..Chart::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    #[test]
    fn unknown_pixels_have_a_colour_that_no_grey_picture_has() {
        let tiles = ["original", "known"].map(|name| (name.to_owned(), vec![0.0, 1.0]));
        let gallery = inpainting("", [2, 1], &tiles, &[true, false]);
        assert_eq!(gallery.tiles[0].pixels, [[0; 3], [255; 3]]);
        assert_eq!(gallery.tiles[1].pixels, [[0; 3], UNKNOWN]);
        assert!(UNKNOWN[0] != UNKNOWN[1] && gallery.key.len() == 1);
    }

    #[test]
    fn the_scales_of_derivatives_are_in_the_key() {
        let tensor = |columns, value| Tensor::from_vec(&[1, columns], vec![value; columns]).unwrap();
        let found = Derivatives { gradient: tensor(2, -50.0), laplacian: tensor(1, -812.0) };
        let figure = format!("{:?}", with_derivatives([1, 1], &[("original".into(), vec![0.5], found)]));
        for name in ["gradient norm, 0 to 71", "Laplacian, −812 to 812"] {
            assert!(figure.contains(name), "{figure}");
        }
    }

    #[test]
    fn the_colour_scale_fits_the_differences() {
        // Root mean squares of 0.0009, 0.006, 0.03 and 0.3; three times these must fit into the
        // scale.
        assert_eq!([61.0, 44.7, 30.0, 10.0].map(largest), [0.005, 0.02, 0.1, 1.0]);
        assert_eq!(largest(f64::INFINITY), 0.001);
    }
}
