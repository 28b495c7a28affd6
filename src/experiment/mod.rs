//! Runs of assignments: the [`Assignment`] trait, settings, actions, and the files that they write.

pub(crate) mod ablation;
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
use crate::data::sources::Source;
use crate::data::split::SplitError;
use crate::data::{DataError, HandwritingError, PhotographError, ensure};
use crate::files::FileError;
use crate::metrics::NoScore;
use crate::plot::{Figure, PlotError};
use crate::signals;
use crate::table::{Table, row};
use crate::text::TextError;
use crate::train::{History, NonFinite, Objective, Precision, Settings, TrainError, WeightsError};

/// An assignment: its settings, the data and the model that they describe, and how it is measured.
pub trait Assignment: Configuration + Args + Serialize + DeserializeOwned + Default + Clone + Sync {
    /// The name of the subcommand.
    const COMMAND: &'static str;

    /// The headings of the settings in help texts: the first setting below each.
    const HEADINGS: &[(&str, &str)] = &[];

    /// Whether it reads data sets. Other assignments draw their data.
    const READS_DATA: bool = false;

    /// The precision of the weights when they are saved.
    const PRECISION: Precision = Precision::Single;

    /// The names of evaluation settings: they change how a model is measured, not how it is
    /// trained.
    const JUDGED_BY: &'static [&'static str] = &[];

    /// The names of settings that are paths of files. Two runs are the same if the contents of
    /// these files are equal, whatever their paths.
    const FILES: &'static [&'static str] = &[];

    /// Settings that were renamed: the old name, which files of earlier versions hold, and the new
    /// one. The struct reads the old name too, by an alias of serde.
    const RENAMED: &'static [(&'static str, &'static str)] = &[];

    /// The training objective: data and loss.
    type Problem: Objective;

    /// Checks that the settings fit together, which the [ranges](Configuration::check_ranges) of
    /// single settings cannot express.
    ///
    /// # Errors
    /// Names the settings that do not fit together, and how to change them.
    fn check_together(&self) -> Result<(), String> {
        Ok(())
    }

    /// Checks all settings.
    ///
    /// # Errors
    /// Names a setting that is out of range, or settings that do not fit together.
    fn validate(&self) -> Result<(), String> {
        self.check_ranges()?;
        self.check_together()
    }

    /// The settings of the chosen preset, which replace the defaults. `None` if there are no
    /// presets.
    fn preset(&self) -> Option<Self> {
        None
    }

    /// Draws or reads the training data.
    ///
    /// # Errors
    /// If the data are missing or invalid.
    fn problem(&self, data: &DataFolder) -> Result<Self::Problem, Error>;

    /// The number of elements of the model's parameters. It is computed without building the model,
    /// which may not fit into memory.
    fn parameter_count(&self) -> usize;

    /// A lower estimate of the number of values that training keeps for the gradients of one shard
    /// of examples.
    fn activation_count(&self) -> usize;

    /// The network that the settings describe, with random parameters. Trained weights can be
    /// loaded into it.
    fn network(&self) -> ModelOf<Self>;

    /// The model that training starts from: the [network](Self::network), or one that is
    /// initialised from pretrained weights or from the data.
    ///
    /// # Errors
    /// If pretrained weights cannot be read.
    fn model(&self, _problem: &Self::Problem) -> Result<ModelOf<Self>, Error> {
        Ok(self.network())
    }

    /// The settings of the training loop.
    fn settings(&self, problem: &Self::Problem) -> Settings;

    /// The bounds that the metrics of a run with default settings should meet.
    fn goals(&self) -> Vec<Goal>;

    /// Measures a trained model on the data in a folder and draws the figures. `history` is given
    /// only right after training.
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

/// The type of an assignment's model.
pub type ModelOf<A> = <<A as Assignment>::Problem as Objective>::Model;

/// The results of a model.
pub struct Report {
    /// The metrics of `metrics.json`, by name.
    pub metrics: Vec<(&'static str, f64)>,
    /// The figures, by file name.
    pub figures: Vec<(&'static str, Figure)>,
    /// Other files, by name, such as `predictions.csv` of a classifier.
    pub files: Vec<(&'static str, String)>,
}

/// The folder with the data sets, and whether to download missing ones.
#[derive(Clone, Debug, Default)]
pub struct DataFolder {
    /// The folder.
    pub path: PathBuf,
    /// Whether to download missing data sets.
    pub download: bool,
    /// Whether to print nothing.
    pub quiet: bool,
    /// The folder that caches slow computations on the data, if any.
    pub kept: Option<PathBuf>,
}

impl DataFolder {
    /// Downloads the missing files of a data set, if that is asked for.
    pub(crate) fn ensure(&self, source: &Source) -> Result<(), DataError> {
        if self.download { ensure(source, &self.path, self.quiet) } else { Ok(()) }
    }
}

/// The file `predictions.csv`, the table of a classifier's predictions.
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
    /// The metric should be at most this value.
    AtMost(&'static str, f64),
    /// The metric should be at least this value.
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

/// An error of a command.
#[derive(Debug, Error)]
pub enum Error {
    /// The command line or a configuration is invalid.
    #[error("{0}")]
    Usage(String),
    /// A configuration that cannot be read.
    #[error("{}: {message}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// The problem.
        message: String,
    },
    /// Another process writes to the folder for results.
    #[error(
        "{} is in use by {}: wait until it has ended, or choose another folder by --out",
        folder.display(),
        process.map_or("another process".into(), |id| format!("process {id}"))
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The id of the process, if it is known.
        process: Option<u32>,
    },
    /// Standard output could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A figure cannot be drawn or saved.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// Weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Data cannot be split.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// Data cannot be read or downloaded.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A pretrained encoder cannot be loaded.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A picture does not show a digit.
    #[error(transparent)]
    Handwriting(#[from] HandwritingError),
    /// A picture cannot be read.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The outputs of a model are not finite.
    #[error(transparent)]
    NoScore(#[from] NoScore),
    /// A metric is not finite.
    #[error(
        "{metric} is {value}, which is not a finite number: lower the learning rate, or use other weights"
    )]
    Metric {
        /// The metric.
        metric: &'static str,
        /// Its value.
        value: f64,
    },
    /// Training needs more memory than is available.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The input cannot be used, for example a text without words.
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
    /// The program's exit status: 2 for a wrong command line, 128 plus the signal's number after a
    /// signal, else 1.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Train(TrainError::Interrupted { signal, .. }) => signals::status(*signal),
            _ => 1,
        }
    }

    /// Whether training diverged, so that values are not finite. Other settings may help.
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
