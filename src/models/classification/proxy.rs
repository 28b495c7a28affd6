//! Selection of the training examples of a large network by a small one.

use super::CHUNK;
use crate::models::classifier::Classifier;
use crate::nn::inference::in_chunks;
use crate::nn::loss::cross_entropy;
use crate::nn::{Module as _, Pass};
use crate::tensor::Tensor;
use crate::train::Shard;

/// A small trained network that selects the examples which a large network learns from. Of each
/// batch, it selects those on which its own loss is highest, computed on the same augmented
/// pictures.
///
/// This is selection via proxy (Coleman et al. 2020, arXiv 1906.11829, section 2). As in selective
/// backpropagation (Jiang et al. 2019, arXiv 1910.00762), it is done for each batch;
/// airbench96_faster.py of KellerJordan/cifar10-airbench keeps half of each batch.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The small network.
    pub model: Classifier,
    /// The share of a batch that is kept; at least one example is.
    pub keep: f64,
}

impl Proxy {
    /// The selected examples of a batch, in the batch's order. `pictures` computes the inputs and
    /// targets of a part of the batch.
    pub(crate) fn choose(
        &self,
        batch: &Shard<'_>,
        pictures: impl Fn(&Shard<'_>) -> (Tensor, Tensor) + Sync,
    ) -> Vec<usize> {
        let parts: Vec<Shard<'_>> = batch.chunks(CHUNK).collect();
        let losses = in_chunks(&parts, 1, |part| {
            let (x, targets) = pictures(&part[0]);
            cross_entropy(&self.model.forward(&x, &mut Pass::inference()), &targets)
        });
        let hardest = hardest(&losses, self.keep);
        hardest.into_iter().map(|i| batch.examples[i]).collect()
    }
}

/// The indices of the largest losses, a share `keep` of all, in increasing order. Of equal losses,
/// the first ones are selected.
fn hardest(losses: &[f32], keep: f64) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..losses.len()).collect();
    indices.sort_by(|&a, &b| losses[b].total_cmp(&losses[a]));
    indices.truncate(((losses.len() as f64 * keep).round() as usize).max(1));
    indices.sort_unstable();
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_losses_are_kept_in_order() {
        let losses = [0.5, 2.0, 0.1, 2.0, 1.0];
        assert_eq!(hardest(&losses, 0.4), [1, 3]);
        assert_eq!(hardest(&losses, 0.5), [1, 3, 4]);
        assert_eq!(hardest(&losses, 0.2), [1], "of equal losses the first");
        assert_eq!(hardest(&losses, 1.0), [0, 1, 2, 3, 4]);
        assert_eq!(hardest(&losses, 0.0), [1], "at least one");
    }
}
