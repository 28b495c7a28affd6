//! Losses and penalties.
//!
//! Losses are given for each example, `[batch]`: take their mean, or their sum over a part of a batch.

use crate::autodiff::Algebra;
use crate::tensor::{Float, Tensor};

/// ½ sum_k (y_k - t_k)², for each example: `[batch, outputs]` twice to `[batch]`. The negative
/// logarithm of a Gaussian likelihood of unit variance, without its constant.
#[track_caller]
pub fn half_squared_error<A: Algebra>(prediction: &A, target: &A) -> A {
    check_equal("half squared error", prediction, target);
    ((prediction.clone() - target).powi(2) * 0.5).sum_over(&[1])
}

/// -t ln p - (1 - t) ln(1 - p) for p = 1 / (1 + exp(-z)), from the logits z: `[batch, 1]` twice to
/// `[batch]`.
///
/// Computed as ln(1 + exp(z)) - t z, which neither overflows nor takes the logarithm of 0.
#[track_caller]
pub fn binary_cross_entropy<A: Algebra>(logits: &A, targets: &A) -> A {
    check_equal("binary cross-entropy", logits, targets);
    (logits.softplus() - &(logits.clone() * targets)).sum_over(&[1])
}

/// -sum_k t_k ln softmax(z)_k, from the logits z: `[batch, classes]` twice to `[batch]`. The targets
/// are probabilities, see [`one_hot`].
#[track_caller]
pub fn cross_entropy<A: Algebra>(logits: &A, targets: &A) -> A {
    check_equal("cross-entropy", logits, targets);
    -(logits.log_softmax(1) * targets).sum_over(&[1])
}

/// Targets for [`cross_entropy`]: 1 - s + s / K at the label and s / K elsewhere, for K classes and
/// the smoothing s (Szegedy et al. 2016, section 7). With s = 0, one-hot vectors.
///
/// # Panics
/// If a label is not below `classes`.
#[track_caller]
pub fn one_hot<F: Float>(labels: &[usize], classes: usize, smoothing: f64) -> Tensor<F> {
    let off = smoothing / classes as f64;
    let mut targets = Tensor::full(&[labels.len(), classes], F::from_f64(off));
    let rows = targets.as_mut_slice().chunks_exact_mut(classes.max(1));
    for (row, &label) in rows.zip(labels) {
        assert!(label < classes, "one-hot: the label {label} is not one of {classes} classes");
        row[label] = F::from_f64(1.0 - smoothing + off);
    }
    targets
}

/// ½ sum w², over all given weights: the L2 penalty, whose gradient is w.
///
/// # Panics
/// If there are no weights.
#[track_caller]
pub fn l2_penalty<'a, A: Algebra + 'a>(weights: impl IntoIterator<Item = &'a A>) -> A {
    sum_of("L2 penalty", weights, |w| w.powi(2).sum()) * 0.5
}

/// sum |w|, over all given weights: the L1 penalty, whose gradient is the sign of w (0 at 0).
///
/// # Panics
/// If there are no weights.
#[track_caller]
pub fn l1_penalty<'a, A: Algebra + 'a>(weights: impl IntoIterator<Item = &'a A>) -> A {
    sum_of("L1 penalty", weights, |w| w.abs().sum())
}

#[track_caller]
fn sum_of<'a, A: Algebra + 'a>(
    name: &str,
    weights: impl IntoIterator<Item = &'a A>,
    term: impl Fn(&A) -> A,
) -> A {
    let sum = weights.into_iter().map(term).reduce(|sum, term| sum + term);
    sum.unwrap_or_else(|| panic!("{name}: there are no weights"))
}

/// Broadcasting a `[batch]` against a `[batch, 1]` would give all pairs without a word.
#[track_caller]
fn check_equal<A: Algebra>(name: &str, a: &A, b: &A) {
    let (a, b) = (a.shape(), b.shape());
    assert!(a == b && a.len() == 2, "{name}: {a:?} and {b:?} are not two equal shapes [batch, outputs]");
}
