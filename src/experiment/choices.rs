//! Settings that several assignments have.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::optim::{Method, MuonConfig};

/// How long to train. Each assignment says what that means for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// For a first look
    Quick,
    /// For the main results
    Standard,
    /// For the best results
    Record,
}

/// The update rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Plain stochastic gradient descent
    Sgd,
    /// SGD with momentum 0.9
    Momentum,
    /// SGD with Nesterov's momentum 0.9
    Nesterov,
    /// Adam (Kingma & Ba 2015)
    Adam,
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019)
    Adamw,
    /// Momentum, orthogonalised, for matrices; Nesterov's momentum for the rest (Jordan et al. 2024)
    Muon,
}

impl OptimizerKind {
    /// The update rule with its constants. All but Muon take the weight decay from them, SGD the rate of
    /// vectors, too, and Adam neither.
    pub fn method(self, constants: MuonConfig) -> Method {
        let MuonConfig { weight_decay, vector_rate, .. } = constants;
        let sgd = |momentum, nesterov| Method::Sgd { momentum, nesterov, weight_decay, vector_rate };
        match self {
            Self::Sgd => sgd(0.0, false),
            Self::Momentum => sgd(0.9, false),
            Self::Nesterov => sgd(0.9, true),
            Self::Adam => Method::Adam,
            Self::Adamw => Method::AdamW { weight_decay },
            Self::Muon => Method::Muon(constants),
        }
    }
}
