//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    /// `action` is what was tried, as `cannot read`.
    pub fn new(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self { action, path: path.into(), source }
    }
}

/// Writes a file under another name and then renames it: whoever looks finds the old file or the
/// new one, whole, even if the program is killed or the disk fills up.
///
/// # Errors
/// If the folder cannot be made, or the file not written; the old file is then as it was.
pub fn write(path: &Path, contents: &[u8]) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| FileError::new("cannot make the folder", folder, e))?;
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(contents)?;
        // Without this a crash of the machine may leave the new name with old or no contents.
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&part, path)).map_err(|e| {
        // The error that is reported is the first one.
        let _ = fs::remove_file(&part);
        FileError::new("cannot write", path, e)
    })
}

/// Reads a whole file.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(|e| FileError::new("cannot read", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/folder/file.txt");
        write(&path, b"first").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
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
}
