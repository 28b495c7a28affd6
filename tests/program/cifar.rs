//! Assignment 4: the classifier with residual blocks, and the program on small synthetic data in
//! CIFAR's format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use ece472::assignments::cifar::{Blocks, Cifar, Flipping, PhotoClassification};
use ece472::autodiff::{Algebra as _, Tape, Var};
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

use super::support::{assert_same, command, run_well};

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
        let network = classifier(order).cast::<f32, f64>();
        let tape = Tape::new();
        let vars: Vec<Var<'_, f64>> = network.parameters().into_iter().map(|p| tape.var(p)).collect();
        let x = tape.var(pictures(8));
        let network_on_tape = Parameters::<Tensor<f64>>::with(&network, &vars);
        let loss = network_on_tape.forward(&x, &mut Pass::on(&tape)).powi(2).sum();
        for (name, gradient) in network.names().iter().zip(loss.backward(&vars)) {
            let gradient = gradient.unwrap_or_else(|| panic!("{name} is not reached"));
            assert!(gradient.as_slice().iter().any(|&g| g != 0.0), "{name} has no gradient");
        }
    }
}

#[test]
fn pictures_of_a_batch_are_independent() {
    for order in ORDERS {
        let network = classifier(order).cast::<f32, f64>();
        let x = pictures(5);
        let all = network.forward(&x, &mut Pass::inference());
        for i in 0..5 {
            let alone = network.forward(&x.narrow(0, i, i + 1), &mut Pass::inference());
            assert_eq!(alone, all.narrow(0, i, i + 1));
        }
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

#[test]
fn a_proxy_keeps_the_examples_with_the_largest_losses() {
    let photographs = colours(CifarKind::Cifar10, 40, 3);
    let config = Cifar { layer_depths: vec![8; 4], cutout: OrNone(Some(6)), ..Cifar::default() };
    let problem =
        PhotoClassification { augmentation: config.augmentation(), ..PhotoClassification::new(photographs) };
    let seen = |examples: &[usize]| {
        let shard = Shard::of(examples);
        let mut x = problem.pictures.colors(examples);
        problem.augmentation.colors(&mut x, examples, &shard);
        problem.pictures.normalize(&mut x);
        problem.augmentation.inputs(&mut x, &mut Tensor::zeros(&[examples.len(), 10]), examples, &shard);
        x
    };
    let model = config.network();
    let examples: Vec<usize> = (0..40).rev().collect();
    let logits = model.forward(&seen(&examples), &mut Pass::inference());
    let targets: Tensor = one_hot(&problem.pictures.labels_of(&examples), 10, 0.0);
    let losses = cross_entropy(&logits, &targets);
    let mut sorted = losses.as_slice().to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let wrong = examples.iter().zip(losses.as_slice()).filter(|&(_, &loss)| loss >= sorted[9]);
    let wrong: Vec<usize> = wrong.map(|(&i, _)| i).collect();

    // The large network gets the same augmented pictures as the proxy.
    let indices: Vec<usize> = wrong.iter().map(|i| 39 - i).collect();
    assert_eq!(seen(&wrong), seen(&examples).gather(0, indices));

    let choosing = PhotoClassification { proxy: Some(Proxy { model, keep: 0.25 }), ..problem };
    assert_eq!(choosing.arrange(&Shard::of(&examples)), wrong);
    assert_eq!(PhotoClassification { proxy: None, ..choosing }.arrange(&Shard::of(&examples)), examples);
}

#[test]
fn the_proxy_is_not_needed_after_training() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let data = at("data");
    write_photographs(CifarKind::Cifar10, Path::new(&data));
    write_photographs(CifarKind::Cifar100, Path::new(&data));
    let unmixed = BRIEF.split(|&option| option == "--mixup").next().unwrap();
    let small = ["--data-dir", &data, "--epochs", "4"];
    run_well(&[unmixed, &small, &["--out", &at("small"), "--quiet"]].concat());

    let weights = at("small/weights.safetensors");
    let with = [unmixed, &small, &["--activation", "gelu", "--proxy", &weights]].concat();
    for (out, more) in [
        ("a", &["--keep", "0.25", "--threads", "1"][..]),
        ("b", &["--keep", "0.25", "--threads", "2"]),
        ("all", &["--keep", "1"]),
    ] {
        run_well(&[&with[..], more, &["--out", &at(out), "--quiet"]].concat());
    }
    assert_same(&files(&dir.path().join("a")), &files(&dir.path().join("b")));
    let histories = ["a", "all"].map(|out| fs::read(dir.path().join(out).join("history.csv")).unwrap());
    assert_ne!(histories[0], histories[1]);

    let of =
        |arguments: &[&str], status| fail(&[&with[..], arguments, &["--out", &at("c")]].concat(), status);
    let message = of(&["--dataset", "cifar100"], 1);
    assert!(message.contains("another data set") && message.lines().count() == 1, "{message}");
    let message = of(&["--mixup", "0.2"], 2);
    assert!(message.contains("leave --mixup"), "{message}");
    let message = of(&["--keep", "0"], 2);
    assert!(message.contains("--keep 0 is not from 0.001 to 1"), "{message}");

    fs::remove_dir_all(dir.path().join("small")).unwrap();
    let message = of(&[], 1);
    assert!(message.contains("cannot read") && message.lines().count() == 1, "{message}");
    let trained = at("a/weights.safetensors");
    run_well(&["cifar", "evaluate", &trained, "--data-dir", &data, "--out", &at("d"), "--quiet"]);
    let metrics = ["a", "d"].map(|out| fs::read(dir.path().join(out).join("metrics.json")).unwrap());
    assert_eq!(metrics[0], metrics[1]);
}

#[test]
fn training_continues_from_earlier_weights() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let data = at("data");
    write_photographs(CifarKind::Cifar10, Path::new(&data));
    write_photographs(CifarKind::Cifar100, Path::new(&data));
    let brief = [&BRIEF[..], &["--data-dir", &data, "--epochs", "2", "--quiet"]].concat();
    run_well(&[&brief[..], &["--out", &at("first")]].concat());
    let first = at("first/weights.safetensors");
    let from_first = [&brief[..], &["--start-from", &first]].concat();

    // A learning rate of 0 keeps the weights, whichever examples are held out of those that the
    // first run held out.
    let still = ["--learning-rate", "0", "--validation", "10", "--out", &at("still")];
    let kept: Vec<&str> = from_first.iter().copied().filter(|&o| o != "--validation" && o != "50").collect();
    run_well(&[&kept[..], &still].concat());
    let weights = |folder: &str| {
        let bytes = fs::read(dir.path().join(folder).join("weights.safetensors")).unwrap();
        let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        bytes[header..].to_vec()
    };
    assert!(weights("first") == weights("still"));

    let of = |arguments: &[&str]| fail(&[arguments, &["--out", &at("refused")]].concat(), 1);
    let refused = of(&[&from_first[..], &["--seed", "1"]].concat());
    assert!(
        refused.contains("of the 50 examples that are held out") && refused.lines().count() == 1,
        "{refused}"
    );
    let proxy = [&brief[..15], &["--data-dir", &data, "--proxy", &first, "--seed", "1"]].concat();
    assert!(of(&proxy).contains("of the 50 examples that are held out"));
    assert!(of(&[&from_first[..], &["--dataset", "cifar100"]].concat()).contains("another data set"));
    let refused = of(&[&from_first[..], &["--squeeze", "2"]].concat());
    assert!(
        refused.contains("the settings describe a model of") && refused.lines().count() == 1,
        "{refused}"
    );
    assert!(!dir.path().join("refused").exists());

    // Further training does not depend on the number of threads, and its weights do not need the
    // first ones.
    let gelu = [&from_first[..], &["--activation", "gelu"]].concat();
    run_well(&[&gelu[..], &["--threads", "1", "--out", &at("a")]].concat());
    run_well(&[&gelu[..], &["--threads", "2", "--out", &at("b")]].concat());
    assert_same(&files(&dir.path().join("a")), &files(&dir.path().join("b")));
    assert!(weights("a") != weights("first"));
    fs::remove_dir_all(dir.path().join("first")).unwrap();
    let trained = at("a/weights.safetensors");
    run_well(&["cifar", "evaluate", &trained, "--data-dir", &data, "--out", &at("d"), "--quiet"]);
    let metrics = ["a", "d"].map(|out| fs::read(dir.path().join(out).join("metrics.json")).unwrap());
    assert_eq!(metrics[0], metrics[1]);
}

#[test]
fn an_ablation_resumes_after_the_finished_measurements() {
    let dir = tempfile::tempdir().unwrap();
    write_photographs(CifarKind::Cifar10, &dir.path().join("data"));
    let data = dir.path().join("data").display().to_string();
    let out = dir.path().join("out");
    let options = ["--data-dir", &data, "--epochs", "1", "--quiet", "--out"];
    let arguments = [&BRIEF[..1], &["ablation"], &BRIEF[1..], &options, &[out.to_str().unwrap()]].concat();
    run_well(&arguments);
    let whole = files(&out);
    assert_eq!(
        whole.keys().collect::<Vec<_>>(),
        [".results", "ablation.csv", "ablation.json", "ablation.png", "ablation.svg", "config.json"]
    );

    // Finished measurements are not repeated; the others are made.
    let file = out.join("ablation.json");
    let mut known: Vec<serde_json::Value> = serde_json::from_slice(&whole["ablation.json"]).unwrap();
    known.truncate(known.len() - 4);
    fs::write(&file, serde_json::to_vec(&known).unwrap()).unwrap();
    fs::remove_file(out.join("ablation.csv")).unwrap();
    run_well(&[&arguments[..], &["--resume"]].concat());
    assert_same(&whole, &files(&out));

    fs::write(&file, "[{").unwrap();
    let message = fail(&[&arguments[..], &["--resume"]].concat(), 1);
    assert!(message.contains("ablation.json") && message.lines().count() == 1, "{message}");
    assert_eq!(fs::read(&file).unwrap(), b"[{");
}

#[test]
fn missing_and_wrong_inputs_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    let out = dir.path().join("out").display().to_string();
    for dataset in ["cifar10", "cifar100"] {
        let message = fail(&["cifar", "--dataset", dataset, "--data-dir", &data, "--out", &out], 1);
        assert!(
            message.contains(&format!("data fetch {dataset}")) && message.lines().count() == 1,
            "{message}"
        );
    }
    let message = fail(&["cifar", "predict", "/no/such.png", "--weights", "/no/such/weights"], 1);
    assert!(message.contains("cannot read /no/such/weights"), "{message}");
    for (options, why) in [
        (&["--layer-depths", "8"][..], "--layer-kernel-sizes has 4 values, but --layer-depths 1"),
        (&["--layer-depths", "8,8,12,16"], "--norm-groups 8 does not divide the depth 12"),
        (&["--norm-groups", "none"], "--norm-groups none needs --residual none"),
        (&["--squeeze", "100"], "--squeeze 100 leaves no channel of the depth 32"),
        (&["--stochastic-depth", "1"], "--stochastic-depth 1 is not from 0 to 0.99"),
        (&["--jitter", "2"], "--jitter 2 is not from 0 to 1"),
        (&["--mixup", "1e12"], "--mixup 1000000000000 is not from"),
        (&["--last-rate", "1e9"], "--last-rate 1000000000 is not from 0 to 1000000"),
        (&["--epochs", "0"], "--epochs 0 is not from 1"),
        (&["--dataset", "cifar1000"], "cifar100"),
    ] {
        let message = fail(&[&["cifar", "--data-dir", &data, "--out", &out], options].concat(), 2);
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn the_committed_results_belong_to_the_presets() {
    for (folder, preset, dataset) in [
        ("cifar10-quick", Preset::Quick, CifarKind::Cifar10),
        ("cifar10-standard", Preset::Standard, CifarKind::Cifar10),
        ("cifar10-record", Preset::Record, CifarKind::Cifar10),
        ("cifar100-standard", Preset::Standard, CifarKind::Cifar100),
        ("cifar100-record", Preset::Record, CifarKind::Cifar100),
    ] {
        let text = fs::read_to_string(format!("assignments/4-cifar/{folder}/config.json")).unwrap();
        let mut settings: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(settings.as_object_mut().unwrap().remove("command"), Some("cifar".into()));
        let committed: Cifar = serde_json::from_value(settings).unwrap();
        assert_eq!(committed, Cifar { preset, dataset, ..Cifar::default() }.preset().unwrap(), "{folder}");
    }
}

#[test]
fn presets_have_goals_and_options_override_them() {
    let goal = |preset: Preset, dataset: CifarKind| {
        let goals = Cifar { preset, dataset, ..Cifar::default() }.goals();
        goals.first().map(|goal| match *goal {
            Goal::AtLeast(name, value) | Goal::AtMost(name, value) => (name, value),
        })
    };
    assert_eq!(goal(Preset::Quick, CifarKind::Cifar10), Some(("test_top1", 0.85)));
    assert_eq!(goal(Preset::Record, CifarKind::Cifar100), Some(("test_top5", 0.93)));
    assert_eq!(goal(Preset::Quick, CifarKind::Cifar100), None);
    let epochs = |dataset| Cifar { dataset, ..Cifar::default() }.preset().unwrap().epochs;
    assert_eq!((epochs(CifarKind::Cifar10), epochs(CifarKind::Cifar100)), (24, 20));

    let dir = tempfile::tempdir().unwrap();
    write_photographs(CifarKind::Cifar10, dir.path());
    let (data, out) = (dir.path().display().to_string(), dir.path().join("out").display().to_string());
    let own = ["--preset", "quick", "--epochs", "1", "--data-dir", &data, "--out", &out, "--quiet"];
    run_well(&[&BRIEF[..], &own].concat());
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(dir.path().join("out/config.json")).unwrap()).unwrap();
    assert_eq!((&config["preset"], &config["epochs"]), (&"quick".into(), &1.into()));
    assert_eq!(config["layer_depths"], serde_json::json!([8, 8, 16]));
}
