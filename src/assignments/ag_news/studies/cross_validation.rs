//! K-fold cross-validation on the training set.

use std::path::PathBuf;

use clap::Args;

use super::folds::{self, Fold};
use crate::assignments::ag_news::{AgNews, News};
use crate::data::NewsItems;
use crate::data::split::{Split, grouped_k_folds};
use crate::experiment::{
    Action, Assignment as _, Error, Identity, Output, RunArgs, check, config_value, memory, parse_config,
};
use crate::metrics::mean_and_deviation;
use crate::random::{Purpose, Stream};
use crate::table::{Table, row};
use crate::train::{Objective as _, RunOptions, Settings, train};

/// The number of folds of the inner cross-validation.
const INNER_FOLDS: usize = 3;

/// Options of the cross-validation.
#[derive(Args, Clone, Debug)]
pub struct CrossValidationArgs {
    /// Number of folds of the training set [2 to 1000]
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "Cross-validation")]
    pub folds: usize,
    /// Run only fold K, counted from 0; `collect` joins the results of single folds
    #[arg(long, value_name = "K", help_heading = "Cross-validation")]
    pub fold: Option<usize>,
    /// Nested cross-validation: choose the learning rate from these by an inner cross-validation in
    /// each fold
    #[arg(long, value_name = "RATE", num_args = 1.., help_heading = "Cross-validation")]
    pub nested: Vec<f64>,
}

/// Trains and measures all folds or a single one. After all folds, writes the summary.
///
/// Folds have equal shares of each class, and near-duplicates are always in the same fold. The
/// result of a fold depends only on the settings, the seed and the fold's number.
///
/// # Errors
/// If the settings are invalid, data cannot be read, training fails, or a file cannot be written.
pub fn cross_validate(
    config: &AgNews,
    cross: &CrossValidationArgs,
    args: &RunArgs,
    resume: bool,
) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    config.check_that_none_is_seen().map_err(Error::Usage)?;
    check("folds", &cross.folds, &(2..=1000)).map_err(Error::Usage)?;
    if let Some(fold) = cross.fold {
        check("fold", &fold, &(0..=cross.folds - 1)).map_err(Error::Usage)?;
    }
    for &rate in &cross.nested {
        check("nested", &rate, &(0.0..=1e6)).map_err(Error::Usage)?;
    }
    let output = args.open(AgNews::COMMAND, ACTION)?;
    let (items, mut news) = config.news(&args.data(&output))?;
    let splits = splits(config, &items, cross.folds)?;
    let run = Identity::new(config, action(cross.folds, &cross.nested))?;
    match cross.fold {
        // The folder may hold other folds of the same cross-validation.
        Some(_) if !resume => output.join(&run)?,
        _ => output.begin_or_resume(&run, resume)?,
    }
    let mut folds = Vec::new();
    for (number, split) in splits.into_iter().enumerate() {
        if cross.fold.is_some_and(|fold| fold != number) {
            continue;
        }
        let split = Split { training: config.drawn(split.training), ..split };
        let mut fold = Fold {
            config: config_value(AgNews::COMMAND, config),
            folds: cross.folds,
            number,
            training: split.training.len(),
            examples: split.validation.len(),
            accuracy: 0.0,
            candidates: cross.nested.clone(),
            learning_rate: config.learning_rate,
        };
        let name = format!("fold-{number}.json");
        let path = output.folder().join(&name);
        let known = if resume { folds::read_file(&path)? } else { None };
        if let Some(known) = known {
            let of_this_run = Fold { accuracy: known.accuracy, learning_rate: known.learning_rate, ..fold };
            if known != of_this_run {
                let message = "it belongs to another run: leave --resume away".into();
                return Err(Error::Config { path, message });
            }
            fold = known;
        } else {
            fold.learning_rate = choose(config, cross, &items, &mut news, &split.training, args)?;
            let chosen = AgNews { learning_rate: fold.learning_rate, ..config.clone() };
            let options = RunOptions {
                checkpoint: Some(output.checkpoint_of(&format!("fold-{number}"))?),
                identity: Identity::new(&chosen, action(cross.folds, &cross.nested))?.text(),
                resume,
                ..RunOptions::default()
            };
            fold.accuracy = accuracy(&chosen, &mut news, split, options, args)?;
            output.write(&name, serde_json::to_string_pretty(&fold).expect("plain data") + "\n")?;
        }
        let Fold { accuracy, learning_rate, .. } = fold;
        let rate = if cross.nested.is_empty() {
            String::new()
        } else {
            format!(" at learning rate {learning_rate}")
        };
        args.say(&format!("fold {number} of {}: accuracy {accuracy:.4}{rate}", cross.folds));
        folds.push(fold);
    }
    if cross.fold.is_none() { summarise(&folds, &output, args) } else { Ok(()) }
}

/// The name of the action, in the default output folder and in `config.json`.
const ACTION: &str = "cross-validate";

/// The action of a cross-validation. It does not depend on which folds are run.
fn action(folds: usize, nested: &[f64]) -> Action {
    Action::named(ACTION).with("folds", folds).with("nested", nested.to_vec())
}

/// The training and validation examples of each fold of the training set.
pub(crate) fn splits(config: &AgNews, items: &NewsItems, count: usize) -> Result<Vec<Split>, Error> {
    let stream = &mut Stream::new(config.seed, Purpose::Split);
    Ok(grouped_k_folds(&items.labels, &items.groups(), count, stream)?)
}

/// Trains on the training texts of a split, and returns the accuracy on its validation texts.
pub(crate) fn accuracy(
    config: &AgNews,
    news: &mut News,
    split: Split,
    options: RunOptions,
    args: &RunArgs,
) -> Result<f64, Error> {
    (news.training, news.validation) = (split.training, split.validation);
    let settings = config.settings(news);
    let settings = Settings { log_every: settings.steps, ..settings };
    memory::check(config, &settings, news.examples(), 1)?;
    let options = RunOptions { progress: (!args.quiet).then_some("fold"), ..options };
    let (model, _) = train(&*news, &config.model(news)?, settings, config.seed, &options)?;
    Ok(news.validation_accuracy(&AgNews::PRECISION.round(&model)?)?)
}

/// The learning rate that is best in an inner cross-validation on these texts; of equally good
/// ones, the first. A candidate whose training diverges is never chosen.
///
/// # Errors
/// If all candidates diverge, or something else fails.
fn choose(
    config: &AgNews,
    cross: &CrossValidationArgs,
    items: &NewsItems,
    news: &mut News,
    training: &[usize],
    args: &RunArgs,
) -> Result<f64, Error> {
    if cross.nested.len() < 2 {
        return Ok(cross.nested.first().copied().unwrap_or(config.learning_rate));
    }
    let inner = splits(config, &items.only(training), INNER_FOLDS)?;
    let of_all = |examples: &[usize]| examples.iter().map(|&i| training[i]).collect();
    let (mut best, mut diverged) = (None::<(f64, f64)>, None);
    for &learning_rate in &cross.nested {
        let candidate = AgNews { learning_rate, ..config.clone() };
        let mut inner_accuracy = |split: &Split| {
            let split = Split { training: of_all(&split.training), validation: of_all(&split.validation) };
            accuracy(&candidate, news, split, RunOptions::default(), args)
        };
        let sum: f64 = match inner.iter().map(&mut inner_accuracy).sum() {
            Ok(sum) => sum,
            Err(error) if Error::is_divergence(&error) => {
                args.say(&format!("  learning rate {learning_rate}: {error}"));
                diverged = Some(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        args.say(&format!("  learning rate {learning_rate}: inner accuracy {:.4}", sum / INNER_FOLDS as f64));
        if best.is_none_or(|(most, _)| sum > most) {
            best = Some((sum, learning_rate));
        }
    }
    best.map(|(_, learning_rate)| learning_rate).ok_or_else(|| diverged.expect("there are candidates"))
}

/// Joins folds that were run one by one. Writes the same files as a run of all folds.
///
/// # Errors
/// If a folder has no fold, a file is not a fold, folds are missing or have different settings, or
/// a file cannot be written.
pub fn collect(folders: &[PathBuf], args: &RunArgs) -> Result<(), Error> {
    let output = args.open(AgNews::COMMAND, ACTION)?;
    let folds = folds::read(folders)?;
    let Fold { config, folds: count, candidates, .. } = &folds[0];
    let config: AgNews = parse_config(AgNews::COMMAND, &config.to_string(), &folders[0])?;
    // The run of all folds has the same default folder, which may already hold the folds.
    output.join(&Identity::new(&config, action(*count, candidates))?)?;
    summarise(&folds, &output, args)
}

/// Writes `cross-validation.csv` and `metrics.json`, and prints the mean and standard deviation
/// over the folds.
fn summarise(folds: &[Fold], output: &Output, args: &RunArgs) -> Result<(), Error> {
    let mut table = Table::new(["fold", "training", "examples", "learning_rate", "accuracy"]);
    for Fold { number, training, examples, learning_rate, accuracy, .. } in folds {
        row!(table; number, training, examples, learning_rate, accuracy);
    }
    let accuracies: Vec<f64> = folds.iter().map(|fold| fold.accuracy).collect();
    let (mean, deviation) = mean_and_deviation(&accuracies);
    let metrics = [("cv_accuracy_mean", mean), ("cv_accuracy_std", deviation)];
    output.write("cross-validation.csv", table.text())?;
    let seed = folds[0].config["seed"].as_u64().unwrap_or_default();
    output.metrics(AgNews::COMMAND, seed, &metrics, &[])?;
    args.say(&format!("accuracy over {} folds: {mean:.4} ± {deviation:.4}", folds.len()));
    Ok(())
}
