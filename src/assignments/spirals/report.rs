//! The metrics and figures of assignment 2.

use super::Spirals;
use super::problem::{accuracy, classify, logits};
use crate::data::SpiralPoints;
use crate::experiment::{Assignment as _, DataFolder, Error, Report, predictions_csv};
use crate::metrics::NoScore;
use crate::nn::Mlp;
use crate::plot::{Axis, Chart, Field, Figure, Marker, Panel, PointSet, Series, Stroke, palette};
use crate::tensor::{Elementary as _, Tensor};
use crate::train::History;

/// Measures a trained model and draws the figures; the training curves only if there is a history.
///
/// # Errors
/// If the data cannot be read, or a score is not finite.
pub(super) fn report(
    config: &Spirals,
    data: &DataFolder,
    model: &Mlp,
    history: Option<&History>,
) -> Result<Report, Error> {
    let problem = config.problem(data)?;
    let holdout = config.holdout();
    let predictions = classify(model, &holdout.points)?;
    let mut figures = vec![("boundary", boundary(config, &problem.data, model)?)];
    figures.extend(history.map(|history| ("training", training(history))));
    Ok(Report {
        metrics: vec![
            ("train_accuracy", accuracy(model, &problem.data)?),
            ("holdout_accuracy", accuracy(model, &holdout)?),
        ],
        figures,
        files: vec![predictions_csv(&holdout.labels, &predictions)],
    })
}

/// The number of grid points along each axis at which the probability is computed for the figure.
const GRID: usize = 241;

/// The figure of the examples and the model's probabilities, with the decision boundary at p = 1/2.
pub(crate) fn boundary(config: &Spirals, data: &SpiralPoints, model: &Mlp) -> Result<Figure, NoScore> {
    let farthest = data.points.as_slice().iter().fold(0.0_f32, |max, c| max.max(c.abs()));
    let extent = 1.08 * f64::from(farthest);
    let coordinate = |i: usize| (2.0 * i as f64 / (GRID - 1) as f64 - 1.0) * extent;
    let mut grid = (0..GRID * GRID).flat_map(|i| [coordinate(i % GRID), coordinate(i / GRID)]);
    let grid = Tensor::from_fn(&[GRID * GRID, 2], || grid.next().expect("two coordinates a point") as f32);
    let values = logits(model, &grid)?.into_iter().map(|z| f64::from(z).sigmoid()).collect();

    let points = |class: usize| {
        let pairs = data.points.as_slice().chunks_exact(2).zip(&data.labels);
        let of_class = pairs.filter(|(_, label)| **label == class);
        of_class.map(|(p, _)| (f64::from(p[0]), f64::from(p[1]))).collect()
    };
    let set = |class: usize, marker| PointSet {
        name: format!("class {class}"),
        points: points(class),
        color: palette(class),
        marker,
    };
    Ok(Figure::from(Field {
        title: format!("Two spirals, {} points each", config.points),
        labels: ["x₁".into(), "x₂".into()],
        extent,
        values,
        value_label: "p".into(),
        points: vec![set(0, Marker::Circle), set(1, Marker::Square)],
    }))
}

/// The figure of loss and accuracy over the training steps.
pub(crate) fn training(history: &History) -> Figure {
    let curve = |name: &str| history.column("step").into_iter().zip(history.column(name)).collect::<Vec<_>>();
    let chart = |title: &str, name: &str, y: Axis, color| {
        Panel::Chart(Chart {
            title: title.into(),
            x: Axis::new("step"),
            y,
            series: vec![Series::curve(curve(name), palette(color), Stroke::Solid)],
            ..Chart::default()
        })
    };
    Figure::row(vec![
        chart("Loss", "loss", Axis::new("cross-entropy + L2 penalty").logarithmic(), 0),
        chart("Accuracy", "train_accuracy", Axis::new("training accuracy"), 2),
    ])
}
