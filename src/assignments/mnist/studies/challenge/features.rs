//! The features of the classifiers in the challenge.

use super::deskew::deskew;
use super::hog::{self, Hog};
use super::visibility::{self, root_sums};
use crate::assignments::mnist::problem::{PIXELS, SIZE};
use crate::data::Augmentation;
use crate::data::LabelledImages;
use crate::parallel;
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// Fixed features of pictures, without learned parameters, and the labels.
pub(crate) struct Features {
    /// Square roots of sums of visibility patterns: `[n, SUMS]`.
    pub roots: Tensor,
    /// Histograms of oriented gradients, unit vectors: `[n, 392]`.
    pub hog: Tensor,
    /// The class of each picture.
    pub labels: Vec<usize>,
}

impl Features {
    /// The features of some examples.
    pub fn of(data: &LabelledImages, examples: &[usize]) -> Self {
        let describe = Hog::new();
        let both = parallel::map(examples, |&i| {
            let upright = deskew(&grey(data, i));
            (root_sums(&upright), describe.of(&upright))
        });
        let (roots, hog): (Vec<_>, Vec<_>) = both.into_iter().unzip();
        Self {
            roots: rows(visibility::SUMS, roots.into_flattened()),
            hog: rows(hog::LENGTH, hog.into_flattened()),
            labels: data.labels_of(examples),
        }
    }
}

/// The histograms of oriented gradients of the original examples, followed by those of `copies`
/// randomly changed copies of each, and the labels.
pub(crate) fn jittered(
    upright: &Features,
    (data, examples): (&LabelledImages, &[usize]),
    augmentation: &Augmentation,
    copies: u64,
    seed: u64,
) -> (Tensor, Vec<usize>) {
    let describe = Hog::new();
    let mut values = upright.hog.as_slice().to_vec();
    for copy in 0..copies {
        let descriptions = parallel::map(examples, |&i| {
            let mut moved = [0.0; PIXELS];
            let stream = &mut Stream::at(seed, Purpose::Augment, copy, i as u64);
            augmentation.apply(&grey(data, i), SIZE, stream, &mut moved);
            describe.of(&deskew(&moved))
        });
        values.extend_from_slice(descriptions.as_flattened());
    }
    (rows(hog::LENGTH, values), upright.labels.repeat(1 + copies as usize))
}

fn grey(data: &LabelledImages, example: usize) -> [f32; PIXELS] {
    let bytes = data.image(example);
    std::array::from_fn(|i| f32::from(bytes[i]) / 255.0)
}

/// A tensor of rows of a given length.
pub(crate) fn rows(length: usize, values: Vec<f32>) -> Tensor {
    Tensor::from_vec(&[values.len() / length, length], values).expect("whole rows")
}
