//! Initial values of weights.

use serde::{Deserialize, Serialize};

use crate::random::Stream;
use crate::tensor::Tensor;

/// A distribution of initial weights with mean 0. It may depend on the number of inputs that each
/// output of a layer depends on (fan in) and the number of outputs that each input reaches (fan
/// out).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Uniform on ±sqrt(6 / (fan in + fan out)): variance 2 / (fan in + fan out), which keeps the
    /// variances of values and of gradients about equal in a linear or tanh network (Glorot &
    /// Bengio 2010, equation 16).
    GlorotUniform,
    /// Normal with variance 2 / (fan in + fan out) (Glorot & Bengio 2010, equation 12).
    GlorotNormal,
    /// Uniform on ±sqrt(6 / fan in): variance 2 / fan in, which keeps the variance of values in a
    /// ReLU network (He et al. 2015, equation 10).
    HeUniform,
    /// Normal with variance 2 / fan in (He et al. 2015, equation 10).
    HeNormal,
    /// Normal with the given standard deviation.
    Normal(f64),
    /// Uniform on plus and minus the given bound.
    Uniform(f64),
    /// Zero everywhere.
    Zeros,
}

impl Init {
    /// The standard deviation of the weights.
    pub fn standard_deviation(self, fan_in: usize, fan_out: usize) -> f64 {
        let (fan_in, both) = (fan_in as f64, (fan_in + fan_out) as f64);
        match self {
            Self::GlorotUniform | Self::GlorotNormal => (2.0 / both).sqrt(),
            Self::HeUniform | Self::HeNormal => (2.0 / fan_in).sqrt(),
            Self::Normal(deviation) => deviation,
            Self::Uniform(bound) => bound / 3.0_f64.sqrt(),
            Self::Zeros => 0.0,
        }
    }

    /// Draws a tensor of weights.
    pub fn draw(self, shape: &[usize], fan_in: usize, fan_out: usize, stream: &mut Stream) -> Tensor {
        let deviation = self.standard_deviation(fan_in, fan_out);
        match self {
            Self::GlorotNormal | Self::HeNormal | Self::Normal(_) => {
                Tensor::from_fn(shape, || (deviation * stream.normal()) as f32)
            }
            Self::GlorotUniform | Self::HeUniform | Self::Uniform(_) => {
                // A uniform distribution on ±b has the standard deviation b / sqrt(3).
                let bound = deviation * 3.0_f64.sqrt();
                Tensor::from_fn(shape, || ((2.0 * stream.uniform() - 1.0) * bound) as f32)
            }
            Self::Zeros => Tensor::zeros(shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn moments(init: Init) -> (f64, f64, f64) {
        let w = init.draw(&[100, 400], 100, 400, &mut Stream::new(1, Purpose::Init));
        let w: Vec<f64> = w.as_slice().iter().map(|&x| f64::from(x)).collect();
        let mean = w.iter().sum::<f64>() / w.len() as f64;
        let variance = w.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / w.len() as f64;
        (mean, variance, w.iter().fold(0.0, |max, x| x.abs().max(max)))
    }

    #[test]
    fn weights_have_the_variance_of_the_papers() {
        for (init, variance) in [
            (Init::GlorotUniform, 2.0 / 500.0),
            (Init::GlorotNormal, 2.0 / 500.0),
            (Init::HeUniform, 2.0 / 100.0),
            (Init::HeNormal, 2.0 / 100.0),
            (Init::Normal(0.3), 0.09),
            (Init::Uniform(0.3), 0.03),
        ] {
            let (mean, measured, _) = moments(init);
            assert!(mean.abs() < 4.0 * (variance / 40_000.0_f64).sqrt(), "{init:?}: mean {mean}");
            assert!((measured / variance - 1.0).abs() < 0.03, "{init:?}: {measured}, not {variance}");
        }
    }

    #[test]
    fn uniform_weights_are_bounded_and_normal_ones_are_not() {
        let bound = (6.0_f64 / 500.0).sqrt();
        assert!(moments(Init::GlorotUniform).2 <= bound && moments(Init::GlorotUniform).2 > 0.999 * bound);
        assert!(moments(Init::GlorotNormal).2 > bound);
    }
}
