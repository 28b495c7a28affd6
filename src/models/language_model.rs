//! A causal language model.

use std::sync::Arc;

use crate::autodiff::Algebra;
use crate::nn::{
    AttentionConfig, BlockConfig, Cache, Init, Linear, Module as _, Pass, PositionKind, Transformer,
    TransformerConfig, parameters,
};
use crate::random::Stream;
use crate::tensor::{Mask, Tensor};

/// A transformer with a causal mask, and a linear layer that computes the logits of the next token.
#[derive(Clone, Debug)]
pub struct LanguageModel<A = Tensor> {
    /// The transformer, from tokens to features.
    pub transformer: Transformer<A>,
    /// The linear layer, from features to the logits of all tokens.
    pub head: Linear<A>,
}

/// The sizes of a language model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LanguageModelConfig {
    /// The number of different tokens.
    pub vocabulary: usize,
    /// The kind of position encoding.
    pub positions: PositionKind,
    /// The number of features of a token.
    pub width: usize,
    /// The number of attention heads.
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

    /// The number of elements of all parameters.
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

    /// Continues `prompt` by `count` tokens and returns the whole sequence. `choose` picks each
    /// next token from the logits. The keys and values of earlier tokens are cached, so each token
    /// is computed once.
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
    /// The logits of the next token after each token from index `first` on:
    /// `[batch * (tokens - first), vocabulary]`.
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
