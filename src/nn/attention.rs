//! Multi-head attention.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Dropout, Init, Linear, Module, Pass, Rotary, parameters};
use crate::autodiff::{Algebra, Attend as _, Heads};
use crate::random::Stream;
use crate::tensor::{Mask, Tensor};

/// The hyperparameters of an attention layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttentionConfig {
    /// The number of features of a token, in and out.
    pub width: usize,
    /// The number of heads, each of `width / heads` features.
    pub heads: usize,
    /// The number of heads of keys and values, each shared by `heads / kv_heads` neighbouring
    /// heads. It equals `heads` in Vaswani et al. 2017, is 1 in Shazeer 2019 ("multi-query"), and
    /// is between the two in Ainslie et al. 2023 ("grouped-query").
    pub kv_heads: usize,
    /// Whether the four linear layers have biases.
    pub bias: bool,
    /// The probability that training drops an attention weight.
    pub dropout: f64,
    /// The base of [rotary positions](Rotary), if queries and keys have them.
    pub rotary: Option<f64>,
}

impl AttentionConfig {
    /// Attention as in Vaswani et al. 2017, with biases, without dropout.
    pub fn new(width: usize, heads: usize) -> Self {
        Self { width, heads, kv_heads: heads, bias: true, dropout: 0.0, rotary: None }
    }

    /// Checks that there can be such an attention layer.
    ///
    /// # Errors
    /// If features cannot be cut into heads, heads cannot share keys, or heads with rotary
    /// positions have an odd width.
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

    /// The number of parameters: with width d and e = d `kv_heads` / `heads`, 2 d² + 2 d e for the
    /// weights, and 2 d + 2 e for the biases.
    pub fn parameter_count(&self) -> usize {
        let (d, e) = (self.width, self.width / self.heads * self.kv_heads);
        2 * d * (d + e) + if self.bias { 2 * (d + e) } else { 0 }
    }
}

/// Multi-head attention (Vaswani et al. 2017, section 3.2.2): q = x W_q, k = c W_k and v = c W_v
/// are cut into heads, and y = (head_1, .., head_h) W_o, where
/// head_i = softmax(q_i k_iᵀ / sqrt(width of a head)) v_i.
///
/// `x: [batch, queries, width]` and `c: [batch, keys, width]` to `[batch, queries, width]`. In
/// self-attention c is x. A [`Mask`] tells which keys each query sees; a query that sees none gets
/// 0 from all heads. Weights are drawn from Glorot's uniform distribution, biases start at 0.
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

/// The keys and values of the tokens so far, `[batch, tokens, kv_heads * width / heads]` each. With
/// the cache a new token's attention does not compute the keys and values of earlier tokens again.
#[derive(Clone, Debug)]
pub struct Cache<A = Tensor>(Option<[A; 2]>);

impl<A> Default for Cache<A> {
    /// An empty cache.
    fn default() -> Self {
        Self(None)
    }
}

impl<A: Algebra> Cache<A> {
    /// The number of tokens in the cache.
    pub fn tokens(&self) -> usize {
        self.0.as_ref().map_or(0, |[k, _]| k.shape()[1])
    }

    /// Appends keys and values, and returns all of them.
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
    /// The layer's hyperparameters.
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

    /// Attention of the tokens x to themselves and to all earlier tokens, which are in the cache.
    /// Then the tokens x are added to the cache. The mask counts all keys; it counts queries from
    /// the end.
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

    /// The attention weights of the tokens x for the tokens `context`:
    /// `[batch, heads, queries, keys]`.
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn weights(&self, x: &A, context: &A, mask: &Mask, pass: &mut Pass<A>) -> A {
        let [q, k] = self.queries_and_keys(x, context, 0, pass);
        A::attention_weights(&q, &k, &self.heads(mask))
    }

    /// The queries of x and the keys of `context`. With rotary positions both are rotated by their
    /// positions, which begin at `first`.
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
