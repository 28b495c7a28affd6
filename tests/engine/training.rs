//! The training loop: the same bits for any number of threads, resuming, and errors.

use std::fs;
use std::path::{Path, PathBuf};

use ece472::autodiff::Algebra;
use ece472::nn::loss::half_squared_error;
use ece472::nn::{Activation, Mlp, MlpConfig, Module, Parameters, Pass};
use ece472::optim::{Method, MuonConfig, Schedule};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{
    History, Objective, Precision, RunOptions, Sampling, Settings, Shard, TrainError, Trainer, load_metadata,
    load_weights, save_weights, train,
};
use sha2::{Digest as _, Sha256};

/// Regression of y = x² on 40 points, with an MLP with dropout.
struct Parabola {
    /// The factor of the targets.
    scale: f64,
    /// Whether the loss depends on the network at all.
    connected: bool,
    /// The checkpoint's path, and a path to copy it to as soon as it exists.
    copy: Option<(PathBuf, PathBuf)>,
}

const PARABOLA: Parabola = Parabola { scale: 1.0, connected: true, copy: None };

fn x(i: usize) -> f64 {
    i as f64 / 20.0 - 1.0
}

impl Objective for Parabola {
    type Model = Mlp;

    fn examples(&self) -> usize {
        40
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Mlp<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        let examples = shard.examples;
        let column = |f: &dyn Fn(f64) -> f64| {
            let mut rows = examples.iter();
            Tensor::from_fn(&[examples.len(), 1], || f(x(*rows.next().unwrap())) as f32)
        };
        let target = pass.constant(column(&|x| self.scale * x * x));
        let input = pass.constant(column(&|x| x));
        let prediction = if self.connected { model.forward(&input, pass) } else { input };
        half_squared_error(&prediction, &target).sum()
    }

    fn penalty<A: Algebra<Elem = f32>>(&self, model: &Mlp<A>) -> Option<A> {
        self.connected.then(|| ece472::nn::loss::l2_penalty(model.weights()) * 1e-4)
    }

    fn metrics(&self, model: &Mlp) -> Vec<(&'static str, f64)> {
        if let Some((from, to)) = self.copy.as_ref().filter(|(from, to)| from.exists() && !to.exists()) {
            fs::copy(from, to).unwrap();
        }
        let y = model.forward(&Tensor::matrix(&[[0.5]]), &mut Pass::inference());
        vec![("at_one_half", f64::from(y.item()))]
    }
}

fn network(hidden_layer_width: usize, dropout: f64) -> Mlp {
    let config = MlpConfig {
        num_inputs: 1,
        num_outputs: 1,
        num_hidden_layers: 2,
        hidden_layer_width,
        hidden_activation: Activation::Tanh,
        output_activation: Activation::Identity,
        dropout,
    };
    Mlp::new(config, &mut Stream::new(1, Purpose::Init))
}

fn model() -> Mlp {
    network(16, 0.1)
}

const SETTINGS: Settings = Settings {
    steps: 60,
    batch_size: 24,
    shard_size: 5,
    sampling: Sampling::Epochs,
    learning_rate: 0.02,
    schedule: Schedule::Cosine { warmup: 0.1, last: 0.0 },
    method: Method::AdamW { weight_decay: 0.01 },
    max_gradient_norm: Some(1.0),
    average: None,
    log_every: 7,
    checkpoint_every: 10,
};

fn options(checkpoint: Option<&Path>, resume: bool) -> RunOptions {
    RunOptions { checkpoint: checkpoint.map(Into::into), identity: "parabola".into(), resume, progress: None }
}

fn run(settings: Settings, options: &RunOptions) -> Result<(Vec<Tensor>, History), TrainError> {
    let (model, history) = train(&PARABOLA, &model(), settings, 3, options)?;
    Ok((model.parameters(), history))
}

fn with_threads<R: Send>(threads: usize, f: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(f)
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let one = with_threads(1, || run(SETTINGS, &options(None, false)).unwrap());
    for threads in [2, 3, 8] {
        assert_eq!(one, with_threads(threads, || run(SETTINGS, &options(None, false)).unwrap()));
    }
}

#[test]
fn training_lowers_the_loss() {
    let history = run(SETTINGS, &options(None, false)).unwrap().1;
    let loss = history.column("loss");
    assert!(loss[loss.len() - 1] < 0.5 * loss[0], "{loss:?}");
}

#[test]
fn shards_change_the_loss_by_rounding_only() {
    let first_loss = |shard_size| {
        // Without dropout, since its random numbers depend on the shards.
        Trainer::new(&PARABOLA, &network(16, 0.0), Settings { shard_size, ..SETTINGS }, 3).step().unwrap()
    };
    let whole = first_loss(100);
    for shard_size in [1, 5, 23] {
        assert!((first_loss(shard_size) - whole).abs() < 1e-6 * whole);
    }
}

#[test]
fn a_resumed_training_ends_with_the_same_bits() {
    let muon = Method::Muon(MuonConfig { last_rate: Some(0.1), ..MuonConfig::default() });
    for settings in [
        SETTINGS,
        Settings { average: Some(0.9), ..SETTINGS },
        Settings { average: Some(0.9), method: Method::sgd(0.9, true), ..SETTINGS },
        Settings { method: muon, ..SETTINGS },
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.safetensors");
        let whole = run(settings, &options(None, false)).unwrap();
        // The checkpoint of step 10, copied when step 14 is logged, as it would be left by a kill.
        let early = dir.path().join("early.safetensors");
        let copying = Parabola { copy: Some((path.clone(), early.clone())), ..PARABOLA };
        train(&copying, &model(), settings, 3, &options(Some(&path), false)).unwrap();
        let finished = fs::read(&path).unwrap();
        assert_ne!(finished, fs::read(&early).unwrap());
        for start in [&early, &path] {
            assert_eq!(whole, run(settings, &options(Some(start), true)).unwrap());
            assert_eq!(finished, fs::read(start).unwrap());
        }
    }
}

/// The parameters after each step.
fn trajectory(settings: Settings) -> Vec<Vec<Tensor>> {
    let model = model();
    let mut trainer = Trainer::new(&PARABOLA, &model, settings, 3);
    let step = |_| {
        trainer.step().unwrap();
        trainer.parameters().to_vec()
    };
    (0..settings.steps).map(step).collect()
}

#[test]
fn the_running_average_follows_its_formula() {
    let plain = trajectory(SETTINGS);
    for share in [0.8, 0.0] {
        let mut expected: Vec<Tensor<f64>> = model().parameters().iter().map(Tensor::cast).collect();
        let averaged = trajectory(Settings { average: Some(share), ..SETTINGS });
        for ((t, parameters), averages) in (1..).zip(&plain).zip(&averaged) {
            let d = share.min((1.0 + f64::from(t)) / (10.0 + f64::from(t)));
            for ((a, p), got) in expected.iter_mut().zip(parameters).zip(averages) {
                *a = a.clone() * d + &(p.cast() * (1.0 - d));
                for (a, got) in a.as_slice().iter().zip(got.as_slice()) {
                    assert!((a - f64::from(*got)).abs() < 1e-6, "step {t}: {a} and {got}");
                }
            }
        }
    }
}

#[test]
fn a_checkpoint_without_averages_is_refused_by_a_run_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    run(SETTINGS, &options(Some(&path), false)).unwrap();
    let settings = Settings { average: Some(0.9), ..SETTINGS };
    let message = run(settings, &options(Some(&path), true)).unwrap_err().to_string();
    assert!(message.contains("it holds other averages of the parameters"), "{message}");
}

#[test]
fn a_checkpoint_of_another_run_or_a_broken_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    let refused = |options: &RunOptions| run(SETTINGS, options).unwrap_err().to_string();
    run(SETTINGS, &options(Some(&path), false)).unwrap();

    let other = RunOptions { identity: "other".into(), ..options(Some(&path), true) };
    assert!(refused(&other).contains("other settings"), "{}", refused(&other));

    let whole = fs::read(&path).unwrap();
    fs::remove_file(path.with_extension("previous.safetensors")).unwrap();
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        let message = refused(&options(Some(&path), true));
        assert!(message.contains("not a whole checkpoint"), "{length} bytes: {message}");
    }
    fs::remove_file(&path).unwrap();
    assert!(
        run(SETTINGS, &options(Some(&path), true)).is_ok(),
        "without a checkpoint it starts from scratch"
    );
}

#[test]
fn divergence_names_the_step_and_the_culprit() {
    let settings = Settings {
        learning_rate: 1e30,
        max_gradient_norm: None,
        average: None,
        method: Method::sgd(0.0, false),
        ..SETTINGS
    };
    let message = run(settings, &options(None, false)).unwrap_err().to_string();
    assert!(message.starts_with("training diverged at step"), "{message}");
    assert!(message.contains("Try a lower learning rate"), "{message}");

    // The targets overflow f32, so the first infinity is on the tape at the first step.
    let infinite = Parabola { scale: 1e30, ..PARABOLA };
    let error = train(&infinite, &model(), SETTINGS, 3, &options(None, false)).unwrap_err().to_string();
    assert!(error.contains("at step 1:") && error.contains("powi at tests/engine/training.rs"), "{error}");
}

#[test]
fn a_parameter_that_the_loss_does_not_reach_is_named() {
    let objective = Parabola { connected: false, ..PARABOLA };
    let error = train(&objective, &model(), SETTINGS, 3, &options(None, false)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the loss does not depend on the parameter hidden.0.weight: use it, or take it out of the model"
    );
}

#[test]
fn weights_come_back_and_misfits_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    let saved = model();
    save_weights(&path, &saved, "the configuration", Precision::Single).unwrap();
    assert_eq!(load_metadata(&path).unwrap(), "the configuration");
    let other = network(17, 0.1);
    let message = load_weights(&path, &other).unwrap_err().to_string();
    assert!(message.ends_with("the tensor hidden.0.weight has shape [1, 16], not [1, 17]"), "{message}");
    assert_eq!(load_weights(&path, &saved).unwrap().parameters(), saved.parameters());

    let message = load_weights(&path, &saved.output).unwrap_err().to_string();
    assert!(message.ends_with("the tensor hidden.0.bias is not part of the model"), "{message}");
    save_weights(&path, &saved.hidden, "", Precision::Single).unwrap();
    let message = load_weights(&path, &saved.output).unwrap_err().to_string();
    assert!(message.contains("the tensor 0.bias is not part of the model"), "{message}");
    fs::write(&path, b"not weights").unwrap();
    assert!(load_weights(&path, &saved).unwrap_err().to_string().contains("safetensors format"));
}

#[test]
fn the_history_has_a_row_every_log_every_steps_and_one_at_the_end() {
    let history = run(SETTINGS, &options(None, false)).unwrap().1;
    assert_eq!(history.columns(), ["step", "learning_rate", "loss", "at_one_half"]);
    assert_eq!(history.column("step"), [7.0, 14.0, 21.0, 28.0, 35.0, 42.0, 49.0, 56.0, 60.0]);
    let csv = history.to_csv();
    assert!(csv.starts_with("step,learning_rate,loss,at_one_half\n7,") && csv.lines().count() == 10);
}

/// The model with one element of the first hidden layer's weights changed.
fn spoilt(value: f32) -> Mlp {
    let mut model = model();
    model.hidden[1].weight.as_mut_slice()[16 * 2 + 5] = value;
    model
}

#[test]
fn weights_that_are_not_finite_are_neither_rounded_nor_written_nor_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    let overflows = "hidden.1.weight[2, 5] overflows 16 bits, whose largest number is 65504: lower the learning rate, or save in 32 bits";
    let large = spoilt(1e5);
    assert_eq!(Precision::Half.round(&large).unwrap_err().to_string(), overflows);
    let message = save_weights(&path, &large, "", Precision::Half).unwrap_err().to_string();
    assert!(message.ends_with(overflows), "{message}");
    assert!(Precision::Single.round(&large).is_ok() && Precision::Half.round(&spoilt(65_504.0)).is_ok());
    for odd in [f32::NAN, f32::INFINITY] {
        for precision in [Precision::Single, Precision::Half] {
            let message = precision.round(&spoilt(odd)).unwrap_err().to_string();
            let wanted =
                format!("hidden.1.weight[2, 5] is {odd}: the training diverged, lower the learning rate");
            assert_eq!(message, wanted);
            assert!(save_weights(&path, &spoilt(odd), "", precision).is_err());
        }
    }
    assert!(!path.exists());

    save_weights(&path, &large, "", Precision::Single).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|four| four == 1e5_f32.to_le_bytes()).unwrap();
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let message = load_weights(&path, &large).unwrap_err().to_string();
    assert!(message.ends_with("the tensor hidden.1.weight[2, 5] is NaN, not a finite number"), "{message}");
}

#[test]
fn a_checkpoint_with_parameters_that_are_not_finite_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    let first = Settings {
        steps: 10,
        learning_rate: 0.0,
        schedule: Schedule::Cosine { warmup: 0.0, last: 1.0 },
        ..SETTINGS
    };
    let marked = spoilt(0.123_456);
    train(&PARABOLA, &marked, first, 3, &options(Some(&path), false)).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|four| four == 0.123_456_f32.to_le_bytes()).unwrap();
    bytes[at..at + 4].copy_from_slice(&f32::INFINITY.to_le_bytes());
    // The checksum is valid, so that the element is the reason for the refusal.
    let digits = 8 + br#"{"__metadata__":{"checkpoint":""#.len();
    let sum = Sha256::new().chain_update(&bytes[..digits]).chain_update(&bytes[digits + 64..]).finalize();
    let sum: Vec<u8> = sum.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
    bytes[digits..digits + 64].copy_from_slice(&sum);
    fs::write(&path, bytes).unwrap();
    let error = train(&PARABOLA, &marked, first, 3, &options(Some(&path), true)).unwrap_err().to_string();
    assert!(error.contains("hidden.1.weight[2, 5] is inf, not a finite number"), "{error}");
}

/// An objective with a metric that is not finite, although the loss is.
struct Unmeasurable;

impl Objective for Unmeasurable {
    type Model = Mlp;

    fn examples(&self) -> usize {
        PARABOLA.examples()
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Mlp<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        PARABOLA.loss(model, shard, pass)
    }

    fn metrics(&self, _: &Mlp) -> Vec<(&'static str, f64)> {
        vec![("accuracy", f64::NAN)]
    }
}

#[test]
fn a_metric_that_is_not_finite_ends_the_training() {
    let error = train(&Unmeasurable, &model(), SETTINGS, 3, &options(None, false)).unwrap_err();
    assert!(error.is_divergence());
    assert!(error.to_string().starts_with("training diverged at step 7: accuracy is NaN"), "{error}");
}

#[test]
fn many_shards_are_added_in_order_on_any_number_of_threads() {
    // 200 examples of one shard each: more shards than are held at a time.
    let many = Settings {
        steps: 3,
        shard_size: 1,
        batch_size: 200,
        sampling: Sampling::WithReplacement,
        ..SETTINGS
    };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| run(many, &options(None, false)).unwrap().0)
    };
    let one = on(1);
    for threads in [2, 5] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
}
