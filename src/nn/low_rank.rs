//! Low-rank updates: of a linear layer, and of a whole transformer.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{Init, Linear, Module, Parameters, Pass, Path, Transformer, TransformerBlock};
use crate::autodiff::Algebra;
use crate::random::Stream;
use crate::tensor::Tensor;

/// A low-rank update of a matrix of weights, LoRA (Hu et al. 2022, section 4.1): s A B is added to W, where
/// s = alpha / rank, so that s (x A) B is added to what the layer computes. W itself may then stay as it is.
///
/// `x: [.., inputs]` to `[.., outputs]`. A is drawn from N(0, 1 / inputs) and B starts at 0, so that nothing changes
/// at first.
///
/// Shown by its tests: no change at first; the update merged into W gives the same values; the number of
/// parameters; gradients to order 2.
#[derive(Clone, Debug)]
pub struct LowRank<A = Tensor> {
    /// A: `[inputs, rank]`.
    pub down: A,
    /// B: `[rank, outputs]`.
    pub up: A,
    scale: f64,
}

impl LowRank {
    /// An update of a matrix of weights `[inputs, outputs]` that does not change it yet.
    ///
    /// # Panics
    /// If the rank is 0.
    #[track_caller]
    pub fn new(inputs: usize, outputs: usize, rank: usize, alpha: f64, stream: &mut Stream) -> Self {
        assert!(rank > 0, "low-rank update: the rank is 0");
        let deviation = (inputs as f64).sqrt().recip();
        Self {
            down: Init::Normal(deviation).draw(&[inputs, rank], inputs, rank, stream),
            up: Tensor::zeros(&[rank, outputs]),
            scale: alpha / rank as f64,
        }
    }
}

impl<A: Algebra> LowRank<A> {
    /// What is added to W: s A B.
    pub fn product(&self) -> A {
        self.down.matmul(&self.up) * self.scale
    }
}

impl<A> Parameters<A> for LowRank<A> {
    type Of<B> = LowRank<B>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> LowRank<B> {
        LowRank {
            down: f(path.field("down"), &self.down),
            up: f(path.field("up"), &self.up),
            scale: self.scale,
        }
    }
}

impl<A: Algebra> Module<A> for LowRank<A> {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        x.matmul(&self.down).matmul(&self.up) * self.scale
    }
}

impl<A: Algebra> Linear<A> {
    /// The layer with its update, if there is one, as part of its weights.
    pub fn merged(&self) -> Self {
        match &self.update {
            Some(update) => {
                Self { weight: self.weight.clone() + &update.product(), update: None, ..self.clone() }
            }
            None => self.clone(),
        }
    }
}

/// Which matrices of a transformer's blocks have updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Updated {
    /// Those of queries and values, as in most of the paper's experiments
    QueryValue,
    /// Those of attention: queries, keys, values and what follows the heads
    Attention,
    /// Those of attention and of the feed-forward layer
    All,
}

/// The updates of a block's matrices.
#[derive(Clone, Debug)]
pub struct BlockUpdate<A = Tensor> {
    /// Of W_q.
    pub query: Option<LowRank<A>>,
    /// Of W_k.
    pub key: Option<LowRank<A>>,
    /// Of W_v.
    pub value: Option<LowRank<A>>,
    /// Of W_o.
    pub output: Option<LowRank<A>>,
    /// Of W_1.
    pub expand: Option<LowRank<A>>,
    /// Of W_2.
    pub contract: Option<LowRank<A>>,
}

impl BlockUpdate {
    /// Updates for a block with features of a width and a feed-forward layer of another.
    ///
    /// # Panics
    /// As [`LowRank::new`].
    #[track_caller]
    pub fn new(
        [width, hidden]: [usize; 2],
        updated: Updated,
        rank: usize,
        alpha: f64,
        stream: &mut Stream,
    ) -> Self {
        let mut update =
            |on: bool, inputs, outputs| on.then(|| LowRank::new(inputs, outputs, rank, alpha, stream));
        let (attention, all) = (updated != Updated::QueryValue, updated == Updated::All);
        Self {
            query: update(true, width, width),
            key: update(attention, width, width),
            value: update(true, width, width),
            output: update(attention, width, width),
            expand: update(all, width, hidden),
            contract: update(all, hidden, width),
        }
    }
}

impl<A: Clone> BlockUpdate<A> {
    /// A block with these updates in place of its own.
    pub fn on(&self, block: &TransformerBlock<A>) -> TransformerBlock<A> {
        let mut block = block.clone();
        for (layer, update) in [
            (&mut block.attention.query, &self.query),
            (&mut block.attention.key, &self.key),
            (&mut block.attention.value, &self.value),
            (&mut block.attention.output, &self.output),
            (&mut block.expand, &self.expand),
            (&mut block.contract, &self.contract),
        ] {
            layer.update.clone_from(update);
        }
        block
    }
}

impl<A> Parameters<A> for BlockUpdate<A> {
    type Of<B> = BlockUpdate<B>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> BlockUpdate<B> {
        let mut part = |name, update: &Option<LowRank<A>>| Parameters::map(update, path.field(name), &mut *f);
        BlockUpdate {
            query: part("query", &self.query),
            key: part("key", &self.key),
            value: part("value", &self.value),
            output: part("output", &self.output),
            expand: part("expand", &self.expand),
            contract: part("contract", &self.contract),
        }
    }
}

impl<A: Clone> Transformer<A> {
    /// The same transformer with updates, one for each block.
    ///
    /// # Panics
    /// If there are not as many updates as blocks.
    #[track_caller]
    pub fn updated(&self, updates: &[BlockUpdate<A>]) -> Self {
        let (count, blocks) = (updates.len(), self.blocks.len());
        assert!(count == blocks, "low-rank update: {count} updates for {blocks} blocks");
        let blocks = self.blocks.iter().zip(updates).map(|(block, update)| update.on(block)).collect();
        Self { blocks, ..self.clone() }
    }
}

impl<A: Algebra> Transformer<A> {
    /// The same transformer with all updates as part of its weights.
    pub fn merged(&self) -> Self {
        let mut merged = self.clone();
        for block in &mut merged.blocks {
            let attention = &mut block.attention;
            for layer in
                [&mut attention.query, &mut attention.key, &mut attention.value, &mut attention.output]
            {
                *layer = layer.merged();
            }
            (block.expand, block.contract) = (block.expand.merged(), block.contract.merged());
        }
        merged
    }
}
