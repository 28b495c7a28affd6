//! The training loop, with its checkpoints.

use std::fs;

use super::checkpoint::older;
use super::{Checkpoint, History, RunOptions, Settings, TrainError, Trainable, Trainer};
use crate::progress::{Progress, Unit};
use crate::signals::{self, Stoppable};
use crate::tensor::Tensor;

/// A training that has not started, or is continued from a checkpoint.
pub struct Training<'t> {
    trainer: Trainer<'t>,
    history: History,
    settings: Settings,
    options: &'t RunOptions,
    is_resumed: bool,
    /// The step of the newest checkpoint on disk, if it is whole.
    stored: Option<u64>,
}

impl<'t> Training<'t> {
    /// Prepares a training, and reads its checkpoint if it is to be resumed. Nothing is written.
    ///
    /// # Errors
    /// If a checkpoint cannot be read or used.
    pub fn new<O: Trainable>(
        objective: &'t O,
        model: &O::Model,
        settings: Settings,
        seed: u64,
        options: &'t RunOptions,
    ) -> Result<Self, TrainError> {
        Self::resumed(Trainer::new(objective, model, settings, seed), settings, options)
    }

    /// Continues from the checkpoint, if there is one and it is wanted.
    fn resumed(
        trainer: Trainer<'t>,
        settings: Settings,
        options: &'t RunOptions,
    ) -> Result<Self, TrainError> {
        let history = History::default();
        let mut training = Self { trainer, history, settings, options, is_resumed: false, stored: None };
        if let Some(path) = options.checkpoint.as_ref().filter(|_| options.resume)
            && let Some((checkpoint, is_newest)) = Checkpoint::find(path, &options.identity)?
        {
            training.history = training.trainer.restore(checkpoint, path)?;
            training.is_resumed = true;
            training.stored = is_newest.then_some(training.trainer.step_count());
        }
        Ok(training)
    }

    /// Whether the training continues from a checkpoint.
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    /// Takes all remaining steps, and returns the trained [parameters](Trainer::parameters) and the
    /// training history.
    ///
    /// # Errors
    /// If the loss or a gradient is not finite (the error names the step and the operation or
    /// parameter), if the loss does not depend on a parameter, if a checkpoint cannot be written,
    /// or if a signal asks the program to end.
    pub fn finish(mut self) -> Result<(Vec<Tensor>, History), TrainError> {
        let Settings { steps, log_every, checkpoint_every, .. } = self.settings;
        let checkpoint = self.options.checkpoint.as_ref();
        if let Some(path) = checkpoint.filter(|_| !self.is_resumed) {
            // Otherwise a checkpoint of an earlier run could be mistaken for one of this run.
            let _ = (fs::remove_file(path), fs::remove_file(older(path)));
        }
        let stoppable = checkpoint.map(|_| Stoppable::new());
        let mut progress =
            Progress::new(self.options.progress, Unit::Count("step"), self.trainer.step_count(), steps);
        while self.trainer.step_count() < steps {
            self.trainer.step()?;
            let step = self.trainer.step_count();
            progress.at(step, || format!("loss {}", brief(self.trainer.recent_loss())));
            if step.is_multiple_of(log_every) || step == steps {
                self.trainer.log(&mut self.history)?;
            }
            let signal = signals::received().filter(|_| checkpoint.is_some());
            if let Some(path) = checkpoint
                && (step.is_multiple_of(checkpoint_every) || step == steps || signal.is_some())
            {
                // A checkpoint that was written because of a signal is replaced and not kept, since
                // an uninterrupted run has none at that step.
                let keep = self.stored.is_some_and(|step| step.is_multiple_of(checkpoint_every));
                self.trainer.checkpoint(&self.history, &self.options.identity).write(path, keep)?;
                self.stored = Some(step);
            }
            if let Some(signal) = signal {
                return Err(TrainError::Interrupted { step, signal });
            }
        }
        let was_stoppable = stoppable.is_some();
        drop(stoppable);
        match signals::received().filter(|_| was_stoppable) {
            Some(signal) => Err(TrainError::Interrupted { step: steps, signal }),
            None => Ok((self.trainer.parameters().to_vec(), self.history)),
        }
    }
}

/// A loss in a few significant digits.
fn brief(loss: f64) -> String {
    if loss.abs() < 0.01 { format!("{loss:.2e}") } else { format!("{loss:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_losses_are_not_shown_as_zero() {
        assert_eq!(brief(0.448_12), "0.4481");
        assert_eq!(brief(9.3e-7), "9.30e-7");
        assert_eq!(brief(0.0), "0.00e0");
    }
}
