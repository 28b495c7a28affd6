//! Tests of SIREN: its mathematical properties, and the program on a small picture.

use std::f64::consts::{FRAC_PI_2, PI};
use std::fs;
use std::path::Path;
use std::process::Command;

use ece472::autodiff::{Algebra, Tape};
use ece472::nn::{Module as _, Parameters as _, Pass, Siren, SirenConfig};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use serde_json::Value;

fn siren(layers: usize, width: usize, omega: f64, seed: u64) -> Siren<Tensor<f64>> {
    let config = SirenConfig {
        num_inputs: 2,
        num_outputs: 1,
        num_hidden_layers: layers,
        hidden_layer_width: width,
        omega,
    };
    Siren::new(config, &mut Stream::new(seed, Purpose::Init)).cast::<f32, f64>()
}

/// Points drawn uniformly from the square [-1, 1]².
fn points(count: usize) -> Tensor<f64> {
    let mut stream = Stream::new(7, Purpose::Data);
    Tensor::from_fn(&[count, 2], || 2.0 * stream.uniform() - 1.0)
}

/// The Kolmogorov distance between the values' empirical distribution function and another one
/// (Kolmogorov 1933).
fn distance(numbers: &Tensor<f64>, distribution: impl Fn(f64) -> f64) -> f64 {
    let mut sorted = numbers.as_slice().to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let gap = |(i, &x): (usize, &f64)| {
        let f = distribution(x);
        (f - i as f64 / n).abs().max((f - (i + 1) as f64 / n).abs())
    };
    sorted.iter().enumerate().map(gap).fold(0.0, f64::max)
}

fn normal(x: f64) -> f64 {
    0.5 * (1.0 + libm::erf(x / 2.0_f64.sqrt()))
}

fn arcsine(x: f64) -> f64 {
    0.5 + x.clamp(-1.0, 1.0).asin() / PI
}

#[test]
fn pre_activations_are_normal_and_activations_arcsine_distributed_at_any_depth() {
    let variance = |x: &Tensor<f64>| x.powi(2).mean().item() - x.mean().item().powi(2);
    let layers = siren(8, 512, 30.0, 1).activations(&points(500), &mut Pass::inference());
    let mut expected = 1.0;
    for (i, [z, h]) in layers.iter().enumerate() {
        let (before, after) = (distance(z, normal), distance(h, arcsine));
        if i == 0 {
            // The first layer's pre-activations instead spread over many periods, so their sines
            // are exactly arcsine distributed.
            assert!(before > 0.3 && after < 0.02, "the first layer: {before}, {after}");
            continue;
        }
        assert!(before < 0.05, "layer {i}: {before} from the normal distribution");
        assert!(after < 0.08, "layer {i}: {after} from the arcsine distribution");
        let found = variance(z);
        assert!((found / expected - 1.0).abs() < 0.05, "layer {i}: variance {found}, not {expected}");
        expected = 1.0 - (-2.0 * expected).exp();
    }
    // This depends on the scale of the weights: with half the scale activations vanish, with twice
    // the scale pre-activations fill the period evenly.
    for scale in [0.5, 2.0] {
        let mut other = siren(8, 512, 30.0, 1);
        other.hidden.iter_mut().skip(1).for_each(|layer| layer.weight = layer.weight.clone() * scale);
        let [z, _] = &other.activations(&points(500), &mut Pass::inference())[7];
        assert!(distance(z, normal) > 0.1, "weights {scale} times as large");
    }
}

#[test]
fn the_derivative_is_the_network_shifted_by_a_quarter_period() {
    let network = siren(1, 16, 30.0, 2);
    let x = points(5);
    let tape = Tape::default();
    let var = tape.var(x.clone());
    let lifted = network.map(ece472::nn::ParameterPath::ROOT, &mut |_, p| tape.var(p.clone()));
    let [gradient] = lifted.forward(&var, &mut Pass::on(&tape)).sum().grad([var]);
    // d/dx sin(omega (x W + b)) w = omega W (cos(..) w), and cos is sin shifted by a quarter
    // period.
    let mut shifted = network.clone();
    let bias = shifted.hidden[0].bias.take().unwrap();
    shifted.hidden[0].bias = Some(bias + FRAC_PI_2 / 30.0);
    let [_, cosines] = &shifted.activations(&x, &mut Pass::inference())[0];
    let weighed = cosines.clone() * &network.output.weight.reshape(&[1, 16]) * 30.0;
    let expected = weighed.product(&network.hidden[0].weight, false, true);
    for (a, b) in gradient.value().as_slice().iter().zip(expected.as_slice()) {
        assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{a} {b}");
    }
}

#[test]
fn a_jet_agrees_with_differentiating_twice_on_the_tape() {
    for layers in [1, 3] {
        let network = siren(layers, 8, 4.0, 5);
        let inputs = points(6);
        let jet = network.jet(&inputs, &mut Pass::inference());
        let tape = Tape::default();
        let x = tape.var(inputs.clone());
        let lifted = network.map(ece472::nn::ParameterPath::ROOT, &mut |_, p| tape.var(p.clone()));
        let y = lifted.forward(&x, &mut Pass::on(&tape));
        let [gradient] = y.sum().grad([x]);
        let second = |i: usize| gradient.narrow(1, i, i + 1).sum().grad([x])[0].narrow(1, i, i + 1);
        let laplacian = second(0) + second(1);
        let close = |a: &Tensor<f64>, b: &Tensor<f64>| {
            assert_eq!(a.shape(), b.shape());
            for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
                assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{a} {b}");
            }
        };
        close(&jet.value, &y.value());
        for (i, slope) in jet.gradient.iter().enumerate() {
            close(slope, &gradient.narrow(1, i, i + 1).value());
        }
        close(&jet.laplacian, &laplacian.value());
    }
}

#[test]
fn every_parameter_gets_a_gradient_and_is_counted() {
    let network = siren(3, 8, 30.0, 3);
    assert_eq!(network.count::<f64>(), (2 + 1) * 8 + 2 * (8 + 1) * 8 + 8 + 1);
    let tape = Tape::default();
    let vars: Vec<_> = network.parameters().iter().map(|p: &Tensor<f64>| tape.var(p.clone())).collect();
    let y = network.with(&vars).forward(&tape.var(points(4)), &mut Pass::on(&tape));
    assert!(
        y.powi(2)
            .sum()
            .backward(&vars)
            .iter()
            .all(|g| g.as_ref().is_some_and(|g| g.as_slice().iter().any(|x| *x != 0.0)))
    );
}

/// Fits a small test card.
fn run(out: &Path, options: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
    command.arg("siren").args(options).args(["--quiet", "--width", "32", "--hidden-layers", "2"]);
    if !options.contains(&"--size") {
        command.args(["--size", "24"]);
    }
    let output = command.arg("--out").arg(out).output().unwrap();
    assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn metrics(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("metrics.json")).unwrap()).unwrap()
}

#[test]
fn sines_fit_a_picture_better_than_others_and_reproducibly() {
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name);
    let ratio = |name: &str| metrics(&out(name))["metrics"]["psnr_db"].as_f64().unwrap();
    for network in ["sine", "relu", "tanh", "fourier"] {
        run(
            &out(network),
            &["--network", network, "--learning-rate", "0.005", "--frequency", "3", "--steps", "150"],
        );
    }
    let weights = fs::read(out("sine").join("weights.safetensors")).unwrap();
    for more in [&["--threads", "1"][..], &["--resume"]] {
        run(
            &out("again"),
            &[&["--learning-rate", "0.005", "--frequency", "3", "--steps", "150"], more].concat(),
        );
        assert!(fs::read(out("again").join("weights.safetensors")).unwrap() == weights, "{more:?}");
    }
    assert!(ratio("sine") > 25.0, "{}", ratio("sine"));
    assert!(ratio("sine") > ratio("relu") + 3.0 && ratio("sine") > ratio("tanh") + 3.0);
    assert!(ratio("fourier") > ratio("relu"));

    run(&out("colour"), &["--color", "--batch-size", "100", "--steps", "50"]);
    for name in ["fit.png", "fit.svg", "training.png", "weights.safetensors"] {
        assert!(out("colour").join(name).exists(), "{name}");
    }
    let weights = out("fourier").join("weights.safetensors").display().to_string();
    let mut evaluate = Command::new(env!("CARGO_BIN_EXE_ece472"));
    let evaluate = evaluate.args(["siren", "evaluate", &weights, "--quiet", "--out"]).arg(out("evaluated"));
    assert!(evaluate.status().unwrap().success());
    assert_eq!(metrics(&out("evaluated")), metrics(&out("fourier")));
}

/// Runs a demonstration, checks that it has written its figure, and returns its measurements.
fn shown(out: &Path, what: &str, figure: &str, options: &[&str]) -> Value {
    run(out, &[&["show", what], options].concat());
    assert!(out.join(format!("{figure}.png")).exists() && out.join(format!("{figure}.svg")).exists());
    metrics(out)["metrics"].clone()
}

const SHORT: [&str; 4] = ["--steps", "300", "--learning-rate", "0.003"];

#[test]
fn a_picture_is_recovered_from_its_derivatives() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = shown(dir.path(), "poisson", "poisson", &SHORT);
    // Without training, even the best offset and scale give little more than a uniform grey.
    let untrained = shown(dir.path(), "poisson", "poisson", &["--steps", "1", "--learning-rate", "0"]);
    for (name, least) in [("psnr_from_gradient_db", 4.0), ("psnr_from_laplacian_db", 1.2)] {
        let [ratio, grey] = [&metrics, &untrained].map(|metrics| metrics[name].as_f64().unwrap());
        assert!(ratio > grey + least, "{name}: {ratio}, untrained {grey}");
    }
    let mixed = shown(dir.path(), "mixing", "mixing", &SHORT);
    let error = mixed["mixing_relative_error"].as_f64().unwrap();
    assert!(error < 0.8, "{error}");
}

#[test]
fn sines_fit_the_derivatives_and_relu_has_no_second_one() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = shown(dir.path(), "networks", "networks", &SHORT);
    let number = |name: &str| metrics[name].as_f64().unwrap();
    // Such a small card consists mainly of edges, where filters deviate from derivatives.
    assert!(number("gradient_correlation_sine") > 2.0 * number("gradient_correlation_relu"), "{metrics}");
    assert!(number("laplacian_correlation_sine") > 0.6, "{metrics}");
    assert_eq!(number("laplacian_correlation_relu"), 0.0);
    assert!(dir.path().join("networks-training.png").exists());
}

#[test]
fn demonstrations_measure_baselines_and_resume_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for (what, names) in [
        ("super-resolution", &["psnr_bicubic_db", "psnr_sines_db", "psnr_sines_smooth_db"][..]),
        ("inpainting", &["psnr_diffusion_db", "psnr_sines_db", "psnr_sines_smooth_db"]),
        ("compression", &["psnr_network_one_bit_db"]),
        ("optimizers", &["psnr_adam_db", "psnr_adam_reference_db", "psnr_muon_db", "psnr_sgd_db"]),
    ] {
        let out = dir.path().join(what);
        // The side is large enough for networks of a few bits per pixel, and a multiple of four.
        let size = if what == "compression" { "64" } else { "24" };
        let rate: &[&str] = if what == "optimizers" { &[] } else { &["--learning-rate", "0.003"] };
        let options = [&["--steps", "60", "--size", size], rate].concat();
        let first = shown(&out, what, what, &options);
        assert!(names.iter().all(|name| first[name].as_f64().is_some_and(|x| x > 5.0)), "{what}: {first}");
        let drawn = fs::read(out.join(format!("{what}.png"))).unwrap();
        assert_eq!(first, shown(&out, what, what, &[&options[..], &["--resume"]].concat()));
        assert!(fs::read(out.join(format!("{what}.png"))).unwrap() == drawn, "{what}");
    }
}

#[test]
fn a_zoom_film_is_made_from_a_fit() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["--color", "--steps", "30", "--scene", "landscape"]);
    let fitted = metrics(dir.path())["metrics"]["psnr_db"].as_f64().unwrap();
    let weights = dir.path().join("weights.safetensors").display().to_string();
    let film = dir.path().join("film");
    let found = shown(&film, "zoom", "zoom-steps", &["--fitted", &weights]);
    assert_eq!(found["psnr_db"].as_f64().unwrap(), fitted);
    assert!(fs::read(film.join("zoom.png")).unwrap().windows(4).filter(|part| part == b"fcTL").count() == 78);
}

#[test]
fn impossible_demonstrations_are_reported() {
    for (options, part) in [
        (&["show", "poisson", "--color"][..], "leave --color away"),
        (&["show", "inpainting", "--network", "relu"], "leave --network away"),
        (&["show", "networks", "--network", "tanh"], "leave --network away"),
        (&["show", "optimizers", "--last-learning-rate", "1"], "--last-learning-rate away"),
        (&["show", "super-resolution", "--size", "30"], "multiples of 4"),
        (&["show", "poisson", "--other", "a.png"], "leave it away"),
        (&["show", "mixing", "--other", "no-such.png"], "no-such.png"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
        let output = command.arg("siren").args(options).arg("--out").arg(dir.path()).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && message.contains(part), "{options:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}
