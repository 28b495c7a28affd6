//! Calibration: whether a classifier's accuracy equals its confidence.

/// The number of bins (Guo et al. 2017).
pub const BINS: usize = 15;

/// The examples whose confidence, the probability of the answer, lies in one of `BINS` equal
/// intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// The number of examples.
    pub examples: usize,
    /// The number of right answers.
    pub right: usize,
    /// The sum of the confidences.
    pub confidence: f64,
}

impl Bin {
    /// The share of right answers.
    pub fn accuracy(self) -> f64 {
        self.right as f64 / self.examples as f64
    }

    /// The mean of the confidences.
    pub fn mean_confidence(self) -> f64 {
        self.confidence / self.examples as f64
    }

    /// The standard error of the accuracy a of n examples, sqrt(a (1 - a) / n).
    pub fn error(self) -> f64 {
        (self.accuracy() * (1.0 - self.accuracy()) / self.examples as f64).sqrt()
    }
}

/// Sorts answers, given as confidence and whether they are right, into the bins ((m - 1) / M, m /
/// M] for m from 1 to M.
pub fn bins(answers: impl Iterator<Item = (f64, bool)>) -> [Bin; BINS] {
    let mut bins = [Bin::default(); BINS];
    for (confidence, right) in answers {
        let m = (confidence * BINS as f64).ceil() as usize;
        let bin = &mut bins[m.clamp(1, BINS) - 1];
        bin.examples += 1;
        bin.right += usize::from(right);
        bin.confidence += confidence;
    }
    bins
}

/// The expected calibration error, the sum over bins of n_m / n |accuracy - mean confidence| (Guo
/// et al. 2017, equation 3).
pub fn expected_error(bins: &[Bin]) -> f64 {
    let all: usize = bins.iter().map(|bin| bin.examples).sum();
    let sum: f64 = bins.iter().map(|bin| (bin.right as f64 - bin.confidence).abs()).sum();
    sum / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_and_error_computed_by_hand() {
        // Two answers of confidence 0.9, one right; two of 0.6, both right.
        let bins = bins([(0.9, true), (0.9, false), (0.6, true), (0.6, true)].into_iter());
        assert_eq!(bins.iter().filter(|bin| bin.examples > 0).count(), 2);
        assert!((expected_error(&bins) - (0.5 * 0.4 + 0.5 * 0.4)).abs() < 1e-12);
        assert_eq!((bins[8].examples, bins[13].right, bins[13].accuracy()), (2, 1, 0.5));
    }

    #[test]
    fn edges_belong_to_the_bin_below() {
        let at = |p: f64| bins([(p, true)].into_iter()).iter().position(|bin| bin.examples == 1).unwrap();
        assert_eq!([0.0, 0.2, 0.2001, 1.0].map(at), [0, 2, 3, 14]);
        assert_eq!(expected_error(&bins([(1.0, true), (0.0, false)].into_iter())), 0.0);
    }
}
