//! The answers of a classifier to a test set.

use crate::metrics::{NoScore, most_probable};
use crate::plot::{Confusion, Figure};

/// The answers of a classifier to a test set.
pub(crate) struct Answers<'a> {
    /// The names of the classes.
    pub names: Vec<String>,
    /// The probabilities: `[examples, classes]` in row-major order.
    pub p: &'a [f32],
    /// The true class of each example.
    pub truth: Vec<usize>,
    /// The most probable class of each example.
    pub best: Vec<usize>,
}

impl<'a> Answers<'a> {
    /// The answers with the highest probability for examples whose true classes are `truth`.
    ///
    /// # Errors
    /// If a probability is not finite.
    pub fn new(truth: Vec<usize>, names: &[&str], p: &'a [f32]) -> Result<Self, NoScore> {
        let names: Vec<String> = names.iter().map(|name| name.replace('_', " ")).collect();
        let best = most_probable(p, names.len())?;
        Ok(Self { names, p, truth, best })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.names.len()
    }

    /// The probabilities of the classes of one example.
    pub fn probabilities(&self, example: usize) -> &[f32] {
        &self.p[example * self.classes()..][..self.classes()]
    }

    /// Whether the answer to an example is right.
    pub fn is_right(&self, example: usize) -> bool {
        self.truth[example] == self.best[example]
    }

    /// The confusion matrix: the number of examples by true class and answer, `[class, answer]`.
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.classes() * self.classes()];
        for (truth, best) in self.truth.iter().zip(&self.best) {
            counts[truth * self.classes() + best] += 1;
        }
        counts
    }

    /// A title with the number of wrong answers.
    pub fn wrong(&self) -> String {
        let wrong = (0..self.truth.len()).filter(|&i| !self.is_right(i)).count();
        format!("Confusion matrix: {wrong} errors in {} test examples", self.truth.len())
    }

    /// The figure of the confusion matrix.
    pub fn confusion(&self) -> Figure {
        Figure::from(Confusion { title: self.wrong(), classes: self.names.clone(), counts: self.counts() })
    }

    /// The examples with wrong answers, by increasing probability of the true class.
    pub fn worst(&self) -> Vec<usize> {
        let mut wrong: Vec<usize> = (0..self.truth.len()).filter(|&i| !self.is_right(i)).collect();
        let of_truth = |i: usize| self.probabilities(i)[self.truth[i]];
        wrong.sort_by(|&i, &j| of_truth(i).total_cmp(&of_truth(j)));
        wrong
    }
}
