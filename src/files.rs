//! Files that are written completely or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A file or folder that could not be read or written.
#[derive(Debug, Error)]
#[error("{action} {}: {source}", path.display())]
pub struct FileError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    /// An error for `action`, such as `cannot read`.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.into(), source }
    }
}

/// Locked while a file is written.
static WRITING: Mutex<()> = Mutex::new(());

/// Waits until no file is being written. No write begins while the guard lives.
pub(crate) fn wait_for_writes() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a file under another name and then renames it. So at any time the path has the complete
/// old file or the complete new one, even if the program is killed or the disk is full.
///
/// # Errors
/// If the folder cannot be made or the file cannot be written; the old file is then unchanged.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    write_then(path, contents, || Ok(()))
}

/// Writes a file as [`write()`] does, and keeps the file that was there under the name `older`,
/// replacing an older one. At any time at least one of the names has a complete file.
///
/// # Errors
/// As [`write()`].
pub fn write_and_keep(path: &Path, contents: &[u8], older: &Path) -> Result<(), FileError> {
    write_then(path, contents, || {
        // The old file gets a second name, which is then moved: neither file is ever missing.
        let link = part(older);
        let _ = fs::remove_file(&link);
        if fs::hard_link(path, &link).is_err() {
            // Some file systems have no hard links.
            return fs::rename(path, older);
        }
        fs::rename(&link, older)?;
        // If `link` and `older` are the same file, the renaming does nothing and leaves `link`.
        let _ = fs::remove_file(&link);
        Ok(())
    })
}

/// The name of a file while it is written.
pub(crate) fn part(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    path.with_file_name(name)
}

/// Writes a file under another name, calls `between`, and renames it.
fn write_then(
    path: &Path,
    contents: &[u8],
    between: impl FnOnce() -> io::Result<()>,
) -> Result<(), FileError> {
    let _writing = wait_for_writes();
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| FileError::new("cannot make the folder", folder, e))?;
    let part = part(path);
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(contents)?;
        // Without this, a crash of the machine may leave the new name with old or no contents.
        file.sync_all()
    });
    written.and_then(|()| between()).and_then(|()| fs::rename(&part, path)).map_err(|e| {
        // The first error is reported, not one of this removal.
        let _ = fs::remove_file(&part);
        FileError::new("cannot write", path, e)
    })
}

/// The SHA-256 of the concatenated parts, in hexadecimal digits.
pub(crate) fn sha256(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// The largest file that is read into memory, in bytes: ten times the largest file of the data
/// sets.
pub const LARGEST: u64 = 2 << 30;

/// The largest configuration or table of results that is read, in bytes.
pub const LARGEST_TEXT: u64 = 16 << 20;

/// Reads a file that the program wrote, if it exists.
///
/// # Errors
/// As [`read`], except that a missing file is no error.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        _ => read(path).map(Some),
    }
}

/// Reads a whole file of at most [`LARGEST`] bytes.
///
/// # Errors
/// If the file cannot be read, is larger, or is not a regular file. A pipe or a device may never
/// end, or never begin.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    read_at_most(path, LARGEST)
}

/// Reads a whole text of at most [`LARGEST_TEXT`] bytes: a configuration, or a table of results.
///
/// # Errors
/// As [`read`], and if it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    String::from_utf8(read_at_most(path, LARGEST_TEXT)?)
        .map_err(|_| FileError::new("cannot read", path, io::Error::other("not a text file")))
}

fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let read = || {
        // Checked before it is opened, since opening a pipe waits for someone to write to it.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(usize::try_from(length.min(limit)).unwrap_or(usize::MAX))?;
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::other(format!("larger than {} MiB", limit >> 20)));
        }
        Ok(bytes)
    };
    read().map_err(|e| FileError::new("cannot read", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/folder/file.txt");
        write(&path, b"first").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn the_previous_file_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (path, older) = (dir.path().join("file"), dir.path().join("older"));
        write(&path, b"first").unwrap();
        for (contents, before) in [(b"second", &b"first"[..]), (b"thirds", b"second")] {
            write_and_keep(&path, contents, &older).unwrap();
            assert_eq!((read(&path).unwrap(), read(&older).unwrap()), (contents.to_vec(), before.to_vec()));
        }
        // The state after the program was killed between the two renamings.
        fs::remove_file(&older).unwrap();
        fs::hard_link(&path, &older).unwrap();
        write_and_keep(&path, b"fourth", &older).unwrap();
        assert_eq!((read(&path).unwrap(), read(&older).unwrap()), (b"fourth".to_vec(), b"thirds".to_vec()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn missing_files_and_folders_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert!(read_if_there(&path).unwrap().is_none());
        write(&path, b"here").unwrap();
        assert_eq!(read_if_there(&path).unwrap().unwrap(), b"here");
        let error = read_if_there(dir.path()).unwrap_err().to_string();
        assert!(error.ends_with("not a regular file"), "{error}");
        assert!(read_if_there(&path.join("below a file")).is_err());
    }

    #[test]
    fn a_failure_names_the_file_and_keeps_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join("taken");
        write(&taken, b"old").unwrap();
        let error = write(&taken.join("below a file"), b"new").unwrap_err();
        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(read(&taken).unwrap(), b"old");
        assert!(read(&dir.path().join("absent")).unwrap_err().to_string().starts_with("cannot read"));
    }

    #[test]
    fn a_file_above_the_limit_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large");
        let file = File::create(&path).unwrap();
        // A sparse file, which takes no space on the disk.
        file.set_len(LARGEST_TEXT).unwrap();
        assert_eq!(read_text(&path).unwrap().len() as u64, LARGEST_TEXT);
        file.set_len(LARGEST_TEXT + 1).unwrap();
        let error = read_text(&path).unwrap_err().to_string();
        assert!(error.ends_with("large: larger than 16 MiB"), "{error}");
        assert!(read_at_most(&path, 5).unwrap_err().to_string().ends_with("larger than 0 MiB"));
    }

    #[test]
    fn devices_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot read") && error.ends_with("not a regular file"), "{error}");
        if cfg!(unix) {
            assert!(read(Path::new("/dev/zero")).unwrap_err().to_string().ends_with("not a regular file"));
            assert!(
                read_text(Path::new("/dev/null")).unwrap_err().to_string().ends_with("not a regular file")
            );
        }
    }
}
