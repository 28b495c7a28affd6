//! One training step of each benchmark workload: forward, backward, update.
//!
//! `cargo bench` prints the time of a step; `-- sine` runs one workload. The workloads are those that
//! other frameworks are timed on: the same model, batch, loss and optimizer.

use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use ece472::assignments::mnist::{Classification, Mnist};
use ece472::assignments::sine_regression::{SineRegression, UpdateRule};
use ece472::assignments::spirals::Spirals;
use ece472::assignments::{Assignment, DataFolder};
use ece472::data::Mnist as Digits;
use ece472::nn::{Activation, BasisKind};
use ece472::optim::{Method, Schedule};
use ece472::random::{Purpose, Stream};
use ece472::train::{Settings, Trainer};

/// Times the steps of an assignment under other settings than its own.
fn bench<A: Assignment>(c: &mut Criterion, name: &str, config: &A, change: impl Fn(Settings) -> Settings) {
    let problem = config.problem(&DataFolder::default()).expect("data that are drawn");
    bench_with(c, name, config, &problem, change);
}

/// Times the steps of an assignment on a problem that is given.
fn bench_with<A: Assignment>(
    c: &mut Criterion,
    name: &str,
    config: &A,
    problem: &A::Problem,
    change: impl Fn(Settings) -> Settings,
) {
    let settings = change(Settings { schedule: Schedule::Constant, ..config.settings(problem) });
    let mut trainer = Trainer::new(problem, &config.model(), settings, config.seed());
    c.bench_function(name, |b| {
        b.iter_custom(|steps| {
            // As the program does: on one of the pool's own threads, so that no step waits for one.
            rayon::scope(|_| {
                let start = Instant::now();
                for _ in 0..steps {
                    trainer.step().expect("a step that does not diverge");
                }
                start.elapsed()
            })
        });
    });
}

/// Ten Gaussian basis functions, a linear layer, 32 points drawn of 50, half squared error, SGD.
fn sine(c: &mut Criterion) {
    let config = SineRegression {
        seed: 0,
        points: 50,
        noise: 0.1,
        basis: BasisKind::Gaussian,
        basis_functions: 10,
        optimizer: UpdateRule::Sgd,
        learning_rate: 0.01,
        steps: u64::MAX,
        batch_size: 32,
    };
    bench(c, "sine", &config, |settings| settings);
}

/// An MLP 2-64-64-64-1 with ReLU on all 400 points, binary cross-entropy, AdamW.
fn spirals(c: &mut Criterion) {
    let config = Spirals {
        seed: 0,
        points: 200,
        laps: 2.0,
        noise: 0.1,
        hidden_layers: 3,
        width: 64,
        activation: Activation::Relu,
        l2: 0.0,
        dropout: 0.0,
        learning_rate: 1e-3,
        steps: u64::MAX,
        batch_size: 400,
    };
    bench(c, "spirals", &config, |s| Settings { method: Method::AdamW { weight_decay: 0.01 }, ..s });
}

/// Four convolutions, 1-32-32-64-64 channels with stride 2 at the second and the last, ReLU, dropout and
/// a linear layer on 128 pictures of 28 x 28, cross-entropy, AdamW.
fn mnist(c: &mut Criterion) {
    let config = Mnist { epochs: u64::MAX / 2, l2: 0.0, ..Mnist::default() };
    let mut stream = Stream::new(0, Purpose::Data);
    let problem = Classification::new(Digits {
        images: (0..128 * 28 * 28).map(|_| stream.below(256) as u8).collect(),
        labels: (0..128).map(|_| stream.below(10) as u8).collect(),
        height: 28,
        width: 28,
    });
    bench_with(c, "mnist", &config, &problem, |s| Settings {
        method: Method::AdamW { weight_decay: 0.01 },
        ..s
    });
}

criterion_group!(benches, sine, spirals, mnist);
criterion_main!(benches);
