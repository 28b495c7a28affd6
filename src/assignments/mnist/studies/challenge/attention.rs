//! Answers by looking at stored pictures.

use super::features::rows;
use super::fit::{Examples, Scorer};
use super::hog::LENGTH;
use crate::assignments::mnist::problem::CLASSES;
use crate::autodiff::Algebra;
use crate::nn::loss::one_hot;
use crate::nn::{Pass, parameters};
use crate::random::Stream;
use crate::tensor::Tensor;

/// What keeps the logarithm of a class that no stored picture votes for finite.
const FLOOR: f64 = 1e-4;

/// Attention over stored pictures, whose one learned number is how sharp it looks.
///
/// With a picture's likenesses x_i = q · k_i to the stored ones, `x: [n, stored]`, the probability of class
/// c is the attention that its pictures get,
///
/// p_c = sum over i with label c of exp(β x_i) / sum over i of exp(β x_i),
///
/// and the logits are ln(p + 10⁻⁴). β = exp(b) starts between 15 and 50.
#[derive(Clone, Debug)]
pub(crate) struct StoredAttention<A = Tensor> {
    /// b: `[1]`
    log_sharpness: A,
    /// The stored pictures' classes, one-hot: `[stored, 10]`.
    values: Tensor,
}

impl StoredAttention {
    /// Attention over pictures of the given classes.
    pub fn new(labels: &[usize], stream: &mut Stream) -> Self {
        let log_sharpness = Tensor::vector(&[(2.7 + 1.2 * stream.uniform()) as f32]);
        Self { log_sharpness, values: one_hot(labels, CLASSES, 0.0) }
    }
}

parameters!(StoredAttention { log_sharpness; values });

impl Scorer for StoredAttention {
    fn logits<A: Algebra<Elem = f32>>(head: &StoredAttention<A>, x: &A, pass: &Pass<A>) -> A {
        // The largest likeness is taken off all, which changes nothing but keeps exp(β x) finite.
        let n = x.shape()[0];
        let below = x.clone() - &x.max_over(&[1]).reshape(&[n, 1]);
        let attention = (below * &head.log_sharpness.exp()).exp();
        let votes = attention.matmul(&pass.constant(head.values.clone()));
        let all = votes.sum_keeping(&[1]);
        (votes / &all + FLOOR).ln()
    }
}

/// Likenesses of pictures to stored ones, made when they are asked for.
pub(crate) fn likenesses<'d>(queries: &'d Tensor, stored: &'d Tensor, labels: &'d [usize]) -> Examples<'d> {
    Examples::made(|examples| queries.gather(0, examples).product(stored, false, true), labels)
}

/// Likenesses of the first `count` stored pictures to all, but for that to itself, which is the least there
/// is: a picture must not vote for itself while the sharpness is learned.
pub(crate) fn of_others(stored: &Tensor, count: usize) -> Tensor {
    let mut x = stored.narrow(0, 0, count).product(stored, false, true);
    let all = stored.shape()[0];
    (0..count).for_each(|i| x.as_mut_slice()[i * all + i] = -1.0);
    x
}

/// The mean description of each class, of unit length: `[10, 392]`.
pub(crate) fn class_means(hog: &Tensor, labels: &[usize]) -> Tensor {
    let mut means = vec![0.0_f32; CLASSES * LENGTH];
    for (row, label) in hog.as_slice().chunks_exact(LENGTH).zip(labels) {
        means[label * LENGTH..][..LENGTH].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    for mean in means.chunks_exact_mut(LENGTH) {
        let norm = mean.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        mean.iter_mut().for_each(|x| *x /= norm);
    }
    rows(LENGTH, means)
}

#[cfg(test)]
mod tests {
    use super::super::fit::check_reach;
    use super::*;
    use crate::nn::Parameters as _;
    use crate::random::Purpose;

    const LABELS: [usize; 4] = [3, 7, 3, 0];

    fn head(log_sharpness: f32) -> StoredAttention {
        let values = one_hot(&LABELS, CLASSES, 0.0);
        StoredAttention { log_sharpness: Tensor::vector(&[log_sharpness]), values }
    }

    fn probabilities(log_sharpness: f32) -> Vec<f32> {
        let x = Tensor::matrix(&[[0.5, 0.9, 0.6, 0.1]]);
        let logits = StoredAttention::logits(&head(log_sharpness), &x, &Pass::inference());
        logits.as_slice().iter().map(|z| z.exp() - 1e-4).collect()
    }

    #[test]
    fn blunt_attention_counts_votes_and_sharp_attention_sees_the_nearest() {
        let (blunt, sharp) = (probabilities(-20.0), probabilities(4.0));
        assert!((blunt[3] - 0.5).abs() < 1e-5 && (blunt[0] - 0.25).abs() < 1e-5 && blunt[1].abs() < 1e-6);
        assert!((sharp[7] - 1.0).abs() < 1e-5);
        assert!((probabilities(1.0).iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn the_one_number_is_reached_and_counted() {
        let head = StoredAttention::new(&LABELS, &mut Stream::new(0, Purpose::Init));
        assert_eq!(head.count::<f32>(), 1);
        check_reach(&head, &Tensor::matrix(&[[0.5, 0.47, 0.44, 0.48], [0.1, 0.15, 0.12, 0.05]]));
    }

    #[test]
    fn no_picture_votes_for_itself() {
        let stored = Tensor::matrix(&[[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]);
        let x = of_others(&stored, 2);
        let expected = [-1.0, 0.8, 0.0, 0.8, -1.0, 0.6];
        x.as_slice().iter().zip(expected).for_each(|(x, y)| assert!((x - y).abs() < 1e-6));
    }
}
