//! The metrics and figures of assignment 3.

use super::Mnist;
use super::problem::CLASSES;
use crate::data::{LabelledImages, Part};
use crate::experiment::classification::{Answers, figures};
use crate::experiment::{Assignment as _, DataFolder, Error, Report, predictions_csv};
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
    config: &Mnist,
    data: &DataFolder,
    model: &Classifier,
    history: Option<&History>,
) -> Result<Report, Error> {
    let problem = config.problem(data)?;
    let test = LabelledImages::read_mnist(config.dataset.source(), &data.path, Part::Test)?;
    let examples: Vec<usize> = (0..test.examples()).collect();
    let (p, names) = (probabilities(model, &test, &examples)?, config.dataset.classes());
    let answers = Answers::new(test.labels_of(&examples), &names, &p)?;
    let mut drawn = vec![("confusion", answers.confusion())];
    drawn.extend(figures::mistakes(&answers, &test).map(|figure| ("mistakes", figure)));
    drawn.extend(model.first_kernel().map(|kernel| ("kernels", figures::kernels(kernel))));
    let validation = problem.validation.len();
    drawn.extend(history.map(|history| {
        ("training", figures::training(history, "augmented", "validation_accuracy", validation))
    }));
    drawn.extend(figures::gallery(&answers, &test).map(|figure| ("gallery", figure)));
    Ok(Report {
        metrics: vec![
            ("validation_accuracy", judge(model, &problem.pictures, &problem.validation)?.1),
            ("test_accuracy", top(1, &p, CLASSES, &answers.truth)?),
            ("parameters", model.count() as f64),
        ],
        figures: drawn,
        files: vec![predictions_csv(&answers.truth, &answers.best)],
    })
}
