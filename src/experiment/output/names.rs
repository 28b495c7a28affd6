//! The names of the files that the program writes to a folder for results, and how they go out of the way.
//!
//! Whatever else is in the folder is the user's, and left alone. So are the vectors of MiniLM in `checkpoint`: their
//! names tell which texts and which encoder they belong to, so that any run can use them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{self, FileError};

/// The folder inside of the one for results that those of the run before are moved to.
pub(crate) const PREVIOUS: &str = "previous";
const CHECKPOINTS: &str = "checkpoint";

/// What tells which run the results are of.
pub(crate) const CONFIG: &str = "config.json";

const FILES: [&str; 18] = [
    CONFIG,
    "ablation.csv",
    "ablation.json",
    "challenge.csv",
    "comparison.csv",
    "compression.csv",
    "cross-validation.csv",
    "differences.csv",
    "history.csv",
    "learning-curve.csv",
    "metrics.json",
    "mistakes.csv",
    "predictions.csv",
    "run.json",
    "seeds.csv",
    "text.txt",
    "weights.safetensors",
    "zoom.png",
];

/// Each is a PNG and an SVG.
const FIGURES: [&str; 33] = [
    "ablation",
    "addition-heads",
    "augmentation",
    "boundary",
    "calibration",
    "challenge",
    "classes",
    "comparison",
    "compression",
    "confusion",
    "cross-validation",
    "examples",
    "fit",
    "induction-heads",
    "inpainting",
    "kernels",
    "learning-curve",
    "learning-curves",
    "loss",
    "map",
    "mistakes",
    "mixing",
    "networks",
    "networks-training",
    "optimizers",
    "optimizers-seconds",
    "poisson",
    "receptive-field",
    "reversal-heads",
    "sorting-heads",
    "super-resolution",
    "training",
    "zoom-steps",
];

/// Trainings that have a checkpoint.
const TRAININGS: [&str; 25] = [
    "Adam,-0.0001",
    "Adam,-constant",
    "Adam,-falling",
    "Fourier-features",
    "Laplacian",
    "Muon",
    "ReLU",
    "SGD",
    "fit",
    "gradient",
    "mixing",
    "sine",
    "sines",
    "sines,-areas,-smooth",
    "sines,-smooth",
    "sines-at-centres",
    "sines-over-areas",
    "state",
    "tanh",
    "width-16",
    "width-24",
    "width-32",
    "width-48",
    "width-64",
    "width-96",
];

/// Whether the program writes a file of this name, which is relative to the folder for results.
pub(crate) fn is_result(name: &Path) -> bool {
    let Some(file) = name.file_name().and_then(|name| name.to_str()) else { return false };
    let folder = name.parent().unwrap_or(Path::new(""));
    if folder == Path::new(CHECKPOINTS) {
        let stem = file.strip_suffix(".safetensors");
        let stem = stem.map(|stem| stem.strip_suffix(".previous").unwrap_or(stem));
        return stem.is_some_and(|stem| TRAININGS.contains(&stem) || is_fold(stem));
    }
    let figure = file.strip_suffix(".png").or(file.strip_suffix(".svg"));
    folder == Path::new("")
        && (FILES.contains(&file)
            || figure.is_some_and(|stem| FIGURES.contains(&stem) || stem.starts_with("prediction-"))
            || file.strip_suffix(".json").is_some_and(is_fold))
}

/// `fold-3`
fn is_fold(stem: &str) -> bool {
    let number = stem.strip_prefix("fold-").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// The program's files in a folder, relative to it. The configuration comes last, so that what is there says
/// whose it is until all else is gone. Files that were being written when the program was killed are removed.
fn results(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut names = Vec::new();
    for below in ["", CHECKPOINTS] {
        let here = folder.join(below);
        let Ok(entries) = fs::read_dir(&here) else { continue };
        for entry in entries {
            let entry = entry.map_err(|e| FileError::new("cannot read", &here, e))?;
            let name = Path::new(below).join(entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder {
                continue;
            }
            if is_result(&name) {
                names.push(name);
            } else if name.extension().is_some_and(|end| end == "part") && is_result(&name.with_extension(""))
            {
                remove(&folder.join(name))?;
            }
        }
    }
    names.sort_by_key(|name| (name == Path::new(CONFIG), name.clone()));
    Ok(names)
}

/// Removes the program's results from a folder.
pub(crate) fn clear(folder: &Path) -> Result<(), FileError> {
    for name in results(folder)? {
        remove(&folder.join(name))?;
    }
    // If there is nothing else in it.
    let _ = fs::remove_dir(folder.join(CHECKPOINTS));
    Ok(())
}

/// Removes files that were being written when the program was killed.
pub(crate) fn clear_unfinished(folder: &Path) -> Result<(), FileError> {
    results(folder).map(|_| ())
}

/// Moves the program's results to the folder for those of the run before, in place of what it holds.
pub(crate) fn set_aside(folder: &Path) -> Result<(), FileError> {
    let previous = folder.join(PREVIOUS);
    clear(&previous)?;
    for name in results(folder)? {
        let (from, to) = (folder.join(&name), previous.join(&name));
        let parent = to.parent().unwrap_or(&previous);
        fs::create_dir_all(parent).map_err(|e| FileError::new("cannot make the folder", parent, e))?;
        fs::rename(&from, &to).map_err(|e| FileError::new("cannot move aside", &from, e))?;
    }
    let _ = fs::remove_dir(folder.join(CHECKPOINTS));
    let _ = fs::remove_dir(&previous);
    Ok(())
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
    fn results_go_aside_and_what_the_user_has_put_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        let own =
            ["notes.txt", "photo.png", "fold-x.json", "checkpoint/backup.safetensors", "previous/letter"];
        let results = ["config.json", "metrics.json", "fit.svg", "fold-12.json", "prediction-my cat.png"];
        let checkpoints = ["state.safetensors", "state.previous.safetensors", "fold-2.safetensors"];
        let vectors = "checkpoint/vectors-00ff.safetensors";
        let checkpoints = checkpoints.map(|name| format!("checkpoint/{name}"));
        let all = own.iter().chain(&results).copied().chain([vectors, "checkpoint/state.safetensors.part"]);
        for name in all.chain(checkpoints.iter().map(String::as_str)) {
            files::write(&dir.path().join(name), name.as_bytes()).unwrap();
        }
        files::write(&dir.path().join("previous/weights.safetensors"), b"of the run before").unwrap();
        set_aside(dir.path()).unwrap();
        let moved = results.iter().copied().chain(checkpoints.iter().map(String::as_str));
        let mut expected: Vec<String> = moved.map(|name| format!("{PREVIOUS}/{name}")).collect();
        expected.extend(own.into_iter().chain([vectors]).map(str::to_owned));
        expected.sort();
        assert_eq!(names(dir.path()), expected);
        clear(&dir.path().join(PREVIOUS)).unwrap();
        let mut own: Vec<&str> = own.into_iter().chain([vectors]).collect();
        own.sort_unstable();
        assert_eq!(names(dir.path()), own);
    }
}
