//! A picture from its derivatives alone (Sitzmann et al. 2020, section 4.2; Pérez et al. 2003).

use super::super::run::RunArgs;
use super::super::{Assignment as _, Error};
use super::network::Network;
use super::{Picture, PictureFit, colors, figures, psnr};
use crate::autodiff::Algebra;
use crate::nn::{Jet, Pass};
use crate::tensor::Tensor;
use crate::train::{Objective, RunOptions, Settings, Shard, train};

/// What of a picture a network is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supervision {
    /// Its slopes to the right and down.
    Gradient,
    /// Its Laplacian.
    Laplacian,
}

/// A picture of which only derivatives are known.
struct Derivatives {
    places: Tensor,
    /// `[pixels, 2]` or `[pixels, 1]`.
    target: Tensor,
    supervision: Supervision,
    /// One by the mean square of the target, so that the loss is about 1 at first.
    weight: f64,
}

impl Derivatives {
    fn new(picture: &Picture, supervision: Supervision) -> Self {
        let target = match supervision {
            Supervision::Gradient => sobel(picture),
            Supervision::Laplacian => discrete_laplacian(picture),
        };
        let square = target.powi(2).mean().item();
        Self {
            places: picture.places.clone(),
            target,
            supervision,
            weight: 1.0 / f64::from(square.max(f32::MIN_POSITIVE)),
        }
    }
}

impl Objective for Derivatives {
    type Model = Network;

    fn examples(&self) -> usize {
        self.places.shape()[0]
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Network<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        let Network::Siren(siren) = model else {
            unreachable!("only sines have derivatives to train through")
        };
        let x = pass.constant(self.places.gather(0, shard.examples));
        let target = pass.constant(self.target.gather(0, shard.examples));
        let Jet { value, gradient, laplacian } = siren.jet(&x, pass);
        let found = match self.supervision {
            Supervision::Gradient => A::concat(&gradient.iter().collect::<Vec<_>>(), 1),
            Supervision::Laplacian => laplacian,
        };
        // No derivative depends on the last bias, but a parameter that a loss does not reach is taken for a mistake.
        (found - &target).powi(2).sum() * self.weight + &(value.sum() * 0.0)
    }
}

/// Trains a network on a picture's gradients and another on its Laplacian, and draws what they make of it; writes
/// `poisson.png` and `metrics.json` with the signal-to-noise ratios after the best offset and scale.
///
/// # Errors
/// If the settings make no sense, the picture cannot be read, training fails, or a file cannot be written.
pub fn poisson(config: &PictureFit, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    if config.color || !matches!(config.model(), Network::Siren(_)) {
        return Err(Error::Usage(
            "--poisson is for grey pictures and sines: leave --color and --network away".into(),
        ));
    }
    let output = args.output(PictureFit::COMMAND);
    output.config(PictureFit::COMMAND, config)?;
    let picture = config.problem(&args.data(PictureFit::COMMAND))?;
    let truth: Vec<f32> = picture.colors.as_slice().iter().map(|y| 0.5 * y + 0.5).collect();
    let mut metrics = Vec::new();
    let mut fits = Vec::new();
    for (supervision, name, metric) in [
        (Supervision::Gradient, "from its gradient", "psnr_from_gradient_db"),
        (Supervision::Laplacian, "from its Laplacian", "psnr_from_laplacian_db"),
    ] {
        let problem = Derivatives::new(&picture, supervision);
        let settings = config.settings(&picture);
        let settings = Settings { log_every: settings.steps, ..settings };
        let options = RunOptions { progress: (!args.quiet).then_some(name), ..RunOptions::default() };
        let (model, _) = train(&problem, &config.model(), settings, config.seed, &options)?;
        let fit = fitted(&colors(&model, &picture.places), &truth);
        let ratio = psnr(&fit, &truth);
        args.say(&format!("{metric:<24} {ratio:.2}"));
        metrics.push((metric, ratio));
        fits.push((format!("{name}: {ratio:.1} dB"), fit));
    }
    figures::reconstructions(picture.size, &truth, &fits).save(output.folder(), "poisson")?;
    output.metrics(PictureFit::COMMAND, config.seed, &metrics, &[])
}

/// a y + b, with the a and b for which the squared distance from the truth is smallest: derivatives know neither a
/// constant nor, where they are filtered, quite the scale.
fn fitted(y: &[f32], truth: &[f32]) -> Vec<f32> {
    let n = y.len() as f64;
    let mean = |x: &[f32]| x.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let (my, mt) = (mean(y), mean(truth));
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (&y, &t) in y.iter().zip(truth) {
        covariance += (f64::from(y) - my) * (f64::from(t) - mt);
        variance += (f64::from(y) - my).powi(2);
    }
    let a = if variance > 0.0 { covariance / variance } else { 0.0 };
    y.iter().map(|&y| (a * (f64::from(y) - my) + mt) as f32).collect()
}

/// A filter of 3 x 3 pixels over a grey picture, whose edges are repeated beyond it: `[pixels, 1]`.
fn filtered(picture: &Picture, filter: [[f64; 3]; 3]) -> Vec<f32> {
    let [width, height] = picture.size;
    let values = picture.colors.as_slice();
    let at = |i: usize, di: usize, extent: usize| (i + di).saturating_sub(1).min(extent - 1);
    let pixel = |k: usize| {
        let (i, j) = (k % width, k / width);
        let mut sum = 0.0;
        for (dj, row) in filter.iter().enumerate() {
            for (di, weight) in row.iter().enumerate() {
                sum += weight * f64::from(values[at(j, dj, height) * width + at(i, di, width)]);
            }
        }
        sum as f32
    };
    (0..width * height).map(pixel).collect()
}

/// One by the distance of two pixels.
fn density(picture: &Picture) -> f64 {
    (picture.size[0].max(picture.size[1]).max(2) - 1) as f64 / 2.0
}

/// The slopes to the right and down by Sobel's filters: `[pixels, 2]`.
fn sobel(picture: &Picture) -> Tensor {
    let d = density(picture) / 8.0;
    let right = filtered(picture, [[-d, 0.0, d], [-2.0 * d, 0.0, 2.0 * d], [-d, 0.0, d]]);
    let down = filtered(picture, [[-d, -2.0 * d, -d], [0.0; 3], [d, 2.0 * d, d]]);
    let mut both = right.iter().zip(&down).flat_map(|(&x, &y)| [x, y]);
    Tensor::from_fn(&[right.len(), 2], || both.next().expect("two for each pixel"))
}

/// The sum of the second differences: `[pixels, 1]`.
fn discrete_laplacian(picture: &Picture) -> Tensor {
    let d = density(picture).powi(2);
    let values = filtered(picture, [[0.0, d, 0.0], [d, -4.0 * d, d], [0.0, d, 0.0]]);
    Tensor::from_vec(&[values.len(), 1], values).expect("one for each pixel")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of a function of the place.
    fn picture(f: impl Fn(f32, f32) -> f32) -> Picture {
        let places = super::super::places([9, 7]);
        let mut values =
            places.as_slice().chunks_exact(2).map(|p| f(p[0], p[1])).collect::<Vec<_>>().into_iter();
        let colors = Tensor::from_fn(&[63, 1], || values.next().expect("one for each"));
        Picture { size: [9, 7], places, colors }
    }

    #[test]
    fn filters_are_exact_for_what_they_are_made_for() {
        let inside = 3 * 9 + 4;
        let plane = sobel(&picture(|x, y| 0.5 * x - 0.25 * y));
        let slopes = &plane.as_slice()[2 * inside..][..2];
        assert!((slopes[0] - 0.5).abs() < 1e-5 && (slopes[1] + 0.25).abs() < 1e-5, "{slopes:?}");
        let bowl = discrete_laplacian(&picture(|x, y| 0.5 * x * x + 0.25 * y * y));
        assert!((bowl.as_slice()[inside] - 1.5).abs() < 1e-4);
    }

    #[test]
    fn the_best_offset_and_scale_undo_any() {
        let truth = [0.1, 0.5, 0.3, 0.9];
        let changed: Vec<f32> = truth.iter().map(|t| 0.2 - 3.0 * t).collect();
        let back = fitted(&changed, &truth);
        assert!(back.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-6), "{back:?}");
        assert_eq!(fitted(&[1.0; 4], &truth), [0.45; 4]);
    }
}
