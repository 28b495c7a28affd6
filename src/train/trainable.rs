//! What the training loop asks of an objective.

use super::{Objective, Shard};
use crate::autodiff::{Tape, Var};
use crate::nn::{Parameters, Pass};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// What the training loop asks of an objective, on tapes only. Every [`Objective`] is trainable;
/// implement that trait instead. This one is for objectives whose loss cannot be evaluated on plain
/// tensors, such as [`Supervised`](super::Supervised), whose loss is a closure.
pub trait Trainable: Sync {
    /// The model, with plain tensors as parameters.
    type Model: Parameters<Tensor, Of<Tensor> = Self::Model> + Send + Sync;

    /// As [`Objective::examples`].
    fn examples(&self) -> usize;

    /// As [`Objective::arrange`].
    fn arrange(&self, batch: &Shard<'_>) -> Vec<usize> {
        batch.examples.to_vec()
    }

    /// As [`Objective::loss`].
    fn loss_on_tape<'t>(
        &self,
        model: &<Self::Model as Parameters<Tensor>>::Of<Var<'t>>,
        shard: &Shard<'_>,
        pass: &mut Pass<Var<'t>>,
    ) -> Var<'t>;

    /// As [`Objective::unreached`].
    fn unreached(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether there is a penalty.
    fn has_penalty(&self, _model: &Self::Model) -> bool {
        false
    }

    /// As [`Objective::penalty`].
    fn penalty_on_tape<'t>(
        &self,
        _model: &<Self::Model as Parameters<Tensor>>::Of<Var<'t>>,
    ) -> Option<Var<'t>> {
        None
    }

    /// As [`Objective::metrics`].
    fn metrics(&self, _model: &Self::Model) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}

impl<O: Objective> Trainable for O {
    type Model = O::Model;

    fn examples(&self) -> usize {
        Objective::examples(self)
    }

    fn arrange(&self, batch: &Shard<'_>) -> Vec<usize> {
        Objective::arrange(self, batch)
    }

    fn loss_on_tape<'t>(
        &self,
        model: &<O::Model as Parameters<Tensor>>::Of<Var<'t>>,
        shard: &Shard<'_>,
        pass: &mut Pass<Var<'t>>,
    ) -> Var<'t> {
        self.loss(model, shard, pass)
    }

    fn unreached(&self) -> &'static [&'static str] {
        Objective::unreached(self)
    }

    fn has_penalty(&self, model: &O::Model) -> bool {
        self.penalty::<Tensor>(model).is_some()
    }

    fn penalty_on_tape<'t>(&self, model: &<O::Model as Parameters<Tensor>>::Of<Var<'t>>) -> Option<Var<'t>> {
        self.penalty(model)
    }

    fn metrics(&self, model: &O::Model) -> Vec<(&'static str, f64)> {
        Objective::metrics(self, model)
    }
}

/// An objective with the structure of its model, without their types: what a step needs of them. So
/// the training loop is compiled once, and not again for each objective.
pub(super) trait Problem: Send + Sync {
    /// The names of the model's parameters, in order.
    fn names(&self) -> Vec<String>;

    /// As [`Objective::arrange`].
    fn arrange(&self, batch: &Shard<'_>) -> Vec<usize>;

    /// As [`Objective::unreached`].
    fn unreached(&self) -> &'static [&'static str];

    /// The sum of the losses of the i-th shard of a step, or without a shard the penalty.
    fn part<'t>(
        &self,
        parameters: &[Var<'t>],
        shard: Option<(usize, &Shard<'_>)>,
        tape: &'t Tape,
    ) -> Option<Var<'t>>;

    /// As [`Objective::metrics`].
    fn metrics(&self, parameters: &[Tensor]) -> Vec<(&'static str, f64)>;
}

/// The only [`Problem`].
pub(super) struct Bound<'o, O: Trainable> {
    pub objective: &'o O,
    /// The model's structure. Its parameters keep their initial values, which are not used.
    pub structure: O::Model,
}

impl<O: Trainable> Problem for Bound<'_, O> {
    fn names(&self) -> Vec<String> {
        self.structure.names()
    }

    fn arrange(&self, batch: &Shard<'_>) -> Vec<usize> {
        self.objective.arrange(batch)
    }

    fn unreached(&self) -> &'static [&'static str] {
        self.objective.unreached()
    }

    fn part<'t>(
        &self,
        parameters: &[Var<'t>],
        shard: Option<(usize, &Shard<'_>)>,
        tape: &'t Tape,
    ) -> Option<Var<'t>> {
        let model = self.structure.with(parameters);
        let Some((i, shard)) = shard else { return self.objective.penalty_on_tape(&model) };
        let noise = Stream::at(shard.seed, Purpose::Dropout, shard.step, i as u64);
        Some(self.objective.loss_on_tape(&model, shard, &mut Pass::on(tape).with_noise(noise)))
    }

    fn metrics(&self, parameters: &[Tensor]) -> Vec<(&'static str, f64)> {
        self.objective.metrics(&self.structure.with(parameters))
    }
}
