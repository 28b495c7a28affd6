//! Errors of reading and fetching data.

use std::path::PathBuf;

use thiserror::Error;

use super::download::DownloadError;
use super::idx::IdxError;
use crate::files::FileError;

/// Why data cannot be read or fetched.
#[derive(Debug, Error)]
pub enum DataError {
    /// A file is missing.
    #[error(
        "there is no {file} in {}: `{command}` fetches it, as does --download; or copy it there by hand, see data/README.md",
        folder.display()
    )]
    Missing {
        /// The file.
        file: &'static str,
        /// The folder where it should be.
        folder: PathBuf,
        /// The command that fetches it.
        command: String,
    },
    /// A file is not in the IDX format.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// A file has the right format but wrong contents.
    #[error("{}: byte {offset}{}: {message}", path.display(), if *unzipped { " after unzipping" } else { "" })]
    Contents {
        /// The file.
        path: PathBuf,
        /// The position of the fault, in the unzipped file if `unzipped`.
        offset: u64,
        /// Whether the file is gzipped.
        unzipped: bool,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A row of a table is malformed.
    #[error("{}: line {line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line on which the row begins, from 1.
        line: u64,
        /// What is wrong, and what to do.
        message: String,
    },
    /// No address has a file.
    #[error(transparent)]
    Download(#[from] DownloadError),
    /// A local copy differs from the official file.
    #[error("{} is not the official file: {difference}", path.display())]
    NotOfficial {
        /// The copy.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// A folder to copy from lacks a file.
    #[error("{} has no {file}: --from takes a folder that holds the files under their official names", folder.display())]
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
    /// Files are missing or damaged.
    #[error("{broken} of {files} files are missing or damaged: `{command}` fetches them")]
    Verify {
        /// The number of missing or damaged files.
        broken: usize,
        /// The number of files.
        files: usize,
        /// The command that fetches them.
        command: String,
    },
    /// Several data sets failed.
    #[error("{failed} of {all} data sets failed, see above")]
    Several {
        /// The number of data sets that failed.
        failed: usize,
        /// The number of data sets.
        all: usize,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}
