//! The ensemble of two classifiers.

use std::path::Path;

use crate::assignments::ag_news::AgNews;
use crate::data::NewsItems;
use crate::experiment::{DataFolder, Error, load};

/// The probabilities that a classifier from a file gives the classes of news items: `[items,
/// classes]` in row-major order.
///
/// # Errors
/// If the file is not a classifier of news, its encoder cannot be loaded, or a probability is not
/// finite.
pub(crate) fn probabilities(weights: &Path, items: &NewsItems, data: &DataFolder) -> Result<Vec<f32>, Error> {
    let (config, model): (AgNews, _) = load(weights)?;
    let encoder = config.encoder(data)?;
    let texts = config.texts(items, encoder.as_ref(), ("test texts", data))?;
    let examples: Vec<usize> = (0..texts.labels.len()).collect();
    Ok(texts.probabilities(&model.onto(encoder.as_ref()), &examples)?)
}

/// The product of two experts, p_k = sqrt(a_k b_k) / sum_j sqrt(a_j b_j): the softmax of the mean
/// of their logits (Hinton 2002, "Training products of experts by minimizing contrastive
/// divergence", equation 1, with half of each exponent). Rows have `classes` probabilities. They
/// are equal if the product is 0 for every class.
pub(crate) fn together(a: &[f32], b: &[f32], classes: usize) -> Vec<f32> {
    let mut p: Vec<f32> = a.iter().zip(b).map(|(a, b)| a.sqrt() * b.sqrt()).collect();
    for row in p.chunks_exact_mut(classes) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|p| *p = if sum > 0.0 { *p / sum } else { 1.0 / classes as f32 });
    }
    p
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_confident_expert_has_more_influence() {
        let p = together(&[0.8, 0.2, 0.5, 0.5, 1.0, 0.0], &[0.5, 0.5, 0.1, 0.9, 0.0, 1.0], 2);
        let (unsure, sure) = (0.4_f32.sqrt(), 0.1_f32.sqrt());
        assert!((p[0] - unsure / (unsure + sure)).abs() < 1e-6);
        assert!((p[3] / p[2] - 3.0).abs() < 1e-5);
        assert_eq!(p[4..], [0.5, 0.5]);
        // Together with itself, an expert gives the same answer.
        let alone = together(&[0.7, 0.3], &[0.7, 0.3], 2);
        assert!((alone[0] - 0.7).abs() < 1e-6);
    }
}
