//! Transformers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Activation, AttentionConfig, Cache, Dropout, Embedding, Linear, Module, MultiHeadAttention, Pass,
    PositionKind, Positions, TokenNorm, TokenNormKind, parameters,
};
use crate::autodiff::Algebra;
use crate::random::Stream;
use crate::tensor::{Mask, Tensor};

/// Where a transformer block normalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormOrder {
    /// x + f(norm(x)) (Xiong et al. 2020)
    Pre,
    /// norm(x + f(x)) (Vaswani et al. 2017)
    Post,
}

/// The hyperparameters of a transformer block.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockConfig {
    /// The attention, including the width of a token.
    pub attention: AttentionConfig,
    /// The width of the feed-forward layer.
    pub hidden: usize,
    /// The activation between its two linear layers.
    pub activation: Activation,
    /// The kind of normalisation of tokens.
    pub norm: TokenNormKind,
    /// The constant that is added to the variance or mean square in the normalisations.
    pub eps: f64,
    /// Where the normalisations are.
    pub order: NormOrder,
    /// The probability that training drops an element after each part, and inside the feed-forward
    /// layer.
    pub dropout: f64,
    /// Whether there is attention to another sequence after self-attention.
    pub cross: bool,
}

impl BlockConfig {
    /// A pre-norm block with layer normalisation, GELU, and a feed-forward layer four times as wide
    /// as a token.
    pub fn new(width: usize, heads: usize) -> Self {
        Self {
            attention: AttentionConfig::new(width, heads),
            hidden: 4 * width,
            activation: Activation::Gelu,
            norm: TokenNormKind::Layer,
            eps: 1e-5,
            order: NormOrder::Pre,
            dropout: 0.0,
            cross: false,
        }
    }

    /// The number of parameters: those of each [attention](AttentionConfig::parameter_count),
    /// 2 d h + h + d of the feed-forward layer, and for each normalisation d of the scale and, in
    /// layer normalisation, d of the shift.
    pub fn parameter_count(&self) -> usize {
        let (d, h) = (self.attention.width, self.hidden);
        let attentions = if self.cross { 2 } else { 1 };
        let vectors = if self.norm == TokenNormKind::Layer { 2 } else { 1 };
        attentions * self.attention.parameter_count() + 2 * d * h + h + d + (attentions + 1) * vectors * d
    }
}

/// A transformer block: attention, then, for each token separately, a feed-forward layer
/// ffn(h) = f(h W_1 + b_1) W_2 + b_2. The output of each is added to its input. Pre-norm:
///
/// h = x + drop(attention(norm_1(x))), y = h + drop(ffn(norm_2(h)));
///
/// post-norm: h = norm_1(x + drop(attention(x))), y = norm_2(h + drop(ffn(h))) (Vaswani et al.
/// 2017, section 3; Xiong et al. 2020, table 1). Cross attention, if there is one, is between the
/// two and is added in the same way.
///
/// `x: [batch, tokens, width]` to the same shape. W_1 and W_2 are drawn from Glorot's uniform
/// distribution, biases start at 0.
#[derive(Clone, Debug)]
pub struct TransformerBlock<A = Tensor> {
    /// Self-attention.
    pub attention: MultiHeadAttention<A>,
    /// The normalisation of self-attention.
    pub attention_norm: TokenNorm<A>,
    /// Attention to another sequence.
    pub cross: Option<MultiHeadAttention<A>>,
    /// The normalisation of cross attention.
    pub cross_norm: Option<TokenNorm<A>>,
    /// W_1 and b_1.
    pub expand: Linear<A>,
    /// W_2 and b_2.
    pub contract: Linear<A>,
    /// The normalisation of the feed-forward layer.
    pub feed_forward_norm: TokenNorm<A>,
    activation: Activation,
    order: NormOrder,
    dropout: Dropout,
}

impl TransformerBlock {
    /// A block with random weights.
    ///
    /// # Panics
    /// As [`AttentionConfig::check`] and [`Dropout::new`].
    #[track_caller]
    pub fn new(config: &BlockConfig, stream: &mut Stream) -> Self {
        let (width, hidden) = (config.attention.width, config.hidden);
        let norm = || TokenNorm::new(config.norm, width, config.eps);
        let attention = MultiHeadAttention::new(config.attention, stream);
        let cross = config.cross.then(|| MultiHeadAttention::new(config.attention, stream));
        let mut linear =
            |inputs, outputs| Linear::new(inputs, outputs, true, super::Init::GlorotUniform, stream);
        Self {
            attention,
            attention_norm: norm(),
            cross_norm: cross.as_ref().map(|_| norm()),
            cross,
            expand: linear(width, hidden),
            contract: linear(hidden, width),
            feed_forward_norm: norm(),
            activation: config.activation,
            order: config.order,
            dropout: Dropout::new(config.dropout),
        }
    }
}

impl<A: Algebra> TransformerBlock<A> {
    /// The block's output for tokens that see one another as the mask says.
    ///
    /// # Panics
    /// If shapes do not fit, or there is cross attention.
    #[track_caller]
    pub fn encode(&self, x: &A, mask: &Mask, pass: &mut Pass<A>) -> A {
        self.run(x, None, pass, |attention, h, pass| attention.attend(h, h, mask, pass))
    }

    /// The block's output with cross attention to the tokens of another sequence.
    ///
    /// # Panics
    /// If shapes do not fit, or there is no cross attention.
    #[track_caller]
    pub fn decode(&self, x: &A, mask: &Mask, context: &A, context_mask: &Mask, pass: &mut Pass<A>) -> A {
        self.run(x, Some((context, context_mask)), pass, |attention, h, pass| {
            attention.attend(h, h, mask, pass)
        })
    }

    /// The block's output for new tokens, which see one another and the tokens of the cache under
    /// the causal mask.
    ///
    /// # Panics
    /// If shapes do not fit, or there is cross attention.
    #[track_caller]
    pub fn encode_cached(&self, x: &A, cache: &mut Cache<A>, pass: &mut Pass<A>) -> A {
        self.run(x, None, pass, |attention, h, pass| attention.attend_cached(h, cache, &Mask::causal(), pass))
    }

    #[track_caller]
    fn run(
        &self,
        x: &A,
        context: Option<(&A, &Mask)>,
        pass: &mut Pass<A>,
        attend: impl FnOnce(&MultiHeadAttention<A>, &A, &mut Pass<A>) -> A,
    ) -> A {
        let mut x = self.add(x, &self.attention_norm, pass, |h, pass| attend(&self.attention, h, pass));
        assert!(
            context.is_some() == self.cross.is_some(),
            "transformer block: cross attention needs another sequence, and only a block with it takes one"
        );
        if let (Some(cross), Some(norm), Some((context, mask))) = (&self.cross, &self.cross_norm, context) {
            x = self.add(&x, norm, pass, |h, pass| cross.attend(h, context, mask, pass));
        }
        self.add(&x, &self.feed_forward_norm, pass, |h, pass| {
            let h = self.activation.apply(self.expand.forward(h, pass));
            self.contract.forward(&self.dropout.forward(&h, pass), pass)
        })
    }

    /// x plus a function of x, normalised before the function or after the sum.
    #[track_caller]
    fn add(
        &self,
        x: &A,
        norm: &TokenNorm<A>,
        pass: &mut Pass<A>,
        f: impl FnOnce(&A, &mut Pass<A>) -> A,
    ) -> A {
        match self.order {
            NormOrder::Pre => {
                let h = norm.forward(x, pass);
                let h = f(&h, pass);
                x.clone() + &self.dropout.forward(&h, pass)
            }
            NormOrder::Post => {
                let h = f(x, pass);
                norm.forward(&(x.clone() + &self.dropout.forward(&h, pass)), pass)
            }
        }
    }
}

parameters!(TransformerBlock {
    attention, attention_norm, cross, cross_norm, expand, contract, feed_forward_norm;
    activation, order, dropout,
});

/// Self-attention in which every token sees every token.
impl<A: Algebra> Module<A> for TransformerBlock<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        self.encode(x, &Mask::none(), pass)
    }
}

/// The hyperparameters of a transformer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransformerConfig {
    /// The number of different tokens.
    pub vocabulary: usize,
    /// How positions are added to tokens. Rotary positions are set in the block's attention.
    pub positions: PositionKind,
    /// The number of learned positions.
    pub longest: usize,
    /// Whether the sums of token and position vectors are normalised, as in BERT (Devlin et al.
    /// 2019).
    pub embedding_norm: bool,
    /// The number of blocks.
    pub blocks: usize,
    /// The hyperparameters of each block.
    pub block: BlockConfig,
}

impl TransformerConfig {
    /// Approximately the number of values that the blocks compute for a sequence of tokens:
    /// queries, keys, values, attention's result, and the hidden layer. Attention's weights are not
    /// kept.
    pub fn activation_count(&self, tokens: usize) -> usize {
        tokens * self.blocks * (4 * self.block.attention.width + self.block.hidden)
    }

    /// The number of parameters: those of the [blocks](BlockConfig::parameter_count), a vector for
    /// each token and each learned position, and those of the normalisations before and after the
    /// blocks.
    pub fn parameter_count(&self) -> usize {
        let width = self.block.attention.width;
        let norm = if self.block.norm == TokenNormKind::Layer { 2 * width } else { width };
        let norms = usize::from(self.embedding_norm) + usize::from(self.block.order == NormOrder::Pre);
        let positions = if self.positions == PositionKind::Learned { self.longest } else { 0 };
        (self.vocabulary + positions) * width + self.blocks * self.block.parameter_count() + norms * norm
    }
}

/// A transformer without a head. Tokens are embedded, positions are added, and the sum is
/// normalised if so configured. Then the blocks are applied one after the other; with pre-norm
/// blocks the result is normalised.
///
/// `batch * tokens` indices to `[batch, tokens, width]`. The embedding is drawn from N(0, 1).
#[derive(Clone, Debug)]
pub struct Transformer<A = Tensor> {
    /// The token vectors.
    pub embedding: Embedding<A>,
    /// The position vectors.
    pub positions: Positions<A>,
    /// The normalisation of their sum.
    pub embedding_norm: Option<TokenNorm<A>>,
    /// The blocks.
    pub blocks: Vec<TransformerBlock<A>>,
    /// The last normalisation, of pre-norm blocks.
    pub norm: Option<TokenNorm<A>>,
}

impl Transformer {
    /// A transformer with random weights.
    ///
    /// # Panics
    /// As [`TransformerBlock::new`].
    #[track_caller]
    pub fn new(config: &TransformerConfig, stream: &mut Stream) -> Self {
        let BlockConfig { norm, eps, order, .. } = config.block;
        let width = config.block.attention.width;
        let norm = || TokenNorm::new(norm, width, eps);
        Self {
            embedding: Embedding::new(config.vocabulary, width, 1.0, stream),
            positions: Positions::new(config.positions, config.longest, width, stream),
            embedding_norm: config.embedding_norm.then(norm),
            blocks: (0..config.blocks).map(|_| TransformerBlock::new(&config.block, stream)).collect(),
            norm: (order == NormOrder::Pre).then(norm),
        }
    }
}

impl<A: Algebra> Transformer<A> {
    /// The features after the last block, for `batch` sequences of equal length whose tokens see
    /// one another as the mask says.
    ///
    /// # Panics
    /// If a token is not in the vocabulary, or there are more tokens than learned positions.
    #[track_caller]
    pub fn encode(
        &self,
        tokens: impl Into<Arc<[usize]>>,
        batch: usize,
        mask: &Mask,
        pass: &mut Pass<A>,
    ) -> A {
        let x = self.embed(tokens, batch, 0, pass);
        let x = self.blocks.iter().fold(x, |x, block| block.encode(&x, mask, pass));
        self.normalise(x, pass)
    }

    /// The features after the last block of new tokens, under the causal mask. They follow the
    /// tokens in the caches, of which there is one for each block.
    ///
    /// # Panics
    /// As [`encode`](Self::encode), or if the number of caches is not the number of blocks.
    #[track_caller]
    pub fn encode_cached(
        &self,
        tokens: impl Into<Arc<[usize]>>,
        batch: usize,
        caches: &mut [Cache<A>],
        pass: &mut Pass<A>,
    ) -> A {
        let (count, blocks) = (caches.len(), self.blocks.len());
        assert!(count == blocks, "transformer: {count} caches for {blocks} blocks");
        let first = caches.first().map_or(0, Cache::tokens);
        let mut x = self.embed(tokens, batch, first, pass);
        for (block, cache) in self.blocks.iter().zip(caches) {
            x = block.encode_cached(&x, cache, pass);
        }
        self.normalise(x, pass)
    }

    /// The attention weights of each block under the causal mask:
    /// `[batch, heads, tokens, tokens]`.
    ///
    /// # Panics
    /// As [`encode`](Self::encode).
    #[track_caller]
    pub fn weights(&self, tokens: impl Into<Arc<[usize]>>, batch: usize, pass: &mut Pass<A>) -> Vec<A> {
        let mask = Mask::causal();
        let mut x = self.embed(tokens, batch, 0, pass);
        let mut weights = Vec::with_capacity(self.blocks.len());
        for block in &self.blocks {
            let h = match block.order {
                NormOrder::Pre => block.attention_norm.forward(&x, pass),
                NormOrder::Post => x.clone(),
            };
            weights.push(block.attention.weights(&h, &h, &mask, pass));
            x = block.encode(&x, &mask, pass);
        }
        weights
    }

    /// The input of the first block; the first token has position `first`.
    #[track_caller]
    fn embed(&self, tokens: impl Into<Arc<[usize]>>, batch: usize, first: usize, pass: &mut Pass<A>) -> A {
        let x = self.positions.add(&self.embedding.look_up(tokens, batch), first, pass);
        match &self.embedding_norm {
            Some(norm) => norm.forward(&x, pass),
            None => x,
        }
    }

    #[track_caller]
    fn normalise(&self, x: A, pass: &mut Pass<A>) -> A {
        match &self.norm {
            Some(norm) => norm.forward(&x, pass),
            None => x,
        }
    }
}

parameters!(Transformer { embedding, positions, embedding_norm, blocks, norm });
