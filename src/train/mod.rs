//! Training: from an objective and a model to a trained model.
//!
//! A batch is cut into shards of a fixed size. Each worker thread takes whole shards and computes
//! their losses and gradients on its own tape. The shards' gradients are added in order. So the
//! result depends on settings, data and seed, but not on the number of threads.

mod batches;
mod checkpoint;
mod error;
mod history;
mod import;
mod shards;
mod supervised;
mod trainable;
mod training;
mod weights;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use checkpoint::Checkpoint;
pub use error::TrainError;
pub use history::History;
pub use import::{Import, Imported, Layout, load_weights_with};
pub use shards::Trainer;
pub(crate) use shards::WAVE;
pub use supervised::Supervised;
pub use trainable::Trainable;
pub use training::Training;
pub use weights::{NonFinite, Precision, WeightsError, load_metadata, load_weights, save_weights};
pub(crate) use weights::{count_elements, finite_tensor_from};

use crate::autodiff::Algebra;
use crate::nn::{Parameters, Pass};
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// A training objective: a loss, and the examples that it is averaged over. [`Supervised`] is a
/// ready one, for inputs and targets.
///
/// The loss of a step is the mean loss of the examples of its batch, plus the penalty.
pub trait Objective: Sync {
    /// The model, with plain tensors as parameters.
    type Model: Parameters<Tensor, Of<Tensor> = Self::Model> + Send + Sync;

    /// The number of training examples.
    fn examples(&self) -> usize;

    /// The examples of a batch that are used in the step, in the order in which they are cut into
    /// shards.
    ///
    /// Examples of similar size should be next to each other. Examples that are not worth computing
    /// may be left out, but not all of them.
    fn arrange(&self, batch: &Shard<'_>) -> Vec<usize> {
        batch.examples.to_vec()
    }

    /// The sum of the losses of a shard's examples.
    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &<Self::Model as Parameters<Tensor>>::Of<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A;

    /// The names of parameters that the loss does not depend on. They keep their values under SGD and
    /// Adam; of any other parameter, a missing gradient is an error.
    fn unreached(&self) -> &'static [&'static str] {
        &[]
    }

    /// A term that is added to the loss and does not depend on the examples, if there is one.
    fn penalty<A: Algebra<Elem = f32>>(
        &self,
        _model: &<Self::Model as Parameters<Tensor>>::Of<A>,
    ) -> Option<A> {
        None
    }

    /// Further columns of the history: names and values, measured at each logged step. A value that
    /// is not finite ends the training.
    fn metrics(&self, _model: &Self::Model) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}

/// A part of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Shard<'b> {
    /// The indices of the examples.
    pub examples: &'b [usize],
    /// The index in the batch of the first example.
    first: usize,
    seed: u64,
    step: u64,
    epoch: u64,
}

impl<'b> Shard<'b> {
    /// A shard of examples that are not part of a training step.
    pub fn of(examples: &'b [usize]) -> Self {
        Self { examples, first: 0, seed: 0, step: 0, epoch: 0 }
    }

    /// The shard cut into shards of `size` examples; the last one may have fewer.
    pub fn chunks(self, size: usize) -> impl Iterator<Item = Self> {
        let size = size.max(1);
        let part = move |(i, examples)| Self { examples, first: self.first + i * size, ..self };
        self.examples.chunks(size).enumerate().map(part)
    }

    /// The seed of the training.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The number of completed epochs (an incomplete last batch is dropped).
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The random numbers for the i-th example of the shard in this step.
    pub fn stream(&self, purpose: Purpose, i: usize) -> Stream {
        Stream::at(self.seed, purpose, self.step, (self.first + i) as u64)
    }
}

/// The way in which the examples of a batch are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Each example once per epoch, in an order that is drawn anew for each epoch.
    Epochs,
    /// Each example of a batch is drawn from all examples.
    WithReplacement,
}

/// The settings of a training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The number of steps.
    pub steps: u64,
    /// The number of examples per step; all of them if there are fewer.
    pub batch_size: usize,
    /// The number of examples that a thread computes with at a time. This is part of the
    /// configuration: it changes the order of sums, and so the bits of the result.
    pub shard_size: usize,
    /// The way in which the examples of a batch are chosen.
    pub sampling: Sampling,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// The schedule of the learning rate.
    pub schedule: Schedule,
    /// The update rule.
    pub method: Method,
    /// The largest norm of the gradient; a larger gradient is scaled down to it.
    pub max_gradient_norm: Option<f64>,
    /// The decay d of the running average of the parameters that becomes the model, if there is
    /// one: a <- d a + (1 - d) p after each step, where d grows to this value as (1 + t) / (10 + t)
    /// (Polyak & Juditsky 1992; exponential as in Tarvainen & Valpola 2017).
    pub average: Option<f64>,
    /// The number of steps between rows of the history.
    pub log_every: u64,
    /// The number of steps between checkpoints.
    pub checkpoint_every: u64,
}

impl Settings {
    /// Plain settings for a first try: Adam with a constant learning rate, the examples in a new
    /// random order in each epoch, shards of 64 examples, no clipping and no average; ten rows of
    /// history, and a checkpoint every 1000 steps if one is written. Change single settings with
    /// `Settings { method: Method::sgd(0.9, true), ..Settings::new(1000, 64, 0.1) }`.
    pub const fn new(steps: u64, batch_size: usize, learning_rate: f64) -> Self {
        Self {
            steps,
            batch_size,
            shard_size: 64,
            sampling: Sampling::Epochs,
            learning_rate,
            schedule: Schedule::Constant,
            method: Method::Adam,
            max_gradient_norm: None,
            average: None,
            log_every: if steps < 10 { 1 } else { steps / 10 },
            checkpoint_every: 1000,
        }
    }
}

/// 1000 steps of 64 examples with the learning rate 0.001, as [`Settings::new`].
impl Default for Settings {
    fn default() -> Self {
        Self::new(1000, 64, 1e-3)
    }
}

/// Options of a run that do not change its result: checkpoint and progress.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The checkpoint's file; without it, no checkpoint is written.
    pub checkpoint: Option<PathBuf>,
    /// The configuration of the run. A checkpoint with another configuration is refused.
    pub identity: String,
    /// Whether to continue from the checkpoint if there is one.
    pub resume: bool,
    /// Whether to show progress on stderr, and under which name.
    pub progress: Option<&'static str>,
}

/// Trains `model` on `objective`: [`Training::new`] followed by [`Training::finish`].
///
/// # Errors
/// As [`Training::new`] and [`Training::finish`].
pub fn train<O: Trainable>(
    objective: &O,
    model: &O::Model,
    settings: Settings,
    seed: u64,
    options: &RunOptions,
) -> Result<(O::Model, History), TrainError> {
    let (parameters, history) = Training::new(objective, model, settings, seed, options)?.finish()?;
    Ok((model.with(&parameters), history))
}
