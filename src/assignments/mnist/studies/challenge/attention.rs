//! Classification by attention over stored pictures.

use super::features::rows;
use super::fit::{Examples, Scorer};
use super::hog::LENGTH;
use crate::assignments::mnist::problem::CLASSES;
use crate::autodiff::Algebra;
use crate::nn::loss::one_hot;
use crate::nn::{Pass, parameters};
use crate::random::Stream;
use crate::tensor::Tensor;

/// A small constant that keeps the logarithm finite for classes without attention.
const FLOOR: f64 = 1e-4;

/// Attention over stored pictures. Its only learned parameter is the sharpness β (an inverse
/// temperature).
///
/// With the similarities x_i = q · k_i of a picture to the stored ones, `x: [n, stored]`, the
/// probability of class c is the total attention on the stored pictures of that class,
///
/// p_c = sum over i with label c of exp(β x_i) / sum over i of exp(β x_i),
///
/// and the logits are ln(p + 10⁻⁴). β = exp(b) is initialised between 15 and 50.
#[derive(Clone, Debug)]
pub(crate) struct StoredAttention<A = Tensor> {
    /// The logarithm b of the sharpness: `[1]`.
    log_sharpness: A,
    /// The classes of the stored pictures, one-hot: `[stored, 10]`.
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
        // Subtracting the largest similarity keeps exp(β x) finite and does not change the
        // quotient.
        let n = x.shape()[0];
        let below = x.clone() - &x.max_over(&[1]).reshape(&[n, 1]);
        let attention = (below * &head.log_sharpness.exp()).exp();
        let votes = attention.matmul(&pass.constant(head.values.clone()));
        let all = votes.sum_keeping(&[1]);
        (votes / &all + FLOOR).ln()
    }
}

/// The similarities of pictures to stored ones, computed on demand.
pub(crate) fn similarities<'d>(queries: &'d Tensor, stored: &'d Tensor, labels: &'d [usize]) -> Examples<'d> {
    Examples::made(|examples| queries.gather(0, examples).product(stored, false, true), labels)
}

/// The similarities of the first `count` stored pictures to all stored ones. The similarity of a
/// picture to itself is set to -1, the smallest possible value, so that it does not attend to
/// itself in training.
pub(crate) fn similarities_to_others(stored: &Tensor, count: usize) -> Tensor {
    let mut x = stored.narrow(0, 0, count).product(stored, false, true);
    let all = stored.shape()[0];
    (0..count).for_each(|i| x.as_mut_slice()[i * all + i] = -1.0);
    x
}

/// The mean features of each class, scaled to unit length: `[10, 392]`.
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
    fn blunt_attention_is_uniform_and_sharp_attention_is_on_the_nearest() {
        let (blunt, sharp) = (probabilities(-20.0), probabilities(4.0));
        assert!((blunt[3] - 0.5).abs() < 1e-5 && (blunt[0] - 0.25).abs() < 1e-5 && blunt[1].abs() < 1e-6);
        assert!((sharp[7] - 1.0).abs() < 1e-5);
        assert!((probabilities(1.0).iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }

    #[test]
    fn the_only_parameter_gets_a_gradient_and_is_counted() {
        let head = StoredAttention::new(&LABELS, &mut Stream::new(0, Purpose::Init));
        assert_eq!(head.count::<f32>(), 1);
        check_reach(&head, &Tensor::matrix(&[[0.5, 0.47, 0.44, 0.48], [0.1, 0.15, 0.12, 0.05]]));
    }

    #[test]
    fn no_picture_attends_to_itself() {
        let stored = Tensor::matrix(&[[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]);
        let x = similarities_to_others(&stored, 2);
        let expected = [-1.0, 0.8, 0.0, 0.8, -1.0, 0.6];
        x.as_slice().iter().zip(expected).for_each(|(x, y)| assert!((x - y).abs() < 1e-6));
    }
}
