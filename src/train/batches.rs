//! The choice of the examples of each batch.

use super::Sampling;
use crate::random::{Purpose, Stream};

/// Batches, as a function of seed and step.
pub(super) struct Batches {
    examples: usize,
    size: usize,
    sampling: Sampling,
    seed: u64,
    /// The current epoch and its order of the examples.
    order: Option<(u64, Vec<usize>)>,
}

impl Batches {
    pub(super) fn new(examples: usize, size: usize, sampling: Sampling, seed: u64) -> Self {
        assert!(examples > 0 && size > 0, "batches of {size} from {examples} examples");
        Self { examples, size: size.min(examples), sampling, seed, order: None }
    }

    /// The number of batches in an epoch.
    fn in_epoch(&self) -> u64 {
        (self.examples / self.size) as u64
    }

    /// The epoch of step 0, 1, ...
    pub(super) fn epoch(&self, step: u64) -> u64 {
        step / self.in_epoch()
    }

    /// Puts the examples of step 0, 1, ... into `batch`. An epoch's last examples are dropped if
    /// they do not fill a batch; the next epoch has another order, and drops others.
    pub(super) fn fill(&mut self, step: u64, batch: &mut Vec<usize>) {
        batch.clear();
        match self.sampling {
            Sampling::WithReplacement => {
                let mut stream = Stream::at(self.seed, Purpose::Shuffle, step, 0);
                batch.extend((0..self.size).map(|_| stream.below(self.examples)));
            }
            // If a batch is the whole set, it needs no order.
            Sampling::Epochs if self.size == self.examples => batch.extend(0..self.examples),
            Sampling::Epochs => {
                let (epoch, index) = (self.epoch(step), (step % self.in_epoch()) as usize);
                if self.order.as_ref().is_none_or(|(at, _)| *at != epoch) {
                    let mut stream = Stream::at(self.seed, Purpose::Shuffle, epoch, 0);
                    self.order = Some((epoch, stream.permutation(self.examples)));
                }
                let (_, order) = self.order.as_ref().expect("just made");
                batch.extend_from_slice(&order[index * self.size..][..self.size]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(batches: &mut Batches, step: u64) -> Vec<usize> {
        let mut batch = Vec::new();
        batches.fill(step, &mut batch);
        batch
    }

    #[test]
    fn an_epoch_has_every_example_once() {
        let mut batches = Batches::new(12, 4, Sampling::Epochs, 1);
        let epoch = |batches: &mut Batches, e: u64| -> Vec<usize> {
            (3 * e..3 * e + 3).flat_map(|step| batch(batches, step)).collect()
        };
        let (mut first, mut second) = (epoch(&mut batches, 0), epoch(&mut batches, 1));
        assert_ne!(first, second);
        first.sort_unstable();
        second.sort_unstable();
        assert_eq!((&first, &second), (&(0..12).collect(), &(0..12).collect()));
    }

    #[test]
    fn a_batch_does_not_depend_on_earlier_ones() {
        for sampling in [Sampling::Epochs, Sampling::WithReplacement] {
            let mut all = Batches::new(10, 3, sampling, 5);
            let seventh = (0..8).map(|step| batch(&mut all, step)).last().unwrap();
            assert_eq!(batch(&mut Batches::new(10, 3, sampling, 5), 7), seventh);
        }
    }

    #[test]
    fn drawing_with_replacement_is_uniform() {
        let mut batches = Batches::new(5, 4, Sampling::WithReplacement, 2);
        let mut counts = [0; 5];
        (0..5000).for_each(|step| batch(&mut batches, step).iter().for_each(|&i| counts[i] += 1));
        assert!(counts.iter().all(|c| (3750..4250).contains(c)), "{counts:?}");
    }

    #[test]
    fn a_batch_larger_than_the_set_is_the_set() {
        assert_eq!(batch(&mut Batches::new(3, 100, Sampling::Epochs, 0), 9), [0, 1, 2]);
    }
}
