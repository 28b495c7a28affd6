//! Assignment 4: the classifier with residual blocks, and the program on small synthetic data in
//! CIFAR's format.

mod earlier;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use ece472::assignments::cifar::{Blocks, Cifar, Flipping, PhotoClassification};
use ece472::autodiff::Algebra as _;
use ece472::data::{CifarKind, LabelledImages};
use ece472::experiment::{Assignment as _, Goal, OrNone, Preset};
use ece472::models::classification::{Augment as _, Proxy};
use ece472::models::classifier::{Classifier, ClassifierConfig, Readout, Residual};
use ece472::nn::loss::{cross_entropy, one_hot};
use ece472::nn::{Activation, Downsampling, Module as _, Order, Parameters, Pass, Pool2d};
use ece472::optim::Schedule;
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{Objective as _, RunOptions, Settings, Shard, train};

use super::support::{
    assert_same, check_parameters_are_reached, check_pictures_are_independent, command, run_well, tensors,
};

fn small(order: Order) -> ClassifierConfig {
    ClassifierConfig {
        input_size: [6, 5],
        input_depth: 3,
        layer_depths: vec![4, 4, 8],
        layer_kernel_sizes: vec![[3, 3]; 3],
        layer_strides: vec![1, 1, 2],
        downsampling: Downsampling::Stride,
        num_classes: 3,
        norm_groups: Some(2),
        activation: Activation::Relu,
        residual: Some(Residual { order, standardised: true, last_scale: 0.5, drop: 0.5, squeeze: Some(2) }),
        head: Readout::Pooled(Pool2d::GlobalAverage),
        layer_dropout: 0.0,
        dropout: 0.0,
    }
}

const ORDERS: [Order; 2] = [Order::PreActivation, Order::PostActivation];

fn classifier(order: Order) -> Classifier {
    Classifier::new(&small(order), &mut Stream::new(1, Purpose::Init))
}

fn pictures(count: usize) -> Tensor<f64> {
    let mut stream = Stream::new(2, Purpose::Data);
    Tensor::from_fn(&[count, 6, 5, 3], || stream.normal())
}

#[test]
fn residual_blocks_have_the_right_shapes_and_layers() {
    for order in ORDERS {
        let network = classifier(order);
        let y = network.forward(&pictures(7).cast::<f32>(), &mut Pass::inference());
        assert_eq!(y.shape(), [7, 3]);
        assert_eq!(network.layers.iter().map(|layer| layer.windows().count()).collect::<Vec<_>>(), [1, 2, 2]);
        // The convolution before pre-activation blocks has no normalisation; one follows the last
        // block.
        let bare = order == Order::PreActivation;
        assert_eq!(network.norm.is_some(), bare);
        assert_eq!(network.names().contains(&"layers.0.norm.scale".into()), !bare);
        // The first kernel; two blocks with two kernels and squeeze-and-excitation each; a
        // projection; the last layer.
        assert_eq!(network.weights().count(), 1 + 2 * 4 + 1 + 1);
    }
}

#[test]
fn every_parameter_of_the_blocks_gets_a_gradient() {
    for order in ORDERS {
        check_parameters_are_reached(&classifier(order).cast::<f32, f64>(), &pictures(8));
    }
}

#[test]
fn pictures_of_a_batch_are_independent() {
    for order in ORDERS {
        check_pictures_are_independent(&classifier(order).cast::<f32, f64>(), &pictures(5));
    }
}

#[test]
fn stochastic_depth_acts_only_in_training() {
    let network = classifier(Order::PreActivation).cast::<f32, f64>();
    let x = pictures(8);
    let at = |pass: &mut Pass<Tensor<f64>>| network.forward(&x, pass);
    let noisy = |seed| at(&mut Pass::inference().with_noise(Stream::new(seed, Purpose::Dropout)));
    assert_ne!(noisy(1), at(&mut Pass::inference()));
    assert_ne!(noisy(1), noisy(2));
    assert_eq!(noisy(1), noisy(1));
}

/// The number of classes in the synthetic photographs.
const SHOWN: usize = 10;

/// Synthetic photographs: each of ten classes has its own colours in the upper and in the lower
/// half, with noise.
fn colours(kind: CifarKind, count: usize, seed: u64) -> LabelledImages {
    let mut stream = Stream::new(seed, Purpose::Data);
    let step = kind.classes().len() / SHOWN;
    let labels: Vec<u8> = (0..count).map(|i| (i % SHOWN * step) as u8).collect();
    let mut images = Vec::with_capacity(count * 32 * 32 * 3);
    for i in 0..count {
        for pixel in 0..32 * 32 {
            let code = if pixel < 512 { i % SHOWN } else { i % SHOWN / 3 };
            for channel in 0..3 {
                let shade = if code >> channel & 1 == 1 { 150 } else { 50 };
                images.push(shade + stream.below(60) as u8);
            }
        }
    }
    LabelledImages::of_cifar(kind, images, labels)
}

/// The files of CIFAR-10 or CIFAR-100 in their formats.
fn write_photographs(kind: CifarKind, data: &Path) {
    let folder = kind.source().folder_in(data);
    fs::create_dir_all(&folder).unwrap();
    let names: &[(&str, usize)] = match kind {
        CifarKind::Cifar10 => &[
            ("data_batch_1.bin", 60),
            ("data_batch_2.bin", 60),
            ("data_batch_3.bin", 60),
            ("data_batch_4.bin", 60),
            ("data_batch_5.bin", 60),
            ("test_batch.bin", 50),
        ],
        CifarKind::Cifar100 => &[("train.bin", 300), ("test.bin", 50)],
    };
    for (seed, &(name, count)) in names.iter().enumerate() {
        let photographs = colours(kind, count, seed as u64);
        let mut file = Vec::new();
        for (i, label) in photographs.labels.iter().enumerate() {
            if kind == CifarKind::Cifar100 {
                file.push(0);
            }
            file.push(*label);
            let image = photographs.image(i);
            file.extend((0..3).flat_map(|channel| image.iter().skip(channel).step_by(3)));
        }
        fs::write(folder.join(name), file).unwrap();
    }
}

#[test]
fn ten_photographs_are_overfitted() {
    let photographs = colours(CifarKind::Cifar10, 10, 3);
    let problem = PhotoClassification::new(photographs);
    for residual in [Blocks::None, Blocks::PreActivation, Blocks::PostActivation] {
        let config = Cifar {
            residual,
            layer_depths: vec![8, 8, 16],
            layer_kernel_sizes: vec![3; 3],
            layer_strides: vec![2; 3],
            ..Cifar::default()
        };
        let settings =
            Settings { steps: 60, schedule: Schedule::Constant, log_every: 60, ..config.settings(&problem) };
        let (model, history) =
            train(&problem, &config.network(), settings, 1, &RunOptions::default()).unwrap();
        let losses = history.column("loss");
        assert!(losses.last().unwrap() < &1.0, "{residual:?}: {losses:?}");
        let examples: Vec<usize> = (0..10).collect();
        let logits = model.forward(&problem.pictures.inputs(&examples), &mut Pass::inference());
        for (i, row) in logits.as_slice().chunks_exact(10).enumerate() {
            assert!((0..10).all(|k| row[k] <= row[i]), "{residual:?}, picture {i}: {row:?}");
        }
    }
}

#[test]
fn augmentation_follows_the_settings() {
    let pictures = colours(CifarKind::Cifar10, 8, 0);
    let examples: Vec<usize> = (0..8).collect();
    let still = Cifar { flip: Flipping::None, shift: 0, cutout: OrNone(None), ..Cifar::default() };
    let changed = |config: &Cifar, shard: &Shard<'_>| {
        let augmentation = config.augmentation();
        let mut x = pictures.colors(&examples);
        augmentation.colors(&mut x, &examples, shard);
        pictures.normalize(&mut x);
        let mut targets: Tensor = one_hot(&pictures.labels_of(&examples), 10, 0.0);
        augmentation.inputs(&mut x, &mut targets, &examples, shard);
        (x, targets)
    };
    let shard = Shard::of(&examples);
    let plain = changed(&still, &shard);
    assert_eq!(plain.0, pictures.inputs(&examples));
    for config in [
        Cifar { shift: 2, ..still.clone() },
        Cifar { cutout: OrNone(Some(8)), ..still.clone() },
        Cifar { jitter: 0.4, ..still.clone() },
        Cifar { flip: Flipping::Random, ..still.clone() },
    ] {
        let (x, targets) = changed(&config, &shard);
        assert!(x != plain.0 && targets == plain.1, "{config:?}");
        assert_eq!(changed(&config, &shard).0, x);
    }
    for config in
        [Cifar { mixup: OrNone(Some(1.0)), ..still.clone() }, Cifar { cutmix: OrNone(Some(1.0)), ..still }]
    {
        let (x, targets) = changed(&config, &shard);
        assert!(x != plain.0 && targets != plain.1, "{config:?}");
    }
}

fn fail(arguments: &[&str], status: i32) -> String {
    let output: Output = command(arguments).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{message}");
    message
}

/// The options of a run that takes a second.
const BRIEF: [&str; 19] = [
    "cifar",
    "--validation",
    "50",
    "--layer-depths",
    "8,8,16",
    "--layer-kernel-sizes",
    "3,3,3",
    "--layer-strides",
    "2,2,2",
    "--norm-groups",
    "4",
    "--batch-size",
    "32",
    "--shard-size",
    "8",
    "--cutout",
    "6",
    "--mixup",
    "0.2",
];

/// The files of a run that must be reproducible, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_file() && name != "run.json" {
            files.insert(name, fs::read(path).unwrap());
        }
    }
    files
}

#[test]
fn the_program_trains_evaluates_and_predicts_on_either_data_set() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let data = at("data");
    for (kind, dataset) in [(CifarKind::Cifar10, "cifar10"), (CifarKind::Cifar100, "cifar100")] {
        write_photographs(kind, Path::new(&data));
        let common =
            ["--dataset", dataset, "--data-dir", &data, "--epochs", "20", "--test-time", "flip-shift"];
        for (out, threads) in [("a", "1"), ("b", "2")] {
            run_well(&[&BRIEF[..], &common, &["--out", &at(out), "--threads", threads, "--quiet"]].concat());
        }
        assert_same(&files(&dir.path().join("a")), &files(&dir.path().join("b")));
        let written = files(&dir.path().join("a"));
        for name in [
            "augmentation.png",
            "calibration.png",
            "classes.png",
            "confusion.png",
            "examples.svg",
            "kernels.svg",
            "receptive-field.png",
            "training.png",
            "predictions.csv",
        ] {
            assert!(written.contains_key(name), "{name} is missing in {:?}", written.keys());
        }
        let metrics: serde_json::Value = serde_json::from_slice(&written["metrics.json"]).unwrap();
        let metric = |name: &str| metrics["metrics"][name].as_f64().unwrap_or_else(|| panic!("no {name}"));
        assert!(metric("test_top1") > 0.9, "colours are not told apart: {metrics}");
        assert!(metric("test_top5") >= metric("test_top1") && metric("validation_top1") > 0.9);
        assert!(metric("test_top1_augmented") > 0.9 && metric("validation_top1_augmented") > 0.9);
        assert!(metric("test_top5_augmented") > 0.9);
        let goal = if kind == CifarKind::Cifar10 { "test_top1" } else { "test_top5" };
        assert_eq!(metrics["targets"][0]["metric"], goal);
        let history = String::from_utf8(written["history.csv"].clone()).unwrap();
        assert!(
            history.starts_with("step,learning_rate,loss,validation_loss,validation_top1\n"),
            "{history}"
        );
        assert_eq!(history.lines().count(), 21);

        let weights = at("a/weights.safetensors");
        run_well(&["cifar", "evaluate", &weights, "--data-dir", &data, "--out", &at("c"), "--quiet"]);
        let evaluated = files(&dir.path().join("c"));
        for name in ["metrics.json", "predictions.csv", "receptive-field.png"] {
            assert!(written[name] == evaluated[name], "{name} differs");
        }
        // Evaluation settings may be overridden, training settings may not.
        let again = ["cifar", "evaluate", &weights, "--data-dir", &data, "--out", &at("d")];
        run_well(&[&again[..], &["--test-time", "none"]].concat());
        let plain = String::from_utf8(files(&dir.path().join("d"))["metrics.json"].clone()).unwrap();
        assert!(plain.contains("test_top1\"") && !plain.contains("augmented"), "{plain}");
        for (option, value) in [("--epochs", "21"), ("--layer-depths", "8,8"), ("--dataset", dataset)] {
            let message = fail(&[&again[..], &[option, value]].concat(), 2);
            assert!(message.contains(option), "{message}");
        }

        let (class, photograph) = (3, at("my photo.png"));
        let enlarged = |x: u32, y: u32| {
            let image = colours(kind, SHOWN, 9).image(class).to_vec();
            let offset = ((y / 4 * 32 + (x - 20) / 4) * 3) as usize;
            image::Rgb([image[offset], image[offset + 1], image[offset + 2]])
        };
        let picture = image::RgbImage::from_fn(168, 128, |x, y| {
            if (20..148).contains(&x) { enlarged(x, y) } else { image::Rgb([0, 0, 0]) }
        });
        picture.save(&photograph).unwrap();
        let said = run_well(&["cifar", "predict", &photograph, "--weights", &weights, "--out", &at("p")]);
        let name = kind.classes()[class * kind.classes().len() / SHOWN];
        assert!(said.contains(&format!("my photo.png: {name} with probability")), "{said}");
        assert!(dir.path().join("p/prediction-my photo.png").exists());
        for name in ["a", "b", "c", "d", "p"] {
            fs::remove_dir_all(dir.path().join(name)).unwrap();
        }
    }
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    write_photographs(CifarKind::Cifar10, &dir.path().join("data"));
    let data = dir.path().join("data").display().to_string();
    let (whole, broken) = (dir.path().join("whole"), dir.path().join("broken"));
    let with = |out: &Path, more: &[&str]| {
        let mut command = command(&BRIEF);
        command.args(["--data-dir", &data, "--epochs", "12", "--average", "0.9", "--quiet"]).args(more);
        command.arg("--out").arg(out);
        command
    };
    assert!(with(&whole, &[]).status().unwrap().success());

    let mut child = with(&broken, &[]).spawn().unwrap();
    let start = Instant::now();
    while !broken.join("checkpoint/state.safetensors").exists() {
        assert!(start.elapsed() < Duration::from_mins(1), "there is no checkpoint after a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!broken.join("metrics.json").exists(), "the run was over before it could be killed");
    assert!(with(&broken, &["--resume"]).status().unwrap().success());
    assert_same(&files(&whole), &files(&broken));
}
