//! Normalisation layers.

use serde::{Deserialize, Serialize};

use super::{Module, Pass, parameters};
use crate::autodiff::{Algebra, Groups, Normalise as _};
use crate::tensor::Tensor;

/// Group normalisation: y = scale (x - mean) / sqrt(variance + eps) + shift, where mean and
/// variance are taken in each example over all positions and the channels of a group (Wu & He 2018,
/// equations 1 to 3 and 7).
///
/// `x: [batch, .., channels]` to the same shape. With one group this is layer normalisation over
/// positions and channels (Ba et al. 2016); with one channel per group it is instance normalisation
/// (Ulyanov et al. 2016). The scale starts at 1, the shift at 0, and eps is 1e-5 unless it is
/// [set](Self::with_eps).
#[derive(Clone, Debug)]
pub struct GroupNorm<A = Tensor> {
    /// `[channels]`.
    pub scale: A,
    /// `[channels]`.
    pub shift: A,
    groups: Groups,
}

impl GroupNorm {
    /// A layer for pictures with the given numbers of channels and of groups.
    ///
    /// # Panics
    /// If the channels cannot be cut into the groups.
    #[track_caller]
    pub fn new(channels: usize, groups: usize) -> Self {
        assert!(
            groups > 0 && channels.is_multiple_of(groups),
            "group normalisation: {channels} channels cannot be cut into {groups} groups"
        );
        Self {
            scale: Tensor::ones(&[channels]),
            shift: Tensor::zeros(&[channels]),
            groups: Groups { count: groups, eps: 1e-5 },
        }
    }

    /// The same with another eps.
    pub fn with_eps(self, eps: f64) -> Self {
        Self { groups: Groups { eps, ..self.groups }, ..self }
    }
}

parameters!(GroupNorm { scale, shift; groups });

impl<A: Algebra> Module<A> for GroupNorm<A> {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        x.group_norm(&self.scale, &self.shift, self.groups)
    }
}

/// Layer normalisation: y = scale (x - mean) / sqrt(variance + eps) + shift, where mean and
/// variance are taken over a token's features (Ba et al. 2016, equation 4).
///
/// `x: [.., width]` to the same shape. The scale starts at 1, the shift at 0, and eps is 1e-5
/// unless it is [set](Self::with_eps).
#[derive(Clone, Debug)]
pub struct LayerNorm<A = Tensor>(GroupNorm<A>);

impl LayerNorm {
    /// A layer for tokens of `width` features.
    pub fn new(width: usize) -> Self {
        Self(GroupNorm::new(width, 1))
    }

    /// The same with another eps.
    pub fn with_eps(self, eps: f64) -> Self {
        Self(self.0.with_eps(eps))
    }
}

parameters!(LayerNorm { 0 as _ });

impl<A: Algebra> Module<A> for LayerNorm<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let shape = x.shape();
        let width = shape.last().copied().unwrap_or(0);
        let rows = shape[..shape.len().saturating_sub(1)].iter().product();
        self.0.forward(&x.reshape(&[rows, width]), pass).reshape(&shape)
    }
}

/// Root-mean-square normalisation: y = scale x / sqrt(mean(x²) + eps) (Zhang & Sennrich 2019,
/// equation 4).
///
/// `x: [.., width]` to the same shape. The scale starts at 1, and eps is 1e-5 unless it is
/// [set](Self::with_eps).
#[derive(Clone, Debug)]
pub struct RmsNorm<A = Tensor> {
    /// `[width]`.
    pub scale: A,
    eps: f64,
}

impl RmsNorm {
    /// A layer for tokens of `width` features.
    pub fn new(width: usize) -> Self {
        Self { scale: Tensor::ones(&[width]), eps: 1e-5 }
    }

    /// The same with another eps.
    pub fn with_eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }
}

parameters!(RmsNorm { scale; eps });

impl<A: Algebra> Module<A> for RmsNorm<A> {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        let shape = x.shape();
        let last = shape.len() - 1;
        let mean_square = x.powi(2).sum_keeping(&[last]) * (1.0 / shape[last] as f64);
        x.clone() / &(mean_square + self.eps).sqrt() * &self.scale
    }
}

/// The kind of normalisation of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenNormKind {
    /// To mean 0 and variance 1
    Layer,
    /// To mean square 1
    Rms,
}

/// A normalisation of tokens, of either kind.
#[derive(Clone, Debug)]
pub enum TokenNorm<A = Tensor> {
    /// To mean 0 and variance 1.
    Layer(LayerNorm<A>),
    /// To mean square 1.
    Rms(RmsNorm<A>),
}

impl TokenNorm {
    /// A layer for tokens of `width` features.
    pub fn new(kind: TokenNormKind, width: usize, eps: f64) -> Self {
        match kind {
            TokenNormKind::Layer => Self::Layer(LayerNorm::new(width).with_eps(eps)),
            TokenNormKind::Rms => Self::Rms(RmsNorm::new(width).with_eps(eps)),
        }
    }
}

parameters!(enum TokenNorm { Layer(norm as _), Rms(norm as _) });

impl<A: Algebra> Module<A> for TokenNorm<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        match self {
            Self::Layer(norm) => norm.forward(x, pass),
            Self::Rms(norm) => norm.forward(x, pass),
        }
    }
}
