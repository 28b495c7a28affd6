//! Optimizers, which update parameters from their gradients.
//!
//! They take plain lists of parameters and gradients in the same order, and do not depend on
//! modules or tapes.

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

/// An update rule and its state.
pub trait Optimizer: Send + Sync {
    /// Moves the parameters by one step.
    ///
    /// # Panics
    /// If parameters and gradients differ in number or shape.
    fn step(&mut self, learning_rate: f64, parameters: &mut [Tensor], gradients: &[Tensor]);

    /// Everything that is needed to continue from here to the same bits.
    fn state(&self) -> State;

    /// Continues from a state of the same optimizer and of parameters with the given shapes.
    ///
    /// # Errors
    /// If the state belongs to another optimizer or other parameters.
    fn restore(&mut self, state: State, parameters: &[Tensor]) -> Result<(), StateError>;
}

/// The state of an optimizer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The number of steps taken.
    pub steps: u64,
    /// Named lists of tensors, with one tensor for each parameter (or empty before the first step).
    pub slots: Vec<(&'static str, Vec<Tensor>)>,
}

/// A state that does not fit an optimizer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("optimizer state: {0}")]
pub struct StateError(String);

impl State {
    /// The lists called `names`, if these are all lists of the state and they fit the parameters.
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
                return Err(StateError(format!("the shapes of {name} are not those of the parameters")));
            }
        }
        let mut slots = self.slots.into_iter().map(|(_, slot)| slot);
        Ok(std::array::from_fn(|_| slots.next().expect("as many slots as names")))
    }
}

/// An update rule and its constants, as in a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "method")]
pub enum Method {
    /// See [`Sgd`].
    Sgd {
        /// μ: the share of the last step's velocity that is kept.
        momentum: f64,
        /// Whether to use Nesterov's momentum.
        nesterov: bool,
        /// λ: at each step weights shrink by λ times the learning rate.
        #[serde(default)]
        weight_decay: f64,
        /// The factor of the learning rate for parameters with fewer than two axes.
        #[serde(default = "one")]
        vector_rate: f64,
    },
    /// See [`Muon`].
    Muon(MuonConfig),
    /// See [`Adam`], without weight decay.
    Adam,
    /// See [`Adam`], with decoupled weight decay.
    AdamW {
        /// λ: at each step weights shrink by λ times the learning rate.
        weight_decay: f64,
    },
}

impl Method {
    /// The number of values that the optimizer stores for each element of a parameter.
    pub fn memory(self) -> usize {
        match self {
            Self::Sgd { momentum, .. } => usize::from(momentum != 0.0),
            Self::Muon(_) => 1,
            Self::Adam | Self::AdamW { .. } => 2,
        }
    }
}

/// The default of factors.
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

/// Pairs of parameters and gradients, whose number and shapes are checked.
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
    fn omitted_settings_have_neutral_defaults() {
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
