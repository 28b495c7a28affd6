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

use clap::{ArgAction, Args, FromArgMatches as _};
use serde::{Deserialize, Serialize};

pub use ablation::ablation;
pub use augmentation::Augmentation;
pub use choices::{Blocks, Flipping, Pooling, TestTime, UpdateRule};
pub use predict::{PredictArgs, predict};
pub use preset::Preset;

use super::classification::{self, Answers, Pictures, judge, probabilities};
use super::classifier::{Classifier, ClassifierConfig, Residual};
use super::{Assignment, DataFolder, Error, Goal, Report, predictions_csv};
use crate::data::augment::{Border, Mix, Step};
use crate::data::split::{Split, SplitError, stratified_hold_out};
use crate::data::{Cifar as Photographs, CifarKind, Part, ensure};
use crate::metrics::top;
use crate::nn::{Activation, Downsampling, Parameters as _};
use crate::optim::Schedule;
use crate::random::{Purpose, Stream};
use crate::train::{History, Objective as _, Precision, Sampling, Settings};
use augmentation::probabilities_of_sights;

/// What is on this photograph? A residual network on CIFAR-10 and CIFAR-100
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[group(skip)]
pub struct Cifar {
    /// Where all randomness starts
    #[arg(long, default_value_t = 472)]
    pub seed: u64,
    /// Settings for minutes, for an hour or for what it takes; those given beside it go first
    #[arg(long, value_enum, default_value_t = Preset::Standard)]
    pub preset: Preset,
    /// The photographs
    #[arg(long, value_enum, default_value_t = CifarKind::Cifar10)]
    pub dataset: CifarKind,
    /// How many training examples are held out for validation
    #[arg(long, default_value_t = 5000)]
    pub validation: usize,
    /// The number of channels after the first convolution, and after each block
    #[arg(long, value_delimiter = ',', default_values_t = [32, 64, 128, 256])]
    pub layer_depths: Vec<usize>,
    /// The extent of each layer's kernels
    #[arg(long, value_delimiter = ',', default_values_t = [3, 3, 3, 3])]
    pub layer_kernel_sizes: Vec<usize>,
    /// The stride of each layer
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 2, 2])]
    pub layer_strides: Vec<usize>,
    /// How layers make pictures smaller
    #[arg(long, value_enum, default_value_t = Downsampling::MaxPool)]
    pub downsampling: Downsampling,
    /// The number of groups of each group normalisation; 0 for none
    #[arg(long, default_value_t = 8)]
    pub norm_groups: usize,
    /// What follows the first convolution
    #[arg(long, value_enum, default_value_t = Blocks::PreActivation)]
    pub residual: Blocks,
    /// The nonlinear function; squeeze-and-excitation has its own
    #[arg(long, value_enum, default_value_t = Activation::Relu)]
    #[serde(default = "choices::relu")]
    pub activation: Activation,
    /// Whether the kernels of residual blocks are standardised
    #[arg(long, action = ArgAction::Set, default_value_t = true)]
    pub standardised: bool,
    /// What the scale of each block's last normalisation starts from
    #[arg(long, default_value_t = 1.0)]
    pub last_scale: f64,
    /// The probability that training leaves out the last block for an example; less for those before it
    #[arg(long, default_value_t = 0.0)]
    pub stochastic_depth: f64,
    /// By how much squeeze-and-excitation narrows the channels of each block; 0 for none
    #[arg(long, default_value_t = 0)]
    pub squeeze: usize,
    /// What lies between the last block and the linear layer
    #[arg(long, value_enum, default_value_t = Pooling::Average)]
    pub head: Pooling,
    /// The probability that dropout zeroes a number behind a layer with a stride in training
    #[arg(long, default_value_t = 0.0)]
    pub layer_dropout: f64,
    /// The probability that dropout zeroes an input of the last layer in training
    #[arg(long, default_value_t = 0.0)]
    pub dropout: f64,
    /// The factor of the penalty on half the squared weights
    #[arg(long, default_value_t = 0.0)]
    pub l2: f64,
    /// The share of each target that goes to all classes alike
    #[arg(long, default_value_t = 0.1)]
    pub label_smoothing: f64,
    /// Augmentation: when pictures are flipped, left for right
    #[arg(long, value_enum, default_value_t = Flipping::Alternating)]
    pub flip: Flipping,
    /// Augmentation: the largest shift in pixels
    #[arg(long, default_value_t = 2)]
    pub translate: usize,
    /// Augmentation: the side of a square that is cut out, in pixels; 0 for none
    #[arg(long, default_value_t = 0)]
    pub cutout: usize,
    /// Augmentation: the largest change of brightness, of contrast and of saturation, as a share
    #[arg(long, default_value_t = 0.0)]
    pub jitter: f64,
    /// Augmentation: alpha of the blending of pictures by mixup; 0 for none
    #[arg(long, default_value_t = 0.0)]
    pub mixup: f64,
    /// Augmentation: alpha of the pasting of pictures by CutMix; 0 for none. With mixup, shards take turns
    /// by chance
    #[arg(long, default_value_t = 0.0)]
    pub cutmix: f64,
    /// Weights of an earlier run to train further, instead of random ones: of the same layers; the nonlinear
    /// function may be another
    #[arg(long, value_name = "FILE")]
    #[serde(default)]
    pub start_from: Option<PathBuf>,
    /// The weights of a small network that chooses what to learn from: of each batch the examples that it gets
    /// most wrong
    #[arg(long, value_name = "FILE")]
    #[serde(default)]
    pub proxy: Option<PathBuf>,
    /// The share of each batch that the proxy keeps
    #[arg(long, default_value_t = 0.5)]
    #[serde(default = "choices::half")]
    pub keep: f64,
    /// The update rule
    #[arg(long, value_enum, default_value_t = UpdateRule::Muon)]
    pub optimizer: UpdateRule,
    /// The highest learning rate
    #[arg(long, default_value_t = 0.03)]
    pub learning_rate: f64,
    /// By how much kernels and weights shrink at each step, as a share of the learning rate
    #[arg(long, default_value_t = 0.0)]
    pub weight_decay: f64,
    /// The factor of the learning rate for biases, scales and shifts; for sgd and muon
    #[arg(long, default_value_t = 2.0)]
    pub vector_rate: f64,
    /// The factor of the learning rate for the weights of the last layer; for muon
    #[arg(long, default_value_t = 2.0)]
    pub last_rate: f64,
    /// The share of all steps in which the learning rate rises, before it falls linearly
    #[arg(long, default_value_t = 0.2)]
    pub warmup: f64,
    /// The last learning rate, as a share of the highest
    #[arg(long, default_value_t = 0.01)]
    pub last_learning_rate: f64,
    /// The share of earlier steps in the running average of the weights that is evaluated; 0 for none
    #[arg(long, default_value_t = 0.998)]
    pub average: f64,
    /// The number of times that each training example is looked at, by the proxy if there is one
    #[arg(long, default_value_t = 24)]
    pub epochs: u64,
    /// The number of examples that a step looks at
    #[arg(long, default_value_t = 128)]
    pub batch_size: usize,
    /// The number of examples that a thread computes with at a time, and that are mixed with one another
    #[arg(long, default_value_t = 32)]
    pub shard_size: usize,
    /// Sights of each picture whose logits are averaged in metrics of their own
    #[arg(long, value_enum, default_value_t = TestTime::None)]
    pub test_time: TestTime,
}

impl Default for Cifar {
    /// The standard settings.
    fn default() -> Self {
        let command = Self::augment_args(clap::Command::new(Self::COMMAND));
        let matches = command.get_matches_from([Self::COMMAND]);
        Self::from_arg_matches(&matches).expect("every setting has a default")
    }
}

/// Photographs to classify.
pub type Classification = classification::Classification<Augmentation>;

impl Cifar {
    /// The extents and parts of the network.
    fn network(&self) -> ClassifierConfig {
        ClassifierConfig {
            input_size: Photographs::SIZE,
            input_depth: 3,
            layer_depths: self.layer_depths.clone(),
            layer_kernel_sizes: self.layer_kernel_sizes.iter().map(|&k| [k, k]).collect(),
            layer_strides: self.layer_strides.clone(),
            downsampling: self.downsampling,
            num_classes: self.dataset.classes().len(),
            norm_groups: (self.norm_groups > 0).then_some(self.norm_groups),
            activation: self.activation,
            residual: self.residual.order().map(|order| Residual {
                order,
                standardised: self.standardised,
                last_scale: self.last_scale as f32,
                drop: self.stochastic_depth,
                squeeze: (self.squeeze > 0).then_some(self.squeeze),
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
        let cutout = Step::Cutout { side: self.cutout };
        let mixes = [
            (self.mixup, Mix::Mixup { alpha: self.mixup }),
            (self.cutmix, Mix::CutMix { alpha: self.cutmix }),
        ];
        Augmentation {
            colors: [
                self.flip.flip().map(Step::Flip),
                (self.translate > 0).then_some(translate),
                (self.jitter > 0.0).then_some(jitter),
            ]
            .into_iter()
            .flatten()
            .collect(),
            inputs: if self.cutout > 0 { vec![cutout] } else { Vec::new() },
            mixes: mixes.into_iter().filter(|(alpha, _)| *alpha > 0.0).map(|(_, mix)| mix).collect(),
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
    type Problem = Classification;

    fn seed(&self) -> u64 {
        self.seed
    }

    fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..self.clone() }
    }

    fn validate(&self) -> Result<(), String> {
        self.check()
    }

    fn preset(&self) -> Option<Self> {
        Some(self.preset.apply(self.clone()))
    }

    fn problem(&self, data: &DataFolder) -> Result<Classification, Error> {
        self.with_earlier_networks(self.problem_of_report(data)?)
    }

    fn problem_of_report(&self, data: &DataFolder) -> Result<Classification, Error> {
        let pictures = self.read(data, Part::Train)?;
        let split = self.split(&pictures)?;
        Ok(Classification {
            pictures,
            training: split.training,
            validation: split.validation,
            augmentation: self.augmentation(),
            label_smoothing: self.label_smoothing,
            l2: self.l2,
            start: None,
            proxy: None,
            accuracy: "validation_top1",
            folder: data.path.clone(),
        })
    }

    fn parameter_count(&self) -> usize {
        self.network().parameter_count()
    }

    fn activation_count(&self) -> usize {
        self.batch_size.min(self.shard_size) * self.network().activation_count()
    }

    fn model(&self) -> Classifier {
        Classifier::new(&self.network(), &mut Stream::new(self.seed, Purpose::Init))
    }

    fn start(&self, problem: &Classification) -> Classifier {
        problem.start.clone().unwrap_or_else(|| self.model())
    }

    fn settings(&self, problem: &Classification) -> Settings {
        let epoch = (problem.examples() / self.batch_size.min(problem.examples())) as u64;
        Settings {
            steps: self.epochs * epoch,
            batch_size: self.batch_size,
            shard_size: self.shard_size,
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::Linear { warmup: self.warmup, last: self.last_learning_rate },
            method: self.optimizer.method(self.weight_decay, self.vector_rate, self.last_rate),
            max_gradient_norm: None,
            average: (self.average > 0.0).then_some(self.average),
            log_every: epoch,
            checkpoint_every: epoch,
        }
    }

    fn goals(&self) -> Vec<Goal> {
        self.preset.goals(self.dataset)
    }

    fn report(
        &self,
        problem: &Classification,
        model: &Classifier,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        let folder = DataFolder { path: problem.folder.clone(), ..DataFolder::default() };
        let test = self.read(&folder, Part::Test)?;
        let examples: Vec<usize> = (0..test.examples()).collect();
        let (p, names) = (probabilities(model, &test, &examples)?, self.dataset.classes());
        let answers = Answers::new(test.labels_of(&examples), names, &p)?;
        let among = |k, p: &[f32]| top(k, p, names.len(), &answers.truth);
        let mut metrics = vec![
            ("validation_top1", judge(model, &problem.pictures, &problem.validation)?.1),
            ("test_top1", among(1, &p)?),
            ("test_top5", among(5, &p)?),
            ("parameters", model.count() as f64),
        ];
        if self.test_time != TestTime::None {
            let sights = |pictures: &Pictures, examples: &[usize]| {
                probabilities_of_sights(self.test_time, model, pictures, examples)
            };
            let validation = sights(&problem.pictures, &problem.validation)?;
            let labels = problem.pictures.labels_of(&problem.validation);
            let test = sights(&test, &examples)?;
            metrics.extend([
                ("validation_top1_augmented", top(1, &validation, names.len(), &labels)?),
                ("test_top1_augmented", among(1, &test)?),
                ("test_top5_augmented", among(5, &test)?),
            ]);
        }
        let figures = figures::all(self, problem, model, (&test, &answers), history);
        Ok(Report { metrics, figures, files: vec![predictions_csv(&answers.truth, &answers.best)] })
    }
}
