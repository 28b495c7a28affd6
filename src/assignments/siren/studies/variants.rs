//! The same picture fitted by different networks and by different optimizers.

use std::time::Instant;

use super::demonstration::Demonstration;
use crate::assignments::siren::problem::{Derivatives, colors, correlation};
use crate::assignments::siren::{NetworkKind, PictureFit, report};
use crate::experiment::{Error, OptimizerKind};
use crate::metrics::psnr;

/// Learning rates of Muon and of SGD, which have no common default.
const MUON_RATE: f64 = 3e-3;
const SGD_RATE: f64 = 1e-2;

/// Trains networks of the same size for the same number of steps, and draws their fits and
/// derivatives (Sitzmann et al. 2020, figures 1 and 2).
pub(crate) fn networks(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let size = demo.picture.size;
    let pixels = Derivatives::of_pixels(&demo.picture);
    let mut columns = vec![("original".to_owned(), demo.truth.clone(), pixels.clone())];
    let mut curves = Vec::new();
    for (network, name, [ratio, gradient, laplacian]) in [
        (
            NetworkKind::Sine,
            "SIREN",
            ["psnr_sine_db", "gradient_correlation_sine", "laplacian_correlation_sine"],
        ),
        (
            NetworkKind::Relu,
            "ReLU",
            ["psnr_relu_db", "gradient_correlation_relu", "laplacian_correlation_relu"],
        ),
        (
            NetworkKind::Tanh,
            "tanh",
            ["psnr_tanh_db", "gradient_correlation_tanh", "laplacian_correlation_tanh"],
        ),
        (
            NetworkKind::Fourier,
            "Fourier features",
            ["psnr_fourier_db", "gradient_correlation_fourier", "laplacian_correlation_fourier"],
        ),
    ] {
        let (network, history) =
            demo.train(name, &PictureFit { network, ..demo.config.clone() }, &demo.picture)?;
        let fit = colors(&network, &demo.picture.coordinates)?;
        let found = Derivatives::of_network(&network, &demo.picture.coordinates);
        let decibels = psnr(&fit, &demo.truth);
        demo.measured(ratio, decibels);
        demo.measured(gradient, correlation(found.gradient.as_slice(), pixels.gradient.as_slice()));
        demo.measured(laplacian, correlation(found.laplacian.as_slice(), pixels.laplacian.as_slice()));
        columns.push((format!("{name}: PSNR {decibels:.1} dB"), fit, found));
        curves.push((name.to_owned(), report::ratios(&history)));
    }
    demo.save("networks", &report::with_derivatives(size, &columns))?;
    demo.save(
        "networks-training",
        &report::curves("PSNR during training, networks of the same size", "step", &curves),
    )
}

/// Trains the same network with several optimizers, and draws the fit over steps and over seconds.
pub(crate) fn optimizers(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let adam = PictureFit { optimizer: OptimizerKind::Adam, ..demo.config.clone() };
    let descent = |optimizer, learning_rate| PictureFit { optimizer, learning_rate, ..demo.config.clone() };
    let mut curves = Vec::new();
    let mut timed = Vec::new();
    for (name, metric, config) in [
        ("Adam, 0.001 falling", "psnr_adam_db", PictureFit { learning_rate: 1e-3, ..adam.clone() }),
        (
            "Adam, 0.001 constant",
            "psnr_adam_constant_db",
            PictureFit { last_learning_rate: 1.0, learning_rate: 1e-3, ..adam.clone() },
        ),
        (
            "Adam, 0.0001 constant",
            "psnr_adam_reference_db",
            PictureFit { last_learning_rate: 1.0, learning_rate: 1e-4, ..adam },
        ),
        ("Muon, 0.003 falling", "psnr_muon_db", descent(OptimizerKind::Muon, MUON_RATE)),
        ("SGD, 0.01 falling", "psnr_sgd_db", descent(OptimizerKind::Nesterov, SGD_RATE)),
    ] {
        let start = Instant::now();
        let (network, history) = demo.train(name, &config, &demo.picture)?;
        let seconds = start.elapsed().as_secs_f64() / config.steps as f64;
        demo.measured(metric, psnr(&colors(&network, &demo.picture.coordinates)?, &demo.truth));
        let curve = report::ratios(&history);
        timed.push((name.to_owned(), curve.iter().map(|&(step, ratio)| (seconds * step, ratio)).collect()));
        curves.push((name.to_owned(), curve));
    }
    demo.save("optimizers", &report::curves("PSNR during training", "step", &curves))?;
    if demo.resume {
        demo.args.say("No figure over seconds is drawn: the times of a resumed training are not all known.");
        return Ok(());
    }
    demo.save("optimizers-seconds", &report::curves("PSNR during training", "training time, s", &timed))
}
