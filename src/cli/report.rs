//! `ece472 report`: write-ups and runs as one page.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::data::Folder;
use crate::assignments::COMMANDS;
use crate::console::print_line;
use crate::experiment::Error;
use crate::report::{self, Request};

/// Options of `report`.
#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// Assignments to show [default: all that have runs]
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = PossibleValuesParser::new(COMMANDS))]
    assignments: Vec<String>,
    /// Folders of runs, or folders above them [default: results, and the runs of the repository]
    #[arg(long, value_name = "DIR", num_args = 1..)]
    from: Vec<PathBuf>,
    #[command(flatten)]
    data: Folder,
    /// Show the source code of the assignments
    #[arg(long)]
    source: bool,
    /// Output folder
    #[arg(short, long, value_name = "DIR", default_value = "report")]
    out: PathBuf,
}

/// Writes the report, and prints its path.
pub(super) fn execute(args: &ReportArgs) -> Result<(), Error> {
    let ReportArgs { assignments, from, data, source, out } = args;
    let request =
        Request { known: &COMMANDS, wanted: assignments, from, data_dir: &data.data_dir, source: *source };
    let path = report::write(&request, out)?;
    print_line(&path.display().to_string());
    Ok(())
}
