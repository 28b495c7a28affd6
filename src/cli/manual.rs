//! `ece472 completions` and `ece472 man`: the command line for shells and for `man`.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::arguments;
use crate::console::print_line;
use crate::experiment::Error;
use crate::files::{self, FileError};

/// Options of `completions`.
#[derive(Args, Debug)]
pub(super) struct CompletionsArgs {
    /// Shell to complete commands and options for
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Options of `man`.
#[derive(Args, Debug)]
pub(super) struct ManArgs {
    /// Folder for the pages of the program and of all its commands [default: print the program's page]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints a script that completes the command line in a shell.
pub(super) fn completions(args: &CompletionsArgs) {
    print_line(script(args.shell).trim_end());
}

fn script(shell: Shell) -> String {
    let mut command = arguments::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    String::from_utf8(script).expect("scripts are UTF-8")
}

/// Prints the program's page, or writes a page for each command into a folder.
///
/// # Errors
/// If a page cannot be written.
pub(super) fn man(args: &ManArgs) -> Result<(), Error> {
    let mut command = arguments::command().disable_help_subcommand(true);
    command.build();
    match &args.out {
        None => print_line(page(&command).1.trim_end()),
        Some(folder) => write_pages(&command, folder)?,
    }
    Ok(())
}

/// The file name and the text of a command's page.
fn page(command: &Command) -> (String, String) {
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render(&mut text).expect("memory takes everything");
    (page.get_filename(), String::from_utf8(text).expect("pages are UTF-8"))
}

fn write_pages(command: &Command, folder: &Path) -> Result<(), FileError> {
    let (name, text) = page(command);
    files::write(&folder.join(name), text.as_bytes())?;
    command.get_subcommands().try_for_each(|command| write_pages(command, folder))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, ValueEnum as _};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in Cli::command().get_subcommands().map(Command::get_name) {
                assert!(script.contains(command), "{shell}: {command}");
            }
            assert!(script.contains("cross-validate") && script.contains("learning-rate"), "{shell}");
        }
    }

    #[test]
    fn every_command_and_action_has_a_page_with_its_examples() {
        let dir = tempfile::tempdir().unwrap();
        man(&ManArgs { out: Some(dir.path().into()) }).unwrap();
        let read = |name: &str| files::read_text(&dir.path().join(name)).unwrap();
        let command = Cli::command();
        let program = read("ece472.1");
        for assignment in command.get_subcommands() {
            let name = assignment.get_name();
            assert!(program.contains(&format!("ece472\\-{}(1)", name.replace('-', "\\-"))), "{program}");
            assert!(read(&format!("ece472-{name}.1")).starts_with(".ie"), "{name}");
            for action in assignment.get_subcommands().map(Command::get_name) {
                assert!(read(&format!("ece472-{name}-{action}.1")).contains("SYNOPSIS"), "{name} {action}");
            }
        }
        assert!(read("ece472-spirals.1").contains("ece472 spirals \\-\\-seed 42"));
    }
}
