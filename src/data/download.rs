//! Downloads over HTTP and HTTPS: resumed after an interruption, checked, whole or not at all.

mod progress;
mod request;

use std::path::Path;
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::partial::Partial;
use super::sources::{Comparison, KnownFile};
use crate::console;
use crate::files::FileError;

/// How patient a download is.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long nothing may come.
    pub silence: Duration,
    /// How often one address is tried.
    pub tries: u32,
    /// How long to wait before the second try; each later wait is twice as long.
    pub pause: Duration,
    /// How many bytes a file of unknown length may have.
    pub limit: u64,
    /// Whether to show nothing.
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(30),
            tries: 4,
            pause: Duration::from_secs(1),
            limit: 1 << 30,
            quiet: false,
        }
    }
}

/// Why a download failed.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// No address had the file; what each said.
    #[error("cannot download {name}: {}. Try again later to go on from there, or see --from in `ece472 data fetch --help`", answers.join("; "))]
    NoAddress {
        /// The file.
        name: &'static str,
        /// What each address said.
        answers: Vec<String>,
    },
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Why one address did not give the file.
enum Problem {
    /// It may go away.
    Passing(String),
    /// It will not go away.
    Lasting(String),
    /// It is on this machine.
    Here(FileError),
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        Self::Here(error)
    }
}

/// Downloads files.
#[derive(Debug)]
pub struct Client {
    agent: ureq::Agent,
    options: Options,
}

impl Client {
    /// A client that is as patient as `options` say.
    pub fn new(options: &Options) -> Self {
        Self { agent: request::agent(options), options: options.clone() }
    }

    /// Downloads `file` to `target` from the first address that has it.
    ///
    /// It grows in `target` with `.part` behind the name, where the next try, or the next run of the
    /// program, goes on. Only what has the right length and checksum gets the name `target`.
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
                Err(Problem::Here(error)) => return Err(error.into()),
                Err(Problem::Passing(answer) | Problem::Lasting(answer)) => {
                    answers.push(format!("{address}: {answer}"));
                }
            }
        }
        Err(DownloadError::NoAddress { name: file.name, answers })
    }

    /// Tries one address until it gives the right file or there is no hope.
    fn try_address(&self, file: &KnownFile, address: &str, partial: &mut Partial) -> Result<(), Problem> {
        let mut pause = self.options.pause;
        for attempt in 1.. {
            let resumed = partial.length() > 0;
            let problem = match self.request(file, address, partial) {
                Ok(()) => match partial.compare(file)? {
                    Comparison::Same | Comparison::Unknown => return Ok(()),
                    Comparison::Different(what) => {
                        partial.clear()?;
                        // What was there before may be to blame, but only once.
                        if resumed { Problem::Passing(what) } else { Problem::Lasting(what) }
                    }
                },
                Err(problem) => problem,
            };
            match problem {
                Problem::Passing(what) if attempt < self.options.tries => {
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
