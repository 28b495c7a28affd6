//! Losses and penalties.
//!
//! A loss function returns the loss of each example, `[batch]`. Training uses their mean, or their
//! sum over a part of a batch.

use crate::autodiff::Algebra;
use crate::tensor::{Float, Tensor};

/// ½ sum_k (y_k - t_k)² for each example, from `[batch, outputs]` twice to `[batch]`. This is the
/// negative log-likelihood of a Gaussian of unit variance, without its constant.
#[track_caller]
pub fn half_squared_error<A: Algebra>(prediction: &A, target: &A) -> A {
    check_equal("half squared error", prediction, target);
    ((prediction.clone() - target).powi(2) * 0.5).sum_over(&[1])
}

/// -t ln p - (1 - t) ln(1 - p) for p = 1 / (1 + exp(-z)), from the logits z: `[batch, 1]` twice to
/// `[batch]`.
///
/// It is computed as ln(1 + exp(z)) - t z, which neither overflows nor takes the logarithm of 0. If
/// a logit is infinite and its target is certain and agrees, the loss is its limit: 0, with
/// gradient 0. Otherwise an infinite logit gives NaN or infinity.
#[track_caller]
pub fn binary_cross_entropy<A: Algebra>(logits: &A, targets: &A) -> A {
    check_equal("binary cross-entropy", logits, targets);
    let terms = logits.softplus() - &(logits.clone() * targets);
    let (zero, one, lowest) = (A::Elem::ZERO, A::Elem::ONE, A::Elem::NEG_INFINITY);
    let settled = |z, t| (z == lowest && t == zero) || (z == -lowest && t == one);
    settle(&terms, logits, targets, settled).sum_over(&[1])
}

/// -sum_k t_k ln softmax(z)_k, from the logits z: `[batch, classes]` twice to `[batch]`. The
/// targets are probabilities, see [`one_hot`].
///
/// A logit of minus infinity rules out its class, and gives the limit: if its target is 0, it adds
/// nothing and has no gradient; otherwise the loss is infinite. Other logits that are not finite
/// give NaN.
#[track_caller]
pub fn cross_entropy<A: Algebra>(logits: &A, targets: &A) -> A {
    check_equal("cross-entropy", logits, targets);
    let terms = logits.log_softmax(1) * targets;
    -settle(&terms, logits, targets, |z, t| z == A::Elem::NEG_INFINITY && t == A::Elem::ZERO).sum_over(&[1])
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

/// ½ sum w² over all given weights: the L2 penalty. Its gradient is w.
///
/// # Panics
/// If there are no weights.
#[track_caller]
pub fn l2_penalty<'a, A: Algebra + 'a>(weights: impl IntoIterator<Item = &'a A>) -> A {
    sum_of("L2 penalty", weights, |w| w.powi(2).sum()) * 0.5
}

/// sum |w| over all given weights: the L1 penalty. Its gradient is the sign of w (0 at 0).
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

/// The terms of a loss. A term is 0 if `settled` holds: its logit is infinite, and 0 is the limit
/// for its target.
fn settle<A: Algebra>(terms: &A, logits: &A, targets: &A, settled: impl Fn(A::Elem, A::Elem) -> bool) -> A {
    let (logits, targets) = (logits.value(), targets.value());
    if logits.is_finite() {
        return terms.clone();
    }
    let open: Vec<bool> =
        logits.as_slice().iter().zip(targets.as_slice()).map(|(&z, &t)| !settled(z, t)).collect();
    terms.select(open, &A::constant(terms.context(), Tensor::zeros(logits.shape())))
}

/// Panics if shapes differ: broadcasting `[batch]` with `[batch, 1]` would silently give all pairs.
#[track_caller]
fn check_equal<A: Algebra>(name: &str, a: &A, b: &A) {
    let (a, b) = (a.shape(), b.shape());
    assert!(a == b && a.len() == 2, "{name}: {a:?} and {b:?} are not two equal shapes [batch, outputs]");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autodiff::list::grad;

    const INFINITY: f64 = f64::INFINITY;

    /// A class that is ruled out changes nothing: the loss is that without the class.
    #[test]
    fn a_logit_of_minus_infinity_gives_the_limit() {
        let targets = Tensor::matrix(&[[0.25, 0.0, 0.75], [1.0, 0.0, 0.0]]);
        let kept = Tensor::matrix(&[[0.25, 0.75], [1.0, 0.0]]);
        let at = [Tensor::matrix(&[[0.5, -INFINITY, 2.0], [-1.0, -INFINITY, -INFINITY]])];
        let (loss, gradient) =
            grad(|z| cross_entropy(&z[0], &z[0].context().var(targets.clone())).sum(), &at);
        let without = [Tensor::matrix(&[[0.5, 2.0], [-1.0, -1e9]])];
        let (want, slope) = grad(|z| cross_entropy(&z[0], &z[0].context().var(kept.clone())).sum(), &without);
        assert_eq!(loss, want);
        let [a, b, c, d] = slope[0].as_slice() else { panic!("two by two") };
        assert_eq!(gradient[0], Tensor::matrix(&[[*a, 0.0, *b], [*c, 0.0, *d]]));
        // If the label's own class is ruled out, the loss is infinite.
        let ruled_out = Tensor::matrix(&[[0.0, 1.0, 0.0]]);
        assert_eq!(cross_entropy(&at[0].narrow(0, 0, 1), &ruled_out).item(), INFINITY);
    }

    #[test]
    fn a_certain_binary_prediction_has_no_loss_if_it_is_right() {
        let at = [Tensor::matrix(&[[-INFINITY], [INFINITY], [0.0]])];
        let targets = Tensor::matrix(&[[0.0], [1.0], [1.0]]);
        let (loss, gradient) =
            grad(|z| binary_cross_entropy(&z[0], &z[0].context().var(targets.clone())).sum(), &at);
        assert_eq!(loss.item(), 2.0_f64.ln());
        assert_eq!(gradient[0], Tensor::matrix(&[[0.0], [0.0], [-0.5]]));
        let wrong = Tensor::matrix(&[[1.0], [0.5], [1.0]]);
        assert!(!binary_cross_entropy(&at[0], &wrong).narrow(0, 0, 2).is_finite());
    }
}
