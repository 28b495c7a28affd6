//! The training step.

use std::cell::Cell;
use std::path::Path;

use super::batches::Batches;
use super::checkpoint::COLUMNS;
use super::trainable::{Bound, Problem};
use super::weights::finite;
use super::{Checkpoint, History, Settings, Shard, TrainError, Trainable};
use crate::autodiff::{Algebra, Tape, Var};
use crate::nn::Parameters;
use crate::optim::{Optimizer, clip_gradients};
use crate::parallel;
use crate::tensor::Tensor;
use crate::tensor::kernels::dispatch::vectorised;
use crate::tensor::kernels::elementwise::accumulate;

/// The largest number of parts of a step's loss whose gradients are held at a time before they are
/// added. Most batches have fewer parts; without a limit, a batch with very many parts could need
/// more memory than there is. The order in which gradients are added does not depend on this
/// number.
pub(crate) const WAVE: usize = 64;

/// A training in progress.
pub struct Trainer<'o> {
    problem: Box<dyn Problem + 'o>,
    has_penalty: bool,
    parameters: Vec<Tensor>,
    /// Running averages of the parameters; empty if they are not used.
    averages: Vec<Tensor>,
    optimizer: Box<dyn Optimizer>,
    settings: Settings,
    seed: u64,
    step: u64,
    batches: Batches,
    batch: Vec<usize>,
    /// The sum of the losses since the last row of the history, and their number.
    losses: (f64, u64),
}

/// A part of a step's loss: a shard of the batch and its index, or the penalty, which does not depend
/// on the examples.
type Part<'b> = Option<(usize, Shard<'b>)>;

/// A loss and its gradients; a gradient is `None` if the loss does not depend on the parameter.
type Evaluation = (f64, Vec<Option<Tensor>>);

impl<'o> Trainer<'o> {
    /// A training before its first step.
    pub fn new<O: Trainable>(objective: &'o O, model: &O::Model, settings: Settings, seed: u64) -> Self {
        let parameters = model.parameters();
        let examples = objective.examples();
        Self {
            has_penalty: objective.has_penalty(model),
            problem: Box::new(Bound { objective, structure: model.with(&parameters) }),
            averages: if settings.average.is_some() { parameters.clone() } else { Vec::new() },
            parameters,
            optimizer: settings.method.build(),
            settings,
            seed,
            step: 0,
            batches: Batches::new(examples, settings.batch_size, settings.sampling, seed),
            batch: Vec::new(),
            losses: (0.0, 0),
        }
    }

    /// The number of steps taken.
    pub fn step_count(&self) -> u64 {
        self.step
    }

    /// The current parameters of the model, or their averages if they are used, in the order of
    /// [`Parameters::parameters`]. [`Parameters::with`] puts them into a model.
    pub fn parameters(&self) -> &[Tensor] {
        if self.averages.is_empty() { &self.parameters } else { &self.averages }
    }

    /// The mean loss since the last logged step.
    pub(super) fn recent_loss(&self) -> f64 {
        self.losses.0 / self.losses.1.max(1) as f64
    }

    /// Takes one step, and returns the loss before the step.
    ///
    /// # Errors
    /// If the loss or a gradient is not finite, or the loss does not depend on a parameter.
    pub fn step(&mut self) -> Result<f64, TrainError> {
        self.batches.fill(self.step, &mut self.batch);
        self.batch = self.problem.arrange(&self.whole());
        let (loss, gradients) = self.evaluate()?;
        let mut gradients = self.complete(gradients)?;
        if let Some(max_norm) = self.settings.max_gradient_norm {
            clip_gradients(&mut gradients, max_norm);
        }
        let factor = self.settings.schedule.factor(self.step, self.settings.steps);
        self.optimizer.step(self.settings.learning_rate * factor, &mut self.parameters, &gradients);
        self.step += 1;
        if let Some(share) = self.settings.average {
            let t = self.step as f64;
            average(&mut self.averages, &self.parameters, share.min((1.0 + t) / (10.0 + t)));
        }
        self.losses = (self.losses.0 + loss, self.losses.1 + 1);
        Ok(loss)
    }

    /// The whole batch as one shard.
    fn whole(&self) -> Shard<'_> {
        let epoch = self.batches.epoch(self.step);
        Shard { examples: &self.batch, first: 0, seed: self.seed, step: self.step, epoch }
    }

    /// The loss of the batch and its gradients. Threads compute the parts in any order; they are
    /// added in a fixed order.
    fn evaluate(&self) -> Result<Evaluation, TrainError> {
        let shards = self.whole().chunks(self.settings.shard_size).enumerate();
        let mut parts: Vec<Part<'_>> = shards.map(Some).collect();
        let several = parts.len() > 1;
        if self.has_penalty {
            parts.push(None);
        }
        let mut sum: Option<Evaluation> = None;
        for wave in parts.chunks(WAVE) {
            let wave: Vec<_> = if several {
                parallel::map(wave, |part| self.evaluate_part(part))
            } else {
                wave.iter().map(|part| self.evaluate_part(part)).collect()
            };
            for part in wave {
                let Some((loss, gradients)) = part? else { continue };
                sum = Some(match sum {
                    None => (loss, gradients),
                    Some((total, totals)) => {
                        (total + loss, totals.into_iter().zip(gradients).map(add).collect())
                    }
                });
            }
        }
        Ok(sum.expect("a batch has examples"))
    }

    /// The value and gradients of one part of the loss.
    fn evaluate_part(&self, part: &Part<'_>) -> Result<Option<Evaluation>, TrainError> {
        // A thread reuses its tape. If a nested call finds no tape, it makes a new one.
        thread_local!(static SPARE: Cell<Option<Tape>> = const { Cell::new(None) });
        let tape = SPARE.take().unwrap_or_default();
        let result = self.evaluate_on(&tape, part);
        SPARE.set(Some(tape.recycled()));
        result
    }

    fn evaluate_on(&self, tape: &Tape, part: &Part<'_>) -> Result<Option<Evaluation>, TrainError> {
        let vars: Vec<Var<'_>> = self.parameters.iter().map(|p| tape.var(p.clone())).collect();
        let part = part.as_ref().map(|(i, shard)| (*i, shard));
        let Some(loss) = self.problem.part(&vars, part, tape) else { return Ok(None) };
        // The weight of the examples' mean loss, or of the penalty.
        let share = if part.is_some() { 1.0 / self.batch.len() as f64 } else { 1.0 };
        let value = f64::from(loss.value().item()) * share;
        if !value.is_finite() {
            let parameter = self.parameters.iter().position(|p| !p.is_finite());
            let culprit = match parameter {
                Some(i) => format!("the parameter {} is not finite", self.problem.names()[i]),
                None => tape.first_non_finite().unwrap_or_default(),
            };
            return Err(TrainError::Diverged { step: self.step + 1, loss: value, culprit });
        }
        let seed = Tensor::full(&loss.shape(), share as f32);
        Ok(Some((value, loss.pull_back(&vars, seed))))
    }

    /// All gradients, checked to exist and to be finite.
    fn complete(&self, gradients: Vec<Option<Tensor>>) -> Result<Vec<Tensor>, TrainError> {
        let name = |i: usize| self.problem.names().swap_remove(i);
        let check = |(i, gradient): (usize, Option<Tensor>)| match gradient {
            None if self.problem.unreached().contains(&name(i).as_str()) => {
                Ok(Tensor::zeros(self.parameters[i].shape()))
            }
            None => Err(TrainError::Unreached(name(i))),
            Some(g) if !g.is_finite() => {
                Err(TrainError::GradientDiverged { step: self.step + 1, parameter: name(i) })
            }
            Some(g) => Ok(g),
        };
        gradients.into_iter().enumerate().map(check).collect()
    }

    /// Adds a row to the history.
    ///
    /// # Errors
    /// If a metric is not finite.
    pub(super) fn log(&mut self, history: &mut History) -> Result<(), TrainError> {
        let factor = self.settings.schedule.factor(self.step - 1, self.settings.steps);
        let mut row = vec![
            ("step", self.step as f64),
            ("learning_rate", self.settings.learning_rate * factor),
            ("loss", self.recent_loss()),
        ];
        row.extend(self.problem.metrics(self.parameters()));
        if let Some(&(metric, value)) = row.iter().find(|(_, value)| !value.is_finite()) {
            return Err(TrainError::MetricDiverged { step: self.step, metric, value });
        }
        history.push(&row);
        self.losses = (0.0, 0);
        Ok(())
    }

    /// Everything that is needed to continue from here.
    pub(super) fn checkpoint(&self, history: &History, identity: &str) -> Checkpoint {
        Checkpoint {
            identity: identity.to_owned(),
            step: self.step,
            losses: self.losses,
            names: self.problem.names(),
            parameters: self.parameters.clone(),
            averages: self.averages.clone(),
            optimizer: self.optimizer.state(),
            history: history.clone(),
        }
    }

    /// Continues from a checkpoint, and returns the history up to it.
    pub(super) fn restore(&mut self, checkpoint: Checkpoint, path: &Path) -> Result<History, TrainError> {
        let fail = |message: String| TrainError::Checkpoint { path: path.into(), message };
        let shapes = |tensors: &[Tensor]| tensors.iter().map(|t| t.shape().to_vec()).collect::<Vec<_>>();
        if checkpoint.names != self.problem.names()
            || shapes(&checkpoint.parameters) != shapes(&self.parameters)
        {
            return Err(fail("it holds other parameters".into()));
        }
        if shapes(&checkpoint.averages) != shapes(&self.averages) {
            return Err(fail("it holds other averages of the parameters".into()));
        }
        let named = checkpoint.names.iter().zip(&checkpoint.parameters);
        let named = named.chain(checkpoint.names.iter().zip(&checkpoint.averages));
        named.clone().try_for_each(|(name, tensor)| finite(name, tensor)).map_err(fail)?;
        if checkpoint.step > self.settings.steps {
            return Err(fail(format!("it is at step {} of {}", checkpoint.step, self.settings.steps)));
        }
        (self.parameters, self.averages) = (checkpoint.parameters, checkpoint.averages);
        self.optimizer.restore(checkpoint.optimizer, &self.parameters).map_err(|e| fail(e.to_string()))?;
        (self.step, self.losses) = (checkpoint.step, checkpoint.losses);
        let metrics = self.problem.metrics(self.parameters());
        let own = COLUMNS.into_iter().chain(metrics.iter().map(|&(name, _)| name));
        if !checkpoint.history.rows().is_empty() && !own.eq(checkpoint.history.columns()) {
            let columns = checkpoint.history.columns().join(", ");
            return Err(fail(format!("its history has the columns {columns}, not those of this run")));
        }
        Ok(checkpoint.history)
    }
}

/// a <- share a + (1 - share) p
fn average(averages: &mut [Tensor], parameters: &[Tensor], share: f64) {
    let rest = (1.0 - share) as f32;
    for (a, p) in averages.iter_mut().zip(parameters) {
        let (a, p) = (a.as_mut_slice(), p.as_slice());
        vectorised(
            #[inline(always)]
            || {
                for (a, &p) in a.iter_mut().zip(p) {
                    *a = rest.mul_add(p - *a, *a);
                }
            },
        );
    }
}

fn add((sum, more): (Option<Tensor>, Option<Tensor>)) -> Option<Tensor> {
    match (sum, more) {
        (Some(sum), Some(more)) => Some(accumulate(sum, &more)),
        (sum, more) => sum.or(more),
    }
}
