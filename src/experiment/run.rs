//! Training, evaluation, and repetition with several seeds.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde_json::{Map, Value};

use super::configuration::check;
use super::identity::{Action, EVALUATE, Identity, config_value, settings_only};
use super::output::Output;
use super::{Assignment, DataFolder, Error, ModelOf, Report, check_metrics, memory};
use crate::console::print_line;
use crate::metrics::median;
use crate::nn::Parameters as _;
use crate::parallel;
use crate::table::Table;
use crate::train::{
    Objective, RunOptions, Training, count_elements, load_metadata, load_weights, save_weights, train,
};

/// Options of every action. They do not change the results.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Run")]
pub struct RunArgs {
    /// Output folder
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Folder with the data sets
    #[arg(long, value_name = "DIR", env = "ECE472_DATA", default_value = "data")]
    pub data_dir: PathBuf,
    /// Download missing data sets
    #[arg(long)]
    pub download: bool,
    /// Number of threads; the results do not depend on it [default: all cores] [1 to 1024]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,
}

impl RunArgs {
    /// Opens and locks the folder for results. Each action has its own; `action` is empty for a
    /// training.
    ///
    /// # Errors
    /// If another process writes to the folder, or it cannot be written to.
    pub(crate) fn open(&self, command: &str, action: &str) -> Result<Output, Error> {
        let name = if action.is_empty() { command.to_owned() } else { format!("{command}-{action}") };
        Output::open(self.out.as_deref().unwrap_or(&Path::new("results").join(name)))
    }

    /// The folder with the data sets.
    pub(crate) fn data(&self, output: &Output) -> DataFolder {
        let kept = Some(output.folder().join("checkpoint"));
        DataFolder { path: self.data_dir.clone(), download: self.download, quiet: self.quiet, kept }
    }

    /// Prints a line unless `--quiet` is given.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            print_line(line);
        }
    }
}

/// Trains a model, measures it and draws the figures. With `resume`, training continues from the
/// last checkpoint in the output folder.
///
/// # Errors
/// If the settings are invalid, training fails, or a file cannot be written.
pub fn run<A: Assignment>(config: &A, args: &RunArgs, resume: bool) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    let start = Instant::now();
    let output = args.open(A::COMMAND, "")?;
    let data = args.data(&output);
    let problem = config.problem(&data)?;
    let run = Identity::new(config, Action::train())?;
    let settings = config.settings(&problem);
    memory::check(config, &settings, problem.examples(), 1)?;
    let options = RunOptions {
        checkpoint: Some(output.checkpoint()),
        identity: run.text(),
        resume,
        progress: (!args.quiet).then_some(A::COMMAND),
    };
    // A checkpoint that cannot be resumed is refused before anything is written.
    let model = config.model(&problem)?;
    let training = Training::new(&problem, &model, settings, config.seed(), &options)?;
    if resume && !training.is_resumed() {
        args.say("there is no checkpoint to resume: training starts from the beginning");
    }
    if training.is_resumed() { output.go_on(&run) } else { output.begin(&run) }?;
    let (parameters, history) = training.finish()?;
    // Measure the model as it is stored, with its weights rounded.
    let model = A::PRECISION.round(&model.with(&parameters))?;
    let metadata = config_value(A::COMMAND, config).to_string();
    save_weights(&output.path("weights.safetensors")?, &model, &metadata, A::PRECISION)?;
    output.write("history.csv", history.to_csv())?;
    conclude(config, &config.report(&data, &model, Some(&history))?, &output, args)?;
    let batch = settings.batch_size.min(problem.examples()) as u64;
    output.run(start.elapsed(), settings.steps * batch)
}

/// Measures trained weights, and writes `metrics.json`, the figures, and the other files of the
/// report.
///
/// The settings are those stored with the weights, overridden by `given`, which may name those in
/// [`Assignment::JUDGED_BY`].
///
/// # Errors
/// If the weights are not those of this assignment, or a file cannot be read or written.
pub fn evaluate<A: Assignment>(
    weights: &Path,
    given: &Map<String, Value>,
    args: &RunArgs,
) -> Result<(), Error> {
    let trained: A = parse_config(A::COMMAND, &load_metadata(weights)?, weights)?;
    let config = judged(&trained, given)?;
    let output = args.open(A::COMMAND, EVALUATE)?;
    let model = load_as(weights, &config)?;
    let report = config.report(&args.data(&output), &model, None)?;
    output.begin(&Identity::new(&config, Action::named(EVALUATE).with_file("weights", weights)?)?)?;
    conclude(&config, &report, &output, args)
}

/// The settings of a training, overridden by `given`, settings of the evaluation.
fn judged<A: Assignment>(trained: &A, given: &Map<String, Value>) -> Result<A, Error> {
    let mut settings = serde_json::to_value(trained).expect("plain data");
    for (name, value) in given {
        settings[name] = value.clone();
    }
    let config: A = serde_json::from_value(settings).expect("settings of the same kind");
    config.validate().map_err(Error::Usage)?;
    Ok(config)
}

/// Writes the report on a model, and prints its metrics.
fn conclude<A: Assignment>(
    config: &A,
    report: &Report,
    output: &Output,
    args: &RunArgs,
) -> Result<(), Error> {
    check_metrics(&report.metrics)?;
    for (name, figure) in &report.figures {
        output.figure(name, figure)?;
    }
    for (name, contents) in &report.files {
        output.write(name, contents)?;
    }
    output.metrics(A::COMMAND, config.seed(), &report.metrics, &config.goals())?;
    let goals = config.goals();
    let width = report.metrics.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for &(name, value) in &report.metrics {
        let value_text = if name == "parameters" { format!("{value}") } else { format!("{value:.6}") };
        let goal = goals.iter().find(|goal| goal.metric() == name).map(|goal| {
            let verdict = if goal.is_met(value) { "met" } else { "missed" };
            format!("  (goal {goal}: {verdict})")
        });
        args.say(&format!("{name:<width$} {value_text}{}", goal.unwrap_or_default()));
    }
    args.say(&format!("written to {}", output.folder().display()));
    if let Some((name, _)) = report.figures.first() {
        args.say(&format!("look at {}", output.folder().join(format!("{name}.png")).display()));
    }
    Ok(())
}

/// Reads a configuration from JSON, and checks that it belongs to `command`.
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

/// A trained model and the settings that are stored with it.
///
/// # Errors
/// If the file cannot be read, or is not a model of this assignment.
pub(crate) fn load<A: Assignment>(path: &Path) -> Result<(A, ModelOf<A>), Error> {
    let config: A = parse_config(A::COMMAND, &load_metadata(path)?, path)?;
    let model = load_as(path, &config)?;
    Ok((config, model))
}

/// Loads the parameters in a file into the model that the settings describe.
///
/// # Errors
/// If the file cannot be read, or does not hold such a model.
pub(crate) fn load_as<A: Assignment>(path: &Path, config: &A) -> Result<ModelOf<A>, Error> {
    // Checked before the model is allocated: a small file can hold settings of a huge model.
    let (held, described) = (count_elements(path)?, config.parameter_count());
    if described > held {
        let message = format!("it holds {held} parameters, but the settings describe a model of {described}");
        return Err(Error::Config { path: path.into(), message });
    }
    Ok(load_weights(path, &config.network())?)
}

/// Trains with one seed and returns the metrics, without writing files. `at_once` such trainings
/// run at the same time, which matters for the memory.
pub(crate) fn metrics_of<A: Assignment>(
    config: &A,
    data: &DataFolder,
    at_once: usize,
) -> Result<Vec<(&'static str, f64)>, Error> {
    let problem = config.problem(data)?;
    let settings = config.settings(&problem);
    memory::check(config, &settings, problem.examples(), at_once)?;
    let (model, _) =
        train(&problem, &config.model(&problem)?, settings, config.seed(), &RunOptions::default())?;
    let metrics = config.report(data, &A::PRECISION.round(&model)?, None)?.metrics;
    check_metrics(&metrics)?;
    Ok(metrics)
}

/// Trains and measures with the seeds 0 to `count` - 1, prints the spread of the metrics, and
/// writes `seeds.csv`.
///
/// # Errors
/// If the settings are invalid, a training fails, or a file cannot be written.
pub fn run_seeds<A: Assignment>(config: &A, count: u64, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    check("seeds", &count, &(1..=10_000)).map_err(Error::Usage)?;
    let output = args.open(A::COMMAND, "seeds")?;
    let at_once = parallel::threads().min(count as usize);
    let data = args.data(&output);
    let seeds =
        parallel::indices(count as usize, |seed| metrics_of(&config.with_seed(seed as u64), &data, at_once));
    let results: Vec<Vec<_>> = seeds.into_iter().collect::<Result<_, _>>()?;
    let names: Vec<&str> = results[0].iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(["seed"].into_iter().chain(names.iter().copied()));
    for (seed, metrics) in results.iter().enumerate() {
        table.push([seed.to_string()].into_iter().chain(metrics.iter().map(|(_, value)| value.to_string())));
        let line: Vec<String> = metrics.iter().map(|(name, value)| format!("{name} {value:.6}")).collect();
        args.say(&format!("seed {seed:>3}: {}", line.join("  ")));
    }
    for (i, name) in names.into_iter().enumerate() {
        let mut values: Vec<f64> = results.iter().map(|metrics| metrics[i].1).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (values[0], values[values.len() - 1]);
        args.say(&format!("{name}: min {low:.6}, median {:.6}, max {high:.6}", median(&values)));
    }
    output.begin(&Identity::new(config, Action::named("seeds").with("count", count))?)?;
    output.write("seeds.csv", table.text())
}
