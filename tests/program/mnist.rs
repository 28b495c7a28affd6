//! Assignment 3: the classifier's properties, and the program on small synthetic data in MNIST's
//! format.

use std::fs;
use std::path::Path;
use std::process::Output;

use ece472::assignments::mnist::{DigitClassification, Mnist};
use ece472::autodiff::Algebra as _;
use ece472::data::sources;
use ece472::data::{LabelledImages, Part};
use ece472::experiment::{Assignment as _, DataFolder, Preset};
use ece472::models::classifier::{Classifier, ClassifierConfig, Readout};
use ece472::nn::check::check_module;
use ece472::nn::{Activation, Downsampling, Module as _, Parameters, Pass};
use ece472::optim::{Method, Schedule};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{Precision, RunOptions, Settings, load_weights, save_weights, train};

use super::support::{check_parameters_are_reached, check_pictures_are_independent, command, run_well};

fn small() -> ClassifierConfig {
    ClassifierConfig {
        input_size: [6, 5],
        input_depth: 2,
        layer_depths: vec![3, 4],
        layer_kernel_sizes: vec![[3, 3], [2, 3]],
        layer_strides: vec![1, 2],
        downsampling: Downsampling::Stride,
        num_classes: 3,
        norm_groups: None,
        activation: Activation::Relu,
        residual: None,
        head: Readout::Flat,
        layer_dropout: 0.0,
        dropout: 0.25,
    }
}

fn classifier(config: &ClassifierConfig) -> Classifier {
    Classifier::new(config, &mut Stream::new(1, Purpose::Init))
}

fn pictures(count: usize) -> Tensor<f64> {
    let mut stream = Stream::new(2, Purpose::Data);
    Tensor::from_fn(&[count, 6, 5, 2], || stream.normal())
}

#[test]
fn shapes_and_parameter_counts_are_right() {
    let network = classifier(&small());
    let y = network.forward(&pictures(7).cast::<f32>(), &mut Pass::inference());
    assert_eq!(y.shape(), [7, 3]);
    // Kernels and biases of the convolutions, and a linear layer from 3 x 3 positions with 4
    // channels to 3 classes.
    assert_eq!(network.count(), (3 * 3 * 2 * 3 + 3) + (2 * 3 * 3 * 4 + 4) + (36 * 3 + 3));
    assert_eq!(network.names()[..2], ["layers.0.kernel", "layers.0.bias"]);
    assert_eq!(network.weights().count(), 3, "biases are not penalised");
}

#[test]
fn gradients_to_order_two_reach_every_parameter() {
    // The network is piecewise linear; the seed of the inputs is such that the check stays away
    // from kinks.
    let network = classifier(&ClassifierConfig { dropout: 0.0, ..small() }).cast::<f32, f64>();
    let report = check_module(&network, &(pictures(2) * 3.0), |network, parameters, x| {
        let mut pass = Pass::on(x.context());
        Parameters::<Tensor<f64>>::with(network, parameters).forward(&x, &mut pass).log_softmax(1)
    });
    assert!(report.is_ok(), "{report:?}");

    check_parameters_are_reached(&network, &pictures(8));
}

#[test]
fn pictures_of_a_batch_are_independent() {
    check_pictures_are_independent(&classifier(&small()).cast::<f32, f64>(), &pictures(5));
}

#[test]
fn dropout_acts_only_in_training() {
    let network = classifier(&small()).cast::<f32, f64>();
    let x = pictures(3);
    let at = |pass: &mut Pass<Tensor<f64>>| network.forward(&x, pass);
    let quiet = at(&mut Pass::inference());
    let noisy = |seed| at(&mut Pass::inference().with_noise(Stream::new(seed, Purpose::Dropout)));
    assert_ne!(noisy(1), quiet);
    assert_ne!(noisy(1), noisy(2));
    assert_eq!(noisy(1), noisy(1));
}

#[test]
#[should_panic(expected = "classifier: 2 depths, 1 kernel sizes and 2 strides")]
fn lists_of_different_lengths_panic() {
    classifier(&ClassifierConfig { layer_kernel_sizes: vec![[3, 3]], ..small() });
}

/// Synthetic digits: each class is a bar at its own position, with noise.
fn bars(count: usize, seed: u64) -> LabelledImages {
    let mut stream = Stream::new(seed, Purpose::Data);
    let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
    let mut images = Vec::with_capacity(count * 784);
    for &label in &labels {
        let (first, vertical) = (4 + 4 * (usize::from(label) / 2), label % 2 == 0);
        for pixel in 0..784 {
            let along = if vertical { pixel % 28 } else { pixel / 28 };
            let ink = (first..first + 3).contains(&along);
            images.push(if ink { 155 + stream.below(100) as u8 } else { stream.below(60) as u8 });
        }
    }
    LabelledImages::grey([28, 28], images, labels)
}

/// Writes the four files in MNIST's format.
fn write_digits(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (prefix, digits) in [("train", bars(400, 1)), ("t10k", bars(100, 2))] {
        let count = (digits.labels.len() as u32).to_be_bytes();
        let side = 28_u32.to_be_bytes();
        let images = [&[0, 0, 8, 3], &count[..], &side, &side, &digits.images].concat();
        let labels = [&[0, 0, 8, 1], &count[..], &digits.labels].concat();
        fs::write(folder.join(format!("{prefix}-images-idx3-ubyte")), images).unwrap();
        fs::write(folder.join(format!("{prefix}-labels-idx1-ubyte")), labels).unwrap();
    }
}

#[test]
fn ten_pictures_are_overfitted() {
    let problem = DigitClassification::new(bars(10, 3));
    let config = Mnist { layer_depths: vec![4, 4, 4, 4], dropout: 0.0, ..Mnist::default() };
    let settings = Settings {
        steps: 150,
        batch_size: 10,
        schedule: Schedule::Constant,
        method: Method::Adam,
        learning_rate: 3e-3,
        log_every: 150,
        ..config.settings(&problem)
    };
    let (_, history) = train(&problem, &config.network(), settings, 1, &RunOptions::default()).unwrap();
    let losses = history.column("loss");
    assert!(losses.last().unwrap() < &0.5, "{losses:?}");
    let (model, _) = train(&problem, &config.network(), settings, 1, &RunOptions::default()).unwrap();
    let logits = model.forward(
        &Tensor::from_vec(
            &[10, 28, 28, 1],
            bars(10, 3).images.iter().map(|&p| f32::from(p) / 255.0).collect(),
        )
        .unwrap(),
        &mut Pass::inference(),
    );
    for (i, row) in logits.as_slice().chunks_exact(10).enumerate() {
        assert!((0..10).all(|k| row[k] <= row[i]), "picture {i}: {row:?}");
    }
}

#[test]
fn half_precision_weights_come_back_as_they_were_rounded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    let network = classifier(&small());
    let rounded = Precision::Half.round(&network).unwrap();
    assert_ne!(rounded.parameters(), network.parameters());
    save_weights(&path, &rounded, "", Precision::Half).unwrap();
    assert_eq!(load_weights(&path, &network).unwrap().parameters(), rounded.parameters());
    for (a, b) in network.parameters().iter().zip(rounded.parameters()) {
        for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
            assert!((a - b).abs() <= a.abs() / 2048.0, "{a} became {b}");
        }
    }
    assert!(fs::metadata(&path).unwrap().len() < 2 * network.count() as u64 + 1500);
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The options of a run that takes a second.
const BRIEF: [&str; 13] = [
    "mnist",
    "--preset",
    "quick",
    "--validation",
    "50",
    "--layer-depths",
    "4,8",
    "--layer-kernel-sizes",
    "3,3",
    "--layer-strides",
    "2,2",
    "--epochs",
    "8",
];

#[test]
fn the_program_trains_evaluates_and_predicts_on_either_data_set() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    write_digits(&dir.path().join("data/mnist"));
    write_digits(&dir.path().join("data/fashion-mnist"));
    let data = at("data");
    let read = |name: &str| fs::read(dir.path().join(name)).unwrap();
    for dataset in ["mnist", "fashion-mnist"] {
        let common =
            ["--dataset", dataset, "--data-dir", &data, "--batch-size", "16", "--learning-rate", "0.01"];
        let train = |out: &str, threads: &str| {
            run_well(&[&BRIEF[..], &common, &["--out", out, "--threads", threads, "--quiet"]].concat());
        };
        train(&at("a"), "1");
        train(&at("b"), "3");
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(dir.path().join("a")).unwrap() {
            names.push(entry.unwrap().file_name().into_string().unwrap());
        }
        names.sort_unstable();
        for name in names.iter().filter(|n| *n != "run.json" && *n != "checkpoint") {
            assert!(
                read(&format!("a/{name}")) == read(&format!("b/{name}")),
                "{name} depends on the threads"
            );
        }
        for name in ["confusion.png", "kernels.svg", "training.png", "predictions.csv", "metrics.json"] {
            assert!(names.iter().any(|n| n == name), "{name} is missing in {names:?}");
        }
        let metrics: serde_json::Value = serde_json::from_slice(&read("a/metrics.json")).unwrap();
        let accuracy = metrics["metrics"]["test_accuracy"].as_f64().unwrap();
        assert!(accuracy > 0.9, "bars are not told apart: {accuracy}");
        assert_eq!(metrics["targets"].as_array().unwrap().len(), usize::from(dataset == "mnist"));

        let weights = at("a/weights.safetensors");
        run_well(&["mnist", "evaluate", &weights, "--data-dir", &data, "--out", &at("c"), "--quiet"]);
        assert_eq!(read("a/metrics.json"), read("c/metrics.json"));
        assert_eq!(read("a/predictions.csv"), read("c/predictions.csv"));

        let picture = at("my digit.png");
        let drawing = image::GrayImage::from_fn(90, 120, |x, y| {
            image::Luma([if (40..50).contains(&x) && (20..100).contains(&y) { 30 } else { 220 }])
        });
        drawing.save(&picture).unwrap();
        let said = run_well(&["mnist", "predict", &picture, "--weights", &weights, "--out", &at("p")]);
        assert!(said.contains("my digit.png: ") && said.contains("with probability"), "{said}");
        assert!(dir.path().join("p/prediction-my digit.png").exists());
        for name in ["a", "b", "c", "p"] {
            fs::remove_dir_all(dir.path().join(name)).unwrap();
        }
    }
}

#[test]
fn missing_files_are_reported_with_the_command_that_fetches_them() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    let out = dir.path().join("out").display().to_string();
    let fail = |arguments: &[&str]| {
        let output = run(arguments);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
        message
    };
    let message = fail(&["mnist", "--data-dir", &data, "--out", &out]);
    assert!(message.contains("data fetch mnist") && message.contains(&data), "{message}");
    write_digits(&dir.path().join("data/mnist"));
    fs::write(dir.path().join("data/mnist/train-labels-idx1-ubyte"), b"junk").unwrap();
    let message = fail(&["mnist", "--data-dir", &data, "--out", &out]);
    assert!(message.contains("train-labels-idx1-ubyte"), "{message}");
    let message = fail(&["mnist", "predict", "/no/such.png", "--weights", "/no/such/weights"]);
    assert!(message.contains("cannot read /no/such/weights"), "{message}");
    for (option, value, why) in [
        ("--layer-depths", "4", "--layer-kernel-sizes has 4 values, but --layer-depths 1"),
        ("--dropout", "1.5", "--dropout 1.5 is not from 0 to 0.99"),
        ("--batch-size", "0", "--batch-size 0 is not from 1"),
    ] {
        let output = run(&["mnist", option, value, "--data-dir", &data, "--out", &out]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && message.contains(why), "{message}");
    }
}

#[test]
fn options_override_presets() {
    let dir = tempfile::tempdir().unwrap();
    write_digits(&dir.path().join("mnist"));
    let (data, out) = (dir.path().display().to_string(), dir.path().join("out").display().to_string());
    run_well(&[&BRIEF[..], &["--data-dir", &data, "--out", &out, "--quiet"]].concat());
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("out/config.json")).unwrap()).unwrap();
    assert_eq!((&config["preset"], &config["epochs"]), (&"quick".into(), &8.into()));
    let record = Mnist { preset: Preset::Record, ..Mnist::default() }.preset().unwrap();
    assert!(record.layer_depths.len() > Mnist::default().layer_depths.len());
    assert_eq!(record.preset, Preset::Record);
}

#[test]
fn the_real_digits_are_complete_and_a_small_network_learns_them() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let digits = LabelledImages::read_mnist(&sources::MNIST, &data, Part::Test).unwrap();
    assert_eq!(digits.labels.len(), 10_000);
    let config = Mnist {
        layer_depths: vec![8, 8],
        layer_kernel_sizes: vec![5, 3],
        layer_strides: vec![2, 2],
        epochs: 1,
        ..Mnist::default()
    };
    let data = DataFolder { path: data, ..DataFolder::default() };
    let problem = config.problem(&data).unwrap();
    let settings = config.settings(&problem);
    let (model, _) = train(&problem, &config.network(), settings, 1, &RunOptions::default()).unwrap();
    let metrics = config.report(&data, &model, None).unwrap().metrics;
    let accuracy = metrics.iter().find(|(name, _)| *name == "test_accuracy").unwrap().1;
    assert!(accuracy > 0.93, "{accuracy}");
}

#[test]
fn a_training_whose_weights_overflow_fails_without_a_score() {
    let dir = tempfile::tempdir().unwrap();
    write_digits(&dir.path().join("data/mnist"));
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    let (data, out) = (data.to_str().unwrap(), out.to_str().unwrap());
    let wild = ["--learning-rate", "100000", "--l2", "0", "--data-dir", data, "--out", out, "--quiet"];
    let output = run(&[&BRIEF[..], &wild].concat());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    assert!(
        message.contains("lower the learning rate") || message.contains("lower learning rate"),
        "{message}"
    );
    assert!(!Path::new(out).join("metrics.json").exists());
}
