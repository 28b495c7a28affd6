//! One vector for a text.

use std::sync::Arc;

use super::{Pass, Transformer};
use crate::autodiff::Algebra;
use crate::tensor::{Float as _, Mask, Tensor};

impl<A: Algebra> Transformer<A> {
    /// The mean of the last features over each text's tokens, which see one another:
    /// `[texts, width]` ("mean pooling", Reimers & Gurevych 2019, section 3). Shorter texts are
    /// padded; padding is neither seen nor counted. The mean of a text without tokens is zero.
    ///
    /// # Panics
    /// As [`encode`](Self::encode).
    #[track_caller]
    pub fn mean_features(&self, texts: &[&[usize]], pass: &mut Pass<A>) -> A {
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0).max(1);
        let padding = |text: &[usize]| std::iter::repeat_n(0, longest - text.len());
        let tokens: Arc<[usize]> =
            texts.iter().flat_map(|text| text.iter().copied().chain(padding(text))).collect();
        let lengths: Arc<[usize]> = texts.iter().map(|text| text.len()).collect();
        let mut shares = vec![A::Elem::ZERO; texts.len() * longest];
        for (row, &length) in shares.chunks_exact_mut(longest).zip(lengths.iter()) {
            row[..length].fill(A::Elem::from_f64(1.0 / length.max(1) as f64));
        }
        let shares = Tensor::from_vec(&[texts.len(), 1, longest], shares).expect("one for each token");
        let features = self.encode(tokens, texts.len(), &Mask::lengths(lengths), pass);
        let mean = pass.constant(shares).matmul(&features);
        let width = mean.shape()[2];
        mean.reshape(&[texts.len(), width])
    }
}
