//! Low-rank updates: of a linear layer, of an embedding, and of a whole transformer.

use std::sync::Arc;

use super::{
    Embedding, Init, Linear, Module, Pass, Transformer, TransformerBlock, TransformerConfig, parameters,
};
use crate::autodiff::Algebra;
use crate::choice::choices;
use crate::random::Stream;
use crate::tensor::Tensor;

/// A low-rank update of a weight matrix, LoRA (Hu et al. 2022, section 4.1): s A B is added to W,
/// where s = alpha / rank, so s (x A) B is added to the layer's output. W itself can stay fixed.
///
/// `x: [.., inputs]` to `[.., outputs]`. A is drawn from N(0, 1 / inputs) and B starts at 0, so
/// that nothing changes at first. For a table of vectors ([`of_table`](Self::of_table)) A starts at
/// 0 and B is random.
#[derive(Clone, Debug)]
pub struct LowRank<A = Tensor> {
    /// A: `[inputs, rank]`.
    pub down: A,
    /// B: `[rank, outputs]`.
    pub up: A,
    scale: f64,
}

impl LowRank {
    /// An update of a weight matrix `[inputs, outputs]` that does not change it yet.
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

    /// An update of a table of vectors `[rows, width]` that does not change it yet. A starts at 0
    /// and B is drawn from N(0, 1 / rank). So a row that is never looked up keeps its vector; with
    /// a random A it would change as soon as B is learned.
    ///
    /// # Panics
    /// If the rank is 0.
    #[track_caller]
    pub fn of_table(rows: usize, width: usize, rank: usize, alpha: f64, stream: &mut Stream) -> Self {
        assert!(rank > 0, "low-rank update: the rank is 0");
        Self {
            down: Tensor::zeros(&[rows, rank]),
            up: Init::Normal((rank as f64).sqrt().recip()).draw(&[rank, width], rank, width, stream),
            scale: alpha / rank as f64,
        }
    }
}

impl<A: Algebra> LowRank<A> {
    /// s A B, the matrix that is added to W.
    pub fn product(&self) -> A {
        self.down.matmul(&self.up) * self.scale
    }

    /// The given rows of s A B: `[indices, outputs]`.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn rows(&self, indices: impl Into<Arc<[usize]>>) -> A {
        self.down.gather(0, indices).matmul(&self.up) * self.scale
    }
}

parameters!(LowRank { down, up; scale });

impl<A: Algebra> Module<A> for LowRank<A> {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        x.matmul(&self.down).matmul(&self.up) * self.scale
    }
}

impl<A: Algebra> Linear<A> {
    /// The layer without an update: s A B, if there is one, is added to the weights.
    pub fn merged(&self) -> Self {
        match &self.update {
            Some(update) => {
                Self { weight: self.weight.clone() + &update.product(), update: None, ..self.clone() }
            }
            None => self.clone(),
        }
    }
}

impl<A: Algebra> Embedding<A> {
    /// The embedding without an update: s A B, if there is one, is added to the table.
    pub fn merged(&self) -> Self {
        match &self.update {
            Some(update) => Self::of(self.table.clone() + &update.product()),
            None => self.clone(),
        }
    }
}

choices! {
    /// The matrices of a transformer that have updates.
    pub enum Updated {
        /// Those of queries and values, as in most of the paper's experiments
        QueryValue = "query-value",
        /// Those of attention: queries, keys, values and output
        Attention = "attention",
        /// Those of attention and of the feed-forward layer
        All = "all",
        /// Those of attention and of the feed-forward layer, and the table of token vectors
        WithEmbedding = "with-embedding",
    }
}

impl Updated {
    /// The number of parameters of a transformer's updates: r (n + m) for each matrix n x m, with
    /// the rank r.
    pub fn parameter_count(self, config: &TransformerConfig, rank: usize) -> usize {
        let (width, hidden) = (config.block.attention.width, config.block.hidden);
        let (squares, oblongs, tables) = match self {
            Self::QueryValue => (2, 0, 0),
            Self::Attention => (4, 0, 0),
            Self::All => (4, 2, 0),
            Self::WithEmbedding => (4, 2, 1),
        };
        let block = squares * 2 * width + oblongs * (width + hidden);
        rank * (config.blocks * block + tables * (config.vocabulary + width))
    }
}

/// The updates of a block's matrices.
#[derive(Clone, Debug)]
pub struct BlockUpdate<A = Tensor> {
    /// The update of W_q.
    pub query: Option<LowRank<A>>,
    /// The update of W_k.
    pub key: Option<LowRank<A>>,
    /// The update of W_v.
    pub value: Option<LowRank<A>>,
    /// The update of W_o.
    pub output: Option<LowRank<A>>,
    /// The update of W_1.
    pub expand: Option<LowRank<A>>,
    /// The update of W_2.
    pub contract: Option<LowRank<A>>,
}

impl BlockUpdate {
    /// Updates for a block of the given width and hidden width of the feed-forward layer.
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
        let attention = updated != Updated::QueryValue;
        let all = matches!(updated, Updated::All | Updated::WithEmbedding);
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
    /// The block with its updates replaced by these.
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

parameters!(BlockUpdate { query, key, value, output, expand, contract });

/// The updates of a transformer's matrices.
#[derive(Clone, Debug)]
pub struct TransformerUpdate<A = Tensor> {
    /// The update of the table of token vectors.
    pub embedding: Option<LowRank<A>>,
    /// The updates of each block.
    pub blocks: Vec<BlockUpdate<A>>,
}

impl TransformerUpdate {
    /// Updates for a transformer of the given configuration.
    ///
    /// # Panics
    /// As [`LowRank::new`].
    #[track_caller]
    pub fn new(
        config: &TransformerConfig,
        updated: Updated,
        rank: usize,
        alpha: f64,
        stream: &mut Stream,
    ) -> Self {
        let (width, hidden) = (config.block.attention.width, config.block.hidden);
        let embedding = (updated == Updated::WithEmbedding)
            .then(|| LowRank::of_table(config.vocabulary, width, rank, alpha, stream));
        let block = |_| BlockUpdate::new([width, hidden], updated, rank, alpha, stream);
        Self { embedding, blocks: (0..config.blocks).map(block).collect() }
    }
}

parameters!(TransformerUpdate { embedding, blocks as _ });

impl<A: Clone> Transformer<A> {
    /// The same transformer with its updates replaced by these.
    ///
    /// # Panics
    /// If the number of block updates is not the number of blocks.
    #[track_caller]
    pub fn updated(&self, update: &TransformerUpdate<A>) -> Self {
        let (count, blocks) = (update.blocks.len(), self.blocks.len());
        assert!(count == blocks, "low-rank update: {count} updates for {blocks} blocks");
        let mut updated = self.clone();
        updated.embedding.update.clone_from(&update.embedding);
        updated.blocks = self.blocks.iter().zip(&update.blocks).map(|(block, u)| u.on(block)).collect();
        updated
    }
}

impl<A: Algebra> Transformer<A> {
    /// The same transformer without updates: they are added to its weights.
    pub fn merged(&self) -> Self {
        let mut merged = self.clone();
        merged.embedding = self.embedding.merged();
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
