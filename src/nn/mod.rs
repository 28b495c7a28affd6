//! Modules: layers and networks, which have parameters and a forward pass.
//!
//! A module is a plain struct that is generic over the type `A` of its parameters.
//! `Linear<Tensor>`, written `Linear`, holds plain tensors; `Linear<Var>` is the same layer on a
//! tape. [`Parameters::map`] turns one into the other. [`Module::forward`] is written once for
//! both: on tensors it only computes, on variables it is recorded and can be differentiated.

mod activation;
mod attention;
mod basis;
pub mod check;
mod conv;
mod dropout;
mod embedding;
mod frozen;
pub mod inference;
pub mod init;
mod linear;
pub mod loss;
mod low_rank;
mod mlp;
mod module;
mod norm;
mod parameters;
mod position;
mod residual;
mod sentences;
mod siren;
mod transformer;

pub use activation::Activation;
pub use attention::{AttentionConfig, Cache, MultiHeadAttention};
pub use basis::{BasisExpansion, BasisKind};
pub use conv::{Conv2d, Conv2dConfig, ConvTranspose2d, Pool2d, receptive_field};
pub use dropout::{Dropout, StochasticDepth};
pub use embedding::Embedding;
pub use frozen::Frozen;
pub use init::Init;
pub use linear::Linear;
pub use low_rank::{BlockUpdate, LowRank, TransformerUpdate, Updated};
pub use mlp::{Mlp, MlpConfig};
pub use module::{Module, Pass};
pub use norm::{GroupNorm, LayerNorm, RmsNorm, TokenNorm, TokenNormKind};
#[doc(hidden)]
pub use parameters::{Nested, Optional, Parameter, Part};
pub use parameters::{ParameterPath, Parameters};
pub use position::{PositionKind, Positions, Rotary};
pub use residual::{Downsampling, Order, ResidualBlock, ResidualConfig, SqueezeExcitation};
pub use siren::{Jet, Siren, SirenConfig};
pub use transformer::{BlockConfig, NormOrder, Transformer, TransformerBlock, TransformerConfig};

#[doc(inline)]
pub use crate::parameters;
