//! The metrics and figures of assignment 1.

use super::problem::{evenly_spaced, predict, rmse};
use super::{BasisRegression, SineRegression};
use crate::data::SinePoints;
use crate::experiment::{Assignment as _, DataFolder, Error, Report};
use crate::nn::{Module as _, Pass};
use crate::plot::{Axis, Chart, Figure, Marker, Panel, Rule, Series, Stroke, palette, sequence};
use crate::tensor::Tensor;
use crate::train::{History, Objective as _, Shard};

/// Measures a trained model and draws the figures; the training curve only if there is a history.
///
/// # Errors
/// If the data cannot be read, or a score is not finite.
pub(super) fn report(
    config: &SineRegression,
    data: &DataFolder,
    model: &BasisRegression,
    history: Option<&History>,
) -> Result<Report, Error> {
    let problem = config.problem(data)?;
    let x = evenly_spaced(0.0, 1.0, 1000);
    let rmse_clean = rmse(predict(model, &x).into_iter(), x.iter().map(|&x| SinePoints::clean(x)));
    let everything: Vec<usize> = (0..problem.examples()).collect();
    let loss = problem.loss(model, &Shard::of(&everything), &mut Pass::inference()).item();
    let (panel, basis) = fit(config, &problem.data, model);
    let mut figures = vec![
        ("fit", Figure::row(vec![Panel::Chart(panel.clone()), Panel::Chart(basis)])),
        ("gallery", Figure::from(panel).framed()),
    ];
    figures.extend(history.map(|history| ("loss", loss_curve(config, history))));
    Ok(Report {
        metrics: vec![
            ("rmse_clean", rmse_clean),
            ("train_loss", f64::from(loss) / problem.examples() as f64),
        ],
        figures,
        files: Vec::new(),
    })
}

/// The range of x in the figure. It extends a little beyond the data to show extrapolation.
const VIEW: (f64, f64) = (-0.1, 1.1);

/// The chart of the points, the noiseless sine and the fit, and that of the weighted basis functions,
/// whose sum with the bias is the fit.
fn fit(config: &SineRegression, data: &SinePoints, model: &BasisRegression) -> (Chart, Chart) {
    let numbers = |t: &Tensor| t.as_slice().iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    let (xs, ys) = (numbers(&data.x), numbers(&data.y));
    let (first, last) = xs.iter().fold((1.0_f64, 0.0_f64), |(low, high), &x| (low.min(x), high.max(x)));
    let shaded = vec![(VIEW.0, first), (last, VIEW.1)];
    let x = evenly_spaced(VIEW.0, VIEW.1, 481);
    let curve = |y: Vec<f64>| x.iter().copied().zip(y).collect::<Vec<_>>();
    let fitted = || Series::curve(curve(predict(model, &x)), palette(1), Stroke::Solid).wide(2.2);

    let fit = Chart {
        title: format!("Fit of {} points", config.points),
        x: Axis::new("x").from_to(VIEW.0, VIEW.1),
        y: Axis::new("y").from_to(-1.45, 1.45),
        shaded: shaded.clone(),
        series: vec![
            Series::points(xs.into_iter().zip(ys).collect(), palette(0), Marker::Circle).named("data"),
            fitted().named("fit"),
            Series::curve(
                curve(x.iter().map(|&x| SinePoints::clean(x)).collect()),
                palette(6),
                Stroke::Dashed,
            )
            .named("sin 2πx"),
        ],
        ..Chart::default()
    };

    let m = config.basis_functions;
    let mut row = x.iter();
    let column = Tensor::from_fn(&[x.len(), 1], || *row.next().expect("one for each row") as f32);
    let phi = model.basis.forward(&column, &mut Pass::inference());
    // Sorted by location, so that the colours show it.
    let mut order: Vec<usize> = (0..m).collect();
    let location = model.basis.location.as_slice();
    order.sort_by(|&i, &j| location[i].total_cmp(&location[j]));
    let series = order.iter().enumerate().map(|(rank, &j)| {
        let weight = f64::from(model.linear.weight.as_slice()[j]);
        let y = phi.as_slice().iter().skip(j).step_by(m).map(|&v| weight * f64::from(v)).collect();
        let shade = if m > 1 { rank as f64 / (m - 1) as f64 } else { 0.5 };
        let series = Series::curve(curve(y), sequence(shade), Stroke::Solid);
        if m <= NAMED { series.named(term(j + 1)) } else { series }
    });
    let bias = model.linear.bias.as_ref().map_or(0.0, |bias| f64::from(bias.item()));
    let basis = Chart {
        title: format!("The {m} weighted basis functions: with b, their sum is the fit"),
        x: Axis::new("x").from_to(VIEW.0, VIEW.1),
        y: Axis::new("y"),
        shaded,
        series: series
            .chain([
                Series::curve(vec![(VIEW.0, bias), (VIEW.1, bias)], palette(6), Stroke::Dotted).named("b"),
                fitted().named("fit"),
            ])
            .collect(),
        ..Chart::default()
    };
    (fit, basis)
}

/// The most basis functions that have entries in the legend.
const NAMED: usize = 16;

/// The name of a weighted basis function: w and φ with an index.
fn term(index: usize) -> String {
    let digit = |digit: char| char::from_u32('₀' as u32 + digit as u32 - '0' as u32).unwrap_or(digit);
    let index: String = index.to_string().chars().map(digit).collect();
    format!("w{index}φ{index}")
}

/// The figure of the training loss, compared with the expected loss of the noiseless sine: half the
/// variance of the noise.
pub(crate) fn loss_curve(config: &SineRegression, history: &History) -> Figure {
    let points = history.column("step").into_iter().zip(history.column("loss")).collect();
    Figure::from(Chart {
        title: "Training".into(),
        x: Axis::new("step"),
        y: Axis::new("loss: half the squared error").logarithmic(),
        series: vec![Series::curve(points, palette(0), Stroke::Solid)],
        rules: vec![Rule::AtY(config.noise * config.noise / 2.0, "half the variance of the noise".into())],
        ..Chart::default()
    })
}
