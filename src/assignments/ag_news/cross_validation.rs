//! K-fold cross-validation on the training set alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::output::config_value;
use super::super::run::RunArgs;
use super::super::{Assignment as _, Error, within};
use super::AgNews;
use crate::data::split::grouped_k_folds;
use crate::files::FileError;
use crate::random::{Purpose, Stream};
use crate::train::{RunOptions, Settings, train};

/// Options of the cross-validation.
#[derive(Args, Clone, Debug)]
pub struct CrossValidationArgs {
    /// Train on all folds but one and measure on that, for each, instead of one run; writes cross-validation.csv
    #[arg(long, conflicts_with_all = ["seeds", "evaluate", "resume"])]
    pub cross_validate: bool,
    /// The number of folds
    #[arg(long, default_value_t = 5)]
    pub folds: usize,
    /// Only one fold of the cross-validation, from 0 on; --collect joins them
    #[arg(long, value_name = "K", conflicts_with_all = ["seeds", "evaluate", "resume", "cross_validate"])]
    pub fold: Option<usize>,
    /// Join the folds that runs with --fold have left in these folders
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with_all = ["seeds", "evaluate", "resume", "cross_validate", "fold"])]
    pub collect: Vec<PathBuf>,
}

/// What one fold has shown: the contents of `fold-K.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fold {
    /// The settings that it was trained with.
    config: Value,
    /// How many folds there are, and which of them this is.
    folds: usize,
    number: usize,
    /// How many texts were held out, and the share of them that was classified rightly.
    examples: usize,
    accuracy: f64,
}

/// Trains and measures all folds or one; of all, writes the summary, too.
///
/// Folds have equal shares of each class, and near-duplicates are never on both sides. A fold depends on nothing but
/// settings, seed and number.
///
/// # Errors
/// If the settings make no sense, data cannot be read, training fails, or a file cannot be written.
pub fn cross_validate(config: &AgNews, cross: &CrossValidationArgs, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    within("folds", cross.folds, 2, 1000).map_err(Error::Usage)?;
    if let Some(fold) = cross.fold {
        within("fold", fold, 0, cross.folds - 1).map_err(Error::Usage)?;
    }
    let output = args.output(AgNews::COMMAND);
    output.config(AgNews::COMMAND, config)?;
    let (items, mut news) = config.news(&args.data())?;
    let stream = &mut Stream::new(config.seed, Purpose::Split);
    let splits = grouped_k_folds(&items.labels, &items.groups(), cross.folds, stream)?;
    drop(items);
    let mut folds = Vec::new();
    for (number, split) in splits.into_iter().enumerate() {
        if cross.fold.is_some_and(|fold| fold != number) {
            continue;
        }
        (news.training, news.validation) = (config.drawn(split.training), split.validation);
        let settings = config.settings(&news);
        let settings = Settings { log_every: settings.steps, ..settings };
        let options = RunOptions { progress: (!args.quiet).then_some("fold"), ..RunOptions::default() };
        let (model, _) = train(&news, &config.start(&news), settings, config.seed, &options)?;
        let fold = Fold {
            config: config_value(AgNews::COMMAND, config),
            folds: cross.folds,
            number,
            examples: news.validation.len(),
            accuracy: news.validation_accuracy(&AgNews::PRECISION.round(&model)),
        };
        args.say(&format!("fold {number} of {}: accuracy {:.4}", cross.folds, fold.accuracy));
        let text = serde_json::to_string_pretty(&fold).expect("plain data") + "\n";
        output.write(&format!("fold-{number}.json"), &text)?;
        folds.push(fold);
    }
    if cross.fold.is_none() { summarise(&folds, args) } else { Ok(()) }
}

/// Joins folds that were run one by one, to the same files as a run of all.
///
/// # Errors
/// If a folder has no fold, a file is not one, folds are missing or of different settings, or a file cannot be written.
pub fn collect(cross: &CrossValidationArgs, args: &RunArgs) -> Result<(), Error> {
    let mut folds: BTreeMap<usize, (Fold, PathBuf)> = BTreeMap::new();
    for folder in &cross.collect {
        let wrong = |path: &PathBuf, message: String| Err(Error::Config { path: path.clone(), message });
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
            return wrong(folder, "there is no fold-K.json: run ag-news --fold K --out there".into());
        }
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|e| FileError::new("cannot read", &path, e))?;
            let fold: Fold = match serde_json::from_str(&text) {
                Ok(fold) => fold,
                Err(e) => return wrong(&path, format!("not a fold: {e}")),
            };
            if fold.folds < 2 || fold.number >= fold.folds || !(0.0..=1.0).contains(&fold.accuracy) {
                let Fold { folds, number, accuracy, .. } = fold;
                return wrong(&path, format!("not a fold: number {number} of {folds}, accuracy {accuracy}"));
            }
            if let Some((first, of)) = folds.values().next()
                && (&first.config, first.folds) != (&fold.config, fold.folds)
            {
                return wrong(&path, format!("its settings are not those of {}", of.display()));
            }
            if let Some((_, of)) = folds.get(&fold.number) {
                return wrong(&path, format!("fold {} is in {}, too", fold.number, of.display()));
            }
            folds.insert(fold.number, (fold, path));
        }
    }
    let folds: Vec<Fold> = folds.into_values().map(|(fold, _)| fold).collect();
    if let Some(missing) = (0..folds[0].folds).find(|&k| folds.get(k).is_none_or(|fold| fold.number != k)) {
        return Err(Error::Check(format!("fold {missing} of {} is in none of the folders", folds[0].folds)));
    }
    summarise(&folds, args)
}

/// Writes `cross-validation.csv` and `metrics.json`, and prints mean and standard deviation over the folds.
fn summarise(folds: &[Fold], args: &RunArgs) -> Result<(), Error> {
    let mut csv = String::from("fold,examples,accuracy\n");
    for Fold { number, examples, accuracy, .. } in folds {
        csv += &format!("{number},{examples},{accuracy}\n");
    }
    let n = folds.len() as f64;
    let mean = folds.iter().map(|fold| fold.accuracy).sum::<f64>() / n;
    let variance = folds.iter().map(|fold| (fold.accuracy - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let metrics = [("cv_accuracy_mean", mean), ("cv_accuracy_std", variance.sqrt())];
    let output = args.output(AgNews::COMMAND);
    output.write("cross-validation.csv", &csv)?;
    let seed = folds[0].config["seed"].as_u64().unwrap_or_default();
    output.metrics(AgNews::COMMAND, seed, &metrics, &[])?;
    args.say(&format!("accuracy over {} folds: {mean:.4} ± {:.4}", folds.len(), variance.sqrt()));
    Ok(())
}
