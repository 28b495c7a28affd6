//! The list of files that the program has written to a folder. They make way for those of another
//! run.
//!
//! The names are listed in the file `.results` before the files are written. All other files in the
//! folder belong to the user and stay. The vectors of MiniLM in `checkpoint` stay too: their names
//! identify the texts and the encoder, so any run can use them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::console::message;
use crate::files::{self, FileError};

/// The subfolder that the results of the previous run are moved to.
pub(super) const PREVIOUS: &str = "previous";
/// The settings, which identify the run that the results belong to.
pub(super) const CONFIG: &str = "config.json";
/// The checkpoint of a training, and the one before it.
pub(super) const CHECKPOINTS: [&str; 2] =
    ["checkpoint/state.safetensors", "checkpoint/state.previous.safetensors"];

const LIST: &str = ".results";

/// The files of a folder that the program has written.
pub(super) struct Manifest {
    folder: PathBuf,
    names: BTreeSet<String>,
}

impl Manifest {
    /// Reads the list of files that earlier commands have written to a folder.
    ///
    /// # Errors
    /// If the list exists but cannot be read.
    pub fn read(folder: &Path) -> Result<Self, FileError> {
        let list = folder.join(LIST);
        let text = if list.exists() { files::read_text(&list)? } else { String::new() };
        // A path that leads out of the folder cannot be a result. The list may have been tampered
        // with.
        let inside = |name: &&str| {
            !name.is_empty()
                && Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)))
        };
        let mut names: BTreeSet<String> = text.lines().filter(inside).map(str::to_owned).collect();
        // The program has written these in any case, also before there was a list.
        names.extend([CONFIG].into_iter().chain(CHECKPOINTS).map(str::to_owned));
        Ok(Self { folder: folder.into(), names })
    }

    /// Whether a file is a result; the name is relative to the folder.
    pub fn has(&self, name: &Path) -> bool {
        name.to_str().is_some_and(|name| self.names.contains(name))
    }

    /// Lists a file that is about to be written. A file of the user with that name is renamed.
    ///
    /// # Errors
    /// If the list cannot be written, or the file cannot be moved.
    pub fn claim(&mut self, name: &str) -> Result<(), FileError> {
        if self.names.contains(name) {
            return Ok(());
        }
        let path = self.folder.join(name);
        // The files in `checkpoint` are never the user's: a copied folder may lack the list.
        if path.exists() && !name.starts_with("checkpoint/") {
            let free =
                (1..u32::MAX).map(|k| self.folder.join(format!("{name}.{k}"))).find(|path| !path.exists());
            let free = free.expect("a number that is free");
            fs::rename(&path, &free).map_err(|e| FileError::new("cannot move aside", &path, e))?;
            message(&format!(
                "note: {} is not a result of the last run: it is renamed to {}",
                path.display(),
                free.display()
            ));
        }
        self.names.insert(name.to_owned());
        self.save()
    }

    fn save(&self) -> Result<(), FileError> {
        let lines = self.names.iter().map(String::as_str).collect::<Vec<_>>().join("\n") + "\n";
        files::write(&self.folder.join(LIST), lines.as_bytes())
    }

    /// Removes partial files that are left from a run that was killed.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn clear_unfinished(&self) -> Result<(), FileError> {
        let parts = self.names.iter().map(|name| files::part(&self.folder.join(name)));
        parts.filter(|part| part.exists()).try_for_each(|part| remove(&part))
    }

    /// The results that exist. The configuration comes last, so that it identifies the run until
    /// all others are gone.
    fn existing(&self) -> Vec<&String> {
        let mut names: Vec<_> =
            self.names.iter().filter(|name| self.folder.join(name).symlink_metadata().is_ok()).collect();
        names.sort_by_key(|name| *name == CONFIG);
        names
    }

    /// Removes all results.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn clear(&mut self) -> Result<(), FileError> {
        self.clear_unfinished()?;
        self.existing().into_iter().try_for_each(|name| remove(&self.folder.join(name)))?;
        self.forget()
    }

    /// Moves all results to the subfolder `previous`, and replaces the results there.
    ///
    /// # Errors
    /// If a file cannot be moved or removed.
    pub fn set_aside(&mut self) -> Result<(), FileError> {
        self.clear_unfinished()?;
        let mut previous = Self::read(&self.folder.join(PREVIOUS))?;
        previous.clear()?;
        previous.names.extend(self.names.iter().cloned());
        let existing = self.existing();
        if !existing.is_empty() {
            previous.save()?;
        }
        for name in existing {
            let (from, to) = (self.folder.join(name), previous.folder.join(name));
            let parent = to.parent().expect("a name in a folder");
            fs::create_dir_all(parent).map_err(|e| FileError::new("cannot make the folder", parent, e))?;
            fs::rename(&from, &to).map_err(|e| FileError::new("cannot move aside", &from, e))?;
        }
        self.forget()
    }

    /// Empties the list.
    fn forget(&mut self) -> Result<(), FileError> {
        let list = self.folder.join(LIST);
        if list.exists() {
            remove(&list)?;
        }
        // This removes the folders only if they are empty.
        let _ = fs::remove_dir(self.folder.join("checkpoint"));
        if self.folder.ends_with(PREVIOUS) {
            let _ = fs::remove_dir(&self.folder);
        }
        *self = Self::read(&self.folder)?;
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), FileError> {
    let _whole = files::wait_for_writes();
    fs::remove_file(path).map_err(|e| FileError::new("cannot remove", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    names.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        names.sort();
        names
    }

    #[test]
    fn results_are_moved_and_files_of_the_user_stay() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str| files::write(&dir.path().join(name), name.as_bytes()).unwrap();
        let own = ["notes.txt", "photo.png", "checkpoint/backup.safetensors", "previous/letter"];
        let vectors = "checkpoint/vectors-00ff.safetensors";
        own.into_iter().chain([vectors]).for_each(write);
        let mut manifest = Manifest::read(dir.path()).unwrap();
        let results = ["metrics.json", "fit.svg", "prediction-my cat.png", "checkpoint/fold-2.safetensors"];
        for name in results {
            manifest.claim(name).unwrap();
            write(name);
        }
        [CONFIG, CHECKPOINTS[0], CHECKPOINTS[1], "fit.svg.part"].into_iter().for_each(write);
        // The next command reads the list, and moves the results.
        Manifest::read(dir.path()).unwrap().set_aside().unwrap();
        let moved = results.into_iter().chain([CONFIG, LIST]).chain(CHECKPOINTS);
        let mut expected: Vec<String> = moved.map(|name| format!("{PREVIOUS}/{name}")).collect();
        expected.extend(own.into_iter().chain([vectors]).map(str::to_owned));
        expected.sort();
        assert_eq!(names(dir.path()), expected);
        // Without new results to move, the previous results are removed, and the user's files stay.
        Manifest::read(dir.path()).unwrap().set_aside().unwrap();
        let mut own: Vec<&str> = own.into_iter().chain([vectors]).collect();
        own.sort_unstable();
        assert_eq!(names(dir.path()), own);
    }

    #[test]
    fn a_file_of_the_user_with_the_name_of_a_result_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("fit.svg"), "mine").unwrap();
        Manifest::read(dir.path()).unwrap().claim("fit.svg").unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("fit.svg.1")).unwrap(), "mine");
    }

    #[test]
    fn a_list_cannot_name_files_outside_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        fs::create_dir(&folder).unwrap();
        fs::write(dir.path().join("letter"), "mine").unwrap();
        fs::write(folder.join(LIST), "../letter\n/etc/hostname\n").unwrap();
        let mut manifest = Manifest::read(&folder).unwrap();
        assert!(!manifest.has(Path::new("../letter")));
        manifest.clear().unwrap();
        assert!(dir.path().join("letter").exists());
    }
}
