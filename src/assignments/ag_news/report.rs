//! The metrics and figures of assignment 5.

mod ensemble;
mod figures;
mod mistakes;

use super::{AgNews, TextClassifier};
use crate::data::{NewsItems, Part, sources};
use crate::experiment::classification::Answers;
use crate::experiment::{DataFolder, Error, Report, predictions_csv};
use crate::metrics::top;
use crate::nn::Parameters as _;
use crate::train::History;

/// Measures a trained model and draws the figures; the training curve only if there is a history.
///
/// # Errors
/// If the data cannot be read, or a score is not finite.
pub(super) fn report(
    config: &AgNews,
    data: &DataFolder,
    model: &TextClassifier,
    history: Option<&History>,
) -> Result<Report, Error> {
    let encoder = config.encoder(data)?;
    let model = &model.clone().onto(encoder.as_ref());
    data.ensure(&sources::AG_NEWS)?;
    let items = NewsItems::read(&data.path, Part::Test)?;
    let test = config.texts(&items, encoder.as_ref(), ("test texts", data))?;
    let examples: Vec<usize> = (0..test.labels.len()).collect();
    let p = test.probabilities(model, &examples)?;
    let answers = Answers::new(test.labels.clone(), &NewsItems::CLASSES, &p)?;
    let accuracy = |p: &[f32]| top(1, p, answers.classes(), &answers.truth);
    let mut metrics = vec![("test_accuracy", accuracy(&p)?), ("parameters", model.count() as f64)];
    if let Some(weights) = &config.with {
        let other = ensemble::probabilities(weights, &items, data)?;
        metrics.extend([
            ("test_accuracy_beside", accuracy(&other)?),
            ("test_accuracy_together", accuracy(&ensemble::together(&p, &other, answers.classes()))?),
        ]);
    }
    Ok(Report {
        metrics,
        figures: figures::all(model, (&test, &answers), history)?,
        files: vec![
            predictions_csv(&answers.truth, &answers.best),
            ("mistakes.csv", mistakes::mistakes(&answers, &items.texts)),
        ],
    })
}
