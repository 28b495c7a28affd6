//! Assignment 3: classification of handwritten digits (MNIST) with a convolutional network.

mod predict;
mod problem;
mod report;
mod settings;
mod studies;

pub use predict::{SURE, of_pixels, predict};
pub use problem::DigitClassification;
pub use settings::{Dataset, Mnist};
pub use studies::{ablation, challenge};

use crate::data::{Augmentation, LabelledImages, Part};
use crate::experiment::{Assignment, DataFolder, Error, Goal, Report};
use crate::models::Classifier;
use crate::models::classification::check_layers;
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Objective as _, Precision, Sampling, Settings};

use problem::SHARD;

impl Assignment for Mnist {
    const COMMAND: &'static str = "mnist";
    const HEADINGS: &[(&str, &str)] = &[
        ("preset", "Preset and data"),
        ("layer_depths", "Model"),
        ("layer_dropout", "Regularisation"),
        ("shift", "Augmentation"),
        ("learning_rate", "Training"),
    ];
    const READS_DATA: bool = true;
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
        data.ensure(source)?;
        let pictures = LabelledImages::read_mnist(source, &data.path, Part::Train)?;
        let split = pictures.hold_out(self.validation, self.seed)?;
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
        report::report(self, data, model, history)
    }
}
