//! What a run is: the [`Assignment`] trait, settings, ways of running, and the files that they write.

mod ablation;
mod choices;
pub(crate) mod classification;
pub(crate) mod committed;
pub mod configuration;
mod identity;
pub(crate) mod memory;
mod output;
pub mod prediction;
mod run;

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

pub(crate) use ablation::{Variant, variants, write as write_ablation};
pub use choices::{OptimizerKind, OrAll, OrNone, Preset};
pub use configuration::Configuration;
pub(crate) use configuration::{check, configuration};
pub(crate) use identity::{Action, Identity, config_value};
pub use memory::MemoryError;
pub(crate) use output::Output;
pub use run::{RunArgs, evaluate, run, run_seeds};
pub(crate) use run::{load, load_as, metrics_of, parse_config};

use crate::console::OutputError;
use crate::data::split::SplitError;
use crate::data::{DataError, HandwritingError, PhotographError};
use crate::files::FileError;
use crate::metrics::NoScore;
use crate::plot::{Figure, PlotError};
use crate::signals;
use crate::table::{Table, row};
use crate::text::TextError;
use crate::train::{History, NonFinite, Objective, Precision, Settings, TrainError, WeightsError};

/// An assignment: its configuration, which makes data and a model, and what is measured and drawn.
pub trait Assignment: Configuration + Args + Serialize + DeserializeOwned + Default + Clone + Sync {
    /// The subcommand's name.
    const COMMAND: &'static str;

    /// Whether it reads data sets. Other assignments draw their data.
    const READS_DATA: bool = false;

    /// The precision of the weights when they are saved.
    const PRECISION: Precision = Precision::Single;

    /// The names of settings that tell how a model is judged, not how it is trained.
    const JUDGED_BY: &'static [&'static str] = &[];

    /// The names of settings that are paths of files. A run is the same if their contents are, wherever they are.
    const FILES: &'static [&'static str] = &[];

    /// Data and loss.
    type Problem: Objective;

    /// Checks what the [ranges](Configuration::check_ranges) of single settings cannot say: how they fit together.
    ///
    /// # Errors
    /// Names the settings that do not, and what would.
    fn check_together(&self) -> Result<(), String> {
        Ok(())
    }

    /// Checks all settings.
    ///
    /// # Errors
    /// Names a setting that is outside of its range, or settings that do not fit together.
    fn validate(&self) -> Result<(), String> {
        self.check_ranges()?;
        self.check_together()
    }

    /// The settings that the preset names, where there are presets: the defaults of the others.
    fn preset(&self) -> Option<Self> {
        None
    }

    /// Draws or reads the training data.
    ///
    /// # Errors
    /// If they are missing or wrong.
    fn problem(&self, data: &DataFolder) -> Result<Self::Problem, Error>;

    /// The number of elements of the model's parameters, without drawing the model: settings may describe one that does
    /// not fit into memory.
    fn parameter_count(&self) -> usize;

    /// About how many values training computes for a shard of examples and keeps for the gradients: rather too few than too
    /// many.
    fn activation_count(&self) -> usize;

    /// The network that the settings describe, with random parameters. Trained weights are loaded
    /// into it.
    fn network(&self) -> ModelOf<Self>;

    /// The model that training starts from: the [network](Self::network), unless pretrained weights or
    /// the data say more.
    ///
    /// # Errors
    /// If pretrained weights cannot be read.
    fn model(&self, _problem: &Self::Problem) -> Result<ModelOf<Self>, Error> {
        Ok(self.network())
    }

    /// How to train.
    fn settings(&self, problem: &Self::Problem) -> Settings;

    /// What the metrics of a run with default settings should be.
    fn goals(&self) -> Vec<Goal>;

    /// Measures and draws a trained model on the data of a folder. `history` is given if the model was
    /// trained just now.
    ///
    /// # Errors
    /// If the data cannot be read, or a score is not finite.
    fn report(
        &self,
        data: &DataFolder,
        model: &ModelOf<Self>,
        history: Option<&History>,
    ) -> Result<Report, Error>;
}

/// The model of an assignment.
pub type ModelOf<A> = <<A as Assignment>::Problem as Objective>::Model;

/// What a model achieves.
pub struct Report {
    /// The metrics of `metrics.json`, by name.
    pub metrics: Vec<(&'static str, f64)>,
    /// The figures, by file name.
    pub figures: Vec<(&'static str, Figure)>,
    /// Other files, by name: `predictions.csv` of a classifier.
    pub files: Vec<(&'static str, String)>,
}

/// Where data sets are, and whether to download them.
#[derive(Clone, Debug, Default)]
pub struct DataFolder {
    /// The folder.
    pub path: PathBuf,
    /// Download what is missing.
    pub download: bool,
    /// Without a word.
    pub quiet: bool,
    /// Where what takes long to compute from data is kept, if anywhere.
    pub kept: Option<PathBuf>,
}

/// The table of a classifier's predictions, as a file.
pub(crate) fn predictions_csv(labels: &[usize], predictions: &[usize]) -> (&'static str, String) {
    let mut table = Table::new(["index", "label", "prediction"]);
    for (i, (label, prediction)) in labels.iter().zip(predictions).enumerate() {
        row!(table; i, label, prediction);
    }
    ("predictions.csv", table.text())
}

/// A bound on a metric.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The metric should not be above.
    AtMost(&'static str, f64),
    /// The metric should not be below.
    AtLeast(&'static str, f64),
}

impl Goal {
    /// The metric.
    pub fn metric(&self) -> &'static str {
        let (Self::AtMost(metric, _) | Self::AtLeast(metric, _)) = self;
        metric
    }

    /// Whether a value of the metric meets the goal.
    pub fn is_met(&self, value: f64) -> bool {
        match *self {
            Self::AtMost(_, bound) => value <= bound,
            Self::AtLeast(_, bound) => value >= bound,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(_, bound) => write!(f, "<= {bound}"),
            Self::AtLeast(_, bound) => write!(f, ">= {bound}"),
        }
    }
}

/// Why a command failed.
#[derive(Debug, Error)]
pub enum Error {
    /// The command line or a configuration makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A configuration that cannot be read.
    #[error("{}: {message}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Another process writes to the folder for results.
    #[error(
        "{} is in use by {}: wait until that has ended, or give another --out",
        folder.display(),
        process.map_or("another process".into(), |id| format!("process {id}"))
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process, if it is known.
        process: Option<u32>,
    },
    /// Standard output did not take everything.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A figure cannot be made.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// Weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Data cannot be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// Data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A pretrained encoder cannot be had.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A picture that shows no digit.
    #[error(transparent)]
    Handwriting(#[from] HandwritingError),
    /// A picture cannot be had.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A model whose outputs are not finite.
    #[error(transparent)]
    NoScore(#[from] NoScore),
    /// A metric that is not finite.
    #[error(
        "{metric} is {value}: a number that is not finite is no result; lower the learning rate, or take other weights"
    )]
    Metric {
        /// The metric.
        metric: &'static str,
        /// Its value.
        value: f64,
    },
    /// A training that needs more memory than there is.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// What was given shows or says nothing that an answer could be found for.
    #[error("{0}")]
    Input(String),
    /// A check found something wrong.
    #[error("{0}")]
    Check(String),
}

impl From<NonFinite> for Error {
    fn from(error: NonFinite) -> Self {
        Self::Weights(error.into())
    }
}

impl Error {
    /// The program's exit status: 2 for a wrong command line, 128 and its number after a signal, else 1.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Train(TrainError::Interrupted { signal, .. }) => signals::status(*signal),
            _ => 1,
        }
    }

    /// Whether a training, or the weights that it left, stopped being finite: other settings may do better.
    pub(crate) fn is_divergence(&self) -> bool {
        match self {
            Self::Train(error) => error.is_divergence(),
            Self::Weights(error) => matches!(error, WeightsError::NonFinite(_)),
            Self::NoScore(_) | Self::Metric { .. } => true,
            _ => false,
        }
    }
}

/// Checks that every metric is a finite number.
fn check_metrics(metrics: &[(&'static str, f64)]) -> Result<(), Error> {
    match metrics.iter().find(|(_, value)| !value.is_finite()) {
        Some(&(metric, value)) => Err(Error::Metric { metric, value }),
        None => Ok(()),
    }
}
