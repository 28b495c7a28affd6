//! Embedding.

use std::sync::Arc;

use super::{Init, LowRank, parameters};
use crate::autodiff::Algebra;
use crate::random::Stream;
use crate::tensor::Tensor;

/// A table with a learned vector for each token: row `i` is the vector of token `i`. With a
/// [low-rank update](LowRank) s A B, row `i` of the update is added.
///
/// `batch * tokens` indices to `[batch, tokens, width]`. The table is drawn from a normal
/// distribution.
#[derive(Clone, Debug)]
pub struct Embedding<A = Tensor> {
    /// `[vocabulary, width]`.
    pub table: A,
    /// A low-rank matrix that is added to the table, in a model that is being adapted.
    pub update: Option<LowRank<A>>,
}

impl Embedding {
    /// A table of random vectors with the given standard deviation.
    pub fn new(vocabulary: usize, width: usize, deviation: f64, stream: &mut Stream) -> Self {
        Self::of(Init::Normal(deviation).draw(&[vocabulary, width], vocabulary, width, stream))
    }
}

impl<A> Embedding<A> {
    /// An embedding with the given table and no update.
    pub fn of(table: A) -> Self {
        Self { table, update: None }
    }
}

impl<A: Algebra> Embedding<A> {
    /// The vectors of `batch` sequences of equal length, one after the other.
    ///
    /// # Panics
    /// If a token is not in the table, or the sequences are not equally long.
    #[track_caller]
    pub fn look_up(&self, tokens: impl Into<Arc<[usize]>>, batch: usize) -> A {
        let tokens: Arc<[usize]> = tokens.into();
        let (count, width) = (tokens.len(), self.table.shape()[1]);
        assert!(batch > 0 && count.is_multiple_of(batch), "embedding: {count} tokens in {batch} sequences");
        let rows = match &self.update {
            Some(update) => self.table.gather(0, tokens.clone()) + &update.rows(tokens),
            None => self.table.gather(0, tokens),
        };
        rows.reshape(&[batch, count / batch, width])
    }
}

parameters!(Embedding { table, update });
