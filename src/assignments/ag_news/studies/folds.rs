//! The results of the folds of cross-validations, as files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::experiment::Error;
use crate::files::{self, FileError};

/// What one fold has shown: the contents of `fold-K.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fold {
    /// The settings that it was trained with.
    pub config: Value,
    /// How many folds there are, and which of them this is.
    pub folds: usize,
    pub number: usize,
    /// How many texts were trained on.
    pub training: usize,
    /// How many texts were held out, and the share of them that was classified rightly.
    pub examples: usize,
    pub accuracy: f64,
    /// The learning rates that an inner cross-validation chose from, and which it was.
    pub candidates: Vec<f64>,
    pub learning_rate: f64,
}

/// The folds that runs have left in some folders, in order: all of one cross-validation.
///
/// # Errors
/// If a folder has no fold, a file is not one, or folds are missing or of different settings.
pub(crate) fn read(folders: &[PathBuf]) -> Result<Vec<Fold>, Error> {
    let mut folds: BTreeMap<usize, (Fold, PathBuf)> = BTreeMap::new();
    for folder in folders {
        let paths = paths(folder)?;
        for path in paths {
            let wrong = |message: String| Err(Error::Config { path: path.clone(), message });
            let Some(fold) = read_file(&path)? else { continue };
            let settings = |fold: &Fold| (fold.config.clone(), fold.folds, fold.candidates.clone());
            if let Some((first, of)) = folds.values().next()
                && settings(first) != settings(&fold)
            {
                return wrong(format!("its settings are not those of {}", of.display()));
            }
            if let Some((_, of)) = folds.get(&fold.number) {
                return wrong(format!("fold {} is in {}, too", fold.number, of.display()));
            }
            folds.insert(fold.number, (fold, path));
        }
    }
    let folds: Vec<Fold> = folds.into_values().map(|(fold, _)| fold).collect();
    let Some(count) = folds.first().map(|fold| fold.folds) else {
        return Err(Error::Usage("there is no folder with folds".into()));
    };
    match (0..count).find(|&k| folds.get(k).is_none_or(|fold| fold.number != k)) {
        Some(missing) => {
            let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            Err(Error::Check(format!("fold {missing} of {count} is not in {}", folders.join(", "))))
        }
        None => Ok(folds),
    }
}

/// The fold of a file, if there is one.
///
/// # Errors
/// If it cannot be read or is not one.
pub(crate) fn read_file(path: &Path) -> Result<Option<Fold>, Error> {
    let wrong = |message: String| Err(Error::Config { path: path.into(), message });
    let Some(text) = files::read_if_there(path)? else { return Ok(None) };
    let fold: Fold = match serde_json::from_slice(&text) {
        Ok(fold) => fold,
        Err(e) => return wrong(format!("not a fold: {e}")),
    };
    let Fold { folds, number, training, examples, accuracy, .. } = fold;
    if folds < 2 || number >= folds || !(0.0..=1.0).contains(&accuracy) || training.min(examples) == 0 {
        return wrong(format!("not a fold: number {number} of {folds}, accuracy {accuracy}"));
    }
    Ok(Some(fold))
}

/// The files of folds in a folder.
fn paths(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |e| FileError::new("cannot read", folder, e);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_fold = path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("fold-"));
        if is_fold && path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let message = "there is no fold-K.json: run ag-news cross-validate --fold K --out there".into();
        return Err(Error::Config { path: folder.into(), message });
    }
    Ok(paths)
}
