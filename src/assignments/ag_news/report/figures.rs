//! The figures of assignment 5.

use crate::assignments::ag_news::{TextClassifier, Texts};
use crate::data::NewsItems;
use crate::experiment::classification::{Answers, calibration};
use crate::metrics::{NoScore, principal_plane};
use crate::plot::{Axis, Chart, Figure, Marker, Series, Stroke, palette};
use crate::train::History;

/// The number of test texts on the map. More points would hide each other.
const MAPPED: usize = 500;
/// The marker of each class on the map.
const MARKERS: [Marker; 4] = [Marker::Circle, Marker::Square, Marker::Triangle, Marker::Diamond];

/// All figures; the training curve only if there is a history.
pub(crate) fn all(
    model: &TextClassifier,
    (test, answers): (&Texts, &Answers<'_>),
    history: Option<&History>,
) -> Result<Vec<(&'static str, Figure)>, NoScore> {
    let mut all = vec![
        ("confusion", answers.confusion()),
        ("calibration", calibration::reliability(answers)),
        ("map", map(model, test)?),
    ];
    all.extend(history.map(|history| ("training", training(history))));
    Ok(all)
}

/// The figure of the loss over the training steps.
fn training(history: &History) -> Figure {
    let loss = history.column("step").into_iter().zip(history.column("loss")).collect();
    Figure::from(Chart {
        title: "Training".into(),
        x: Axis::new("step"),
        y: Axis::new("cross-entropy, smoothed labels"),
        series: vec![Series::curve(loss, palette(0), Stroke::Solid)],
        ..Chart::default()
    })
}

/// The figure of the first test texts, in the plane of the first two principal components of their
/// features.
fn map(model: &TextClassifier, test: &Texts) -> Result<Figure, NoScore> {
    let examples: Vec<usize> = (0..test.labels.len().min(MAPPED)).collect();
    let features = test.features(model, &examples)?;
    let plane = principal_plane(&features, examples.len());
    // The classes take turns, so that none is drawn on top of all others.
    let mut series: Vec<Series> = Vec::new();
    let mut named = [false; MARKERS.len()];
    for examples in examples.chunks(MAPPED / 20) {
        for (k, marker) in MARKERS.into_iter().enumerate() {
            let own = examples.iter().filter(|&&i| test.labels[i] == k).map(|&i| plane.points[i]);
            let points = Series::points(own.collect(), palette(k), marker);
            series.push(if named[k] { points } else { points.named(NewsItems::CLASSES[k]) });
            named[k] = true;
        }
    }
    let axis = |k: usize| {
        let name = ["first", "second"][k];
        Axis::new(&format!("{name} principal component ({:.0}% of variance)", 100.0 * plane.shares[k]))
    };
    Ok(Figure::from(Chart {
        title: format!("Principal components of the features of {} test texts", examples.len()),
        x: axis(0),
        y: axis(1),
        series,
        ..Chart::default()
    }))
}
