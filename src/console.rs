//! Output for the user: results on standard output, messages on standard error.
//!
//! Nothing else in the crate prints. A failed write is never an error where it happens, so that a
//! training continues when the reader of its output has closed:
//!
//! - a message that cannot be written to standard error is lost;
//! - a closed pipe on standard output is not an error;
//! - any other failure of standard output, such as a full disk, is stored, and [`finish`] reports it
//!   when the command is done.

use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

/// Standard output could not be written completely.
#[derive(Debug, Error)]
#[error("cannot write to standard output: {0}; some of it is lost")]
pub struct OutputError(io::Error);

/// The first failure of standard output.
static FAILURE: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line to standard output.
pub fn print_line(line: &str) {
    record(io::stdout().write_all(format!("{line}\n").as_bytes()));
}

/// Stores a failed write to standard output for [`finish`].
pub(crate) fn record(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        FAILURE.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// Flushes standard output and reports the first failure since the last call.
///
/// # Errors
/// If a write failed for another reason than a closed pipe.
pub fn finish() -> Result<(), OutputError> {
    record(io::stdout().flush());
    let failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take();
    failure.map_or(Ok(()), |error| Err(OutputError(error)))
}

/// Writes a message to standard error as one line, whatever characters it contains.
pub fn message(text: &str) {
    // There is no way to report that this failed.
    let _ = io::stderr().write_all(format!("{}\n", one_line(text)).as_bytes());
}

/// Writes a text of several lines, the program's own help, to standard error unchanged.
pub(crate) fn help(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// The text with control characters escaped, so that a file name cannot break the line, colour the
/// terminal, or change the direction of writing.
fn one_line(text: &str) -> String {
    let is_control = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut line = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if is_control(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_without_control_characters() {
        assert_eq!(one_line("cannot read a\nb\u{1b}[31m.png\n"), r"cannot read a\nb\u{1b}[31m.png");
        assert_eq!(one_line("\u{202e}gnp.exe"), r"\u{202e}gnp.exe");
        assert_eq!(one_line("Größe: 3 × 4 — “naïve”"), "Größe: 3 × 4 — “naïve”");
    }

    #[test]
    fn a_closed_pipe_is_ignored_and_a_full_disk_is_reported_once() {
        record(Err(ErrorKind::BrokenPipe.into()));
        assert!(finish().is_ok());
        record(Err(ErrorKind::StorageFull.into()));
        record(Err(ErrorKind::Other.into()));
        assert_eq!(
            finish().unwrap_err().to_string(),
            "cannot write to standard output: no storage space; some of it is lost"
        );
        assert!(finish().is_ok());
    }
}
