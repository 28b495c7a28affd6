//! Assignment 2: telling two spirals apart.

mod ablation;
mod figures;

pub use ablation::ablation;

use crate::autodiff::Algebra;
use crate::data::Spirals as Points;
use crate::experiment::{Assignment, DataFolder, Error, Goal, OrAll, Report, configuration, predictions_csv};
use crate::metrics::{NoScore, check_finite};
use crate::nn::loss::{binary_cross_entropy, l2_penalty};
use crate::nn::{Activation, Mlp, MlpConfig, Module, Pass};
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{History, Objective, Sampling, Settings, Shard};

/// The number of fresh points of each class that `holdout_accuracy` is measured on.
const HOLDOUT_POINTS: usize = 5000;
/// The number of points that a thread learns from at a time.
const SHARD: usize = 200;
/// The number of points that are classified at a time.
const PIECE: usize = 4096;

configuration! {
    /// Telling two spirals apart with a multilayer perceptron
    pub struct Spirals {
        /// The number of points of each class
        points: usize = 200, 1..=1_000_000;
        /// The number of turns of each arm
        laps: f64 = 2.0, 0.0..=1000.0;
        /// The standard deviation of the noise; the arms are pi apart
        noise: f64 = 0.1, 0.0..=1e6;
        /// The number of hidden layers
        hidden_layers: usize = 3, 0..=1000;
        /// The number of units in each hidden layer
        width: usize = 64, 1..=10_000;
        /// The function after each hidden layer
        activation: Activation = Activation::Sine;
        /// The factor of the penalty on half the squared weights
        l2: f64 = 1e-4, 0.0..=1e6;
        /// The probability that dropout zeroes a hidden unit in training
        dropout: f64 = 0.0, 0.0..=0.99;
        /// The highest learning rate of Adam, on a one-cycle schedule
        learning_rate: f64 = 0.01, 0.0..=1e6;
        /// The number of training steps
        steps: u64 = 3000, 1..=1_000_000_000;
        /// The number of points in each step, or `all`
        batch_size: OrAll<usize> = OrAll(None), 1..=1_000_000;
    }
}

/// Points to tell apart, by binary cross-entropy and a penalty on the weights.
pub struct SpiralClassification {
    data: Points,
    targets: Tensor,
    l2: f64,
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

/// The logarithm of the odds for class 1 at each point.
///
/// # Errors
/// If one is not finite.
fn logits(model: &Mlp, points: &Tensor) -> Result<Vec<f32>, NoScore> {
    let count = points.shape()[0];
    // In pieces: a wide network's values for all points may not fit into memory.
    let piece = |first| {
        let points = points.narrow(0, first, (first + PIECE).min(count));
        model.forward(&points, &mut Pass::inference()).as_slice().to_vec()
    };
    let logits: Vec<f32> = (0..count).step_by(PIECE).flat_map(piece).collect();
    check_finite(&logits, 1)?;
    Ok(logits)
}

/// The class of each point.
fn classify(model: &Mlp, points: &Tensor) -> Result<Vec<usize>, NoScore> {
    Ok(logits(model, points)?.into_iter().map(|z| usize::from(z > 0.0)).collect())
}

/// The share of points that are put into their class.
fn accuracy(model: &Mlp, data: &Points) -> Result<f64, NoScore> {
    let right = classify(model, &data.points)?.iter().zip(&data.labels).filter(|(a, b)| a == b).count();
    Ok(right as f64 / data.labels.len() as f64)
}

impl Spirals {
    /// The number of points in each step.
    fn batch(&self) -> usize {
        self.batch_size.0.unwrap_or(2 * self.points)
    }

    /// The extents of the network.
    fn mlp(&self) -> MlpConfig {
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

    /// Points that training never sees, drawn in the same way.
    fn holdout(&self) -> Points {
        Points::draw(HOLDOUT_POINTS, self.laps, self.noise, &mut Stream::new(self.seed, Purpose::Holdout))
    }
}

impl Assignment for Spirals {
    const COMMAND: &'static str = "spirals";
    type Problem = SpiralClassification;

    fn problem(&self, _: &DataFolder) -> Result<SpiralClassification, Error> {
        let stream = &mut Stream::new(self.seed, Purpose::Data);
        let data = Points::draw(self.points, self.laps, self.noise, stream);
        Ok(SpiralClassification { targets: data.targets(), data, l2: self.l2 })
    }

    fn parameter_count(&self) -> usize {
        self.mlp().parameter_count()
    }

    fn activation_count(&self) -> usize {
        self.batch().min(SHARD) * self.hidden_layers * self.width
    }

    fn network(&self) -> Mlp {
        Mlp::new(self.mlp(), &mut Stream::new(self.seed, Purpose::Init))
    }

    fn settings(&self, _: &SpiralClassification) -> Settings {
        Settings {
            steps: self.steps,
            batch_size: self.batch(),
            shard_size: SHARD,
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::OneCycle { warmup: 0.3, first: 0.04, last: 1e-3 },
            method: Method::Adam,
            max_gradient_norm: None,
            average: None,
            log_every: (self.steps / 100).max(1),
            checkpoint_every: (self.steps / 10).max(1),
        }
    }

    fn goals(&self) -> Vec<Goal> {
        vec![Goal::AtLeast("train_accuracy", 1.0), Goal::AtLeast("holdout_accuracy", 0.99)]
    }

    fn report(&self, data: &DataFolder, model: &Mlp, history: Option<&History>) -> Result<Report, Error> {
        let problem = self.problem(data)?;
        let holdout = self.holdout();
        let predictions = classify(model, &holdout.points)?;
        let mut figures = vec![("boundary", figures::boundary(self, &problem.data, model)?)];
        figures.extend(history.map(|history| ("training", figures::training(history))));
        Ok(Report {
            metrics: vec![
                ("train_accuracy", accuracy(model, &problem.data)?),
                ("holdout_accuracy", accuracy(model, &holdout)?),
            ],
            figures,
            files: vec![predictions_csv(&holdout.labels, &predictions)],
        })
    }
}
