//! Benchmark of one training step of each workload: forward pass, backward pass, update.
//!
//! `cargo bench` prints the time of a step; `-- sine` runs one workload. Other frameworks are timed
//! on the same workloads: the same model, batch, loss and optimizer.

use std::path::PathBuf;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use ece472::assignments::mnist::{DigitClassification, Mnist};
use ece472::assignments::sine_regression::SineRegression;
use ece472::assignments::siren::PictureFit;
use ece472::assignments::spirals::Spirals;
use ece472::autodiff::Algebra;
use ece472::data::{LabelledImages, NewsItems, Part};
use ece472::experiment::{Assignment, DataFolder, OptimizerKind, OrAll};
use ece472::models::classifier::{Classifier, ClassifierConfig, Readout, Residual};
use ece472::nn::loss::{cross_entropy, one_hot};
use ece472::nn::{
    Activation, BasisKind, BlockConfig, Downsampling, Module as _, Order, Pass, Pool2d, TransformerBlock,
};
use ece472::optim::{Method, Schedule};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::text::SentenceEncoder;
use ece472::train::{Objective, Sampling, Settings, Shard, Trainer};

/// Times the steps of an assignment with changed training settings.
fn bench<A: Assignment>(c: &mut Criterion, name: &str, config: &A, change: impl Fn(Settings) -> Settings) {
    let problem = config.problem(&DataFolder::default()).expect("data that are drawn");
    bench_with(c, name, config, &problem, change);
}

/// Times the steps of an assignment on a given problem.
fn bench_with<A: Assignment>(
    c: &mut Criterion,
    name: &str,
    config: &A,
    problem: &A::Problem,
    change: impl Fn(Settings) -> Settings,
) {
    let settings = change(Settings { schedule: Schedule::Constant, ..config.settings(problem) });
    time(c, name, &mut Trainer::new(problem, &config.model(problem).unwrap(), settings, config.seed()));
}

/// Times the steps of a training.
fn time(c: &mut Criterion, name: &str, trainer: &mut Trainer<'_>) {
    c.bench_function(name, |b| {
        b.iter_custom(|steps| {
            // The steps run on one of the pool's own threads, as in the program, so that no step
            // waits for a thread.
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

/// Coloured pictures and their targets.
struct ColorPictures {
    pictures: Tensor,
    targets: Tensor,
}

impl Objective for ColorPictures {
    type Model = Classifier;

    fn examples(&self) -> usize {
        self.pictures.shape()[0]
    }

    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &Classifier<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A {
        let of_shard = |all: &Tensor| all.gather(0, shard.examples);
        let (x, y) = (pass.constant(of_shard(&self.pictures)), pass.constant(of_shard(&self.targets)));
        cross_entropy(&model.forward(&x, pass), &y).sum()
    }
}

/// Ten Gaussian basis functions, a linear layer, batches of 32 of 50 points, half squared error,
/// SGD.
fn sine(c: &mut Criterion) {
    let config = SineRegression {
        seed: 0,
        points: 50,
        noise: 0.1,
        basis: BasisKind::Gaussian,
        basis_functions: 10,
        optimizer: OptimizerKind::Sgd,
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
        batch_size: OrAll(Some(400)),
    };
    bench(c, "spirals", &config, |s| Settings { method: Method::AdamW { weight_decay: 0.01 }, ..s });
}

/// Four convolutions, 1-32-32-64-64 channels with stride 2 at the second and the last, ReLU,
/// dropout and a linear layer on 128 pictures of 28 x 28, cross-entropy, AdamW.
fn mnist(c: &mut Criterion) {
    let config = Mnist { epochs: u64::MAX / 2, l2: 0.0, ..Mnist::default() };
    let mut stream = Stream::new(0, Purpose::Data);
    let problem = DigitClassification::new(LabelledImages::grey(
        [28, 28],
        (0..128 * 28 * 28).map(|_| stream.below(256) as u8).collect(),
        (0..128).map(|_| stream.below(10) as u8).collect(),
    ));
    bench_with(c, "mnist", &config, &problem, |s| Settings {
        method: Method::AdamW { weight_decay: 0.01 },
        ..s
    });
}

/// A convolution 3-64, pre-activation residual blocks 64-64, 64-128 with stride 2 and 128-256 with
/// stride 2, group normalisation with 8 groups, global average pooling and a linear layer on 128
/// pictures of 32 x 32, cross-entropy, SGD with Nesterov momentum.
fn cifar(c: &mut Criterion) {
    let config = ClassifierConfig {
        input_size: [32, 32],
        input_depth: 3,
        layer_depths: vec![64, 64, 128, 256],
        layer_kernel_sizes: vec![[3, 3]; 4],
        layer_strides: vec![1, 1, 2, 2],
        downsampling: Downsampling::Stride,
        num_classes: 10,
        norm_groups: Some(8),
        activation: Activation::Relu,
        residual: Some(Residual {
            order: Order::PreActivation,
            standardised: false,
            last_scale: 1.0,
            drop: 0.0,
            squeeze: None,
        }),
        head: Readout::Pooled(Pool2d::GlobalAverage),
        layer_dropout: 0.0,
        dropout: 0.0,
    };
    let mut stream = Stream::new(0, Purpose::Data);
    let problem = ColorPictures {
        pictures: Tensor::from_fn(&[128, 32, 32, 3], || stream.normal() as f32),
        targets: one_hot(&(0..128).map(|_| stream.below(10)).collect::<Vec<_>>(), 10, 0.0),
    };
    let settings = Settings {
        steps: u64::MAX,
        batch_size: 128,
        shard_size: 16,
        sampling: Sampling::Epochs,
        learning_rate: 1e-3,
        schedule: Schedule::Constant,
        method: Method::sgd(0.9, true),
        max_gradient_norm: None,
        average: None,
        log_every: u64::MAX,
        checkpoint_every: u64::MAX,
    };
    let mut trainer = Trainer::new(&problem, &Classifier::new(&config, &mut stream), settings, 0);
    time(c, "cifar", &mut trainer);
}

/// Sequences and their targets.
struct Sequences {
    inputs: Tensor,
    targets: Tensor,
}

impl Objective for Sequences {
    type Model = TransformerBlock;

    fn examples(&self) -> usize {
        self.inputs.shape()[0]
    }

    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &TransformerBlock<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A {
        let of_shard = |all: &Tensor| all.gather(0, shard.examples);
        let (x, y) = (pass.constant(of_shard(&self.inputs)), pass.constant(of_shard(&self.targets)));
        (model.forward(&x, pass) - &y).powi(2).mean_over(&[1, 2]).sum()
    }
}

/// A pre-norm transformer block of width 128 with 4 heads and a feed-forward layer of width 512
/// with GELU on 32 sequences of 64 tokens, mean squared error, AdamW.
fn transformer(c: &mut Criterion) {
    let mut stream = Stream::new(0, Purpose::Data);
    let mut normal = || Tensor::from_fn(&[32, 64, 128], || stream.normal() as f32);
    let problem = Sequences { inputs: normal(), targets: normal() };
    let settings = Settings {
        steps: u64::MAX,
        batch_size: 32,
        shard_size: 4,
        sampling: Sampling::Epochs,
        learning_rate: 1e-3,
        schedule: Schedule::Constant,
        method: Method::AdamW { weight_decay: 0.01 },
        max_gradient_norm: None,
        average: None,
        log_every: u64::MAX,
        checkpoint_every: u64::MAX,
    };
    let block = TransformerBlock::new(&BlockConfig::new(128, 4), &mut Stream::new(0, Purpose::Init));
    time(c, "transformer", &mut Trainer::new(&problem, &block, settings, 0));
}

/// A SIREN 2-256-256-256-256-1 on all 65,536 pixels of a grey picture, mean squared error, Adam.
fn siren(c: &mut Criterion) {
    bench(c, "siren", &PictureFit { steps: u64::MAX, ..PictureFit::default() }, |settings| settings);
}

/// Not a training step: tokenizing and encoding the first 512 test texts of AG News. Needs data in
/// `ECE472_DATA`.
fn minilm(c: &mut Criterion) {
    let Some(data) = std::env::var_os("ECE472_DATA").map(PathBuf::from) else { return };
    let (Ok(encoder), Ok(news)) = (SentenceEncoder::read(&data), NewsItems::read(&data, Part::Test)) else {
        return;
    };
    let texts = &news.texts[..512.min(news.texts.len())];
    c.bench_function("minilm", |b| b.iter(|| encoder.embed(texts)));
}

criterion_group!(quick, sine, spirals, mnist, transformer);
criterion_group!(name = slow; config = Criterion::default().sample_size(10); targets = cifar, siren, minilm);
criterion_main!(quick, slow);
