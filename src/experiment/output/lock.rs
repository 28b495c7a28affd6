//! A lock that lets only one process at a time write to a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process;

use crate::experiment::Error;
use crate::files::FileError;
use crate::signals::Temporary;

/// The name of the locked file, which contains the id of the process that holds the lock.
///
/// It exists only while a command runs, and is not a result. After `kill -9` the file is left
/// behind, but the system has released its lock.
const NAME: &str = ".lock";

/// A lock of a folder. It is released when this value is dropped.
pub(crate) struct FolderLock {
    // The fields are dropped in this order: the file is removed while its lock is still held.
    _named: Temporary,
    _locked: File,
    _made: Made,
}

impl FolderLock {
    /// Locks a folder, which is created if it does not exist.
    ///
    /// # Errors
    /// If another process holds the lock, or the folder cannot be created or written to.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        let made = Made((!folder.exists()).then(|| folder.to_owned()));
        fs::create_dir_all(folder).map_err(|e| FileError::new("cannot make the folder", folder, e))?;
        let path = folder.join(NAME);
        let failed = |e| FileError::new("cannot lock", &path, e);
        loop {
            let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
            let mut file = options.open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::InUse { folder: folder.into(), process: holder(&path) });
                }
                // Some network file systems have no locks. Running without a lock is better than
                // not at all.
                Err(TryLockError::Error(e)) if e.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(e)) => return Err(failed(e).into()),
            }
            // The previous holder of the lock may have removed the file after it was opened here.
            if !is_at(&file, &path) {
                continue;
            }
            let named = Temporary::new(&path);
            file.set_len(0).and_then(|()| writeln!(file, "{}", process::id())).map_err(failed)?;
            return Ok(Self { _named: named, _locked: file, _made: made });
        }
    }
}

/// A new folder, which is removed again if it stays empty.
struct Made(Option<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The id of the process that holds the lock, if it is known.
fn holder(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Whether an open file is the one at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(own), Ok(named)) => identity(own) == identity(named),
        _ => false,
    }
}

/// On other systems an open file cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_names_the_process_and_a_dropped_lock_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("out");
        let lock = FolderLock::take(&folder).unwrap();
        let message = FolderLock::take(&folder).err().unwrap().to_string();
        assert!(message.contains(&format!("process {}", process::id())), "{message}");
        drop(lock);
        assert!(!folder.exists());
        fs::create_dir(&folder).unwrap();
        drop(FolderLock::take(&folder).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "a folder that was there stays");
    }

    #[test]
    fn a_lock_file_that_was_left_behind_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), "123456789\n").unwrap();
        let lock = FolderLock::take(dir.path()).unwrap();
        assert_eq!(holder(&dir.path().join(NAME)), Some(process::id()));
        drop(lock);
        assert!(!dir.path().join(NAME).exists());
    }
}
