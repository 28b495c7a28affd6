//! The command line: from arguments to a command that has run.

mod arguments;
mod data;
mod settings;

use clap::{ArgMatches, Parser, Subcommand};

use crate::assignments::ag_news::{self, AgNews};
use crate::assignments::attention::Attention;
use crate::assignments::cifar::{self, Cifar};
use crate::assignments::mnist::{self, Mnist};
use crate::assignments::sine_regression::{SineRegression, cross_validate};
use crate::assignments::siren::{self, PictureFit};
use crate::assignments::spirals::{Spirals, ablation};
use crate::assignments::{Assignment, Error, RunArgs, evaluate, run};
use crate::autodiff::check;
use crate::console::print_line;
use crate::nn::check as module_checks;
use settings::given;
pub use settings::settings;

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
/// Whatever the command fails with.
pub fn execute(arguments: std::env::ArgsOs) -> Result<(), Error> {
    let Some((cli, matches)) = arguments::parse(arguments)? else { return Ok(()) };
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
        let given = given(config, matches)?;
        return in_pool(args, || evaluate::<A>(weights, &given, args));
    }
    let config = settings(config, args, matches)?;
    in_pool(args, || run(&config, args))
}

/// Prints the table of gradient checks.
fn gradcheck() -> Result<(), Error> {
    let mut table = check::table();
    table.extend(module_checks::rows());
    print_line(table.to_string().trim_end());
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
