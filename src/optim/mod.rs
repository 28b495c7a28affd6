//! Optimizers: from parameters and gradients to better parameters.
//!
//! They see plain lists, parameters and gradients in the same order, and know nothing of modules or
//! tapes.

mod adam;
mod clip;
mod muon;
mod schedule;
mod sgd;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use adam::Adam;
pub use clip::clip_gradients;
pub use muon::{Muon, MuonConfig, orthogonalise};
pub use schedule::Schedule;
pub use sgd::Sgd;

use crate::tensor::Tensor;

/// An update rule with whatever it remembers from step to step.
pub trait Optimizer: Send + Sync {
    /// Moves the parameters by one step.
    ///
    /// # Panics
    /// If parameters and gradients differ in number or shape.
    fn step(&mut self, learning_rate: f64, parameters: &mut [Tensor], gradients: &[Tensor]);

    /// Everything needed to go on from here to the same bytes.
    fn state(&self) -> State;

    /// Goes on from a state of the same optimizer over parameters of the given shapes.
    ///
    /// # Errors
    /// If the state belongs to another optimizer or other parameters.
    fn restore(&mut self, state: State, parameters: &[Tensor]) -> Result<(), StateError>;
}

/// What an optimizer remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The number of steps taken.
    pub steps: u64,
    /// Named lists of tensors, each of one tensor for each parameter (or empty before the first
    /// step).
    pub slots: Vec<(&'static str, Vec<Tensor>)>,
}

/// A state that does not fit an optimizer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("optimizer state: {0}")]
pub struct StateError(String);

impl State {
    /// The lists called `names`, if these are what the state holds and they fit the parameters.
    fn take<const N: usize>(
        self,
        names: [&str; N],
        parameters: &[Tensor],
    ) -> Result<[Vec<Tensor>; N], StateError> {
        let found: Vec<&str> = self.slots.iter().map(|(name, _)| *name).collect();
        if found != names {
            return Err(StateError(format!("it holds {found:?}, not {names:?}")));
        }
        for (name, slot) in &self.slots {
            let fits = slot.len() == parameters.len()
                && slot.iter().zip(parameters).all(|(s, p)| s.shape() == p.shape());
            if !fits && !slot.is_empty() {
                return Err(StateError(format!("{name} has not the shapes of the parameters")));
            }
        }
        let mut slots = self.slots.into_iter().map(|(_, slot)| slot);
        Ok(std::array::from_fn(|_| slots.next().expect("as many slots as names")))
    }
}

/// An update rule and its constants, as they stand in a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "method")]
pub enum Method {
    /// See [`Sgd`].
    Sgd {
        /// The share of the last step's velocity that is kept.
        momentum: f64,
        /// Look ahead along the velocity.
        nesterov: bool,
        /// λ: weights shrink by the learning rate times this at each step.
        #[serde(default)]
        weight_decay: f64,
        /// The factor of the learning rate for parameters of fewer than two axes.
        #[serde(default = "one")]
        vector_rate: f64,
    },
    /// See [`Muon`].
    Muon(MuonConfig),
    /// See [`Adam`], without weight decay.
    Adam,
    /// See [`Adam`], with decoupled weight decay.
    AdamW {
        /// λ: weights shrink by the learning rate times this at each step.
        weight_decay: f64,
    },
}

impl Method {
    /// The number of values that the rule remembers for each element of a parameter.
    pub fn memory(self) -> usize {
        match self {
            Self::Sgd { momentum, .. } => usize::from(momentum != 0.0),
            Self::Muon(_) => 1,
            Self::Adam | Self::AdamW { .. } => 2,
        }
    }
}

/// The factor that changes nothing.
fn one() -> f64 {
    1.0
}

impl Method {
    /// [`Sgd`] without weight decay and with one learning rate.
    pub const fn sgd(momentum: f64, nesterov: bool) -> Self {
        Self::Sgd { momentum, nesterov, weight_decay: 0.0, vector_rate: 1.0 }
    }

    /// The optimizer, before its first step.
    pub fn build(self) -> Box<dyn Optimizer> {
        match self {
            Self::Sgd { momentum, nesterov, weight_decay, vector_rate } => Box::new(
                Sgd::new(momentum, nesterov).with_weight_decay(weight_decay).with_vector_rate(vector_rate),
            ),
            Self::Muon(config) => Box::new(Muon::new(config)),
            Self::Adam => Box::new(Adam::new(0.0)),
            Self::AdamW { weight_decay } => Box::new(Adam::new(weight_decay)),
        }
    }
}

/// Parameters and gradients side by side, checked.
fn pairs<'a>(
    parameters: &'a mut [Tensor],
    gradients: &'a [Tensor],
) -> impl Iterator<Item = (&'a mut Tensor, &'a [f32])> {
    let counts = (parameters.len(), gradients.len());
    assert!(counts.0 == counts.1, "optimizer: {} parameters and {} gradients", counts.0, counts.1);
    parameters.iter_mut().zip(gradients).enumerate().map(|(i, (p, g))| {
        assert!(
            p.shape() == g.shape(),
            "optimizer: parameter {i} has shape {:?}, its gradient {:?}",
            p.shape(),
            g.shape()
        );
        (p, g.as_slice())
    })
}

/// A tensor of zeros for each parameter.
fn zeros_like(parameters: &[Tensor]) -> Vec<Tensor> {
    parameters.iter().map(|p| Tensor::zeros(p.shape())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_configuration_leaves_out_changes_nothing() {
        let read = |json: &str| serde_json::from_str::<Method>(json).unwrap();
        let sgd = read(r#"{"method": "sgd", "momentum": 0.9, "nesterov": true}"#);
        assert_eq!(sgd, Method::sgd(0.9, true));
        let muon = Method::Muon(MuonConfig { momentum: 0.6, ..MuonConfig::default() });
        assert_eq!(read(r#"{"method": "muon", "momentum": 0.6}"#), muon);
        for method in [sgd, muon, Method::AdamW { weight_decay: 0.1 }] {
            assert_eq!(read(&serde_json::to_string(&method).unwrap()), method);
        }
    }
}
