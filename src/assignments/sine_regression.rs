//! Assignment 1: regression of a noisy sine with learned basis functions.

mod cross_validation;
mod figures;

pub use cross_validation::cross_validate;

use crate::autodiff::Algebra;
use crate::data::Sine;
use crate::experiment::{Assignment, DataFolder, Error, Goal, OptimizerKind, Report, configuration};
use crate::nn::loss::half_squared_error;
use crate::nn::{BasisExpansion, BasisKind, Init, Linear, Module, Pass, parameters};
use crate::optim::{MuonConfig, Schedule};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{History, Objective, Sampling, Settings, Shard};

/// The number of points that a thread computes with at a time.
const SHARD: usize = 4096;

configuration! {
    /// Regression of a noisy sine with learned basis functions
    pub struct SineRegression {
        /// The number of points
        points: usize = 50, 1..=1_000_000;
        /// The standard deviation of the noise
        noise: f64 = 0.1, 0.0..=1e6;
        /// The shape of the basis functions
        basis: BasisKind = BasisKind::Gaussian;
        /// The number of basis functions
        basis_functions: usize = 6, 1..=10_000;
        /// The update rule
        optimizer: OptimizerKind = OptimizerKind::Sgd;
        /// The learning rate at the start; it falls to 0 along half a cosine
        learning_rate: f64 = 0.1, 0.0..=1e6;
        /// The number of training steps
        steps: u64 = 10_000, 1..=1_000_000_000;
        /// The number of points drawn for each step
        batch_size: usize = 32, 1..=1_000_000;
    }
}

/// y = w φ(x) + b: basis functions and a linear layer.
#[derive(Clone, Debug)]
pub struct BasisRegression<A = Tensor> {
    /// φ
    pub basis: BasisExpansion<A>,
    /// w and b
    pub linear: Linear<A>,
}

impl BasisRegression {
    /// A model of `num_basis` functions before training.
    pub fn new(num_basis: usize, kind: BasisKind, stream: &mut Stream) -> Self {
        Self {
            basis: BasisExpansion::new(num_basis, kind, stream),
            linear: Linear::new(num_basis, 1, true, Init::Normal(1.0), stream),
        }
    }
}

parameters!(BasisRegression { basis, linear });

impl<A: Algebra> Module<A> for BasisRegression<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        self.linear.forward(&self.basis.forward(x, pass), pass)
    }
}

/// Points to fit, by half the squared error.
pub struct Regression {
    data: Sine,
}

impl Regression {
    /// The given points.
    pub fn new(data: Sine) -> Self {
        Self { data }
    }
}

impl Objective for Regression {
    type Model = BasisRegression;

    fn examples(&self) -> usize {
        self.data.x.len()
    }

    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &BasisRegression<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A {
        let x = pass.constant(self.data.x.gather(0, shard.examples));
        let y = pass.constant(self.data.y.gather(0, shard.examples));
        half_squared_error(&model.forward(&x, pass), &y).sum()
    }
}

/// The model's values at the given places.
fn predict(model: &BasisRegression, x: &[f64]) -> Vec<f64> {
    let mut x = x.iter();
    let x = Tensor::from_fn(&[x.len(), 1], || *x.next().expect("one for each row") as f32);
    let y = model.forward(&x, &mut Pass::inference());
    y.as_slice().iter().map(|&y| f64::from(y)).collect()
}

/// `count` places from `low` to `high` at equal distances, ends included.
fn places(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| low + (high - low) * i as f64 / (count - 1) as f64).collect()
}

/// The root of the mean squared difference.
fn rmse(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = a.zip(b).fold((0.0, 0), |(sum, n), (a, b)| (sum + (a - b) * (a - b), n + 1));
    (sum / f64::from(count)).sqrt()
}

impl Assignment for SineRegression {
    const COMMAND: &'static str = "sine-regression";
    type Problem = Regression;

    fn problem(&self, _: &DataFolder) -> Result<Regression, Error> {
        let stream = &mut Stream::new(self.seed, Purpose::Data);
        Ok(Regression::new(Sine::draw(self.points, self.noise, stream)))
    }

    fn parameter_count(&self) -> usize {
        // A location, a scale and a weight for each function, and the bias.
        3 * self.basis_functions + 1
    }

    fn activation_count(&self) -> usize {
        self.batch_size.min(SHARD) * self.basis_functions
    }

    fn network(&self) -> BasisRegression {
        BasisRegression::new(self.basis_functions, self.basis, &mut Stream::new(self.seed, Purpose::Init))
    }

    fn settings(&self, _: &Regression) -> Settings {
        Settings {
            steps: self.steps,
            batch_size: self.batch_size,
            shard_size: SHARD,
            sampling: Sampling::WithReplacement,
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine { warmup: 0.0, last: 0.0 },
            method: self.optimizer.method(MuonConfig::default()),
            max_gradient_norm: None,
            average: None,
            log_every: (self.steps / 200).max(1),
            checkpoint_every: (self.steps / 10).max(1),
        }
    }

    fn goals(&self) -> Vec<Goal> {
        vec![Goal::AtMost("rmse_clean", 0.10)]
    }

    fn report(
        &self,
        data: &DataFolder,
        model: &BasisRegression,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        let problem = self.problem(data)?;
        let x = places(0.0, 1.0, 1000);
        let rmse_clean = rmse(predict(model, &x).into_iter(), x.iter().map(|&x| Sine::clean(x)));
        let everything: Vec<usize> = (0..problem.examples()).collect();
        let loss = problem.loss(model, &Shard::of(&everything), &mut Pass::inference()).item();
        let mut figures = vec![("fit", figures::fit(self, &problem.data, model))];
        figures.extend(history.map(|history| ("loss", figures::loss(self, history))));
        Ok(Report {
            metrics: vec![
                ("rmse_clean", rmse_clean),
                ("train_loss", f64::from(loss) / problem.examples() as f64),
            ],
            figures,
            files: Vec::new(),
        })
    }
}
