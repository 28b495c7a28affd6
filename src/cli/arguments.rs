//! Parses the command line. Numbers are checked, and each error is one line.

use std::any::TypeId;
use std::ffi::OsString;
use std::fmt::Display;
use std::str::FromStr;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};

use super::{Cli, help};
use crate::assignments::ag_news::AgNews;
use crate::assignments::cifar::Cifar;
use crate::assignments::siren::PictureFit;
use crate::console;
use crate::experiment::{Assignment as _, Error, OrAll, OrNone};

/// Parses the command line. `None` if it asked for `--help` or `--version`, which have been
/// printed.
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
            let assignment = arguments.get(1).and_then(|name| name.to_str());
            let moved = assignment.and_then(|assignment| {
                action_of_old_flag(&error, &command, assignment)
                    .or_else(|| new_name_of_setting(&error, assignment))
            });
            Err(Error::Usage(moved.unwrap_or_else(|| one_line(&error, &command))))
        }
    }
}

/// The definition of the command line.
pub(super) fn command() -> Command {
    help::complete(with_checked_numbers(Cli::command()))
}

/// Lets every numeric option accept values with a minus sign, so that the error names the valid
/// numbers.
fn with_checked_numbers(command: Command) -> Command {
    command.mut_args(checked).mut_subcommands(with_checked_numbers)
}

fn checked(arg: Arg) -> Arg {
    let kind = arg.get_value_parser().type_id();
    if kind == TypeId::of::<f64>() {
        named(arg, "X").allow_negative_numbers(true).value_parser(finite)
    } else if kind == TypeId::of::<u64>() {
        named(arg, "N").allow_negative_numbers(true).value_parser(|text: &str| whole(text, u64::MAX))
    } else if kind == TypeId::of::<usize>() {
        named(arg, "N").allow_negative_numbers(true).value_parser(|text: &str| whole(text, usize::MAX))
    } else if kind == TypeId::of::<u32>() {
        named(arg, "N").allow_negative_numbers(true).value_parser(|text: &str| whole(text, u32::MAX))
    } else if kind == TypeId::of::<OrNone<f64>>() {
        named(arg, "X|none").allow_negative_numbers(true)
    } else if kind == TypeId::of::<OrNone<usize>>() {
        named(arg, "N|none").allow_negative_numbers(true)
    } else if kind == TypeId::of::<OrAll<u32>>() || kind == TypeId::of::<OrAll<usize>>() {
        named(arg, "N|all").allow_negative_numbers(true)
    } else {
        arg
    }
}

/// An option whose value is shown under this name, unless it has a name that says more than the option's.
fn named(arg: Arg, name: &'static str) -> Arg {
    let is_own = arg.get_value_names().is_some_and(|names| names[0].to_lowercase() != arg.get_id().as_str());
    if is_own { arg } else { arg.value_name(name) }
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "it is not a finite number".into())
}

fn whole<T: FromStr + Display + Copy>(text: &str, most: T) -> Result<T, String> {
    text.parse().map_err(|_| format!("it is not a whole number from 0 to {most}"))
}

/// Flags of earlier versions, and the actions that have replaced them.
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

/// A message that names the action of `assignment` that has replaced the flag, if the error is
/// about an old flag.
fn action_of_old_flag(error: &clap::Error, command: &Command, assignment: &str) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let (flag, usage) = OLD_FLAGS.into_iter().find(|(old, _)| old == flag)?;
    let assignment = command.find_subcommand(assignment)?;
    assignment.find_subcommand(usage.split(' ').next()?)?;
    Some(format!("{flag} is an action now: ece472 {} {usage}", assignment.get_name()))
}

/// A message with the new name of a setting, if the error is about an option that was renamed.
fn new_name_of_setting(error: &clap::Error, assignment: &str) -> Option<String> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let renamed = [
        (AgNews::COMMAND, AgNews::RENAMED),
        (Cifar::COMMAND, Cifar::RENAMED),
        (PictureFit::COMMAND, PictureFit::RENAMED),
    ];
    let (_, names) = renamed.into_iter().find(|(command, _)| *command == assignment)?;
    let option = |name: &str| format!("--{}", name.replace('_', "-"));
    let (_, new) = names.iter().find(|(old, _)| option(old) == *flag)?;
    Some(format!("{flag} is called {} now", option(new)))
}

/// The message of an error of clap as one line, without the repetition of the usage.
fn one_line(error: &clap::Error, command: &Command) -> String {
    let text = error.render().to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        console::help(&text);
        return "no command is given".into();
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
        let Err(error) = parse(arguments) else { panic!("{line:?} is accepted") };
        assert_eq!(error.exit_status(), 2);
        let message = error.to_string();
        assert_eq!(message.lines().count(), 1, "{message}");
        message
    }

    #[test]
    fn an_invalid_number_is_an_error_with_the_option_and_its_range() {
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
    fn an_unknown_value_or_name_is_an_error_with_the_choices() {
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
    fn an_old_flag_is_an_error_with_the_action() {
        for (line, usage) in [
            (&["mnist", "--evaluate", "w"][..], "ece472 mnist evaluate WEIGHTS"),
            (&["spirals", "--laps", "3", "--seeds", "20"], "ece472 spirals seeds N"),
            (&["ag-news", "--fold", "3"], "ece472 ag-news cross-validate --fold K"),
            (&["siren", "--show", "zoom"], "ece472 siren show WHAT"),
        ] {
            let message = wrong(line);
            assert!(message.ends_with(usage), "{message}");
        }
        // `attention` never had an ablation.
        assert!(!wrong(&["attention", "--ablation"]).contains("action now"));
    }

    #[test]
    fn renamed_options_are_answered_with_the_new_name() {
        for (line, message) in [
            (&["ag-news", "--places", "4"][..], "--places is called --buckets now"),
            (&["ag-news", "evaluate", "w", "--beside=v"], "--beside is called --with now"),
            (&["cifar", "seeds", "3", "--translate=4"], "--translate is called --shift now"),
            (&["siren", "--last-rate", "1"], "--last-rate is called --last-learning-rate now"),
        ] {
            assert_eq!(wrong(line), message);
        }
        assert!(wrong(&["mnist", "--translate", "4"]).contains("unexpected"));
    }

    #[test]
    fn an_evaluation_accepts_only_evaluation_settings() {
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
    fn the_help_of_every_assignment_and_action_ends_with_valid_examples() {
        let command = command();
        for assignment in command.get_subcommands().filter(|c| c.find_subcommand("evaluate").is_some()) {
            for action in assignment.get_subcommands().chain([assignment]) {
                assert!(action.get_after_help().is_some(), "{} {}", assignment.get_name(), action.get_name());
            }
        }
        for line in help::EXAMPLES.iter().flat_map(|(_, lines)| *lines) {
            // Quoted texts have spaces, which do not matter here. What follows is the shell's.
            let words = line.split(' ').take_while(|word| !matches!(*word, ">" | "|"));
            let words = ["ece472"].into_iter().chain(words).map(OsString::from);
            assert!(parse(words).is_ok(), "{line}");
        }
    }
}
