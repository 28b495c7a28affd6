//! How a run goes.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::identity::{Action, Identity, config_value, settings_only};
use super::output::Output;
use super::{Assignment, DataFolder, Error, Report};
use crate::console::print_line;
use crate::train::{Objective, RunOptions, Training, load_metadata, load_weights, save_weights, train};

/// Options that every assignment has and that do not change its results.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// The folder for results [default: results/COMMAND; of anything but a training results/COMMAND-ACTION]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The folder with the data sets
    #[arg(long, value_name = "DIR", env = "ECE472_DATA", default_value = "data")]
    pub data_dir: PathBuf,
    /// Download data sets that are missing
    #[arg(long)]
    pub download: bool,
    /// The number of threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Settings from a file: the config.json of a run repeats it. Options given beside it go first
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Go on from the checkpoint in the folder for results, if there is one
    #[arg(long)]
    pub resume: bool,
    /// Evaluate these weights, with the settings that stand in them, instead of training. Only settings that
    /// tell how a model is judged may be given with it: `--test-time` of cifar, `--beside` of ag-news,
    /// `--holdout` of attention
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "resume", "seeds"])]
    pub evaluate: Option<PathBuf>,
    /// Run with each of the seeds 0 to N - 1 and print the spread of the metrics; writes seeds.csv
    #[arg(long, value_name = "N", conflicts_with_all = ["resume"])]
    pub seeds: Option<u64>,
    /// Print errors only
    #[arg(long)]
    pub quiet: bool,
}

impl RunArgs {
    /// The folder for results, locked. Each way of running has its own: `action` is empty for a training.
    ///
    /// # Errors
    /// If another process writes to it, or it cannot be written to.
    pub(super) fn open(&self, command: &str, action: &str) -> Result<Output, Error> {
        let name = if action.is_empty() { command.to_owned() } else { format!("{command}-{action}") };
        Output::open(self.out.as_deref().unwrap_or(&Path::new("results").join(name)))
    }

    /// Where the data sets are.
    pub(super) fn data(&self, output: &Output) -> DataFolder {
        let kept = Some(output.folder().join("checkpoint"));
        DataFolder { path: self.data_dir.clone(), download: self.download, quiet: self.quiet, kept }
    }

    /// Prints a line unless the user wants quiet.
    pub(super) fn say(&self, line: &str) {
        if !self.quiet {
            print_line(line);
        }
    }
}

/// Trains, measures and draws, or with `--seeds` does the first two for many seeds.
///
/// # Errors
/// If the settings make no sense, training fails, or a file cannot be written.
pub fn run<A: Assignment>(config: &A, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    if let Some(count) = args.seeds {
        return run_seeds(config, count, args);
    }
    let start = Instant::now();
    let output = args.open(A::COMMAND, "")?;
    let problem = config.problem(&args.data(&output))?;
    let run = Identity::new(config, Action::train())?;
    let settings = config.settings(&problem);
    let options = RunOptions {
        checkpoint: Some(output.checkpoint()),
        identity: run.text(),
        resume: args.resume,
        progress: (!args.quiet).then_some(A::COMMAND),
    };
    // A checkpoint that cannot be resumed is refused before anything is written.
    let training = Training::new(&problem, &config.start(&problem), settings, config.seed(), &options)?;
    if training.is_resumed() { output.go_on(&run) } else { output.begin(&run) }?;
    let (model, history) = training.finish()?;
    // What is measured is what is in the file.
    let model = A::PRECISION.round(&model);
    let metadata = config_value(A::COMMAND, config).to_string();
    save_weights(&output.folder().join("weights.safetensors"), &model, &metadata, A::PRECISION)?;
    output.write("history.csv", history.to_csv())?;
    conclude(config, &config.report(&problem, &model, Some(&history))?, &output, args)?;
    let batch = settings.batch_size.min(problem.examples()) as u64;
    output.run(start.elapsed(), settings.steps * batch)
}

/// Measures weights that were trained before: writes `metrics.json`, figures, and other files of the report.
///
/// The settings are those of the training; of `given`, the settings that the command line names, those in
/// [`Assignment::JUDGED_BY`] go first.
///
/// # Errors
/// If the weights are not those of such an assignment, were trained with other settings than are given, or a
/// file cannot be read or written.
pub fn evaluate<A: Assignment>(
    weights: &Path,
    given: &Map<String, Value>,
    args: &RunArgs,
) -> Result<(), Error> {
    let trained: A = parse_config(A::COMMAND, &load_metadata(weights)?, weights)?;
    let config = judged(&trained, given)?;
    let output = args.open(A::COMMAND, "evaluate")?;
    let model = load_weights(weights, &config.model())?;
    let problem = config.problem_of_report(&args.data(&output))?;
    let report = config.report(&problem, &model, None)?;
    output.begin(&Identity::new(&config, Action::named("evaluate").with_file("weights", weights)?)?)?;
    conclude(&config, &report, &output, args)
}

/// The settings of a training, and in their place those that tell how a model is judged.
fn judged<A: Assignment>(trained: &A, given: &Map<String, Value>) -> Result<A, Error> {
    let mut settings = serde_json::to_value(trained).expect("plain data");
    for (name, value) in given {
        if A::JUDGED_BY.contains(&name.as_str()) {
            settings[name] = value.clone();
        } else if settings[name] != *value {
            return Err(Error::Usage(format!(
                "--{} {}: these weights were trained with {}, and --evaluate takes the settings that stand in them",
                name.replace('_', "-"),
                as_typed(value),
                as_typed(&settings[name])
            )));
        }
    }
    let config: A = serde_json::from_value(settings).expect("settings of the same kind");
    config.validate().map_err(Error::Usage)?;
    Ok(config)
}

/// A setting as it stands on the command line.
fn as_typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(as_typed).collect::<Vec<_>>().join(","),
        Value::Null => "none".into(),
        _ => value.to_string(),
    }
}

/// Writes and prints what a model achieves.
fn conclude<A: Assignment>(
    config: &A,
    report: &Report,
    output: &Output,
    args: &RunArgs,
) -> Result<(), Error> {
    for (name, figure) in &report.figures {
        output.figure(name, figure)?;
    }
    for (name, contents) in &report.files {
        output.write(name, contents)?;
    }
    output.metrics(A::COMMAND, config.seed(), &report.metrics, &config.goals())?;
    let width = report.metrics.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in &report.metrics {
        args.say(&format!("{name:<width$} {value:.6}"));
    }
    args.say(&format!("written to {}", output.folder().display()));
    Ok(())
}

/// Reads a configuration from JSON, checking that it is this command's.
pub(crate) fn parse_config<A: Assignment>(command: &str, json: &str, path: &Path) -> Result<A, Error> {
    let fail = |message: String| Error::Config { path: path.into(), message };
    let mut value: Value =
        serde_json::from_str(json).map_err(|e| fail(format!("not a configuration: {e}")))?;
    let found = value.as_object_mut().and_then(|object| {
        settings_only(object);
        object.shift_remove("command")
    });
    if found.as_ref().and_then(Value::as_str) != Some(command) {
        let found = found.unwrap_or_default();
        return Err(fail(format!("a configuration of the command {found}, not of {command}")));
    }
    let config: A = serde_json::from_value(value).map_err(|e| fail(e.to_string()))?;
    config.validate().map_err(fail)?;
    Ok(config)
}

/// The metrics of a configuration with one seed, without files.
pub(super) fn metrics_of<A: Assignment>(
    config: &A,
    data: &DataFolder,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let problem = config.problem(data)?;
    let settings = config.settings(&problem);
    let (model, _) =
        train(&problem, &config.start(&problem), settings, config.seed(), &RunOptions::default())?;
    Ok(config.report(&problem, &A::PRECISION.round(&model), None)?.metrics)
}

fn run_seeds<A: Assignment>(config: &A, count: u64, args: &RunArgs) -> Result<(), Error> {
    super::within("seeds", count, 1, 10_000).map_err(Error::Usage)?;
    let output = args.open(A::COMMAND, "seeds")?;
    let results: Vec<Result<_, Error>> = (0..count)
        .into_par_iter()
        .map(|seed| metrics_of(&config.with_seed(seed), &args.data(&output)))
        .collect();
    let mut columns: Vec<(&str, Vec<f64>)> = Vec::new();
    let mut csv = String::new();
    for (seed, metrics) in results.into_iter().enumerate() {
        let metrics = metrics?;
        if seed == 0 {
            columns = metrics.iter().map(|(name, _)| (*name, Vec::new())).collect();
            csv = format!("seed,{}\n", columns.iter().map(|c| c.0).collect::<Vec<_>>().join(","));
        }
        let values: Vec<String> = metrics.iter().map(|(_, value)| value.to_string()).collect();
        csv += &format!("{seed},{}\n", values.join(","));
        let line: Vec<String> = metrics.iter().map(|(name, value)| format!("{name} {value:.6}")).collect();
        args.say(&format!("seed {seed:>3}: {}", line.join("  ")));
        columns.iter_mut().zip(&metrics).for_each(|(column, (_, value))| column.1.push(*value));
    }
    for (name, values) in &mut columns {
        values.sort_by(f64::total_cmp);
        let (low, high) = (values[0], values[values.len() - 1]);
        args.say(&format!("{name}: min {low:.6}, median {:.6}, max {high:.6}", median(values)));
    }
    output.begin(&Identity::new(config, Action::named("seeds").with("count", count))?)?;
    output.write("seeds.csv", &csv)
}

/// The median of sorted numbers.
pub(super) fn median(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}
