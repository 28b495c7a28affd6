//! The figure of a classifier's calibration.

use super::Answers;
use crate::metrics::calibration;
use crate::plot::{Axis, Chart, Color, Figure, Marker, Panel, Series, Stroke, palette};

/// The colour of the diagonal.
const DIAGONAL: Color = [150, 150, 150];

/// The reliability diagram (Guo et al. 2017, figure 1), and a histogram of the confidences with a
/// logarithmic axis.
pub(crate) fn reliability(answers: &Answers<'_>) -> Figure {
    let all = 0..answers.truth.len();
    let bins = calibration::bins(
        all.map(|i| (f64::from(answers.probabilities(i)[answers.best[i]]), answers.is_right(i))),
    );
    let filled = || bins.into_iter().filter(|bin| bin.examples > 0);
    let points = filled().map(|bin| (bin.mean_confidence(), bin.accuracy())).collect();
    let reliability = Chart {
        title: format!(
            "Reliability diagram: expected calibration error {:.4}",
            calibration::expected_error(&bins)
        ),
        x: Axis::new("confidence (probability of the predicted class)").from_to(0.0, 1.0),
        y: Axis::new("accuracy").from_to(0.0, 1.0),
        series: vec![
            Series::curve(vec![(0.0, 0.0), (1.0, 1.0)], DIAGONAL, Stroke::Dashed)
                .named("perfect calibration"),
            Series::curve(points, palette(0), Stroke::Solid)
                .marked(Marker::Circle)
                .with_errors(filled().map(calibration::Bin::error).collect())
                .named("this network, ± standard error"),
        ],
        ..Chart::default()
    };
    let steps = bins.iter().enumerate().flat_map(|(m, bin)| {
        [m, m + 1].map(|edge| (edge as f64 / calibration::BINS as f64, bin.examples as f64))
    });
    let steps: Vec<(f64, f64)> = steps.collect();
    let filling = steps.iter().map(|step| (0.0, step.1)).collect();
    let distribution = Chart {
        title: format!("Histogram of confidences, {} bins", calibration::BINS),
        x: Axis::new("confidence (probability of the predicted class)").from_to(0.0, 1.0),
        // Most confidences are often near 1, so the other bins are visible on a logarithmic axis only.
        y: Axis::new("number of test examples").logarithmic().from_to(0.8, 1.25 * answers.truth.len() as f64),
        series: vec![Series::curve(steps, palette(0), Stroke::Solid).with_band(filling)],
        ..Chart::default()
    };
    Figure::row(vec![Panel::Chart(reliability), Panel::Chart(distribution)])
}
