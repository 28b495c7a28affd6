//! Multi-head attention.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Dropout, Init, Linear, Module, Pass, Rotary, parameters};
use crate::autodiff::{Algebra, Attend as _, Heads};
use crate::random::Stream;
use crate::tensor::{Mask, Tensor};

/// What distinguishes one attention from another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionConfig {
    /// The number of features of a token, in and out.
    pub width: usize,
    /// The number of heads, each of `width / heads` features.
    pub heads: usize,
    /// The number of heads of keys and values, each shared by `heads / kv_heads` neighbouring
    /// heads: as many as heads in Vaswani et al. 2017, one in Shazeer 2019 ("multi-query"), and
    /// between in Ainslie et al. 2023 ("grouped-query").
    pub kv_heads: usize,
    /// Whether the four linear layers have biases.
    pub bias: bool,
    /// The probability that training drops a weight.
    pub dropout: f64,
    /// The base of [rotary positions](Rotary), if queries and keys have them.
    pub rotary: Option<f64>,
}

impl AttentionConfig {
    /// Attention as in Vaswani et al. 2017, with biases, without dropout.
    pub fn new(width: usize, heads: usize) -> Self {
        Self { width, heads, kv_heads: heads, bias: true, dropout: 0.0, rotary: None }
    }

    /// Why there can be no such attention, if so.
    ///
    /// # Errors
    /// If features cannot be cut into heads, or heads cannot share keys.
    pub fn check(&self) -> Result<(), String> {
        let &Self { width, heads, kv_heads, .. } = self;
        if heads == 0 || !width.is_multiple_of(heads) {
            return Err(format!("a width of {width} cannot be cut into {heads} heads"));
        }
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            return Err(format!("{heads} heads cannot share {kv_heads} heads of keys and values"));
        }
        if self.rotary.is_some() && !(width / heads).is_multiple_of(2) {
            return Err(format!("rotary positions need an even width of a head, not {}", width / heads));
        }
        Ok(())
    }

    /// The number of learned numbers: with width d and e = d `kv_heads` / `heads`, 2 d² + 2 d e,
    /// and 2 d + 2 e for biases.
    pub fn parameter_count(&self) -> usize {
        let (d, e) = (self.width, self.width / self.heads * self.kv_heads);
        2 * d * (d + e) + if self.bias { 2 * (d + e) } else { 0 }
    }
}

/// Multi-head attention (Vaswani et al. 2017, section 3.2.2): with q = x W_q, k = c W_k and v = c
/// W_v, cut into heads, y = (head_1, .., head_h) W_o where head_i = softmax(q_i k_iᵀ / sqrt(width
/// of a head)) v_i.
///
/// `x: [batch, queries, width]` and `c: [batch, keys, width]` to `[batch, queries, width]`. In
/// self-attention c is x. A [`Mask`] says which keys each query sees; a query that sees none has
/// all heads 0. Weights are drawn from Glorot's uniform distribution, biases start at 0.
///
/// Shown by its tests (`tests/engine/attention.rs`): weights are positive and sum to 1; adding a
/// constant to scores changes nothing; results are finite for scores of ±1e4 and without any key;
/// equivariance under permutation of tokens, invariance under permutation of keys; later tokens
/// change nothing under the causal mask, padding nothing at all; heads add up; one head is the
/// formula; rotary scores depend on distances; cross attention to oneself is self-attention; steps
/// with a cache are the whole at once, to the bit; PyTorch's values and gradients; gradients to
/// order 2.
#[derive(Clone, Debug)]
pub struct MultiHeadAttention<A = Tensor> {
    /// W_q: `[width, width]`.
    pub query: Linear<A>,
    /// W_k: `[width, kv_heads * width / heads]`.
    pub key: Linear<A>,
    /// W_v, shaped as W_k.
    pub value: Linear<A>,
    /// W_o: `[width, width]`.
    pub output: Linear<A>,
    config: AttentionConfig,
}

/// The keys and values of tokens that have been seen, `[batch, tokens, kv_heads * width / heads]`
/// each: with them a token's attention is computed without computing those before it again.
#[derive(Clone, Debug)]
pub struct Cache<A = Tensor>(Option<[A; 2]>);

impl<A> Default for Cache<A> {
    /// One that holds no token.
    fn default() -> Self {
        Self(None)
    }
}

impl<A: Algebra> Cache<A> {
    /// The number of tokens that it holds.
    pub fn tokens(&self) -> usize {
        self.0.as_ref().map_or(0, |[k, _]| k.shape()[1])
    }

    /// Appends keys and values, and returns all.
    fn extend(&mut self, new: [A; 2]) -> [A; 2] {
        let all = match self.0.take() {
            None => new,
            Some([k, v]) => [A::concat(&[&k, &new[0]], 1), A::concat(&[&v, &new[1]], 1)],
        };
        self.0.insert(all).clone()
    }
}

impl MultiHeadAttention {
    /// A layer with random weights.
    ///
    /// # Panics
    /// As [`AttentionConfig::check`].
    #[track_caller]
    pub fn new(config: AttentionConfig, stream: &mut Stream) -> Self {
        config.check().unwrap_or_else(|why| panic!("attention: {why}"));
        let AttentionConfig { width, heads, kv_heads, bias, .. } = config;
        let narrow = width / heads * kv_heads;
        let mut linear = |outputs| Linear::new(width, outputs, bias, Init::GlorotUniform, stream);
        Self {
            query: linear(width),
            key: linear(narrow),
            value: linear(narrow),
            output: linear(width),
            config,
        }
    }
}

impl<A> MultiHeadAttention<A> {
    /// What the layer was made from.
    pub fn config(&self) -> AttentionConfig {
        self.config
    }

    fn heads(&self, mask: &Mask) -> Arc<Heads> {
        let AttentionConfig { width, heads, kv_heads, .. } = self.config;
        let scale = ((width / heads) as f64).sqrt().recip();
        Arc::new(Heads { count: heads, kv_count: kv_heads, scale, mask: mask.clone() })
    }
}

impl<A: Algebra> MultiHeadAttention<A> {
    /// Attention of the tokens x to the tokens `context`.
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn attend(&self, x: &A, context: &A, mask: &Mask, pass: &mut Pass<A>) -> A {
        self.attend_from(x, context, 0, &mut Cache(None), mask, pass)
    }

    /// Attention of the tokens x to themselves and to all before them that the cache holds; then it
    /// holds them, too. A mask counts all keys, and the queries from the end.
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn attend_cached(&self, x: &A, cache: &mut Cache<A>, mask: &Mask, pass: &mut Pass<A>) -> A {
        self.attend_from(x, x, cache.tokens(), cache, mask, pass)
    }

    #[track_caller]
    fn attend_from(
        &self,
        x: &A,
        context: &A,
        first: usize,
        cache: &mut Cache<A>,
        mask: &Mask,
        pass: &mut Pass<A>,
    ) -> A {
        let heads = self.heads(mask);
        let [q, k] = self.queries_and_keys(x, context, first, pass);
        let v = self.value.forward(context, pass);
        let [k, v] = cache.extend([k, v]);
        let dropout = Dropout::new(self.config.dropout);
        let y = if pass.noise().is_some() && self.config.dropout > 0.0 {
            let weights = A::attention_weights(&q, &k, &heads);
            A::weigh(&dropout.forward(&weights, pass), &v, &heads)
        } else {
            A::attention([&q, &k, &v], &heads)
        };
        self.output.forward(&y, pass)
    }

    /// The weights of the tokens x for the tokens `context`: `[batch, heads, queries, keys]`.
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn weights(&self, x: &A, context: &A, mask: &Mask, pass: &mut Pass<A>) -> A {
        let [q, k] = self.queries_and_keys(x, context, 0, pass);
        A::attention_weights(&q, &k, &self.heads(mask))
    }

    /// Queries of x and keys of `context`, turned by their positions, which begin at `first`.
    #[track_caller]
    fn queries_and_keys(&self, x: &A, context: &A, first: usize, pass: &mut Pass<A>) -> [A; 2] {
        let AttentionConfig { heads, kv_heads, rotary, .. } = self.config;
        let (q, k) = (self.query.forward(x, pass), self.key.forward(context, pass));
        match rotary.map(Rotary::new) {
            Some(rotary) => [rotary.turn(&q, heads, first), rotary.turn(&k, kv_heads, first)],
            None => [q, k],
        }
    }
}

parameters!(MultiHeadAttention { query, key, value, output; config });

/// Self-attention in which every token sees every token.
impl<A: Algebra> Module<A> for MultiHeadAttention<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        self.attend(x, x, &Mask::none(), pass)
    }
}
