//! The metrics and figures of assignment 4.

mod figures;
mod gallery;
mod receptive_field;

use super::problem::probabilities_of_views;
use super::{Cifar, TestTime};
use crate::data::{LabelledImages, Part};
use crate::experiment::classification::Answers;
use crate::experiment::{DataFolder, Error, Report, predictions_csv};
use crate::metrics::top;
use crate::models::Classifier;
use crate::models::classification::{judge, probabilities};
use crate::nn::Parameters as _;
use crate::train::History;

/// Measures a trained model and draws the figures; the training curves only if there is a history.
///
/// # Errors
/// If the data cannot be read, or a score is not finite.
pub(super) fn report(
    config: &Cifar,
    data: &DataFolder,
    model: &Classifier,
    history: Option<&History>,
) -> Result<Report, Error> {
    let pictures = config.read(data, Part::Train)?;
    let held_out = config.split(&pictures)?.validation;
    let test = config.read(data, Part::Test)?;
    let examples: Vec<usize> = (0..test.examples()).collect();
    let (p, names) = (probabilities(model, &test, &examples)?, config.dataset.classes());
    let answers = Answers::new(test.labels_of(&examples), names, &p)?;
    let among = |k, p: &[f32]| top(k, p, names.len(), &answers.truth);
    let mut metrics = vec![
        ("validation_top1", judge(model, &pictures, &held_out)?.1),
        ("test_top1", among(1, &p)?),
        ("test_top5", among(5, &p)?),
        ("parameters", model.count() as f64),
    ];
    if config.test_time != TestTime::None {
        let views = |pictures: &LabelledImages, examples: &[usize]| {
            probabilities_of_views(config.test_time, model, pictures, examples)
        };
        let validation = views(&pictures, &held_out)?;
        let labels = pictures.labels_of(&held_out);
        let test = views(&test, &examples)?;
        metrics.extend([
            ("validation_top1_augmented", top(1, &validation, names.len(), &labels)?),
            ("test_top1_augmented", among(1, &test)?),
            ("test_top5_augmented", among(5, &test)?),
        ]);
    }
    let figures = figures::all(config, &pictures, model, (&test, &answers), history);
    Ok(Report { metrics, figures, files: vec![predictions_csv(&answers.truth, &answers.best)] })
}
