//! Assignment 3: which digit is this?

mod ablation;
mod challenge;
mod predict;
mod preset;

use clap::{Args, FromArgMatches as _, ValueEnum};
use serde::{Deserialize, Serialize};

pub use ablation::ablation;
pub use challenge::challenge;
pub use predict::{PredictArgs, SURE, of_pixels, predict};
pub use preset::Preset;

use super::classification::figures;
use super::classification::{self, Answers, Augment, Pictures, judge, probabilities, top};
use super::classifier::{Classifier, ClassifierConfig, Head};
use super::{Assignment, DataFolder, Error, Goal, Report, predictions_csv, within};
use crate::data::sources::{self, Source};
use crate::data::split::stratified_hold_out;
use crate::data::{Augmentation, Mnist as Digits, Part, ensure};
use crate::nn::{Activation, Downsampling, Parameters as _};
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{History, Objective, Precision, Sampling, Settings, Shard};

/// Height and width of the pictures.
const SIZE: [usize; 2] = [28, 28];
const PIXELS: usize = 28 * 28;
const CLASSES: usize = 10;
/// The number of examples that a thread computes with at a time.
const SHARD: usize = 16;

/// Which pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Handwritten digits (LeCun et al. 1998)
    Mnist,
    /// Articles of clothing (Xiao et al. 2017)
    FashionMnist,
}

impl Dataset {
    /// Where it comes from.
    pub fn source(self) -> &'static Source {
        match self {
            Self::Mnist => &sources::MNIST,
            Self::FashionMnist => &sources::FASHION_MNIST,
        }
    }

    /// What the classes are called.
    pub fn classes(self) -> [&'static str; CLASSES] {
        match self {
            Self::Mnist => ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::FashionMnist => [
                "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
                "boot",
            ],
        }
    }
}

/// Which digit is this? A convolutional network on MNIST
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[group(skip)]
pub struct Mnist {
    /// Where all randomness starts
    #[arg(long, default_value_t = 472)]
    pub seed: u64,
    /// Settings for a minute, for six minutes or for an hour on two cores; those given beside it go first
    #[arg(long, value_enum, default_value_t = Preset::Standard)]
    pub preset: Preset,
    /// The pictures
    #[arg(long, value_enum, default_value_t = Dataset::Mnist)]
    pub dataset: Dataset,
    /// How many training examples are held out for validation
    #[arg(long, default_value_t = 5000)]
    pub validation: usize,
    /// The number of channels after each convolution
    #[arg(long, value_delimiter = ',', default_values_t = [32, 32, 64, 64])]
    pub layer_depths: Vec<usize>,
    /// The extent of each convolution's kernel
    #[arg(long, value_delimiter = ',', default_values_t = [3, 3, 3, 3])]
    pub layer_kernel_sizes: Vec<usize>,
    /// The stride of each convolution
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 1, 2])]
    pub layer_strides: Vec<usize>,
    /// The number of groups of the group normalisation after each convolution; 0 for none
    #[arg(long, default_value_t = 0)]
    pub norm_groups: usize,
    /// The probability that dropout zeroes a number behind a layer with a stride in training
    #[arg(long, default_value_t = 0.0)]
    pub layer_dropout: f64,
    /// The probability that dropout zeroes an input of the last layer in training
    #[arg(long, default_value_t = 0.3)]
    pub dropout: f64,
    /// The factor of the penalty on half the squared weights
    #[arg(long, default_value_t = 1e-4)]
    pub l2: f64,
    /// The share of each target that goes to all classes alike
    #[arg(long, default_value_t = 0.0)]
    pub label_smoothing: f64,
    /// Augmentation: the largest shift in pixels
    #[arg(long, default_value_t = 2.0)]
    pub shift: f64,
    /// Augmentation: the largest rotation in degrees
    #[arg(long, default_value_t = 10.0)]
    pub rotation: f64,
    /// Augmentation: the largest change of height and of width, as a share
    #[arg(long, default_value_t = 0.1)]
    pub scaling: f64,
    /// Augmentation: the largest shear, in pixels across for each pixel down
    #[arg(long, default_value_t = 0.1)]
    pub shear: f64,
    /// Augmentation: the standard deviation in pixels of points that bend the picture
    #[arg(long, default_value_t = 0.5)]
    pub elastic: f64,
    /// The highest learning rate of Adam, on a one-cycle schedule
    #[arg(long, default_value_t = 2e-3)]
    pub learning_rate: f64,
    /// The share of earlier steps in the running average of the weights that is evaluated; 0 for none
    #[arg(long, default_value_t = 0.0)]
    pub average: f64,
    /// The number of times that each training example is seen
    #[arg(long, default_value_t = 13)]
    pub epochs: u64,
    /// The number of examples in a step
    #[arg(long, default_value_t = 128)]
    pub batch_size: usize,
}

impl Default for Mnist {
    /// The standard settings.
    fn default() -> Self {
        let command = Self::augment_args(clap::Command::new(Self::COMMAND));
        let matches = command.get_matches_from([Self::COMMAND]);
        Self::from_arg_matches(&matches).expect("every setting has a default")
    }
}

/// Digits to classify.
pub type Classification = classification::Classification<Augmentation>;

impl Augment for Augmentation {
    fn colors(&self, colors: &mut Tensor, _: &[usize], shard: &Shard<'_>) {
        if self.is_none() {
            return;
        }
        let mut before = [0.0; PIXELS];
        for (i, picture) in colors.as_mut_slice().chunks_exact_mut(PIXELS).enumerate() {
            before.copy_from_slice(picture);
            self.apply(&before, SIZE, &mut shard.stream(Purpose::Augment, i), picture);
        }
    }
}

impl Assignment for Mnist {
    const COMMAND: &'static str = "mnist";
    const PRECISION: Precision = Precision::Half;
    type Problem = Classification;

    fn seed(&self) -> u64 {
        self.seed
    }

    fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..self.clone() }
    }

    fn validate(&self) -> Result<(), String> {
        within("validation", self.validation, 10, 50_000)?;
        let layers = self.layer_depths.len();
        for (name, list, high) in [
            ("layer-depths", &self.layer_depths, 4096),
            ("layer-kernel-sizes", &self.layer_kernel_sizes, 28),
            ("layer-strides", &self.layer_strides, 28),
        ] {
            if list.len() != layers {
                return Err(format!("--{name} has {} numbers, --layer-depths {layers}", list.len()));
            }
            list.iter().try_for_each(|&n| within(name, n, 1, high))?;
        }
        if let Some(depth) =
            self.layer_depths.iter().find(|depth| !depth.is_multiple_of(self.norm_groups.max(1)))
        {
            return Err(format!("--norm-groups {} does not divide the depth {depth}", self.norm_groups));
        }
        within("dropout", self.dropout, 0.0, 0.99)?;
        within("layer-dropout", self.layer_dropout, 0.0, 0.99)?;
        within("average", self.average, 0.0, 0.999_999)?;
        within("l2", self.l2, 0.0, 1e6)?;
        within("label-smoothing", self.label_smoothing, 0.0, 0.99)?;
        within("shift", self.shift, 0.0, 28.0)?;
        within("rotation", self.rotation, 0.0, 180.0)?;
        within("scaling", self.scaling, 0.0, 0.9)?;
        within("shear", self.shear, 0.0, 10.0)?;
        within("elastic", self.elastic, 0.0, 28.0)?;
        within("learning-rate", self.learning_rate, 0.0, 1e6)?;
        within("epochs", self.epochs, 1, 1_000_000)?;
        within("batch-size", self.batch_size, 1, 1_000_000)
    }

    fn preset(&self) -> Option<Self> {
        Some(self.preset.apply(self.clone()))
    }

    fn problem(&self, data: &DataFolder) -> Result<Classification, Error> {
        let source = self.dataset.source();
        if data.download {
            ensure(source, &data.path, data.quiet)?;
        }
        let pictures = Pictures::from(Digits::read(source, &data.path, Part::Train)?);
        let labels: Vec<usize> = pictures.labels.iter().map(|&label| label.into()).collect();
        let split =
            stratified_hold_out(&labels, self.validation, &mut Stream::new(self.seed, Purpose::Split))?;
        Ok(Classification {
            pictures,
            training: split.training,
            validation: split.validation,
            augmentation: Augmentation {
                shift: self.shift,
                rotation: self.rotation,
                scaling: self.scaling,
                shear: self.shear,
                elastic: self.elastic,
            },
            label_smoothing: self.label_smoothing,
            l2: self.l2,
            start: None,
            proxy: None,
            accuracy: "validation_accuracy",
            folder: data.path.clone(),
        })
    }

    fn model(&self) -> Classifier {
        let config = ClassifierConfig {
            input_size: SIZE,
            input_depth: 1,
            layer_depths: self.layer_depths.clone(),
            layer_kernel_sizes: self.layer_kernel_sizes.iter().map(|&k| [k, k]).collect(),
            layer_strides: self.layer_strides.clone(),
            downsampling: Downsampling::Stride,
            num_classes: CLASSES,
            norm_groups: (self.norm_groups > 0).then_some(self.norm_groups),
            activation: Activation::Relu,
            residual: None,
            head: Head::Flat,
            layer_dropout: self.layer_dropout,
            dropout: self.dropout,
        };
        Classifier::new(&config, &mut Stream::new(self.seed, Purpose::Init))
    }

    fn settings(&self, problem: &Classification) -> Settings {
        let epoch = (problem.examples() / self.batch_size.min(problem.examples())) as u64;
        Settings {
            steps: self.epochs * epoch,
            batch_size: self.batch_size,
            shard_size: SHARD,
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::OneCycle { warmup: 0.2, first: 0.1, last: 1e-3 },
            method: Method::Adam,
            max_gradient_norm: None,
            average: (self.average > 0.0).then_some(self.average),
            log_every: epoch,
            checkpoint_every: epoch,
        }
    }

    fn goals(&self) -> Vec<Goal> {
        if self.dataset == Dataset::Mnist { vec![self.preset.goal()] } else { Vec::new() }
    }

    fn report(
        &self,
        problem: &Classification,
        model: &Classifier,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        let test = Pictures::from(Digits::read(self.dataset.source(), &problem.folder, Part::Test)?);
        let examples: Vec<usize> = (0..test.examples()).collect();
        let (p, names) = (probabilities(model, &test, &examples), self.dataset.classes());
        let answers = Answers::new(test.labels_of(&examples), &names, &p);
        let mut figures = vec![("confusion", answers.confusion())];
        figures.extend(figures::mistakes(&answers, &test).map(|figure| ("mistakes", figure)));
        figures.extend(model.first_kernel().map(|kernel| ("kernels", figures::kernels(kernel))));
        figures.extend(history.map(|history| ("training", figures::training(history, problem))));
        Ok(Report {
            metrics: vec![
                ("validation_accuracy", judge(model, &problem.pictures, &problem.validation).1),
                ("test_accuracy", top(1, &p, CLASSES, &answers.truth)),
                ("parameters", model.count() as f64),
            ],
            figures,
            files: vec![predictions_csv(&answers.truth, &answers.best)],
        })
    }
}
