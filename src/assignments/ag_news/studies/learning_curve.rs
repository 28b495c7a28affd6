//! Learning curves: accuracy by the number of training texts.

use std::path::PathBuf;

use super::cross_validation::{accuracy, splits};
use crate::assignments::ag_news::AgNews;
use crate::data::split::Split;
use crate::experiment::{Action, Assignment as _, Error, Identity, OrAll, RunArgs, check};
use crate::files;
use crate::metrics::mean_and_deviation;
use crate::plot::{Axis, Chart, Figure, Marker, Series, Stroke, palette};
use crate::table::{Table, row};
use crate::train::RunOptions;

/// The name of the file of a learning curve.
const FILE: &str = "learning-curve.csv";
/// The smallest number of training texts. Each next number is twice the one before.
const FIRST: usize = 500;
/// The number of folds that are measured, enough for a standard deviation.
const MEASURED: usize = 3;

/// A model's accuracies by the number of training texts.
pub(crate) struct Curve {
    name: String,
    /// The number of training texts, and the mean and standard deviation of the accuracy.
    points: Vec<(f64, f64, f64)>,
}

/// Trains on 500 texts, 1000, and so on up to all training texts of a fold, for each of the first
/// three folds. Prints the accuracies, and writes them to `learning-curve.csv` and a figure.
///
/// # Errors
/// If the settings are invalid, data cannot be read, training fails, or a file cannot be written.
pub fn learning_curve(config: &AgNews, folds: usize, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    config.check_that_none_is_seen().map_err(Error::Usage)?;
    check("folds", &folds, &(MEASURED..=1000)).map_err(Error::Usage)?;
    let output = args.open(AgNews::COMMAND, "learning-curve")?;
    let (items, mut news) = config.news(&args.data(&output))?;
    let splits = splits(config, &items, folds)?;
    output.begin(&Identity::new(config, Action::named("learning-curve").with("folds", folds))?)?;
    let most = splits.iter().map(|split| split.training.len()).min().unwrap_or(0);
    let sizes =
        std::iter::successors(Some(FIRST), |size| Some(2 * size)).take_while(|&size| 4 * size < 3 * most);
    let mut table = Table::new(["training", "accuracy_mean", "accuracy_std"]);
    let mut points = Vec::new();
    for size in sizes.chain([most]) {
        let mut accuracies = Vec::new();
        for Split { training, validation } in &splits[..MEASURED] {
            let drawn = AgNews { examples: OrAll(Some(size)), ..config.clone() }.drawn(training.clone());
            let split = Split { training: drawn, validation: validation.clone() };
            accuracies.push(accuracy(config, &mut news, split, RunOptions::default(), args)?);
        }
        let (mean, deviation) = mean_and_deviation(&accuracies);
        args.say(&format!("{size:>6} texts: accuracy {mean:.4} ± {deviation:.4}"));
        row!(table; size, mean, deviation);
        output.write(FILE, table.text())?;
        points.push((size as f64, mean, deviation));
    }
    let name =
        serde_json::to_value(config.model).expect("plain data").as_str().unwrap_or_default().to_owned();
    output.figure("learning-curve", &figure(&[Curve { name, points }]))
}

/// The learning curves of the models in some folders, named after the folders. Each is in the
/// folder itself, or in a folder with the same name followed by `-learning-curve`. Folders without
/// a curve are skipped.
pub(crate) fn read_all(folders: &[PathBuf]) -> Result<Vec<Curve>, Error> {
    let mut curves = Vec::new();
    let curve_of = |folder: &PathBuf| {
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let mut own = name.to_os_string();
        own.push("-learning-curve");
        let path = [folder.join(FILE), folder.with_file_name(own).join(FILE)]
            .into_iter()
            .find(|path| path.is_file());
        path.map(|path| (path, name.to_string_lossy().into_owned()))
    };
    for (path, name) in folders.iter().filter_map(curve_of) {
        let wrong = |line: usize| {
            let message = format!("line {}: not three numbers", line + 1);
            Error::Config { path: path.clone(), message }
        };
        let text = files::read_text(&path)?;
        let mut points = Vec::new();
        for (i, line) in text.lines().enumerate().skip(1) {
            let numbers =
                line.split(',').map_while(|field| field.parse().ok().filter(|x: &f64| x.is_finite()));
            let [size, mean, deviation] = numbers.collect::<Vec<f64>>()[..] else { return Err(wrong(i)) };
            points.push((size, mean, deviation));
        }
        curves.push(Curve { name, points });
    }
    Ok(curves)
}

/// The figure of the accuracies over the number of training texts.
pub(crate) fn figure(curves: &[Curve]) -> Figure {
    let series = curves.iter().enumerate().map(|(i, curve)| {
        let points = curve.points.iter().map(|&(size, mean, _)| (size, mean)).collect();
        let deviations = curve.points.iter().map(|point| point.2).collect();
        let series = Series::curve(points, palette(i), Stroke::Solid).marked(Marker::Circle);
        series.with_errors(deviations).named(curve.name.clone())
    });
    Figure::from(Chart {
        title: "Learning curves".into(),
        x: Axis::new("number of training texts").logarithmic(),
        y: Axis::new("held-out accuracy"),
        series: series.collect(),
        ..Chart::default()
    })
}
