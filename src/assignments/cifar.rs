//! Assignment 4: what is on this photograph?

mod ablation;
mod augmentation;
mod check;
mod choices;
mod earlier;
mod figures;
mod gallery;
mod predict;
mod preset;
mod receptive_field;

use std::path::PathBuf;

use clap::ArgAction;

pub use ablation::ablation;
pub use augmentation::Augmentation;
pub use choices::{Blocks, Flipping, Pooling, TestTime};
pub use predict::{PredictArgs, predict};

use crate::data::augment::{Border, Mix, Step};
use crate::data::split::{Split, SplitError, stratified_hold_out};
use crate::data::{Cifar as Photographs, CifarKind, Part, ensure};
use crate::experiment::classification::Answers;
use crate::experiment::{
    Assignment, DataFolder, Error, Goal, OptimizerKind, OrNone, Preset, Report, configuration, load_as,
    predictions_csv,
};
use crate::metrics::top;
use crate::models::ImageClassification;
use crate::models::classification::{judge, probabilities};
use crate::models::{Classifier, ClassifierConfig, Pictures, Residual};
use crate::nn::{Activation, Downsampling, Parameters as _};
use crate::optim::{MuonConfig, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Objective as _, Precision, Sampling, Settings};
use augmentation::probabilities_of_sights;

configuration! {
    /// What is on this photograph? A residual network on CIFAR-10 and CIFAR-100
    pub struct Cifar {
        /// quick (six minutes on two cores), standard (an hour or less) or record (hours: trains committed weights further);
        /// other options override it
        preset: Preset = Preset::Standard;
        /// The photographs
        dataset: CifarKind = CifarKind::Cifar10;
        /// How many training examples are held out for validation
        validation: usize = 5000, 10..=49_000;
        /// The number of channels after the first convolution, and after each block
        #[arg(value_delimiter = ',')]
        layer_depths: Vec<usize> = vec![32, 64, 128, 256], 1..=4096;
        /// The extent of each layer's kernels
        #[arg(value_delimiter = ',')]
        layer_kernel_sizes: Vec<usize> = vec![3, 3, 3, 3], 1..=32;
        /// The stride of each layer
        #[arg(value_delimiter = ',')]
        layer_strides: Vec<usize> = vec![1, 2, 2, 2], 1..=32;
        /// How layers make pictures smaller
        downsampling: Downsampling = Downsampling::MaxPool;
        /// The number of groups of each group normalisation, or `none`
        norm_groups: OrNone<usize> = OrNone(Some(8)), 1..=4096;
        /// What follows the first convolution
        residual: Blocks = Blocks::PreActivation;
        /// The nonlinear function; squeeze-and-excitation has its own
        #[serde(default = "choices::relu")]
        activation: Activation = Activation::Relu;
        /// Whether the kernels of residual blocks are standardised
        #[arg(action = ArgAction::Set)]
        standardised: bool = true;
        /// What the scale of each block's last normalisation starts from
        last_scale: f64 = 1.0, 0.0..=100.0;
        /// The probability that training leaves out the last block for an example; less for those before it
        stochastic_depth: f64 = 0.0, 0.0..=0.99;
        /// By how much squeeze-and-excitation narrows the channels of each block, or `none`
        squeeze: OrNone<usize> = OrNone(None), 1..=4096;
        /// What lies between the last block and the linear layer
        head: Pooling = Pooling::Average;
        /// The probability that dropout zeroes a number behind a layer with a stride in training
        layer_dropout: f64 = 0.0, 0.0..=0.99;
        /// The probability that dropout zeroes an input of the last layer in training
        dropout: f64 = 0.0, 0.0..=0.99;
        /// The factor of the penalty on half the squared weights
        l2: f64 = 0.0, 0.0..=1e6;
        /// The share of each target that goes to all classes alike
        label_smoothing: f64 = 0.1, 0.0..=0.99;
        /// Augmentation: when pictures are flipped, left for right
        flip: Flipping = Flipping::Alternating;
        /// Augmentation: the largest shift in pixels
        translate: usize = 2, 0..=32;
        /// Augmentation: the side of a square that is cut out, in pixels, or `none`
        cutout: OrNone<usize> = OrNone(None), 1..=64;
        /// Augmentation: the largest change of brightness, of contrast and of saturation, as a share
        jitter: f64 = 0.0, 0.0..=1.0;
        /// Augmentation: alpha of the blending of pictures by mixup, or `none`
        mixup: OrNone<f64> = OrNone(None), 1e-9..=1e9;
        /// Augmentation: alpha of the pasting of pictures by CutMix, or `none`. With mixup, shards take turns
        /// by chance
        cutmix: OrNone<f64> = OrNone(None), 1e-9..=1e9;
        /// Weights of an earlier run to train further, instead of random ones: of the same layers; the nonlinear
        /// function may be another
        #[arg(value_name = "FILE")]
        #[serde(default)]
        start_from: Option<PathBuf> = None;
        /// The weights of a small network that chooses what to learn from: of each batch the examples that it gets
        /// most wrong
        #[arg(value_name = "FILE")]
        #[serde(default)]
        proxy: Option<PathBuf> = None;
        /// The share of each batch that the proxy keeps
        #[serde(default = "choices::half")]
        keep: f64 = 0.5, 0.001..=1.0;
        /// The update rule
        optimizer: OptimizerKind = OptimizerKind::Muon;
        /// The highest learning rate
        learning_rate: f64 = 0.03, 0.0..=1e6;
        /// By how much kernels and weights shrink at each step, as a share of the learning rate
        weight_decay: f64 = 0.0, 0.0..=1e6;
        /// The factor of the learning rate for biases, scales and shifts; for sgd and muon
        vector_rate: f64 = 2.0, 0.0..=1e6;
        /// The factor of the learning rate for the weights of the last layer; for muon
        last_rate: f64 = 2.0, 0.0..=1e6;
        /// The share of all steps in which the learning rate rises, before it falls linearly
        warmup: f64 = 0.2, 0.0..=1.0;
        /// The last learning rate, as a share of the highest
        last_learning_rate: f64 = 0.01, 0.0..=1.0;
        /// The share of earlier steps in the running average of the weights that is evaluated, or `none`
        average: OrNone<f64> = OrNone(Some(0.998)), 1e-6..=0.999_999;
        /// The number of times that each training example is looked at, by the proxy if there is one
        epochs: u64 = 24, 1..=1_000_000;
        /// The number of examples that a step looks at
        batch_size: usize = 128, 1..=1_000_000;
        /// The number of examples that a thread computes with at a time, and that are mixed with one another
        shard_size: usize = 32, 1..=1_000_000;
        /// Sights of each picture whose logits are averaged in metrics of their own
        test_time: TestTime = TestTime::None;
    }
}

/// Photographs to classify.
pub type PhotoClassification = ImageClassification<Augmentation>;

impl Cifar {
    /// The extents and parts of the network.
    fn architecture(&self) -> ClassifierConfig {
        ClassifierConfig {
            input_size: Photographs::SIZE,
            input_depth: 3,
            layer_depths: self.layer_depths.clone(),
            layer_kernel_sizes: self.layer_kernel_sizes.iter().map(|&k| [k, k]).collect(),
            layer_strides: self.layer_strides.clone(),
            downsampling: self.downsampling,
            num_classes: self.dataset.classes().len(),
            norm_groups: self.norm_groups.0,
            activation: self.activation,
            residual: self.residual.order().map(|order| Residual {
                order,
                standardised: self.standardised,
                last_scale: self.last_scale as f32,
                drop: self.stochastic_depth,
                squeeze: self.squeeze.0,
            }),
            head: self.head.head(),
            layer_dropout: self.layer_dropout,
            dropout: self.dropout,
        }
    }

    /// The changes of training examples.
    pub fn augmentation(&self) -> Augmentation {
        let jitter = Step::Jitter { brightness: self.jitter, contrast: self.jitter, saturation: self.jitter };
        let translate = Step::Translate { pixels: self.translate, border: Border::Reflect };
        let mixup = self.mixup.0.map(|alpha| Mix::Mixup { alpha });
        let cutmix = self.cutmix.0.map(|alpha| Mix::CutMix { alpha });
        Augmentation {
            colors: [
                self.flip.flip().map(Step::Flip),
                (self.translate > 0).then_some(translate),
                (self.jitter > 0.0).then_some(jitter),
            ]
            .into_iter()
            .flatten()
            .collect(),
            inputs: self.cutout.0.map(|side| Step::Cutout { side }).into_iter().collect(),
            mixes: [mixup, cutmix].into_iter().flatten().collect(),
        }
    }

    fn read(&self, data: &DataFolder, part: Part) -> Result<Pictures, Error> {
        if data.download {
            ensure(self.dataset.source(), &data.path, data.quiet)?;
        }
        Ok(Pictures::of_cifar(self.dataset, Photographs::read(self.dataset, &data.path, part)?))
    }

    /// The training examples that are learned from, and those that are held out.
    fn split(&self, pictures: &Pictures) -> Result<Split, SplitError> {
        let labels: Vec<usize> = pictures.labels.iter().map(|&label| label.into()).collect();
        stratified_hold_out(&labels, self.validation, &mut Stream::new(self.seed, Purpose::Split))
    }
}

impl Assignment for Cifar {
    const COMMAND: &'static str = "cifar";
    const PRECISION: Precision = Precision::Half;
    const JUDGED_BY: &'static [&'static str] = &["test_time"];
    const FILES: &'static [&'static str] = &["start_from", "proxy"];
    type Problem = PhotoClassification;

    fn check_together(&self) -> Result<(), String> {
        self.check()
    }

    fn preset(&self) -> Option<Self> {
        Some(self.clone().with_preset())
    }

    fn problem(&self, data: &DataFolder) -> Result<PhotoClassification, Error> {
        let pictures = self.read(data, Part::Train)?;
        let split = self.split(&pictures)?;
        Ok(PhotoClassification {
            proxy: self.earlier_proxy(&pictures, &split.validation)?,
            pictures,
            training: split.training,
            validation: split.validation,
            augmentation: self.augmentation(),
            label_smoothing: self.label_smoothing,
            l2: self.l2,
            accuracy: "validation_top1",
        })
    }

    fn parameter_count(&self) -> usize {
        self.architecture().parameter_count()
    }

    fn activation_count(&self) -> usize {
        self.batch_size.min(self.shard_size) * self.architecture().activation_count()
    }

    fn network(&self) -> Classifier {
        Classifier::new(&self.architecture(), &mut Stream::new(self.seed, Purpose::Init))
    }

    fn model(&self, problem: &PhotoClassification) -> Result<Classifier, Error> {
        let Some(path) = &self.start_from else { return Ok(self.network()) };
        self.check_earlier(path, &problem.pictures, &problem.validation)?;
        // What has no weights, such as the nonlinear function, may be another than it was.
        load_as(path, self)
    }

    fn settings(&self, problem: &PhotoClassification) -> Settings {
        let epoch = (problem.examples() / self.batch_size.min(problem.examples())) as u64;
        Settings {
            steps: self.epochs * epoch,
            batch_size: self.batch_size,
            shard_size: self.shard_size,
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::Linear { warmup: self.warmup, last: self.last_learning_rate },
            method: self.optimizer.method(MuonConfig {
                momentum: 0.9,
                weight_decay: self.weight_decay,
                normalised: true,
                vector_rate: self.vector_rate,
                last_rate: Some(self.last_rate),
            }),
            max_gradient_norm: None,
            average: self.average.0,
            log_every: epoch,
            checkpoint_every: epoch,
        }
    }

    fn goals(&self) -> Vec<Goal> {
        self.goals_of_preset()
    }

    fn report(
        &self,
        data: &DataFolder,
        model: &Classifier,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        let pictures = self.read(data, Part::Train)?;
        let held_out = self.split(&pictures)?.validation;
        let test = self.read(data, Part::Test)?;
        let examples: Vec<usize> = (0..test.examples()).collect();
        let (p, names) = (probabilities(model, &test, &examples)?, self.dataset.classes());
        let answers = Answers::new(test.labels_of(&examples), names, &p)?;
        let among = |k, p: &[f32]| top(k, p, names.len(), &answers.truth);
        let mut metrics = vec![
            ("validation_top1", judge(model, &pictures, &held_out)?.1),
            ("test_top1", among(1, &p)?),
            ("test_top5", among(5, &p)?),
            ("parameters", model.count() as f64),
        ];
        if self.test_time != TestTime::None {
            let sights = |pictures: &Pictures, examples: &[usize]| {
                probabilities_of_sights(self.test_time, model, pictures, examples)
            };
            let validation = sights(&pictures, &held_out)?;
            let labels = pictures.labels_of(&held_out);
            let test = sights(&test, &examples)?;
            metrics.extend([
                ("validation_top1_augmented", top(1, &validation, names.len(), &labels)?),
                ("test_top1_augmented", among(1, &test)?),
                ("test_top5_augmented", among(5, &test)?),
            ]);
        }
        let figures = figures::all(self, &pictures, model, (&test, &answers), history);
        Ok(Report { metrics, figures, files: vec![predictions_csv(&answers.truth, &answers.best)] })
    }
}
