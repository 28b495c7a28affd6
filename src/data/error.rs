//! What can go wrong with data.

use std::path::PathBuf;

use thiserror::Error;

use super::download::DownloadError;
use super::idx::IdxError;
use crate::files::FileError;

/// Why data cannot be had.
#[derive(Debug, Error)]
pub enum DataError {
    /// A file is missing.
    #[error(
        "there is no {file} in {}: `{command}` fetches it, as does --download; or put it there by hand, see data/README.md",
        folder.display()
    )]
    Missing {
        /// The file.
        file: &'static str,
        /// Where it should be.
        folder: PathBuf,
        /// The command that fetches it.
        command: String,
    },
    /// A file is not in the IDX format.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// A file in the right format does not hold what it should.
    #[error("{}: byte {offset}{}: {message}", path.display(), if *unzipped { " after unzipping" } else { "" })]
    Contents {
        /// The file.
        path: PathBuf,
        /// Where, in the unzipped file if `unzipped`.
        offset: u64,
        /// Whether the file is gzipped.
        unzipped: bool,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A row of a table is not what it should be.
    #[error("{}: line {line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line on which the row begins, from 1 on.
        line: u64,
        /// What is wrong, and what to do.
        message: String,
    },
    /// No address has a file.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// A copy on this machine is not the official file.
    #[error("{} is not the official file: {difference}", path.display())]
    NotOfficial {
        /// The copy.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// A folder to copy from does not have a file.
    #[error("{} has no {file}: --from takes a folder with the files under their official names", folder.display())]
    NotInFolder {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: &'static str,
    },
    /// An archive cannot be unpacked.
    #[error("cannot unpack {}: {message}: fetch it again", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Files did not stand a check.
    #[error("{broken} of {files} files are missing or damaged: `{command}` fetches them")]
    Verify {
        /// How many.
        broken: usize,
        /// Of how many.
        files: usize,
        /// What fetches them.
        command: String,
    },
    /// Several data sets failed.
    #[error("{failed} of {all} data sets failed, see above")]
    Several {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}
