//! The ways of running an assignment: training, which is the default, and the other actions.

use std::ffi::OsString;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, FromArgMatches, Subcommand};
use serde_json::{Map, Value};

use super::settings::{given, settings};
use crate::experiment::{Assignment, Error, RunArgs, evaluate, run, run_seeds};
use crate::parallel;

/// An assignment on the command line: the options of training, or an action. `Own` are the actions
/// that only this assignment has.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct AssignmentCommand<A: Assignment + fmt::Debug, Own: Subcommand> {
    #[command(flatten)]
    train: ResumablePlan<A>,
    #[command(subcommand)]
    action: Option<Action<A, Own>>,
}

/// The actions of an assignment.
#[derive(Subcommand, Debug)]
enum Action<A: Assignment + fmt::Debug, Own: Subcommand> {
    /// Measure trained weights, with the settings stored in them
    Evaluate(EvaluateArgs<A>),
    /// Train and measure with each of the seeds 0 to N - 1, and print the spread of the metrics
    Seeds(SeedsArgs<A>),
    #[command(flatten)]
    Own(Own),
}

/// The actions of an assignment beyond those that every assignment has.
pub(super) trait OwnAction: Subcommand {
    /// Runs the action. `matches` are the matches of its options.
    ///
    /// # Errors
    /// The error of the action.
    fn execute(self, matches: &ArgMatches) -> Result<(), Error>;
}

/// No further actions.
#[derive(Subcommand, Debug)]
pub(super) enum NoOwnAction {}

impl OwnAction for NoOwnAction {
    fn execute(self, _: &ArgMatches) -> Result<(), Error> {
        match self {}
    }
}

impl<A: Assignment + fmt::Debug, Own: OwnAction> AssignmentCommand<A, Own> {
    /// Trains, or runs the action if there is one.
    pub(super) fn execute(self, matches: &ArgMatches) -> Result<(), Error> {
        let Some(action) = self.action else {
            return self.train.execute(matches, |config: &A, args, resume| run(config, args, resume));
        };
        let (_, matches) = matches.subcommand().expect("an action was given");
        match action {
            Action::Evaluate(args) => {
                check_data_options::<A>(matches)?;
                args.execute()
            }
            Action::Seeds(SeedsArgs { seeds, plan }) => {
                plan.execute(matches, |config: &A, args| run_seeds(config, seeds, args))
            }
            Action::Own(action) => action.execute(matches),
        }
    }
}

/// The settings of the training, and the options of the run.
#[derive(Args, Debug)]
pub(super) struct Plan<A: Assignment> {
    #[command(flatten)]
    settings: A,
    /// Read settings from FILE (e.g. a run's config.json); command-line options override it
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    config: Option<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
}

impl<A: Assignment> Plan<A> {
    /// Gathers the settings and runs `work` with them.
    pub(super) fn execute(
        self,
        matches: &ArgMatches,
        work: impl FnOnce(&A, &RunArgs) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        check_data_options::<A>(matches)?;
        let config = settings(&self.settings, self.config.as_deref(), matches)?;
        in_pool(&self.run, || work(&config, &self.run))
    }
}

/// A [`Plan`] whose work can be resumed.
#[derive(Args, Debug)]
pub(super) struct ResumablePlan<A: Assignment> {
    #[command(flatten)]
    plan: Plan<A>,
    /// Continue from the last checkpoint in the output folder, to the same bytes as an unbroken run
    #[arg(long, help_heading = "Run")]
    resume: bool,
}

impl<A: Assignment> ResumablePlan<A> {
    /// Gathers the settings and runs `work` with them. The last argument of `work` is whether to
    /// resume.
    pub(super) fn execute(
        self,
        matches: &ArgMatches,
        work: impl FnOnce(&A, &RunArgs, bool) -> Result<(), Error> + Send,
    ) -> Result<(), Error> {
        let resume = self.resume;
        self.plan.execute(matches, |config, args| work(config, args, resume))
    }
}

/// Options of `seeds`.
#[derive(Args, Debug)]
struct SeedsArgs<A: Assignment> {
    /// Number of seeds [1 to 10000]
    #[arg(value_name = "N")]
    seeds: u64,
    #[command(flatten)]
    plan: Plan<A>,
}

/// Options of `evaluate`.
#[derive(Args, Debug)]
struct EvaluateArgs<A: Assignment + fmt::Debug> {
    /// File of trained weights, e.g. weights.safetensors of a run
    #[arg(value_name = "WEIGHTS")]
    weights: PathBuf,
    #[command(flatten)]
    settings: EvaluationSettings<A>,
    #[command(flatten)]
    run: RunArgs,
}

impl<A: Assignment + fmt::Debug> EvaluateArgs<A> {
    fn execute(&self) -> Result<(), Error> {
        in_pool(&self.run, || evaluate::<A>(&self.weights, &self.settings.given, &self.run))
    }
}

/// The evaluation settings of an assignment that are given on the command line.
#[derive(Debug)]
struct EvaluationSettings<A> {
    given: Map<String, Value>,
    of: PhantomData<A>,
}

impl<A: Assignment> Args for EvaluationSettings<A> {
    fn augment_args(command: Command) -> Command {
        let all = A::augment_args(Command::new(A::COMMAND));
        let of_evaluation = |name: &str| A::JUDGED_BY.contains(&name);
        command
            .args(all.get_arguments().filter(|argument| of_evaluation(argument.get_id().as_str())).cloned())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<A: Assignment> FromArgMatches for EvaluationSettings<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // `A` can only be parsed whole: parse the given options again, and let the others have
        // defaults.
        let mut options = vec![OsString::from(A::COMMAND)];
        for name in A::JUDGED_BY.iter().filter(|name| is_given(matches, name)) {
            for value in matches.get_raw(name).into_iter().flatten() {
                let mut option = OsString::from(format!("--{}=", name.replace('_', "-")));
                option.push(value);
                options.push(option);
            }
        }
        let matches = A::augment_args(Command::new(A::COMMAND)).try_get_matches_from(options)?;
        let wrong = |error: Error| clap::Error::raw(clap::error::ErrorKind::InvalidValue, error);
        let given = given(&A::from_arg_matches(&matches)?, &matches).map_err(wrong)?;
        Ok(Self { given, of: PhantomData })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn is_given(matches: &ArgMatches, name: &str) -> bool {
    matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine)
}

/// Refuses options for data sets where none are read.
fn check_data_options<A: Assignment>(matches: &ArgMatches) -> Result<(), Error> {
    match ["data_dir", "download"].into_iter().find(|option| !A::READS_DATA && is_given(matches, option)) {
        Some(option) => Err(Error::Usage(format!(
            "--{}: {} reads no data sets; leave it out",
            option.replace('_', "-"),
            A::COMMAND
        ))),
        None => Ok(()),
    }
}

/// Runs `work` in a pool with the number of threads that the user chose.
pub(super) fn in_pool(args: &RunArgs, work: impl FnOnce() -> Result<(), Error> + Send) -> Result<(), Error> {
    let threads = args.threads.unwrap_or(0);
    if args.threads.is_some_and(|threads| !(1..=1024).contains(&threads)) {
        return Err(Error::Usage(format!("--threads {threads} is not from 1 to 1024")));
    }
    parallel::on_threads(threads, work).map_err(|e| Error::Usage(format!("--threads {threads}: {e}")))?
}
