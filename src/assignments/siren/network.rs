//! What lies between coordinates and colours.

use std::f64::consts::TAU;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::PictureFit;
use crate::autodiff::Algebra;
use crate::nn::{Activation, Init, Mlp, MlpConfig, Module, Pass, Siren, SirenConfig, parameters};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// What lies between coordinates and colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// Sines (Sitzmann et al. 2020)
    Sine,
    /// max(x, 0)
    Relu,
    /// tanh(x)
    Tanh,
    /// max(x, 0) behind sines and cosines of random frequencies (Tancik et al. 2020)
    Fourier,
}

/// A network from places, `[places, 2]`, to colours, `[places, channels]`.
#[derive(Clone, Debug)]
pub enum Network<A = Tensor> {
    /// A SIREN.
    Siren(Siren<A>),
    /// A multilayer perceptron, perhaps behind Fourier features.
    Mlp {
        /// Frequencies in both directions, in periods a unit: `[2, features]`. They are not learned.
        frequencies: Option<Tensor>,
        /// The perceptron.
        mlp: Mlp<A>,
    },
}

impl Network {
    /// The network that the settings speak of, with random weights.
    pub(super) fn new(config: &PictureFit, stream: &mut Stream) -> Self {
        let &PictureFit { hidden_layers, width, omega, frequency, seed, network, .. } = config;
        let (num_outputs, num_hidden_layers, hidden_layer_width) = (config.channels(), hidden_layers, width);
        if network == NetworkKind::Sine {
            let shape =
                SirenConfig { num_inputs: 2, num_outputs, num_hidden_layers, hidden_layer_width, omega };
            return Self::Siren(Siren::new(shape, stream));
        }
        let features = width.div_ceil(2);
        let frequencies = (network == NetworkKind::Fourier).then(|| {
            // A branch of its own, so that evaluation draws them without drawing weights.
            Init::Normal(frequency).draw(&[2, features], 2, features, &mut Stream::new(seed, Purpose::Data))
        });
        let mlp = MlpConfig {
            num_inputs: if frequencies.is_some() { 2 * features } else { 2 },
            num_outputs,
            num_hidden_layers,
            hidden_layer_width,
            hidden_activation: if network == NetworkKind::Tanh { Activation::Tanh } else { Activation::Relu },
            output_activation: Activation::Identity,
            dropout: 0.0,
        };
        Self::Mlp { frequencies, mlp: Mlp::new(mlp, stream) }
    }
}

impl<A> Network<A> {
    /// The network as sines.
    ///
    /// # Panics
    /// If it is of another kind.
    #[track_caller]
    pub(super) fn siren(&self) -> &Siren<A> {
        match self {
            Self::Siren(siren) => siren,
            Self::Mlp { .. } => panic!("only sines carry their derivatives along"),
        }
    }
}

parameters!(enum Network { Siren(siren as _), Mlp { mlp as _; frequencies } });

impl<A: Algebra<Elem = f32>> Module<A> for Network<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        match self {
            Self::Siren(siren) => siren.forward(x, pass),
            Self::Mlp { frequencies: None, mlp } => mlp.forward(x, pass),
            Self::Mlp { frequencies: Some(frequencies), mlp } => {
                let phases = x.matmul(&pass.constant(frequencies.clone())) * TAU;
                mlp.forward(&A::concat(&[&phases.sin(), &phases.cos()], 1), pass)
            }
        }
    }
}
