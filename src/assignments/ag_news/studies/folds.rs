//! The files with the results of the folds of a cross-validation.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::experiment::Error;
use crate::files::{self, FileError};

/// The result of a fold: the contents of `fold-K.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fold {
    /// The settings.
    pub config: Value,
    /// The number of folds.
    pub folds: usize,
    /// The number of this fold, from 0.
    pub number: usize,
    /// The number of training texts.
    pub training: usize,
    /// The number of held-out texts.
    pub examples: usize,
    /// The accuracy on the held-out texts.
    pub accuracy: f64,
    /// The learning rates that the inner cross-validation chose from.
    pub candidates: Vec<f64>,
    /// The learning rate of the training.
    pub learning_rate: f64,
}

/// Reads all folds of one cross-validation from some folders, in order.
///
/// # Errors
/// If a folder has no fold, a file is not a fold, or folds are missing or have different settings.
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
                return wrong(format!("its settings differ from those of {}", of.display()));
            }
            if let Some((_, of)) = folds.get(&fold.number) {
                return wrong(format!("fold {} is also in {}", fold.number, of.display()));
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

/// Reads a fold from a file; `None` if the file does not exist.
///
/// # Errors
/// If the file cannot be read or is not a fold.
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

/// The paths of the folds in a folder.
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
