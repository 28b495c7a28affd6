//! Assignment 5: what is this news item about?

mod cross_validation;
mod model;
mod news;

use clap::Args;
use serde::{Deserialize, Serialize};

pub use cross_validation::{CrossValidationArgs, collect, cross_validate};
pub use model::{BagOfNgrams, Head, ModelKind, hashed_ngrams};
pub use news::{News, Texts};

use super::classification::{Answers, calibration, top};
use super::{Assignment, DataFolder, Error, Goal, Report, predictions_csv, within};
use crate::data::{AgNews as Data, Part, ensure, sources};
use crate::nn::Parameters as _;
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::train::{History, Objective as _, Precision, Sampling, Settings};

/// The number of texts that a thread computes with at a time.
const SHARD: usize = 128;

/// What is this news item about? Classifiers of AG News
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[group(skip)]
pub struct AgNews {
    /// Where all randomness starts
    #[arg(long, default_value_t = 472)]
    pub seed: u64,
    /// What a text is classified by
    #[arg(long, value_enum, default_value_t = ModelKind::Embeddings)]
    pub model: ModelKind,
    /// The most words in an n-gram
    #[arg(long, default_value_t = 2)]
    pub ngrams: usize,
    /// The number of places that n-grams are hashed to
    #[arg(long, default_value_t = 1 << 18)]
    pub places: usize,
    /// The number of numbers that an n-gram's vector has; for embeddings
    #[arg(long, default_value_t = 16)]
    pub width: usize,
    /// The number of hidden units; for embeddings
    #[arg(long, default_value_t = 64)]
    pub hidden: usize,
    /// The share of each target that goes to all classes alike
    #[arg(long, default_value_t = 0.1)]
    pub label_smoothing: f64,
    /// The highest learning rate of AdamW, on a one-cycle schedule
    #[arg(long, default_value_t = 0.01)]
    pub learning_rate: f64,
    /// By how much weights shrink at each step, as a share of the learning rate
    #[arg(long, default_value_t = 0.1)]
    pub weight_decay: f64,
    /// The number of times that each training text is seen
    #[arg(long, default_value_t = 4)]
    pub epochs: u64,
    /// The number of texts in a step
    #[arg(long, default_value_t = 256)]
    pub batch_size: usize,
}

impl AgNews {
    /// The texts, all of them for training.
    fn news(&self, data: &DataFolder) -> Result<(Data, News), Error> {
        if data.download {
            ensure(&sources::AG_NEWS, &data.path, data.quiet)?;
        }
        let items = Data::read(&data.path, Part::Train)?;
        let texts = Texts::new(&items, self.ngrams, self.places);
        let training = (0..items.examples()).collect();
        let (label_smoothing, folder) = (self.label_smoothing, data.path.clone());
        Ok((items, News { texts, training, validation: Vec::new(), label_smoothing, folder }))
    }
}

impl Assignment for AgNews {
    const COMMAND: &'static str = "ag-news";
    const PRECISION: Precision = Precision::Half;
    type Problem = News;

    fn seed(&self) -> u64 {
        self.seed
    }

    fn with_seed(&self, seed: u64) -> Self {
        Self { seed, ..self.clone() }
    }

    fn validate(&self) -> Result<(), String> {
        within("ngrams", self.ngrams, 1, 10)?;
        within("places", self.places, 1, 1 << 24)?;
        within("width", self.width, 1, 4096)?;
        within("hidden", self.hidden, 1, 65_536)?;
        within("label-smoothing", self.label_smoothing, 0.0, 0.99)?;
        within("learning-rate", self.learning_rate, 0.0, 1e6)?;
        within("weight-decay", self.weight_decay, 0.0, 1e6)?;
        within("epochs", self.epochs, 1, 1_000_000)?;
        within("batch-size", self.batch_size, 1, 1_000_000)
    }

    fn problem(&self, data: &DataFolder) -> Result<News, Error> {
        Ok(self.news(data)?.1)
    }

    fn model(&self) -> BagOfNgrams {
        let classes = Data::CLASSES.len();
        match self.model {
            ModelKind::Linear => BagOfNgrams::linear(self.places, classes),
            ModelKind::Embeddings => {
                let mut stream = Stream::new(self.seed, Purpose::Init);
                BagOfNgrams::embeddings(self.places, self.width, self.hidden, classes, &mut stream)
            }
        }
    }

    fn settings(&self, problem: &News) -> Settings {
        let epoch = (problem.examples() / self.batch_size.min(problem.examples())) as u64;
        Settings {
            steps: self.epochs * epoch,
            batch_size: self.batch_size,
            shard_size: SHARD,
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::OneCycle { warmup: 0.1, first: 0.01, last: 1e-3 },
            method: Method::AdamW { weight_decay: self.weight_decay },
            max_gradient_norm: None,
            average: None,
            log_every: epoch,
            checkpoint_every: epoch,
        }
    }

    fn goals(&self) -> Vec<Goal> {
        vec![Goal::AtLeast("test_accuracy", if self.model == ModelKind::Linear { 0.915 } else { 0.920 })]
    }

    fn report(&self, problem: &News, model: &BagOfNgrams, _: Option<&History>) -> Result<Report, Error> {
        let test = Texts::new(&Data::read(&problem.folder, Part::Test)?, self.ngrams, self.places);
        let examples: Vec<usize> = (0..test.labels.len()).collect();
        let p = test.probabilities(model, &examples);
        let answers = Answers::new(test.labels, &Data::CLASSES, &p);
        Ok(Report {
            metrics: vec![
                ("test_accuracy", top(1, &p, answers.classes(), &answers.truth)),
                ("parameters", model.count() as f64),
            ],
            figures: vec![
                ("confusion", answers.confusion()),
                ("calibration", calibration::reliability(&answers)),
            ],
            files: vec![predictions_csv(&answers.truth, &answers.best)],
        })
    }
}
