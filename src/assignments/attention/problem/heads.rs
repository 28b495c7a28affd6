//! The attention weights of a language model's heads.

use super::{Lessons, Sequence, Task};
use crate::models::LanguageModel;
use crate::nn::Pass;
use crate::tensor::Tensor;

/// The attention weights of a head.
pub struct HeadWeights {
    /// The index of the block.
    pub block: usize,
    /// The index of the head in its block.
    pub number: usize,
    /// The weights, `[tokens, tokens]` in row-major order.
    pub weights: Vec<f64>,
}

/// The attention weights of all heads for a sequence.
pub fn heads(model: &LanguageModel, tokens: &[usize]) -> Vec<HeadWeights> {
    let n = tokens.len();
    let layers = model.transformer.weights(tokens, 1, &mut Pass::inference());
    let of_layer = |(block, weights): (usize, &Tensor)| {
        let heads = weights.as_slice().chunks_exact(n * n).enumerate();
        heads
            .map(|(number, weights)| HeadWeights {
                block,
                number,
                weights: weights.iter().copied().map(f64::from).collect(),
            })
            .collect::<Vec<_>>()
    };
    layers.iter().enumerate().flat_map(of_layer).collect()
}

/// The induction score of the best head ("prefix matching score", Olsson et al. 2022): the
/// attention weight on all tokens that followed earlier occurrences of the current symbol, averaged
/// over the tokens of the answers of 16 sequences.
pub fn induction_score(lessons: &Lessons, model: &LanguageModel) -> f64 {
    let sequences = lessons.examples_of(Task::Induction, 16);
    let mut scores: Vec<f64> = Vec::new();
    for Sequence { tokens, answer } in sequences {
        let n = tokens.len();
        for (i, head) in heads(model, tokens).iter().enumerate() {
            let followed = |t: usize| (0..t).filter(move |&j| tokens[j] == tokens[t]).map(|j| j + 1);
            let weights = (*answer..n).flat_map(|t| followed(t).map(move |j| t * n + j));
            let weights: f64 = weights.map(|index| head.weights[index]).sum();
            let score = weights / (n - answer) as f64 / sequences.len() as f64;
            if scores.len() == i { scores.push(score) } else { scores[i] += score }
        }
    }
    scores.into_iter().fold(0.0, f64::max)
}
