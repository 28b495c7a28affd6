//! From arguments to values: numbers are checked, and errors are one line each.

use std::any::TypeId;
use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::Cli;
use crate::assignments::ag_news::AgNews;
use crate::assignments::attention::Attention;
use crate::assignments::cifar::Cifar;
use crate::assignments::mnist::Mnist;
use crate::assignments::sine_regression::SineRegression;
use crate::assignments::siren::PictureFit;
use crate::assignments::spirals::Spirals;
use crate::console;
use crate::experiment::{Assignment, Error, OrAll, OrNone};

/// The parsed command line; `None` after `--help` or `--version`, which are printed.
///
/// # Errors
/// If the command line is wrong.
pub(super) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Option<(Cli, ArgMatches)>, Error> {
    let mut command = command();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let parsed = command.try_get_matches_from_mut(&arguments);
    match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok(parsed) => Ok(Some(parsed)),
        Err(error) if !error.use_stderr() => {
            console::record(error.print());
            Ok(None)
        }
        Err(error) => {
            let moved = action_of_old_flag(&error, &command, arguments.get(1));
            Err(Error::Usage(moved.unwrap_or_else(|| one_line(&error, &command))))
        }
    }
}

/// The definition of the command line.
pub(super) fn command() -> Command {
    with_examples(with_ranges_of_settings(with_checked_numbers(Cli::command())))
}

/// Examples for the help of each command and action: its words, and the lines.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("sine-regression", &["sine-regression", "sine-regression --basis sigmoid --seed 7"]),
    ("sine-regression evaluate", &["sine-regression evaluate results/sine-regression/weights.safetensors"]),
    ("sine-regression seeds", &["sine-regression seeds 20", "sine-regression seeds 20 --basis sigmoid"]),
    ("sine-regression cross-validate", &["sine-regression cross-validate"]),
    ("spirals", &["spirals --seed 42", "spirals --laps 3 --noise 0.2"]),
    ("spirals evaluate", &["spirals evaluate results/spirals/weights.safetensors"]),
    ("spirals seeds", &["spirals seeds 20", "spirals seeds 20 --laps 3 --noise 0.2"]),
    ("spirals ablation", &["spirals ablation", "spirals ablation --laps 3 --noise 0.2"]),
    ("mnist", &["mnist --preset quick", "mnist --resume"]),
    ("mnist evaluate", &["mnist evaluate assignments/3-mnist/weights/standard.safetensors"]),
    ("mnist seeds", &["mnist seeds 3 --preset quick"]),
    (
        "mnist predict",
        &["mnist predict assignments/3-mnist/five.jpg", "mnist predict a.png b.jpg --out answers"],
    ),
    ("mnist ablation", &["mnist ablation", "mnist ablation --resume"]),
    ("mnist challenge", &["mnist challenge"]),
    ("cifar", &["cifar --preset quick", "cifar --dataset cifar100 --download"]),
    (
        "cifar evaluate",
        &[
            "cifar evaluate assignments/4-cifar/weights/cifar10-standard.safetensors",
            "cifar evaluate assignments/4-cifar/weights/cifar10-quick.safetensors --test-time flip-shift",
        ],
    ),
    ("cifar seeds", &["cifar seeds 3 --preset quick"]),
    ("cifar predict", &["cifar predict photo.jpg", "cifar predict *.png --out answers"]),
    ("cifar ablation", &["cifar ablation --preset quick --epochs 2", "cifar ablation --resume"]),
    ("ag-news", &["ag-news --preset quick", "ag-news --model minilm-frozen"]),
    (
        "ag-news evaluate",
        &[
            "ag-news evaluate assignments/5-ag-news/weights/embeddings.safetensors",
            "ag-news evaluate results/ag-news/weights.safetensors --beside other.safetensors",
        ],
    ),
    ("ag-news seeds", &["ag-news seeds 3 --preset quick"]),
    ("ag-news predict", &["ag-news predict \"The team won the cup final\""]),
    ("ag-news embed", &["ag-news embed \"Oil prices rise\" \"The price of oil goes up\""]),
    (
        "ag-news cross-validate",
        &["ag-news cross-validate --model linear --out results/linear", "ag-news cross-validate --fold 3"],
    ),
    ("ag-news collect", &["ag-news collect results/fold-0 results/fold-1 results/fold-2"]),
    ("ag-news compare", &["ag-news compare results/linear results/embeddings"]),
    ("ag-news learning-curve", &["ag-news learning-curve --model linear"]),
    ("attention", &["attention", "attention --steps 500 --seed 7"]),
    ("attention evaluate", &["attention evaluate assignments/6-attention/weights/standard.safetensors"]),
    ("attention seeds", &["attention seeds 3 --steps 500"]),
    ("siren", &["siren --preset quick", "siren --image photo.jpg --color"]),
    ("siren evaluate", &["siren evaluate assignments/7-siren/weights/standard.safetensors"]),
    ("siren seeds", &["siren seeds 3 --preset quick --size 64"]),
    (
        "siren show",
        &[
            "siren show networks --preset quick",
            "siren show zoom --fitted assignments/7-siren/weights/standard.safetensors",
        ],
    ),
    ("report", &["report --source", "report --assignments spirals --from results/spirals --out handed-in"]),
    (
        "completions",
        &[
            "completions bash > ~/.local/share/bash-completion/completions/ece472",
            "completions fish > ~/.config/fish/completions/ece472.fish",
        ],
    ),
    ("man", &["man | man -l -", "man --out ~/.local/share/man/man1"]),
];

/// The help of each command and action ends with examples.
fn with_examples(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (words, lines)| {
        let help = lines.iter().fold("Examples:".to_owned(), |help, line| help + "\n  ece472 " + line);
        match words.split_once(' ') {
            None => command.mut_subcommand(words, |assignment| assignment.after_help(help)),
            Some((assignment, action)) => command.mut_subcommand(assignment, |assignment| {
                assignment.mut_subcommand(action, |action| action.after_help(help))
            }),
        }
    })
}

/// The help text of each setting shows its range.
fn with_ranges_of_settings(mut command: Command) -> Command {
    fn with_ranges<A: Assignment>(command: Command) -> Command {
        let described = |mut command: Command| {
            for (setting, range) in A::ranges() {
                if command.get_arguments().any(|argument| argument.get_id() == setting) {
                    command = command.mut_arg(setting, |argument| {
                        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                        argument.help(format!("{help} [{range}]"))
                    });
                }
            }
            command
        };
        command.mut_subcommand(A::COMMAND, |command| described(command).mut_subcommands(described))
    }
    for with_ranges in [
        with_ranges::<SineRegression>,
        with_ranges::<Spirals>,
        with_ranges::<Mnist>,
        with_ranges::<Cifar>,
        with_ranges::<AgNews>,
        with_ranges::<Attention>,
        with_ranges::<PictureFit>,
    ] {
        command = with_ranges(command);
    }
    command
}

/// Every option that is a number takes a minus sign for part of it, and says which numbers it takes.
fn with_checked_numbers(command: Command) -> Command {
    command.mut_args(checked).mut_subcommands(with_checked_numbers)
}

fn checked(arg: Arg) -> Arg {
    let kind = arg.get_value_parser().type_id();
    if kind == TypeId::of::<f64>() {
        arg.allow_negative_numbers(true).value_parser(finite)
    } else if kind == TypeId::of::<u64>() {
        arg.allow_negative_numbers(true).value_parser(|text: &str| whole(text, u64::MAX))
    } else if kind == TypeId::of::<usize>() {
        arg.allow_negative_numbers(true).value_parser(|text: &str| whole(text, usize::MAX))
    } else if kind == TypeId::of::<u32>() {
        arg.allow_negative_numbers(true).value_parser(|text: &str| whole(text, u32::MAX))
    } else if [
        TypeId::of::<OrNone<f64>>(),
        TypeId::of::<OrNone<usize>>(),
        TypeId::of::<OrAll<u32>>(),
        TypeId::of::<OrAll<usize>>(),
    ]
    .into_iter()
    .any(|of| kind == of)
    {
        arg.allow_negative_numbers(true)
    } else {
        arg
    }
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "it is not a finite number".into())
}

fn whole<T: FromStr + Display + Copy>(text: &str, most: T) -> Result<T, String> {
    text.parse().map_err(|_| format!("it is not a whole number from 0 to {most}"))
}

/// Flags that were ways of running, and the actions that they are now.
const OLD_FLAGS: [(&str, &str); 10] = [
    ("--evaluate", "evaluate WEIGHTS"),
    ("--seeds", "seeds N"),
    ("--ablation", "ablation"),
    ("--cross-validate", "cross-validate"),
    ("--fold", "cross-validate --fold K"),
    ("--collect", "collect DIR..."),
    ("--compare", "compare DIR..."),
    ("--learning-curve", "learning-curve"),
    ("--challenge", "challenge"),
    ("--show", "show WHAT"),
];

/// A message that names the action of `assignment` that has replaced the flag, if the error is about an old flag.
fn action_of_old_flag(
    error: &clap::Error,
    command: &Command,
    assignment: Option<&OsString>,
) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let (flag, usage) = OLD_FLAGS.into_iter().find(|(old, _)| old == flag)?;
    let assignment = command.find_subcommand(assignment?.to_str()?)?;
    assignment.find_subcommand(usage.split(' ').next()?)?;
    Some(format!("{flag} is an action now: ece472 {} {usage}", assignment.get_name()))
}

/// What is wrong, without the repetition of the usage.
fn one_line(error: &clap::Error, command: &Command) -> String {
    let text = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        console::help(&text);
        return "there is no command".into();
    }
    if text.contains("--data-dir") && std::env::var_os("ECE472_DATA").is_some_and(|folder| folder.is_empty())
    {
        let message = "the environment variable ECE472_DATA is empty: set it to the folder with the data sets, or unset it";
        return message.into();
    }
    let is_usage = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let lines = text.strip_prefix("error: ").unwrap_or(&text).lines();
    let lines: Vec<&str> = lines.take_while(|line| !is_usage(line)).map(str::trim).collect();
    let mut message = lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    if error.kind() == ErrorKind::InvalidSubcommand {
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        message += &format!(" [commands: {}]", names.join(", "));
    }
    message + "; see --help"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        command().debug_assert();
    }

    /// The message about a wrong command line.
    fn wrong(line: &[&str]) -> String {
        let arguments = ["ece472"].iter().chain(line).map(OsString::from);
        let Err(error) = parse(arguments) else { panic!("{line:?} is right") };
        assert_eq!(error.exit_status(), 2);
        let message = error.to_string();
        assert_eq!(message.lines().count(), 1, "{message}");
        message
    }

    #[test]
    fn numbers_that_an_option_does_not_take_are_refused_with_its_name_and_range() {
        for command in ["sine-regression", "spirals", "mnist", "cifar", "ag-news", "attention", "siren"] {
            for number in ["-1", "18446744073709551616", "1.5", "x"] {
                let message = wrong(&[command, "--seed", number]);
                assert!(
                    message.contains("--seed") && message.contains("0 to 18446744073709551615"),
                    "{message}"
                );
            }
            for number in ["nan", "inf", "-inf", "1e999", "x"] {
                let option = format!("--learning-rate={number}");
                let message = wrong(&[command, &option]);
                assert!(message.contains("--learning-rate") && message.contains("finite"), "{message}");
            }
        }
        assert!(wrong(&["ag-news", "--nested", "0.1", "nan"]).contains("--nested"));
        assert!(wrong(&["siren", "--size", "-3"]).contains("--size"));
    }

    #[test]
    fn unknown_values_and_names_are_answered_with_the_choices() {
        for (line, choice) in [
            (&["sine-regression", "--basis", "cubic"][..], "gaussian"),
            (&["cifar", "--standardised", "maybe"], "true"),
            (&["data", "fetch", "imagenet"], "fashion-mnist"),
            (&["spiral-regression"], "sine-regression"),
        ] {
            let message = wrong(line);
            assert!(message.contains(choice), "{message}");
        }
        assert!(wrong(&["spirals", "--point", "3"]).contains("--points"));
        assert!(wrong(&["spirals", "--out"]).contains("--out"));
    }

    #[test]
    fn flags_that_were_ways_of_running_are_answered_with_the_action() {
        for (line, usage) in [
            (&["mnist", "--evaluate", "w"][..], "ece472 mnist evaluate WEIGHTS"),
            (&["spirals", "--laps", "3", "--seeds", "20"], "ece472 spirals seeds N"),
            (&["ag-news", "--fold", "3"], "ece472 ag-news cross-validate --fold K"),
            (&["siren", "--show", "zoom"], "ece472 siren show WHAT"),
        ] {
            let message = wrong(line);
            assert!(message.ends_with(usage), "{message}");
        }
        // It never had one.
        assert!(!wrong(&["attention", "--ablation"]).contains("action now"));
    }

    #[test]
    fn an_evaluation_takes_only_its_own_settings() {
        let arguments = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        for line in
            ["attention evaluate w --holdout 200", "cifar evaluate w --test-time flip", "siren evaluate w -q"]
        {
            assert!(parse(arguments(&format!("ece472 {line}"))).is_ok(), "{line}");
        }
        assert!(wrong(&["cifar", "evaluate", "w", "--epochs", "3"]).contains("--epochs"));
        assert!(wrong(&["attention", "evaluate", "w", "--holdout", "x"]).contains("--holdout"));
        assert!(wrong(&["mnist", "evaluate"]).contains("WEIGHTS"));
    }

    #[test]
    fn the_help_of_every_assignment_and_action_ends_with_examples_that_are_right() {
        let command = command();
        for assignment in command.get_subcommands().filter(|c| c.find_subcommand("evaluate").is_some()) {
            for action in assignment.get_subcommands().chain([assignment]) {
                assert!(action.get_after_help().is_some(), "{} {}", assignment.get_name(), action.get_name());
            }
        }
        for line in EXAMPLES.iter().flat_map(|(_, lines)| *lines) {
            // Quoted texts have spaces, which do not matter here. What follows is the shell's.
            let words = line.split(' ').take_while(|word| !matches!(*word, ">" | "|"));
            let words = ["ece472"].into_iter().chain(words).map(OsString::from);
            assert!(parse(words).is_ok(), "{line}");
        }
    }
}
