//! The command line: from arguments to a command that has run.

mod data;

use std::io::Write as _;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use serde_json::{Map, Value};

use crate::assignments::ag_news::{self, AgNews};
use crate::assignments::attention::Attention;
use crate::assignments::cifar::{self, Cifar};
use crate::assignments::mnist::{self, Mnist};
use crate::assignments::sine_regression::{SineRegression, cross_validate};
use crate::assignments::siren::{self, PictureFit};
use crate::assignments::spirals::{Spirals, ablation};
use crate::assignments::{Assignment, Error, RunArgs, evaluate, run};
use crate::autodiff::check;
use crate::files;
use crate::nn::check as module_checks;

/// Deep learning from scratch: the assignments of Cooper Union's ECE472
#[derive(Parser, Debug)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Assignment 1: regression of a noisy sine with learned basis functions
    SineRegression {
        #[command(flatten)]
        config: SineRegression,
        #[command(flatten)]
        run: RunArgs,
        /// Choose the number of basis functions by cross-validation, instead of one run
        #[arg(long, conflicts_with_all = ["seeds", "evaluate", "resume"])]
        cross_validate: bool,
    },
    /// Assignment 2: telling two spirals apart with a multilayer perceptron
    Spirals {
        #[command(flatten)]
        config: Spirals,
        #[command(flatten)]
        run: RunArgs,
        /// Change one setting at a time, ten seeds each, instead of one run
        #[arg(long, conflicts_with_all = ["seeds", "evaluate", "resume"])]
        ablation: bool,
    },
    /// Assignment 3: which digit is this? A convolutional network on MNIST
    #[command(args_conflicts_with_subcommands = true)]
    Mnist {
        #[command(flatten)]
        config: Mnist,
        #[command(flatten)]
        run: RunArgs,
        /// Change one setting at a time, two seeds each, instead of one run
        #[arg(long, conflicts_with_all = ["seeds", "evaluate"])]
        ablation: bool,
        /// Climb a ladder of classifiers with very few learned numbers, instead of one run
        #[arg(long, conflicts_with_all = ["seeds", "evaluate", "resume", "ablation"])]
        challenge: bool,
        #[command(subcommand)]
        action: Option<MnistAction>,
    },
    /// Assignment 4: what is on this photograph? A residual network on CIFAR-10 and CIFAR-100
    #[command(args_conflicts_with_subcommands = true)]
    Cifar {
        #[command(flatten)]
        config: Cifar,
        #[command(flatten)]
        run: RunArgs,
        /// Take one technique away at a time, three seeds each, instead of one run
        #[arg(long, conflicts_with_all = ["seeds", "evaluate"])]
        ablation: bool,
        #[command(subcommand)]
        action: Option<CifarAction>,
    },
    /// Assignment 5: what is this news item about? Classifiers of AG News
    #[command(args_conflicts_with_subcommands = true)]
    AgNews {
        #[command(flatten)]
        config: AgNews,
        #[command(flatten)]
        run: RunArgs,
        #[command(flatten)]
        cross: ag_news::CrossValidationArgs,
        #[command(subcommand)]
        action: Option<AgNewsAction>,
    },
    /// Assignment 6: transformers that learn to repeat, to reverse, to sort, to add and to write
    Attention {
        #[command(flatten)]
        config: Attention,
        #[command(flatten)]
        run: RunArgs,
    },
    /// Assignment 7: a picture as a network, from coordinates to colours
    Siren {
        #[command(flatten)]
        config: PictureFit,
        #[command(flatten)]
        run: RunArgs,
        #[command(flatten)]
        demonstration: siren::DemonstrationArgs,
    },
    /// The data sets: which there are, fetching them, checking them
    Data {
        #[command(subcommand)]
        command: data::Command,
    },
    /// Check every gradient rule, module and loss against differences, in double precision
    Gradcheck,
}

#[derive(Subcommand, Debug)]
enum MnistAction {
    /// Which digit is on a picture? Draws the probabilities
    Predict(mnist::PredictArgs),
}

#[derive(Subcommand, Debug)]
enum CifarAction {
    /// What is on a photograph? Draws the probabilities
    Predict(cifar::PredictArgs),
}

#[derive(Subcommand, Debug)]
enum AgNewsAction {
    /// What is a text about, and which of its words say so?
    Predict(ag_news::PredictArgs),
    /// Texts as vectors of the pretrained encoder MiniLM
    Embed(ag_news::EmbedArgs),
}

/// Parses the arguments and runs the command.
///
/// # Errors
/// Whatever the command fails with. Wrong arguments, `--help` and `--version` end the process with
/// clap's message and status.
pub fn execute(arguments: std::env::ArgsOs) -> Result<(), Error> {
    let matches = Cli::command().get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let (_, matches) = matches.subcommand().expect("a subcommand is required");
    match cli.command {
        Command::SineRegression { config, run, cross_validate: true } => {
            let config = settings(&config, &run, matches)?;
            in_pool(&run, || cross_validate(&config, &run))
        }
        Command::SineRegression { config, run, .. } => assignment(&config, &run, matches),
        Command::Spirals { config, run, ablation: true } => {
            let config = settings(&config, &run, matches)?;
            in_pool(&run, || ablation(&config, &run))
        }
        Command::Spirals { config, run, .. } => assignment(&config, &run, matches),
        Command::Mnist { action: Some(MnistAction::Predict(args)), .. } => mnist::predict(&args),
        Command::Mnist { config, run, ablation: true, .. } => {
            let config = settings(&config, &run, matches)?;
            in_pool(&run, || mnist::ablation(&config, &run))
        }
        Command::Mnist { config, run, challenge: true, .. } => {
            let config = settings(&config, &run, matches)?;
            in_pool(&run, || mnist::challenge(&config, &run))
        }
        Command::Mnist { config, run, .. } => assignment(&config, &run, matches),
        Command::Cifar { action: Some(CifarAction::Predict(args)), .. } => cifar::predict(&args),
        Command::Cifar { config, run, ablation: true, .. } => {
            let config = settings(&config, &run, matches)?;
            in_pool(&run, || cifar::ablation(&config, &run))
        }
        Command::Cifar { config, run, .. } => assignment(&config, &run, matches),
        Command::AgNews { action: Some(AgNewsAction::Predict(args)), .. } => ag_news::predict(&args),
        Command::AgNews { action: Some(AgNewsAction::Embed(args)), .. } => ag_news::embed(&args),
        Command::AgNews { run, cross, .. } if !cross.collect.is_empty() => ag_news::collect(&cross, &run),
        Command::AgNews { run, cross, .. } if !cross.compare.is_empty() => {
            ag_news::compare(&cross.compare, &run)
        }
        Command::AgNews { config, run, cross, .. } if cross.learning_curve => {
            let config = settings(&config, &run, matches)?;
            in_pool(&run, || ag_news::learning_curve(&config, &cross, &run))
        }
        Command::AgNews { config, run, cross, .. } if cross.cross_validate || cross.fold.is_some() => {
            let config = settings(&config, &run, matches)?;
            in_pool(&run, || ag_news::cross_validate(&config, &cross, &run))
        }
        Command::AgNews { config, run, .. } => assignment(&config, &run, matches),
        Command::Attention { config, run } => assignment(&config, &run, matches),
        Command::Siren { config, run, demonstration } => match demonstration.show {
            Some(show) => {
                let config = settings(&config, &run, matches)?;
                in_pool(&run, || siren::demonstrate(&config, show, &run, &demonstration))
            }
            None => assignment(&config, &run, matches),
        },
        Command::Data { command } => data::execute(&command).map_err(Error::from),
        Command::Gradcheck => gradcheck(),
    }
}

/// Runs or evaluates an assignment.
fn assignment<A: Assignment>(config: &A, args: &RunArgs, matches: &ArgMatches) -> Result<(), Error> {
    if let Some(weights) = &args.evaluate {
        return in_pool(args, || evaluate::<A>(weights, &given(config, matches), args));
    }
    let config = settings(config, args, matches)?;
    in_pool(args, || run(&config, args))
}

/// Prints the table of gradient checks.
fn gradcheck() -> Result<(), Error> {
    let mut table = check::table();
    table.extend(module_checks::rows());
    // A reader that has gone away is no error.
    let _ = write!(std::io::stdout(), "{table}");
    if table.passed() { Ok(()) } else { Err(Error::Check("a gradient is wrong, see the table".into())) }
}

/// Runs `work` on as many threads as the user wants.
fn in_pool(args: &RunArgs, work: impl FnOnce() -> Result<(), Error> + Send) -> Result<(), Error> {
    let threads = args.threads.unwrap_or(0);
    if args.threads.is_some_and(|threads| !(1..=1024).contains(&threads)) {
        return Err(Error::Usage(format!("--threads {threads} is not from 1 to 1024")));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| Error::Usage(format!("--threads {threads}: {e}")))?.install(work)
}

/// The settings: what the command line says, else what the `--config` file says, else the preset, else
/// the defaults.
///
/// # Errors
/// If the file cannot be read or is no configuration of this command, or a setting is outside its bounds.
pub fn settings<A: Assignment>(config: &A, args: &RunArgs, matches: &ArgMatches) -> Result<A, Error> {
    let config = with_preset(config, matches);
    let Some(path) = &args.config else { return Ok(config) };
    let fail = |message: String| Error::Config { path: path.into(), message };
    let text = String::from_utf8(files::read(path)?).map_err(|_| fail("not a text file".into()))?;
    let mut value: Value =
        serde_json::from_str(&text).map_err(|e| fail(format!("not a configuration: {e}")))?;
    let file = value.as_object_mut().ok_or_else(|| fail("not a configuration: no JSON object".into()))?;
    // What is missing in the file keeps its default.
    let Ok(Value::Object(defaults)) = serde_json::to_value(&config) else { panic!("plain data") };
    for (name, value) in defaults {
        file.entry(name).or_insert(value);
    }
    file.extend(given(&config, matches));
    crate::assignments::parse_config(A::COMMAND, &value.to_string(), Path::new(path))
}

/// The settings of the preset, and in their place those that the command line names.
fn with_preset<A: Assignment>(config: &A, matches: &ArgMatches) -> A {
    let Some(preset) = config.preset() else { return config.clone() };
    let mut value = serde_json::to_value(preset).expect("plain data");
    for (name, given) in given(config, matches) {
        value[name] = given;
    }
    serde_json::from_value(value).expect("settings of the same kind")
}

/// The settings that the command line names.
fn given<A: Assignment>(config: &A, matches: &ArgMatches) -> Map<String, Value> {
    let Ok(Value::Object(mut settings)) = serde_json::to_value(config) else { panic!("plain data") };
    settings.retain(|name, _| matches.value_source(name) == Some(ValueSource::CommandLine));
    settings
}

/// The names of an assignment's settings, as they stand on the command line.
#[cfg(test)]
fn argument_names<A: clap::Args>() -> Vec<String> {
    let command = A::augment_args(clap::Command::new("test"));
    command.get_arguments().map(|a| a.get_id().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_has_one_name_on_the_command_line_and_in_files() {
        fn check<A: Assignment>(arguments: &[&str]) {
            let command = A::augment_args(clap::Command::new("test"));
            let matches = command.get_matches_from(arguments);
            let config = A::from_arg_matches(&matches).unwrap();
            let value = serde_json::to_value(config).unwrap();
            let names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
            assert_eq!(names, argument_names::<A>());
            assert!(A::JUDGED_BY.iter().all(|name| names.iter().any(|n| n == name)));
        }
        check::<SineRegression>(&["test"]);
        check::<Spirals>(&["test"]);
        check::<Mnist>(&["test"]);
        check::<Cifar>(&["test"]);
        check::<AgNews>(&["test"]);
        check::<Attention>(&["test"]);
        check::<PictureFit>(&["test"]);
    }
}
