//! Chooses the number of basis functions by k-fold cross-validation on the training points.

use super::problem::{predict, rmse};
use super::{Regression, SineRegression};
use crate::data::SinePoints;
use crate::data::split::k_folds;
use crate::experiment::{Action, Assignment as _, DataFolder, Error, Identity, RunArgs};
use crate::metrics::mean_and_variance;
use crate::parallel;
use crate::plot::{Axis, Chart, Figure, Marker, Rule, Series, Stroke, palette};
use crate::random::{Purpose, Stream};
use crate::table::{Table, row};
use crate::tensor::Tensor;
use crate::train::{RunOptions, train};

/// The numbers of basis functions that are tried.
const CANDIDATES: [usize; 11] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16];
/// The number of folds.
const FOLDS: usize = 10;
/// The first seed of the draws of the data. It is far from the seeds of reported results, so that
/// these draws are different data.
const FIRST_SEED: u64 = 1000;
/// The number of draws of the data.
const DRAWS: u64 = 10;

/// Runs 10-fold cross-validation on ten draws of the data for each number of basis functions.
/// Prints the errors, and writes `cross-validation.csv` and a figure.
///
/// # Errors
/// If training fails, or a file cannot be written.
pub fn cross_validate(config: &SineRegression, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    let output = args.open(SineRegression::COMMAND, "cross-validate")?;
    let mut jobs = Vec::new();
    for m in CANDIDATES {
        jobs.extend((FIRST_SEED..FIRST_SEED + DRAWS).map(|seed| (m, seed)));
    }
    let errors = parallel::map(&jobs, |&(m, seed)| {
        error_of(&SineRegression { basis_functions: m, seed, ..config.clone() })
    });
    let errors: Vec<f64> = errors.into_iter().collect::<Result<_, _>>()?;

    let mut table = Table::new(["basis_functions", "rmse_mean", "rmse_standard_error"]);
    let (mut means, mut spreads) = (Vec::new(), Vec::new());
    for (m, errors) in CANDIDATES.iter().zip(errors.chunks(DRAWS as usize)) {
        let (mean, variance) = mean_and_variance(errors);
        let standard_error = (variance / errors.len() as f64).sqrt();
        args.say(&format!("M = {m:>2}: cross-validated RMSE {mean:.4} ± {standard_error:.4}"));
        row!(table; m, mean, standard_error);
        means.push((*m as f64, mean));
        spreads.push(standard_error);
    }
    let smallest = (0..means.len()).min_by(|&i, &j| means[i].1.total_cmp(&means[j].1));
    let smallest = smallest.expect("there are candidates");
    // The one-standard-error rule: the simplest model whose error is within one standard error of
    // the smallest (Breiman et al. 1984, section 3.4.3).
    let bound = means[smallest].1 + spreads[smallest];
    let chosen = means.iter().find(|(_, mean)| *mean <= bound).expect("the smallest is one").0;
    let at = means[smallest].0;
    args.say(&format!("smallest at M = {at}; the simplest within one standard error of it is M = {chosen}"));

    output.begin(&Identity::new(config, Action::named("cross-validate"))?)?;
    output.write("cross-validation.csv", table.text())?;
    output.figure("cross-validation", &figure(means, spreads, chosen, bound))
}

/// The figure of the errors, with their standard errors.
fn figure(means: Vec<(f64, f64)>, spreads: Vec<f64>, chosen: f64, bound: f64) -> Figure {
    let series = Series::curve(means, palette(0), Stroke::Solid).marked(Marker::Circle);
    Figure::from(Chart {
        title: "Cross-validation".into(),
        x: Axis::new("number of basis functions M").from_to(0.0, 16.5),
        y: Axis::new("held-out RMSE").logarithmic(),
        series: vec![series.with_errors(spreads)],
        rules: vec![
            Rule::AtX(chosen, format!("M = {chosen}")),
            Rule::AtY(bound, "one standard error above the smallest".into()),
        ],
        ..Chart::default()
    })
}

/// The root mean squared error over all held-out points of one draw.
fn error_of(config: &SineRegression) -> Result<f64, Error> {
    let data = config.problem(&DataFolder::default())?.data;
    let folds = k_folds(config.points, FOLDS, &mut Stream::new(config.seed, Purpose::Split))?;
    let (mut predictions, mut truths) = (Vec::new(), Vec::new());
    for fold in folds {
        let part = |t: &Tensor, rows: &[usize]| {
            use crate::autodiff::Algebra as _;
            t.gather(0, rows)
        };
        let training = SinePoints { x: part(&data.x, &fold.training), y: part(&data.y, &fold.training) };
        let problem = Regression::new(training);
        let (model, _) = train(
            &problem,
            &config.network(),
            config.settings(&problem),
            config.seed,
            &RunOptions::default(),
        )?;
        let numbers = |t: Tensor| t.as_slice().iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        predictions.extend(predict(&model, &numbers(part(&data.x, &fold.validation))));
        truths.extend(numbers(part(&data.y, &fold.validation)));
    }
    Ok(rmse(predictions.into_iter(), truths.into_iter()))
}
