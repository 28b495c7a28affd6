//! Activation functions.

use super::Init;
use crate::autodiff::Algebra;
use crate::choice::choices;

choices! {
    /// An elementwise function.
    pub enum Activation {
        /// x
        Identity = "identity",
        /// max(x, 0)
        Relu = "relu",
        /// x Phi(x), Phi the standard normal distribution function
        Gelu = "gelu",
        /// x / (1 + exp(-x))
        Silu = "silu",
        /// tanh(x)
        Tanh = "tanh",
        /// 1 / (1 + exp(-x))
        Sigmoid = "sigmoid",
        /// ln(1 + exp(x))
        Softplus = "softplus",
        /// sin(x)
        Sine = "sine",
    }
}

impl Activation {
    /// The function's value at each element.
    #[track_caller]
    pub fn apply<A: Algebra>(self, x: A) -> A {
        match self {
            Self::Identity => x,
            Self::Relu => x.relu(),
            Self::Gelu => x.gelu(),
            Self::Silu => x.sigmoid() * &x,
            Self::Tanh => x.tanh(),
            Self::Sigmoid => x.sigmoid(),
            Self::Softplus => x.softplus(),
            Self::Sine => x.sin(),
        }
    }

    /// The customary distribution of the weights of the layer before the activation: He for the
    /// one-sided functions, which lose half of the variance, and Glorot for the others.
    pub fn init(self) -> Init {
        match self {
            Self::Relu | Self::Gelu | Self::Silu | Self::Softplus => Init::HeNormal,
            Self::Identity | Self::Tanh | Self::Sigmoid | Self::Sine => Init::GlorotUniform,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    #[test]
    fn values_at_one() {
        for (activation, value) in [
            (Activation::Identity, 1.0),
            (Activation::Relu, 1.0),
            (Activation::Gelu, 0.841_344_746),
            (Activation::Silu, 0.731_058_579),
            (Activation::Tanh, 0.761_594_156),
            (Activation::Sigmoid, 0.731_058_579),
            (Activation::Softplus, 1.313_261_688),
            (Activation::Sine, 0.841_470_985),
        ] {
            let y = activation.apply(Tensor::scalar(1.0_f64)).item();
            assert!((y - value).abs() < 1e-9, "{activation:?}(1) = {y}");
        }
    }
}
