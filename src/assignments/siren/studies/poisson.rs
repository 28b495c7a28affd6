//! Reconstructs a picture from its derivatives alone (Sitzmann et al. 2020, section 4.2; Pérez et
//! al. 2003).

use super::demonstration::Demonstration;
use crate::assignments::siren::problem::{Derivatives, outputs};
use crate::assignments::siren::{Network, PictureFit, PixelRegression, report};
use crate::autodiff::Algebra;
use crate::experiment::{Assignment as _, Error};
use crate::metrics::psnr;
use crate::nn::Pass;
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// The derivative of a picture that a network is trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supervision {
    /// The derivatives to the right and down.
    Gradient,
    /// The Laplacian.
    Laplacian,
}

/// The training objective: the weighted squared error of the derivatives of a picture.
struct Poisson {
    coordinates: Tensor,
    /// The derivatives times `scale`: `[pixels, 2]` or `[pixels, 1]`.
    target: Tensor,
    supervision: Supervision,
    /// Factor that scales the picture so that its derivatives are [`Poisson::LEAD`] times the
    /// untrained network's. Without it, the Laplacian of an untrained network is a hundred times
    /// the picture's, and training would have to unlearn it first.
    scale: f64,
    /// The reciprocal of the mean square that the target has after scaling. The loss starts near 1.
    weight: f64,
}

impl Poisson {
    /// The ratio of the target derivatives to those of the untrained network.
    const LEAD: f64 = 10.0;

    /// The divisor of the learning rate, which must be smaller because the large target makes the
    /// loss steep.
    const SLOWER: f64 = 5.0;

    /// The objective for a target. `network` is the untrained network.
    fn new(network: &Network, coordinates: &Tensor, supervision: Supervision, target: &Tensor) -> Self {
        let square = |x: &Tensor| f64::from(x.powi(2).mean().item().max(f32::MIN_POSITIVE));
        let Derivatives { gradient, laplacian } = Derivatives::of_network(network, coordinates);
        let first = if supervision == Supervision::Gradient { gradient } else { laplacian };
        let meant = Self::LEAD.powi(2) * square(&first);
        let scale = (meant / square(target)).sqrt();
        let target = target.clone() * scale;
        Self { coordinates: coordinates.clone(), target, supervision, scale, weight: 1.0 / meant }
    }

    /// The settings with the lower learning rate.
    fn slowed(config: &PictureFit) -> PictureFit {
        PictureFit { learning_rate: config.learning_rate / Self::SLOWER, ..config.clone() }
    }
}

impl Objective for Poisson {
    type Model = Network;

    fn examples(&self) -> usize {
        self.coordinates.shape()[0]
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Network<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        let siren = model.siren();
        let x = pass.constant(self.coordinates.gather(0, shard.examples));
        let target = pass.constant(self.target.gather(0, shard.examples));
        let found = match self.supervision {
            Supervision::Gradient => {
                let (_, gradient) = siren.value_and_gradient(&x, pass);
                A::concat(&gradient.iter().collect::<Vec<_>>(), 1)
            }
            Supervision::Laplacian => siren.jet(&x, pass).laplacian,
        };
        (found - &target).powi(2).sum() * self.weight
    }

    fn unreached(&self) -> &'static [&'static str] {
        // The output bias adds a constant, so the derivatives do not depend on it.
        &["output.bias"]
    }
}

/// Trains a network on the picture's gradient and another one on its Laplacian, and draws the
/// pictures that they reconstruct, with the best offset and scale.
pub(crate) fn poisson(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let Derivatives { gradient, laplacian } = Derivatives::of_pixels(&demo.picture);
    let mut fits = Vec::new();
    for (supervision, target, name, metric) in [
        (Supervision::Gradient, gradient, "gradient", "psnr_from_gradient_db"),
        (Supervision::Laplacian, laplacian, "Laplacian", "psnr_from_laplacian_db"),
    ] {
        let problem = Poisson::new(&demo.config.network(), &demo.picture.coordinates, supervision, &target);
        let (network, _) = demo.train(name, &Poisson::slowed(&demo.config), &problem)?;
        let fit = fitted(&outputs(&network, &demo.picture.coordinates)?, &demo.truth);
        let ratio = psnr(&fit, &demo.truth);
        demo.measured(metric, ratio);
        fits.push((format!("from its {name}: PSNR {ratio:.1} dB"), fit));
    }
    fits.insert(0, ("original".into(), demo.truth.clone()));
    demo.save("poisson", &report::pictures("Reconstruction from derivatives", demo.picture.size, &fits))
}

/// Trains a network on the gradients of two pictures, at each pixel the longer of the two (Pérez et
/// al. 2003, equation 12). Draws the reconstructed picture next to the mean of the two pictures.
pub(crate) fn mixing(demo: &mut Demonstration<'_>, other: &PixelRegression) -> Result<(), Error> {
    let gradients = [&demo.picture, other].map(|picture| Derivatives::of_pixels(picture).gradient);
    let target = mixed(&gradients);
    let problem =
        Poisson::new(&demo.config.network(), &demo.picture.coordinates, Supervision::Gradient, &target);
    let (network, _) = demo.train("mixing", &Poisson::slowed(&demo.config), &problem)?;
    let found = Derivatives::of_network(&network, &demo.picture.coordinates).gradient;
    let error = (found - &problem.target).powi(2).mean().item() / problem.target.powi(2).mean().item();
    demo.measured("mixing_relative_error", f64::from(error).sqrt());

    let other: Vec<f32> = other.colors.as_slice().iter().map(|y| 0.5 * y + 0.5).collect();
    let mean: Vec<f32> = demo.truth.iter().zip(&other).map(|(a, b)| f32::midpoint(*a, *b)).collect();
    let fit: Vec<f32> =
        outputs(&network, &demo.picture.coordinates)?.iter().map(|y| y / problem.scale as f32).collect();
    let brightness = |y: &[f32]| y.iter().sum::<f32>() / y.len() as f32;
    // Gradients do not determine the brightness: that of the mean picture is used.
    let offset = brightness(&mean) - brightness(&fit);
    let fit = fit.iter().map(|y| y + offset).collect();
    let tiles = [
        ("picture A".into(), demo.truth.clone()),
        ("picture B".into(), other),
        ("mean of A and B".into(), mean),
        ("SIREN, larger of the gradients".into(), fit),
    ];
    demo.save("mixing", &report::pictures("Blending in the gradient domain", demo.picture.size, &tiles))
}

/// The longer of two gradients at each pixel.
fn mixed([a, b]: &[Tensor; 2]) -> Tensor {
    let pairs = a.as_slice().chunks_exact(2).zip(b.as_slice().chunks_exact(2));
    let longer = pairs.flat_map(|(a, b)| if a[0].hypot(a[1]) >= b[0].hypot(b[1]) { a } else { b });
    Tensor::from_vec(a.shape(), longer.copied().collect()).expect("all pixels")
}

/// a y + b, clamped to [0, 1], with the a and b that minimise the squared distance from the truth.
/// Derivatives do not determine the offset, and filtered derivatives not exactly the scale.
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
    y.iter().map(|&y| (a * (f64::from(y) - my) + mt).clamp(0.0, 1.0) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fitting_undoes_any_offset_and_scale() {
        let truth = [0.1, 0.5, 0.3, 0.9];
        let changed: Vec<f32> = truth.iter().map(|t| 0.2 - 3.0 * t).collect();
        let back = fitted(&changed, &truth);
        assert!(back.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-6), "{back:?}");
        assert_eq!(fitted(&[1.0; 4], &truth), [0.45; 4]);
    }

    #[test]
    fn both_components_come_from_the_longer_gradient() {
        let tensor = |values: &[f32]| Tensor::from_vec(&[2, 2], values.to_vec()).unwrap();
        let both = [tensor(&[3.0, 4.0, 1.0, 0.0]), tensor(&[0.0, 4.9, -1.0, -1.0])];
        assert_eq!(mixed(&both).as_slice(), [3.0, 4.0, -1.0, -1.0]);
    }
}
