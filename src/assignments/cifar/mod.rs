//! Assignment 4: classification of photographs (CIFAR-10 and CIFAR-100) with a residual network.

mod predict;
mod problem;
mod report;
mod settings;
mod studies;

pub use predict::predict;
pub use problem::{Augmentation, PhotoClassification};
pub use settings::{Blocks, Cifar, Flipping, Pooling, TestTime};
pub use studies::ablation;

use crate::data::Part;
use crate::experiment::{Assignment, DataFolder, Error, Goal, Report, load_as};
use crate::models::Classifier;
use crate::optim::{MuonConfig, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Objective as _, Precision, Sampling, Settings};

impl Assignment for Cifar {
    const COMMAND: &'static str = "cifar";
    const HEADINGS: &[(&str, &str)] = &[
        ("preset", "Preset and data"),
        ("layer_depths", "Model"),
        ("layer_dropout", "Regularisation"),
        ("flip", "Augmentation"),
        ("start_from", "Training"),
        ("test_time", "Evaluation"),
    ];
    const READS_DATA: bool = true;
    const PRECISION: Precision = Precision::Half;
    const JUDGED_BY: &'static [&'static str] = &["test_time"];
    const FILES: &'static [&'static str] = &["start_from", "proxy"];
    const RENAMED: &'static [(&'static str, &'static str)] = &[("translate", "shift")];
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
        // Parts without weights, such as the activation function, may differ from those of the
        // earlier run.
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
        report::report(self, data, model, history)
    }
}
