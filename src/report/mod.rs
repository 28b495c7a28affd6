//! The report: write-ups and runs, gathered into one page that can be read, printed and handed in.
//!
//! The page is one self-contained HTML file. It has no script, and its Content-Security-Policy lets
//! a browser load nothing from a network. All text goes through templates that escape it, and
//! nothing of a file's own markup is copied unchecked.

mod collect;
mod figure;
mod page;
mod run;
mod source;
mod svg;
mod table;
mod write_up;

use std::path::{Path, PathBuf};

use crate::experiment::Error;
use crate::files;

/// What goes into a report.
pub(crate) struct Request<'a> {
    /// The commands of all assignments, in the course's order.
    pub known: &'a [&'static str],
    /// The commands of the assignments that are wanted; all that have runs if it is empty.
    pub wanted: &'a [String],
    /// Folders with runs; if it is empty, `results` and the committed runs.
    pub from: &'a [PathBuf],
    /// The folder of the data sets, whose files are compared with the official ones.
    pub data_dir: &'a Path,
    /// Whether the source code of the assignments is shown.
    pub source: bool,
}

/// Writes the report as `index.html` into a folder, and returns its path.
///
/// # Errors
/// If there are no runs, or a file cannot be read or makes no sense. Nothing is written then.
pub(crate) fn write(request: &Request, out: &Path) -> Result<PathBuf, Error> {
    let html = page::render(&collect::collect(request)?)?;
    let path = out.join("index.html");
    files::write(&path, html.as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests;
