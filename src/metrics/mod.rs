//! Metrics: accuracy, calibration, picture quality and statistics.
//!
//! Values that are not finite have no score: the functions for classifiers return an error.

pub mod calibration;
mod components;
mod quality;
mod statistics;

pub use components::{Plane, principal_plane};
pub(crate) use quality::ratio;
pub use quality::{psnr, ssim};
pub use statistics::{
    corrected_standard_error, half_interval, mean_and_deviation, mean_and_variance, median, p_value,
    wilson_interval,
};

use thiserror::Error;

/// An error: an output of a model is infinite or NaN, so it cannot be measured.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
#[error("output {output} of the model for example {example} is {value}: such weights have no score")]
pub struct NoScore {
    /// The index of the example.
    pub example: usize,
    /// The index among the example's outputs.
    pub output: usize,
    /// The value.
    pub value: f32,
}

/// Checks rows of `outputs` values, one row for each example.
///
/// # Errors
/// If a value is not finite.
pub fn check_finite(values: &[f32], outputs: usize) -> Result<(), NoScore> {
    match values.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(i) => Err(NoScore { example: i / outputs, output: i % outputs, value: values[i] }),
    }
}

/// The index of the largest value; of equal values, the first.
///
/// # Errors
/// If a value is not finite.
///
/// # Panics
/// If there are no values.
pub fn argmax(row: &[f32]) -> Result<usize, NoScore> {
    check_finite(row, row.len())?;
    Ok((1..row.len()).fold(0, |best, k| if row[k] > row[best] { k } else { best }))
}

/// All indices by decreasing value; equal values keep their order.
///
/// # Errors
/// If a value is not finite.
pub fn ranked(row: &[f32]) -> Result<Vec<usize>, NoScore> {
    check_finite(row, row.len())?;
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
    Ok(order)
}

/// The class with the largest value for each example; of equal values, the first.
///
/// # Errors
/// If a value is not finite.
pub fn most_probable(values: &[f32], classes: usize) -> Result<Vec<usize>, NoScore> {
    let rows = values.chunks_exact(classes).enumerate();
    rows.map(|(example, row)| argmax(row).map_err(|error| NoScore { example, ..error })).collect()
}

/// The top-k accuracy: the share of examples whose label is among the `k` classes with the largest
/// values. Of equal values, the lower class has the higher rank.
///
/// # Errors
/// If a value is not finite.
pub fn top(k: usize, values: &[f32], classes: usize, labels: &[usize]) -> Result<f64, NoScore> {
    check_finite(values, classes)?;
    let before = |row: &[f32], label: usize| {
        let ahead = |&j: &usize| row[j] > row[label] || (row[j] == row[label] && j < label);
        (0..classes).filter(ahead).count()
    };
    let rows = values.chunks_exact(classes).zip(labels);
    let found = rows.filter(|&(row, &label)| before(row, label) < k).count();
    Ok(found as f64 / labels.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_among_the_most_probable_or_not() {
        let p = [0.1, 0.6, 0.3, 0.4, 0.2, 0.4];
        assert_eq!(most_probable(&p, 3).unwrap(), [1, 0]);
        assert_eq!(ranked(&p[3..]).unwrap(), [0, 2, 1]);
        // Of equal probabilities, the first class has the higher rank.
        assert_eq!([1, 2, 3].map(|k| top(k, &p, 3, &[2, 2]).unwrap()), [0.0, 1.0, 1.0]);
        assert_eq!([1, 2, 3].map(|k| top(k, &p, 3, &[0, 0]).unwrap()), [0.5, 0.5, 1.0]);
        assert_eq!(top(1, &[], 3, &[]).unwrap(), 0.0);
    }

    #[test]
    fn values_that_are_not_finite_are_an_error() {
        for odd in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..6 {
                let mut p = [0.1, 0.6, 0.3, 0.4, 0.2, 0.4];
                p[at] = odd;
                let found = most_probable(&p, 3).unwrap_err();
                assert_eq!((found.example, found.output), (at / 3, at % 3));
                assert_eq!(top(1, &p, 3, &[0, 1]).unwrap_err().example, at / 3);
                assert_eq!(argmax(&p).unwrap_err().output, at);
                assert!(ranked(&p).is_err());
            }
        }
        let message = argmax(&[1.0, f32::NAN]).unwrap_err().to_string();
        assert_eq!(message, "output 1 of the model for example 0 is NaN: such weights have no score");
    }
}
