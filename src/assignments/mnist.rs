//! Assignment 3: which digit is this?

mod ablation;
mod challenge;
mod predict;
mod preset;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

pub use ablation::ablation;
pub use challenge::challenge;
pub use predict::{PredictArgs, SURE, of_pixels, predict};

use crate::data::sources::{self, Source};
use crate::data::split::stratified_hold_out;
use crate::data::{Augmentation, Mnist as Digits, Part, ensure};
use crate::experiment::classification::{Answers, figures};
use crate::experiment::{
    Assignment, DataFolder, Error, Goal, OrNone, Preset, Report, configuration, predictions_csv,
};
use crate::metrics::top;
use crate::models::ImageClassification;
use crate::models::classification::{check_layers, judge, probabilities};
use crate::models::classifier::Readout;
use crate::models::{Augment, Classifier, ClassifierConfig, Pictures};
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

configuration! {
    /// Which digit is this? A convolutional network on MNIST
    pub struct Mnist {
        /// quick (a minute on two cores), standard (six minutes) or record (an hour); other options override it
        preset: Preset = Preset::Standard;
        /// The pictures
        dataset: Dataset = Dataset::Mnist;
        /// How many training examples are held out for validation
        validation: usize = 5000, 10..=50_000;
        /// The number of channels after each convolution
        #[arg(value_delimiter = ',')]
        layer_depths: Vec<usize> = vec![32, 32, 64, 64], 1..=4096;
        /// The extent of each convolution's kernel
        #[arg(value_delimiter = ',')]
        layer_kernel_sizes: Vec<usize> = vec![3, 3, 3, 3], 1..=28;
        /// The stride of each convolution
        #[arg(value_delimiter = ',')]
        layer_strides: Vec<usize> = vec![1, 2, 1, 2], 1..=28;
        /// The number of groups of the group normalisation after each convolution
        norm_groups: OrNone<usize> = OrNone(None), 1..=4096;
        /// The probability that dropout zeroes a number behind a layer with a stride in training
        layer_dropout: f64 = 0.0, 0.0..=0.99;
        /// The probability that dropout zeroes an input of the last layer in training
        dropout: f64 = 0.3, 0.0..=0.99;
        /// The factor of the penalty on half the squared weights
        l2: f64 = 1e-4, 0.0..=1e6;
        /// The share of each target that goes to all classes alike
        label_smoothing: f64 = 0.0, 0.0..=0.99;
        /// Augmentation: the largest shift in pixels
        shift: f64 = 2.0, 0.0..=28.0;
        /// Augmentation: the largest rotation in degrees
        rotation: f64 = 10.0, 0.0..=180.0;
        /// Augmentation: the largest change of height and of width, as a share
        scaling: f64 = 0.1, 0.0..=0.9;
        /// Augmentation: the largest shear, in pixels across for each pixel down
        shear: f64 = 0.1, 0.0..=10.0;
        /// Augmentation: the standard deviation in pixels of points that bend the picture
        elastic: f64 = 0.5, 0.0..=28.0;
        /// The highest learning rate of Adam, on a one-cycle schedule
        learning_rate: f64 = 2e-3, 0.0..=1e6;
        /// The share of earlier steps in the running average of the weights that is evaluated, or `none`
        average: OrNone<f64> = OrNone(None), 1e-6..=0.999_999;
        /// The number of times that each training example is seen
        epochs: u64 = 13, 1..=1_000_000;
        /// The number of examples in a step
        batch_size: usize = 128, 1..=1_000_000;
    }
}

/// Digits to classify.
pub type DigitClassification = ImageClassification<Augmentation>;

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

impl Mnist {
    /// The extents and parts of the network.
    fn architecture(&self) -> ClassifierConfig {
        ClassifierConfig {
            input_size: SIZE,
            input_depth: 1,
            layer_depths: self.layer_depths.clone(),
            layer_kernel_sizes: self.layer_kernel_sizes.iter().map(|&k| [k, k]).collect(),
            layer_strides: self.layer_strides.clone(),
            downsampling: Downsampling::Stride,
            num_classes: CLASSES,
            norm_groups: self.norm_groups.0,
            activation: Activation::Relu,
            residual: None,
            head: Readout::Flat,
            layer_dropout: self.layer_dropout,
            dropout: self.dropout,
        }
    }
}

impl Assignment for Mnist {
    const COMMAND: &'static str = "mnist";
    const PRECISION: Precision = Precision::Half;
    type Problem = DigitClassification;

    fn check_together(&self) -> Result<(), String> {
        check_layers(&self.layer_depths, &self.layer_kernel_sizes, &self.layer_strides, self.norm_groups.0)
    }

    fn preset(&self) -> Option<Self> {
        Some(self.clone().with_preset())
    }

    fn problem(&self, data: &DataFolder) -> Result<DigitClassification, Error> {
        let source = self.dataset.source();
        if data.download {
            ensure(source, &data.path, data.quiet)?;
        }
        let pictures = Pictures::from(Digits::read(source, &data.path, Part::Train)?);
        let labels: Vec<usize> = pictures.labels.iter().map(|&label| label.into()).collect();
        let split =
            stratified_hold_out(&labels, self.validation, &mut Stream::new(self.seed, Purpose::Split))?;
        Ok(DigitClassification {
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
            proxy: None,
            accuracy: "validation_accuracy",
        })
    }

    fn parameter_count(&self) -> usize {
        self.architecture().parameter_count()
    }

    fn activation_count(&self) -> usize {
        self.batch_size.min(SHARD) * self.architecture().activation_count()
    }

    fn network(&self) -> Classifier {
        Classifier::new(&self.architecture(), &mut Stream::new(self.seed, Purpose::Init))
    }

    fn settings(&self, problem: &DigitClassification) -> Settings {
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
            average: self.average.0,
            log_every: epoch,
            checkpoint_every: epoch,
        }
    }

    fn goals(&self) -> Vec<Goal> {
        if self.dataset == Dataset::Mnist { vec![self.goal()] } else { Vec::new() }
    }

    fn report(
        &self,
        data: &DataFolder,
        model: &Classifier,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        let problem = self.problem(data)?;
        let test = Pictures::from(Digits::read(self.dataset.source(), &data.path, Part::Test)?);
        let examples: Vec<usize> = (0..test.examples()).collect();
        let (p, names) = (probabilities(model, &test, &examples)?, self.dataset.classes());
        let answers = Answers::new(test.labels_of(&examples), &names, &p)?;
        let mut figures = vec![("confusion", answers.confusion())];
        figures.extend(figures::mistakes(&answers, &test).map(|figure| ("mistakes", figure)));
        figures.extend(model.first_kernel().map(|kernel| ("kernels", figures::kernels(kernel))));
        figures.extend(
            history
                .map(|history| ("training", figures::training(history, "augmented", "validation_accuracy"))),
        );
        Ok(Report {
            metrics: vec![
                ("validation_accuracy", judge(model, &problem.pictures, &problem.validation)?.1),
                ("test_accuracy", top(1, &p, CLASSES, &answers.truth)?),
                ("parameters", model.count() as f64),
            ],
            figures,
            files: vec![predictions_csv(&answers.truth, &answers.best)],
        })
    }
}
