//! Downloads over HTTP and HTTPS. An interrupted download is resumed; a file gets its final name
//! only when it is complete and its checksum is right.

mod request;

use std::path::Path;
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::partial::Partial;
use super::sources::{Comparison, KnownFile};
use crate::console;
use crate::files::FileError;

/// Timeouts, retries and limits of a download.
#[derive(Clone, Debug)]
pub struct Options {
    /// The timeout for a connection to be established.
    pub connect_timeout: Duration,
    /// The timeout for the server to send the next bytes.
    pub read_timeout: Duration,
    /// The number of attempts for each address.
    pub attempts: u32,
    /// The wait before the second attempt; each later wait is twice as long.
    pub pause: Duration,
    /// The most bytes that a file of unknown length may have.
    pub limit: u64,
    /// Whether to print no progress.
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(15),
            read_timeout: Duration::from_secs(30),
            attempts: 4,
            pause: Duration::from_secs(1),
            limit: 1 << 30,
            quiet: false,
        }
    }
}

/// Why a download failed.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// No address had the file.
    #[error("cannot download {name}: {}. Try again later to resume the download, or see --from in `ece472 data fetch --help`", answers.join("; "))]
    NoAddress {
        /// The file.
        name: &'static str,
        /// The error of each address.
        answers: Vec<String>,
    },
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Why one address did not deliver the file.
enum Problem {
    /// A temporary problem: worth another attempt.
    Temporary(String),
    /// A permanent problem.
    Permanent(String),
    /// A problem with a file on this machine.
    Local(FileError),
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        Self::Local(error)
    }
}

/// A client that downloads files.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    options: Options,
}

impl Client {
    /// A client with these options.
    pub fn new(options: &Options) -> Self {
        Self { agent: request::agent(options), options: options.clone() }
    }

    /// Downloads `file` to `target` from the first address that has it.
    ///
    /// The file grows under the name `target` with `.part` appended, where the next attempt, or the
    /// next run of the program, resumes it. Only a file with the right length and checksum is
    /// renamed to `target`.
    ///
    /// # Errors
    /// If no address has the right file, or it cannot be written.
    pub fn download(
        &self,
        file: &KnownFile,
        addresses: &[String],
        target: &Path,
    ) -> Result<(), DownloadError> {
        let mut partial = Partial::open(target)?;
        let mut answers = Vec::new();
        for address in addresses {
            match self.try_address(file, address, &mut partial) {
                Ok(()) => return Ok(partial.finish()?),
                Err(Problem::Local(error)) => return Err(error.into()),
                Err(Problem::Temporary(answer) | Problem::Permanent(answer)) => {
                    answers.push(format!("{address}: {answer}"));
                }
            }
        }
        Err(DownloadError::NoAddress { name: file.name, answers })
    }

    /// Tries one address until it delivers the right file, fails permanently, or no attempt is
    /// left.
    fn try_address(&self, file: &KnownFile, address: &str, partial: &mut Partial) -> Result<(), Problem> {
        let mut pause = self.options.pause;
        for attempt in 1.. {
            let resumed = partial.length() > 0;
            let problem = match self.request(file, address, partial) {
                Ok(()) => match partial.compare(file)? {
                    Comparison::Same | Comparison::Unknown => return Ok(()),
                    Comparison::Different(what) => {
                        partial.clear()?;
                        // The resumed part may be the damaged one: start over once.
                        if resumed { Problem::Temporary(what) } else { Problem::Permanent(what) }
                    }
                },
                Err(problem) => problem,
            };
            match problem {
                Problem::Temporary(what) if attempt < self.options.attempts => {
                    self.say(&format!("{}: {what}; trying again", file.name));
                    thread::sleep(pause);
                    pause *= 2;
                }
                problem => return Err(problem),
            }
        }
        unreachable!("the last try returns")
    }

    fn say(&self, line: &str) {
        if !self.options.quiet {
            console::message(line);
        }
    }
}
