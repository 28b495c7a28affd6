//! `ece472 data`: lists, fetches and verifies the data sets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use indicatif::DecimalBytes;

use crate::console::{self, print_line};
use crate::data::download::Options;
use crate::data::sources::{ALL, DEFAULT_DATA_DIR, Source};
use crate::data::{DataError, Origin, Verdict, fetch, verify};

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// List the data sets, and which of them are present
    List {
        #[command(flatten)]
        folder: Folder,
    },
    /// Download data sets and check them; files that are present already are kept
    Fetch {
        #[command(flatten)]
        names: Names,
        #[command(flatten)]
        folder: Folder,
        /// Take the files from this folder or base URL instead of the official addresses
        #[arg(long, value_name = "DIR|URL")]
        from: Option<Origin>,
        /// Print errors only
        #[arg(long)]
        quiet: bool,
    },
    /// Compare data sets with the official files; a readable file that differs is only a note
    Verify {
        #[command(flatten)]
        names: Names,
        #[command(flatten)]
        folder: Folder,
    },
}

#[derive(Args, Debug)]
pub(super) struct Folder {
    /// Folder with the data sets
    #[arg(long, value_name = "DIR", env = "ECE472_DATA", default_value = DEFAULT_DATA_DIR)]
    pub data_dir: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct Names {
    /// Names of data sets
    #[arg(required = true, value_name = "NAME", value_parser = names())]
    names: Vec<String>,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(ALL.iter().map(|source| source.name).chain(["all"]))
}

impl Names {
    /// Each data set once, in the catalogue's order.
    fn sources(&self) -> impl Iterator<Item = &'static Source> {
        let names: BTreeSet<&str> = self.names.iter().map(String::as_str).collect();
        ALL.into_iter().filter(move |source| names.contains("all") || names.contains(source.name))
    }
}

/// Runs the command.
pub(super) fn execute(command: &Command) -> Result<(), DataError> {
    match command {
        Command::List { folder } => {
            list(&folder.data_dir);
            Ok(())
        }
        Command::Fetch { names, folder, from, quiet } => {
            let origin = from.as_ref().unwrap_or(&Origin::Official);
            let options = Options { quiet: *quiet, ..Options::default() };
            for_each(names, |source| {
                let brought = fetch(source, &folder.data_dir, origin, &options)?;
                if !quiet {
                    let (all, path) = (source.files().count(), source.folder_in(&folder.data_dir));
                    print_line(&format!(
                        "{}: {all} files in {}, {brought} of them new",
                        source.name,
                        path.display()
                    ));
                }
                Ok(())
            })
        }
        Command::Verify { names, folder } => for_each(names, |source| check(source, &folder.data_dir)),
    }
}

/// Does the work for each data set, even if it fails for one of them.
fn for_each(names: &Names, work: impl Fn(&'static Source) -> Result<(), DataError>) -> Result<(), DataError> {
    let results: Vec<_> = names.sources().map(|source| (source, work(source))).collect();
    let all = results.len();
    let mut errors: Vec<_> = results.into_iter().filter_map(|(source, r)| Some((source, r.err()?))).collect();
    if errors.len() <= 1 {
        return errors.pop().map_or(Ok(()), |(_, error)| Err(error));
    }
    for (source, error) in &errors {
        console::message(&format!("{}: {error}", source.name));
    }
    Err(DataError::Several { failed: errors.len(), all })
}

/// Prints the table of data sets.
fn list(data_dir: &Path) {
    print_line(&format!("{:<14} {:>9}  {:<29}  {:<8}  {}", "name", "download", "licence", "here", "what"));
    for source in ALL {
        let (all, missing) = (source.files().count(), source.missing(data_dir).len());
        let here = match missing {
            0 => "yes".into(),
            _ if missing == all => "no".into(),
            _ => format!("{} of {all}", all - missing),
        };
        let size = DecimalBytes(source.download_size()).to_string();
        print_line(&format!(
            "{:<14} {size:>9}  {:<29}  {here:<8}  {}",
            source.name, source.licence, source.title
        ));
    }
}

/// Prints the verdict on each file.
fn check(source: &Source, data_dir: &Path) -> Result<(), DataError> {
    let verdicts = verify(source, data_dir)?;
    for (path, verdict) in &verdicts {
        let verdict = match verdict {
            Verdict::Official => "official (the SHA-256 matches)".into(),
            Verdict::Own(how) => {
                format!("note: may not be the official file ({how}); it is used as it is")
            }
            Verdict::Missing => "missing".into(),
            Verdict::Damaged(how) => format!("damaged: {how}"),
        };
        print_line(&format!("{}: {verdict}", path.display()));
    }
    if verdicts.iter().any(|(_, verdict)| matches!(verdict, Verdict::Own(_))) {
        print_line(
            "A copy that was converted from another format may hold the same examples in another order; \
             a training on it gives other numbers.",
        );
    }
    let broken = verdicts.iter().filter(|(_, v)| matches!(v, Verdict::Missing | Verdict::Damaged(_))).count();
    if broken == 0 {
        return Ok(());
    }
    Err(DataError::Verify { broken, files: verdicts.len(), command: source.fetch_command(data_dir) })
}
