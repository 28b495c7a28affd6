//! The figures of assignment 3.

use super::{Classifier, Digits, Mnist};
use crate::plot::{Axis, Chart, Figure, Panel, Series, Stroke, palette};
use crate::train::History;

pub(super) fn of_test(_: &Mnist, _: &Digits, _: &[f32], _: &Classifier) -> Vec<(&'static str, Figure)> {
    Vec::new()
}

/// Losses and validation accuracy over the epochs.
pub(super) fn training(history: &History) -> Figure {
    let epochs = (1..).map(f64::from);
    let curve = |name: &str| epochs.clone().zip(history.column(name)).collect::<Vec<_>>();
    let loss = Chart {
        title: "Loss".into(),
        x: Axis::new("epoch"),
        y: Axis::new("cross-entropy").logarithmic(),
        series: vec![
            Series::curve(curve("loss"), palette(0), Stroke::Solid).named("training, augmented"),
            Series::curve(curve("validation_loss"), palette(1), Stroke::Solid).named("validation"),
        ],
        ..Chart::default()
    };
    let accuracy = Chart {
        title: "Accuracy".into(),
        x: Axis::new("epoch"),
        y: Axis::new("share of validation examples right"),
        series: vec![Series::curve(curve("validation_accuracy"), palette(1), Stroke::Solid)],
        ..Chart::default()
    };
    Figure::row(vec![Panel::Chart(loss), Panel::Chart(accuracy)])
}
