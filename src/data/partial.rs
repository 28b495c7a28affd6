//! Files that are being written.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::sources::{Comparison, KnownFile};
use crate::files::FileError;

/// A file that is being written. Its name is its final name with `.part` appended until it is
/// complete.
///
/// If the program ends early, the file is kept, and the next attempt resumes it.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    target: PathBuf,
    file: File,
    length: u64,
}

/// Why not all of the source was written.
pub(super) enum Interrupted {
    /// The source failed.
    Source(io::Error),
    /// The source is longer than the limit.
    TooLong,
    /// Writing failed.
    Write(FileError),
}

impl Partial {
    /// Opens the partial file of `target`, or creates it.
    pub(super) fn open(target: &Path) -> Result<Self, FileError> {
        let folder = target.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|e| FileError::new("cannot make the folder", folder, e))?;
        let mut name = target.file_name().unwrap_or_default().to_os_string();
        name.push(".part");
        let path = target.with_file_name(name);
        let cannot_write = |e| FileError::new("cannot write", &path, e);
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).map_err(cannot_write)?;
        // Two programs that write one file would corrupt it. On a file system without locks nothing
        // can be done about it.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let busy = io::Error::new(io::ErrorKind::WouldBlock, "another program is writing it");
            return Err(cannot_write(busy));
        }
        let length = file.seek(io::SeekFrom::End(0)).map_err(cannot_write)?;
        Ok(Self { path, target: target.into(), file, length })
    }

    /// The number of bytes written so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Discards everything written so far.
    pub(super) fn clear(&mut self) -> Result<(), FileError> {
        if self.length == 0 {
            return Ok(());
        }
        let cleared = self.file.set_len(0).and_then(|()| self.file.rewind());
        cleared.map_err(|e| FileError::new("cannot write", &self.path, e))?;
        self.length = 0;
        Ok(())
    }

    /// Appends everything that `source` has. `tell` is called with the length reached so far. It is
    /// an error if the file gets longer than `limit`.
    pub(super) fn append(
        &mut self,
        mut source: impl Read,
        limit: u64,
        mut tell: impl FnMut(u64),
    ) -> Result<(), Interrupted> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match source.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Interrupted::Source(e)),
            };
            if count as u64 > limit.saturating_sub(self.length) {
                return Err(Interrupted::TooLong);
            }
            let written = self.file.write_all(&buffer[..count]);
            written.map_err(|e| Interrupted::Write(FileError::new("cannot write", &self.path, e)))?;
            self.length += count as u64;
            tell(self.length);
        }
    }

    /// Compares the file with the official one.
    pub(super) fn compare(&self, known: &KnownFile) -> Result<Comparison, FileError> {
        known.compare_open(&self.file).map_err(|e| FileError::new("cannot read", &self.path, e))
    }

    /// Renames the file to its final name.
    pub(super) fn finish(self) -> Result<(), FileError> {
        // Without this, after a crash of the machine the new name may have old contents or none.
        let synced = self.file.sync_all();
        let renamed = synced.and_then(|()| fs::rename(&self.path, &self.target));
        renamed.map_err(|e| FileError::new("cannot write", &self.target, e))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if self.length == 0 {
            // An empty file has nothing to resume.
            let _ = fs::remove_file(&self.path);
        }
    }
}
