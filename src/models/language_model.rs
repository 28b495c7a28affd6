//! A causal language model.

use std::sync::Arc;

use crate::autodiff::Algebra;
use crate::nn::{
    AttentionConfig, BlockConfig, Cache, Init, Linear, Module as _, Pass, PositionKind, Transformer,
    TransformerConfig, parameters,
};
use crate::random::Stream;
use crate::tensor::{Mask, Tensor};

/// A transformer under the causal mask with a linear layer that scores what comes next.
#[derive(Clone, Debug)]
pub struct LanguageModel<A = Tensor> {
    /// From tokens to features.
    pub transformer: Transformer<A>,
    /// From features to the scores of all tokens.
    pub head: Linear<A>,
}

/// What distinguishes one language model from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LanguageModelConfig {
    /// The number of different tokens.
    pub vocabulary: usize,
    /// How tokens know their positions.
    pub positions: PositionKind,
    /// The number of features.
    pub width: usize,
    /// The number of heads.
    pub heads: usize,
    /// The number of blocks.
    pub blocks: usize,
}

impl LanguageModelConfig {
    fn transformer(&self) -> TransformerConfig {
        let &Self { vocabulary, positions, width, heads, blocks } = self;
        let rotary = (positions == PositionKind::Rotary).then_some(10_000.0);
        let attention = AttentionConfig { rotary, ..AttentionConfig::new(width, heads) };
        let block = BlockConfig { attention, ..BlockConfig::new(width, heads) };
        TransformerConfig { vocabulary, positions, longest: 0, embedding_norm: false, blocks, block }
    }

    /// See [`TransformerConfig::activation_count`].
    pub fn activation_count(&self, tokens: usize) -> usize {
        self.transformer().activation_count(tokens)
    }

    /// The number of learned numbers.
    pub fn parameter_count(&self) -> usize {
        self.transformer().parameter_count() + (self.width + 1) * self.vocabulary
    }
}

impl LanguageModel {
    /// A model with random weights.
    ///
    /// # Panics
    /// As [`Transformer::new`].
    #[track_caller]
    pub fn new(config: &LanguageModelConfig, stream: &mut Stream) -> Self {
        Self {
            transformer: Transformer::new(&config.transformer(), stream),
            head: Linear::new(config.width, config.vocabulary, true, Init::GlorotUniform, stream),
        }
    }

    /// Sequences, after what they begin with: each next token is the one that `choose` takes by the scores.
    /// Keys and values of what was said before are kept, so that each token is computed once.
    pub fn generate(
        &self,
        prompt: &[usize],
        count: usize,
        mut choose: impl FnMut(&[f32]) -> usize,
    ) -> Vec<usize> {
        let pass = &mut Pass::inference();
        let mut caches = vec![Cache::default(); self.transformer.blocks.len()];
        let (mut tokens, mut new) = (prompt.to_vec(), prompt.to_vec());
        for _ in 0..count {
            let h = self.transformer.encode_cached(&new[..], 1, &mut caches, pass);
            let last = h.narrow(1, new.len() - 1, new.len());
            let next = choose(self.head.forward(&last, pass).as_slice());
            tokens.push(next);
            new = vec![next];
        }
        tokens
    }
}

impl<A: Algebra> LanguageModel<A> {
    /// The scores of what comes after each token from index `first` on: `[batch * (tokens - first), vocabulary]`.
    ///
    /// # Panics
    /// As [`Transformer::encode`].
    #[track_caller]
    pub fn scores(
        &self,
        tokens: impl Into<Arc<[usize]>>,
        batch: usize,
        first: usize,
        pass: &mut Pass<A>,
    ) -> A {
        let h = self.transformer.encode(tokens, batch, &Mask::causal(), pass);
        let count = h.shape()[1];
        let y = self.head.forward(&h.narrow(1, first, count), pass);
        let vocabulary = y.shape()[2];
        y.reshape(&[batch * (count - first), vocabulary])
    }
}

parameters!(LanguageModel { transformer, head });
