//! Means, standard deviations, and the paired t-test.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// The mean and the sample variance of two or more values.
pub fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// The mean and the sample standard deviation of two or more values.
pub fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let (mean, variance) = mean_and_variance(values);
    (mean, variance.sqrt())
}

/// The median of sorted values.
pub fn median(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2])
}

/// The standard error of a mean over k folds whose training sets overlap:
/// deviation sqrt(1 / k + n_held_out / n_training) (Nadeau & Bengio 2003, section 3, the corrected
/// resampled t-test). Each fold is given by its numbers of `(training, held-out)` examples.
pub fn corrected_standard_error(deviation: f64, folds: &[(usize, usize)]) -> f64 {
    // Floating point cannot overflow, whatever counts a file holds; sums below 2^53 are exact.
    let trained_on: f64 = folds.iter().map(|fold| fold.0 as f64).sum();
    let held_out: f64 = folds.iter().map(|fold| fold.1 as f64).sum();
    deviation * (1.0 / folds.len() as f64 + held_out / trained_on).sqrt()
}

/// Half the width of the 95% confidence interval of a mean over `count` values (Student's
/// t-distribution).
pub fn half_interval(standard_error: f64, count: usize) -> f64 {
    standard_error * student(count).inverse_cdf(0.975)
}

/// The 95% confidence interval of a probability of which the share of successes in `count`
/// independent trials is an estimate (Wilson 1927).
pub fn wilson_interval(share: f64, count: usize) -> (f64, f64) {
    // The 97.5th percentile of the standard normal distribution.
    const Z: f64 = 1.959_963_984_540_054;
    let (n, square) = (count as f64, Z * Z);
    let middle = (share + square / (2.0 * n)) / (1.0 + square / n);
    let half = Z * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt() / (1.0 + square / n);
    (middle - half, middle + half)
}

/// The two-sided p-value of the paired t-test for a mean difference over `count` pairs.
pub fn p_value(mean: f64, standard_error: f64, count: usize) -> f64 {
    if standard_error > 0.0 {
        2.0 * student(count).cdf(-(mean / standard_error).abs())
    } else {
        f64::from(mean == 0.0)
    }
}

/// Student's t-distribution with `count` - 1 degrees of freedom.
fn student(count: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, count as f64 - 1.0).expect("two or more values")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paired_test_computed_by_hand() {
        let (mean, deviation) = mean_and_deviation(&[0.01, 0.03, 0.02, 0.02, 0.02]);
        assert!((mean - 0.02).abs() < 1e-12 && (deviation - 0.5e-4_f64.sqrt()).abs() < 1e-12);
        // The variance 0.5e-4 times 1/5 + 1/4.
        let error = corrected_standard_error(deviation, &[(400, 100); 5]);
        assert!((error - (0.45 * 0.5e-4_f64).sqrt()).abs() < 1e-12);
        // t = 4.2164 with 4 degrees of freedom.
        assert!((p_value(mean, error, 5) - 0.0135).abs() < 1e-4, "{}", p_value(mean, error, 5));
        assert!((half_interval(1.0, 5) - 2.776_445).abs() < 1e-5);
        assert_eq!((p_value(0.0, 0.0, 5), p_value(0.1, 0.0, 5)), (1.0, 0.0));
        assert_eq!((median(&[1.0, 2.0, 4.0]), median(&[1.0, 2.0])), (2.0, 1.5));
    }

    #[test]
    fn the_interval_of_a_share_is_that_of_wilson() {
        // 81 of 263: Newcombe 1998, table I.
        let (low, high) = wilson_interval(81.0 / 263.0, 263);
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let (low, high) = wilson_interval(1.0, 500);
        assert!(low < 0.993 && low > 0.992 && (high - 1.0).abs() < 1e-12, "{low} {high}");
    }

    #[test]
    fn huge_counts_do_not_overflow() {
        let error = corrected_standard_error(0.1, &[(usize::MAX, usize::MAX); 5]);
        assert!((error - 0.1 * 1.2_f64.sqrt()).abs() < 1e-12, "{error}");
    }
}
