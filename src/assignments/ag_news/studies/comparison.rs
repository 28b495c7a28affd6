//! Compares models by cross-validations on the same folds, fold by fold.

use std::path::{Path, PathBuf};

use super::folds::{self, Fold};
use super::learning_curve;
use crate::assignments::ag_news::AgNews;
use crate::experiment::{Action, Assignment as _, Error, Identity, RunArgs};
use crate::metrics::{corrected_standard_error, half_interval, mean_and_deviation, p_value};
use crate::plot::{Axis, Figure, Ranking, Row};
use crate::table::{Table, row};

/// A model's cross-validation.
struct Measured {
    name: String,
    folds: Vec<Fold>,
}

impl Measured {
    fn accuracies(&self) -> Vec<f64> {
        self.folds.iter().map(|fold| fold.accuracy).collect()
    }

    /// The number of training texts and of held-out texts of each fold.
    fn counts(&self) -> Vec<(usize, usize)> {
        self.folds.iter().map(|fold| (fold.training, fold.examples)).collect()
    }
}

/// Compares the cross-validations of several models, one folder for each. Prints the accuracies
/// with confidence intervals, and for each pair of models the mean difference over folds with the
/// corrected resampled t-test (Nadeau & Bengio 2003). Writes `comparison.csv`, `differences.csv`
/// and a figure, and a figure of the learning curves if there are any.
///
/// # Errors
/// If a folder lacks folds of its cross-validation, the folds of two models differ, or a file
/// cannot be written.
pub fn compare(folders: &[PathBuf], args: &RunArgs) -> Result<(), Error> {
    let output = args.open(AgNews::COMMAND, "compare")?;
    if let Some(folder) = folders.iter().find(|folder| same_folder(folder, output.folder())) {
        let message =
            format!("{} is a folder to compare and also --out: choose another --out", folder.display());
        return Err(Error::Usage(message));
    }
    let mut models = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        models.push(Measured { name, folds: folds::read(std::slice::from_ref(folder))? });
    }
    check_same_folds(&models, folders)?;
    models.sort_by(|a, b| {
        mean_and_deviation(&b.accuracies()).0.total_cmp(&mean_and_deviation(&a.accuracies()).0)
    });

    let mut accuracies = Table::new(["model", "folds", "accuracy_mean", "accuracy_std", "low", "high"]);
    let mut rows = Vec::new();
    args.say("accuracy: mean over folds, standard deviation, 95% interval");
    for model in &models {
        let (name, count) = (&model.name, model.folds.len());
        let (mean, deviation) = mean_and_deviation(&model.accuracies());
        let half = half_interval(corrected_standard_error(deviation, &model.counts()), count);
        let (low, high) = (mean - half, mean + half);
        args.say(&format!("{name:<24} {mean:.4} ± {deviation:.4}  {low:.4} to {high:.4}"));
        row!(accuracies; name, count, mean, deviation, low, high);
        rows.push(Row { name: name.clone(), middle: mean, spread: (low, high), highlighted: false });
    }
    let mut differences = Table::new(["better", "worse", "difference_mean", "difference_std", "t", "p"]);
    args.say("differences: mean over folds, p of the corrected resampled t-test");
    for (i, better) in models.iter().enumerate() {
        for worse in &models[i + 1..] {
            let pairs = better.accuracies().into_iter().zip(worse.accuracies());
            let paired: Vec<f64> = pairs.map(|(a, b)| a - b).collect();
            let (mean, deviation) = mean_and_deviation(&paired);
            let error = corrected_standard_error(deviation, &better.counts());
            let p = p_value(mean, error, paired.len());
            args.say(&format!("{:<24} {:<24} {mean:+.4}  p = {p:.2e}", better.name, worse.name));
            // If all differences are equal, the standard error is 0 and t is not defined.
            let t = if error > 0.0 { (mean / error).to_string() } else { String::new() };
            row!(differences; better.name, worse.name, mean, deviation, t, p);
        }
    }
    let names: Vec<String> = folders.iter().map(|folder| folder.to_string_lossy().into_owned()).collect();
    let action = Action::named("compare").with("folders", names);
    output.begin(&Identity::without_settings(AgNews::COMMAND, action))?;
    output.write("comparison.csv", accuracies.text())?;
    output.write("differences.csv", differences.text())?;
    let figure = Figure::from(Ranking {
        title: format!(
            "Accuracy in {}-fold cross-validation, with 95% confidence intervals",
            models[0].folds.len()
        ),
        axis: Axis::new("held-out accuracy"),
        heading: "mean".into(),
        rows,
    });
    output.figure("comparison", &figure)?;
    let curves = learning_curve::read_all(folders)?;
    if !curves.is_empty() {
        output.figure("learning-curves", &learning_curve::figure(&curves))?;
    }
    args.say(&format!("written to {}", output.folder().display()));
    Ok(())
}

fn same_folder(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

/// Checks that all models have the same folds, which paired differences need.
fn check_same_folds(models: &[Measured], folders: &[PathBuf]) -> Result<(), Error> {
    let split = |model: &Measured| (model.folds[0].config["seed"].clone(), model.counts());
    for (model, folder) in models.iter().zip(folders).skip(1) {
        if split(model) != split(&models[0]) {
            let message =
                format!("its folds differ from those of {}: compare runs of one seed", folders[0].display());
            return Err(Error::Config { path: folder.clone(), message });
        }
    }
    Ok(())
}
