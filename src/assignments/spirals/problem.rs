//! The data, the network and the loss of assignment 2.

use super::Spirals;
use crate::autodiff::Algebra;
use crate::data::SpiralPoints;
use crate::metrics::{NoScore, check_finite};
use crate::nn::inference::in_chunks;
use crate::nn::loss::{binary_cross_entropy, l2_penalty};
use crate::nn::{Activation, Mlp, MlpConfig, Module as _, Pass};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// The number of new points of each class on which `holdout_accuracy` is measured.
pub(super) const HOLDOUT_POINTS: usize = 5000;
/// The number of points that a thread trains on at a time.
pub(super) const SHARD: usize = 200;
/// The number of points that are classified at a time.
pub(super) const PIECE: usize = 4096;

/// The training objective: binary cross-entropy of points, and an L2 penalty.
pub struct SpiralClassification {
    pub(super) data: SpiralPoints,
    pub(super) targets: Tensor,
    pub(super) l2: f64,
}

impl Objective for SpiralClassification {
    type Model = Mlp;

    fn examples(&self) -> usize {
        self.data.labels.len()
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Mlp<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        let points = pass.constant(self.data.points.gather(0, shard.examples));
        let targets = pass.constant(self.targets.gather(0, shard.examples));
        binary_cross_entropy(&model.forward(&points, pass), &targets).sum()
    }

    fn penalty<A: Algebra<Elem = f32>>(&self, model: &Mlp<A>) -> Option<A> {
        (self.l2 > 0.0).then(|| l2_penalty(model.weights()) * self.l2)
    }

    fn metrics(&self, model: &Mlp) -> Vec<(&'static str, f64)> {
        vec![("train_accuracy", accuracy(model, &self.data).unwrap_or(f64::NAN))]
    }
}

/// The logits of class 1, one for each point.
///
/// # Errors
/// If a logit is not finite.
pub(super) fn logits(model: &Mlp, points: &Tensor) -> Result<Vec<f32>, NoScore> {
    let count = points.shape()[0];
    // In pieces, because the activations of a wide network for all points may not fit into memory.
    let starts: Vec<usize> = (0..count).step_by(PIECE).collect();
    let logits = in_chunks(&starts, 1, |first| {
        let points = points.narrow(0, first[0], (first[0] + PIECE).min(count));
        model.forward(&points, &mut Pass::inference())
    });
    check_finite(&logits, 1)?;
    Ok(logits)
}

/// The class of each point.
pub(super) fn classify(model: &Mlp, points: &Tensor) -> Result<Vec<usize>, NoScore> {
    Ok(logits(model, points)?.into_iter().map(|z| usize::from(z > 0.0)).collect())
}

/// The share of points that are classified correctly.
pub(super) fn accuracy(model: &Mlp, data: &SpiralPoints) -> Result<f64, NoScore> {
    let right = classify(model, &data.points)?.iter().zip(&data.labels).filter(|(a, b)| a == b).count();
    Ok(right as f64 / data.labels.len() as f64)
}

impl Spirals {
    /// The number of points in each training step.
    pub(super) fn batch(&self) -> usize {
        self.batch_size.0.unwrap_or(2 * self.points)
    }

    /// The configuration of the network.
    pub(super) fn mlp(&self) -> MlpConfig {
        MlpConfig {
            num_inputs: 2,
            num_outputs: 1,
            num_hidden_layers: self.hidden_layers,
            hidden_layer_width: self.width,
            hidden_activation: self.activation,
            output_activation: Activation::Identity,
            dropout: self.dropout,
        }
    }

    /// Held-out points, drawn from the same distribution as the training points.
    pub(super) fn holdout(&self) -> SpiralPoints {
        SpiralPoints::draw(
            HOLDOUT_POINTS,
            self.laps,
            self.noise,
            &mut Stream::new(self.seed, Purpose::Holdout),
        )
    }
}
