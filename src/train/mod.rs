//! Training: from an objective and a model to a trained model.
//!
//! A batch is cut into shards of a fixed size. Worker threads each take whole shards, forward and
//! backward, on tapes of their own; the shards' gradients are added in order. The result is a
//! function of settings, data and seed, whatever the number of threads.

mod batches;
mod checkpoint;
mod error;
mod history;
mod progress;
mod shards;
mod training;
mod weights;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use checkpoint::Checkpoint;
pub use error::TrainError;
pub use history::History;
pub(crate) use progress::Progress;
pub use shards::Trainer;
pub(crate) use shards::WAVE;
pub use training::Training;
pub use weights::{NonFinite, Precision, WeightsError, load_metadata, load_weights, save_weights};
pub(crate) use weights::{count_elements, finite_tensor_from};

use crate::autodiff::Algebra;
use crate::nn::{Parameters, Pass};
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// What is to be made small, over which examples.
///
/// The loss of a step is the mean of the losses of its examples, plus the penalty.
pub trait Objective: Sync {
    /// The model at rest.
    type Model: Parameters<Tensor, Of<Tensor> = Self::Model> + Send + Sync;

    /// The number of training examples.
    fn examples(&self) -> usize;

    /// The examples of a batch that the step learns from, in the order in which shards take them.
    ///
    /// Examples of a like size belong together; those that are not worth their time may be left
    /// out, though not all of them.
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

    /// What is added to the loss whatever the examples, if anything.
    fn penalty<A: Algebra<Elem = f32>>(
        &self,
        _model: &<Self::Model as Parameters<Tensor>>::Of<A>,
    ) -> Option<A> {
        None
    }

    /// What else is worth a column in the history: names and values, measured at each logged step.
    /// A value that is not finite ends the training.
    fn metrics(&self, _model: &Self::Model) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}

/// A part of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Shard<'b> {
    /// The examples, by number.
    pub examples: &'b [usize],
    /// The place of the first one in the batch.
    first: usize,
    seed: u64,
    step: u64,
    epoch: u64,
}

impl<'b> Shard<'b> {
    /// Examples that are not part of a training step.
    pub fn of(examples: &'b [usize]) -> Self {
        Self { examples, first: 0, seed: 0, step: 0, epoch: 0 }
    }

    /// Its parts of `size` examples each, the last of which may have fewer.
    pub fn chunks(self, size: usize) -> impl Iterator<Item = Self> {
        let size = size.max(1);
        let part = move |(i, examples)| Self { examples, first: self.first + i * size, ..self };
        self.examples.chunks(size).enumerate().map(part)
    }

    /// Where the randomness of the training starts.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How often all examples have been seen before, as far as they fill batches.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Random numbers for the i-th place of the shard in this step.
    pub fn stream(&self, purpose: Purpose, i: usize) -> Stream {
        Stream::at(self.seed, purpose, self.step, (self.first + i) as u64)
    }
}

/// How to choose the examples of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Each example once an epoch, in an order that is drawn anew for each.
    Epochs,
    /// Each place of a batch is drawn from all examples.
    WithReplacement,
}

/// How to train.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The number of steps.
    pub steps: u64,
    /// The number of examples that a step looks at; all of them if there are fewer.
    pub batch_size: usize,
    /// The number of examples that one thread computes with at a time. Part of the configuration:
    /// sums run in another order if it changes, so the bits do too.
    pub shard_size: usize,
    /// How to choose the examples of a batch.
    pub sampling: Sampling,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// The update rule.
    pub method: Method,
    /// The largest norm of the gradient that is not scaled down.
    pub max_gradient_norm: Option<f64>,
    /// The share of earlier steps in the running average of the parameters that becomes the model,
    /// if there is one: a <- d a + (1 - d) p after each step, where d grows to this share as
    /// (1 + t) / (10 + t) (Polyak & Juditsky 1992; exponential as in Tarvainen & Valpola 2017).
    pub average: Option<f64>,
    /// The number of steps from one row of the history to the next.
    pub log_every: u64,
    /// The number of steps from one checkpoint to the next.
    pub checkpoint_every: u64,
}

/// Where a run keeps its checkpoint, and how much it says.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The checkpoint's file; without one, none is kept.
    pub checkpoint: Option<PathBuf>,
    /// What distinguishes this run from others: its configuration. A checkpoint of another is
    /// refused.
    pub identity: String,
    /// Go on from the checkpoint if there is one.
    pub resume: bool,
    /// Show progress on stderr, under this name.
    pub progress: Option<&'static str>,
}

/// Trains `model` on `objective`: [`Training::new`] and [`Training::finish`] in one.
///
/// # Errors
/// As both.
pub fn train<O: Objective>(
    objective: &O,
    model: &O::Model,
    settings: Settings,
    seed: u64,
    options: &RunOptions,
) -> Result<(O::Model, History), TrainError> {
    Training::new(objective, model, settings, seed, options)?.finish()
}
