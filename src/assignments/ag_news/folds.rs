//! What the folds of cross-validations have shown, and what follows from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::experiment::Error;
use crate::files::{self, FileError};

/// What one fold has shown: the contents of `fold-K.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fold {
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
pub(super) fn read(folders: &[PathBuf]) -> Result<Vec<Fold>, Error> {
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
pub(super) fn read_file(path: &Path) -> Result<Option<Fold>, Error> {
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

/// The mean and the standard deviation of numbers, of which there are two or more.
pub(super) fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}

/// The standard error of a mean over k folds: sqrt((1/k + held out / trained on) variance), which makes up for the training
/// texts that folds have in common (Nadeau & Bengio 2003, section 3, the corrected resampled t-test).
pub(super) fn standard_error(deviation: f64, folds: &[Fold]) -> f64 {
    // In floating point, since a file may hold any counts; sums below 2^53 are exact.
    let held_out: f64 = folds.iter().map(|fold| fold.examples as f64).sum();
    let trained_on: f64 = folds.iter().map(|fold| fold.training as f64).sum();
    deviation * (1.0 / folds.len() as f64 + held_out / trained_on).sqrt()
}

/// Half the width of the interval in which a mean over k folds lies with 95% confidence.
pub(super) fn half_interval(standard_error: f64, folds: usize) -> f64 {
    standard_error * student(folds).inverse_cdf(0.975)
}

/// The probability of a mean difference at least as large if there is none.
pub(super) fn p_value(mean: f64, standard_error: f64, folds: usize) -> f64 {
    if standard_error > 0.0 {
        2.0 * student(folds).cdf(-(mean / standard_error).abs())
    } else {
        f64::from(mean == 0.0)
    }
}

/// Student's distribution with one degree of freedom less than folds.
fn student(folds: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, folds as f64 - 1.0).expect("two or more folds")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folds(training: usize, examples: usize, count: usize) -> Vec<Fold> {
        let fold = |number| Fold {
            config: Value::Null,
            folds: count,
            number,
            training,
            examples,
            accuracy: 0.5,
            candidates: Vec::new(),
            learning_rate: 0.1,
        };
        (0..count).map(fold).collect()
    }

    #[test]
    fn the_test_by_hand() {
        let (mean, deviation) = mean_and_deviation(&[0.01, 0.03, 0.02, 0.02, 0.02]);
        assert!((mean - 0.02).abs() < 1e-12 && (deviation - 0.5e-4_f64.sqrt()).abs() < 1e-12);
        // 1/5 + 1/4 of the variance 0.5e-4.
        let error = standard_error(deviation, &folds(400, 100, 5));
        assert!((error - (0.45 * 0.5e-4_f64).sqrt()).abs() < 1e-12);
        // t = 4.2164 with 4 degrees of freedom.
        assert!((p_value(mean, error, 5) - 0.0135).abs() < 1e-4, "{}", p_value(mean, error, 5));
        assert!((half_interval(1.0, 5) - 2.776_445).abs() < 1e-5);
        assert_eq!((p_value(0.0, 0.0, 5), p_value(0.1, 0.0, 5)), (1.0, 0.0));
    }

    #[test]
    fn counts_that_no_data_set_has_do_not_overflow() {
        let error = standard_error(0.1, &folds(usize::MAX, usize::MAX, 5));
        assert!((error - 0.1 * 1.2_f64.sqrt()).abs() < 1e-12, "{error}");
    }
}
