//! What the heads of a language model attend to.

use super::{Lessons, Sequence, Task};
use crate::models::LanguageModel;
use crate::nn::Pass;
use crate::tensor::Tensor;

/// A head's weights, `[tokens, tokens]`, and which one it is.
pub struct HeadWeights {
    /// The number of the block.
    pub block: usize,
    /// The number of the head in its block.
    pub number: usize,
    /// Row by row.
    pub weights: Vec<f64>,
}

/// The weights of all heads for a sequence.
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

/// How much the best head attends to what followed the same symbol before, whenever that was, on average over the
/// answers' tokens of some sequences (Olsson et al. 2022, "prefix matching score").
pub fn induction_score(lessons: &Lessons, model: &LanguageModel) -> f64 {
    let sequences = lessons.examples_of(Task::Induction, 16);
    let mut scores: Vec<f64> = Vec::new();
    for Sequence { tokens, answer } in sequences {
        let n = tokens.len();
        for (i, head) in heads(model, tokens).iter().enumerate() {
            let followed = |t: usize| (0..t).filter(move |&j| tokens[j] == tokens[t]).map(|j| j + 1);
            let weights = (*answer..n).flat_map(|t| followed(t).map(move |j| t * n + j));
            let weights: f64 = weights.map(|place| head.weights[place]).sum();
            let score = weights / (n - answer) as f64 / sequences.len() as f64;
            if scores.len() == i { scores.push(score) } else { scores[i] += score }
        }
    }
    scores.into_iter().fold(0.0, f64::max)
}
