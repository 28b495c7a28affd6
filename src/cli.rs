//! The command line: parses the arguments and runs the command.

mod actions;
mod arguments;
mod data;
mod help;
mod manual;
mod own;
mod report;
mod settings;

use clap::{Parser, Subcommand};

use crate::assignments::ag_news::AgNews;
use crate::assignments::attention::Attention;
use crate::assignments::cifar::Cifar;
use crate::assignments::mnist::Mnist;
use crate::assignments::sine_regression::SineRegression;
use crate::assignments::siren::PictureFit;
use crate::assignments::spirals::Spirals;
use crate::autodiff::check;
use crate::console::print_line;
use crate::experiment::Error;
use crate::nn::check as module_checks;
use actions::{AssignmentCommand, NoOwnAction};
pub use settings::settings;

/// Deep learning from scratch: the assignments of Cooper Union's ECE472
///
/// Try `ece472 spirals` first: it trains in seconds and writes its figures to results/spirals.
#[derive(Parser, Debug)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Assignment 1: fit a noisy sine with learned basis functions
    SineRegression(Box<AssignmentCommand<SineRegression, own::SineRegression>>),
    /// Assignment 2: separate two spirals with a multilayer perceptron
    Spirals(Box<AssignmentCommand<Spirals, own::Spirals>>),
    /// Assignment 3: classify handwritten digits (MNIST) with a convolutional network
    Mnist(Box<AssignmentCommand<Mnist, own::Mnist>>),
    /// Assignment 4: classify photographs (CIFAR-10, CIFAR-100) with a residual network
    Cifar(Box<AssignmentCommand<Cifar, own::Cifar>>),
    /// Assignment 5: classify news items (AG News) into four topics
    AgNews(Box<AssignmentCommand<AgNews, own::AgNews>>),
    /// Assignment 6: train transformers to repeat, reverse, sort, add and write
    Attention(Box<AssignmentCommand<Attention, NoOwnAction>>),
    /// Assignment 7: represent a picture as a network from pixel coordinates to colours
    Siren(Box<AssignmentCommand<PictureFit, own::Siren>>),
    /// List, fetch and verify the data sets
    Data {
        #[command(subcommand)]
        command: data::Command,
    },
    /// Check every gradient rule, module and loss against finite differences, in double precision
    Gradcheck,
    /// Gather write-ups, runs and figures into one page to read, to print and to hand in
    Report(report::ReportArgs),
    /// Print a script that completes the command line in a shell
    Completions(manual::CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(manual::ManArgs),
}

/// Parses the arguments and runs the command.
///
/// # Errors
/// The error of the command.
pub fn execute(arguments: std::env::ArgsOs) -> Result<(), Error> {
    let Some((cli, matches)) = arguments::parse(arguments)? else { return Ok(()) };
    let (_, matches) = matches.subcommand().expect("a subcommand is required");
    match cli.command {
        Command::SineRegression(command) => command.execute(matches),
        Command::Spirals(command) => command.execute(matches),
        Command::Mnist(command) => command.execute(matches),
        Command::Cifar(command) => command.execute(matches),
        Command::AgNews(command) => command.execute(matches),
        Command::Attention(command) => command.execute(matches),
        Command::Siren(command) => command.execute(matches),
        Command::Data { command } => data::execute(&command).map_err(Error::from),
        Command::Gradcheck => gradcheck(),
        Command::Report(args) => report::execute(&args),
        Command::Completions(args) => {
            manual::completions(&args);
            Ok(())
        }
        Command::Man(args) => manual::man(&args),
    }
}

/// Prints the table of gradient checks.
fn gradcheck() -> Result<(), Error> {
    let mut table = check::table();
    table.extend(module_checks::rows());
    print_line(table.to_string().trim_end());
    let rows = &table.0;
    let reports: Vec<_> = rows.iter().filter_map(|row| row.outcome.as_ref().ok()).collect();
    let worst = reports.iter().map(|report| report.worst()).fold(0.0, f64::max);
    print_line(&format!(
        "\n{} of {} pass; the largest relative error of those is {worst:.1e}, and the bound is {:.0e}.\n\
         order 1: gradient against differences of values. order 2: Hessian-vector product against differences of \
         gradients.\nforward: Jacobian-vector product against differences. transpose: <v, J u> against <J'v, u>.",
        reports.len(),
        rows.len(),
        check::Check::default().tolerance,
    ));
    if table.passed() { Ok(()) } else { Err(Error::Check("a gradient is wrong: see the table".into())) }
}
