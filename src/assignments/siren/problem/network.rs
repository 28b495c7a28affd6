//! The networks from coordinates to colours.

use std::f64::consts::TAU;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::assignments::siren::PictureFit;
use crate::autodiff::Algebra;
use crate::nn::{Activation, Init, Mlp, MlpConfig, Module, Pass, Siren, SirenConfig, parameters};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// The kind of network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// A perceptron with sine activations, a SIREN (Sitzmann et al. 2020)
    Sine,
    /// A perceptron with ReLU activations, max(x, 0)
    Relu,
    /// A perceptron with tanh activations
    Tanh,
    /// A ReLU perceptron whose inputs are sines and cosines of random frequencies (Tancik et al.
    /// 2020)
    Fourier,
}

/// A network from coordinates, `[coordinates, 2]`, to colours, `[coordinates, channels]`.
#[derive(Clone, Debug)]
pub enum Network<A = Tensor> {
    /// A SIREN.
    Siren(Siren<A>),
    /// A multilayer perceptron, optionally with Fourier features as inputs.
    Mlp {
        /// The frequencies in both directions, in periods per unit of length: `[2, features]`. They
        /// are fixed.
        frequencies: Option<Tensor>,
        /// The perceptron.
        mlp: Mlp<A>,
    },
}

impl PictureFit {
    fn siren(&self) -> SirenConfig {
        SirenConfig {
            num_inputs: 2,
            num_outputs: self.channels(),
            num_hidden_layers: self.hidden_layers,
            hidden_layer_width: self.width,
            omega: self.omega,
        }
    }

    /// The number of frequencies of Fourier features.
    fn features(&self) -> usize {
        self.width.div_ceil(2)
    }

    fn mlp(&self) -> MlpConfig {
        MlpConfig {
            num_inputs: if self.network == NetworkKind::Fourier { 2 * self.features() } else { 2 },
            num_outputs: self.channels(),
            num_hidden_layers: self.hidden_layers,
            hidden_layer_width: self.width,
            hidden_activation: if self.network == NetworkKind::Tanh {
                Activation::Tanh
            } else {
                Activation::Relu
            },
            output_activation: Activation::Identity,
            dropout: 0.0,
        }
    }

    /// The number of elements of all parameters of the network.
    pub(crate) fn count_parameters(&self) -> usize {
        match self.network {
            NetworkKind::Sine => self.siren().parameter_count(),
            _ => self.mlp().parameter_count(),
        }
    }
}

impl Network {
    /// The network that the settings describe, with random weights.
    pub(crate) fn new(config: &PictureFit, stream: &mut Stream) -> Self {
        if config.network == NetworkKind::Sine {
            return Self::Siren(Siren::new(config.siren(), stream));
        }
        let features = config.features();
        let frequencies = (config.network == NetworkKind::Fourier).then(|| {
            // A separate stream, so that evaluation can draw the frequencies without the weights.
            let stream = &mut Stream::new(config.seed, Purpose::Data);
            Init::Normal(config.frequency).draw(&[2, features], 2, features, stream)
        });
        Self::Mlp { frequencies, mlp: Mlp::new(config.mlp(), stream) }
    }
}

impl<A> Network<A> {
    /// The network as a SIREN.
    ///
    /// # Panics
    /// If it is of another kind.
    #[track_caller]
    pub(crate) fn siren(&self) -> &Siren<A> {
        match self {
            Self::Siren(siren) => siren,
            Self::Mlp { .. } => panic!("only a SIREN computes its derivatives in a forward pass"),
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
