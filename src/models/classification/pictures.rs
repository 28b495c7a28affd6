//! Labelled pictures.

use crate::data::{Cifar, CifarKind, Mnist};
use crate::tensor::Tensor;

/// Pictures and their classes, and how colours become a network's inputs.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// From 0 to 255: `[example, row, column, channel]`.
    pub images: Vec<u8>,
    /// The class of each example.
    pub labels: Vec<u8>,
    /// Height and width of every picture.
    pub size: [usize; 2],
    /// The number of classes.
    pub classes: usize,
    /// What is taken from each channel's numbers, which are from 0 to 1 before.
    pub means: &'static [f32],
    /// What they are divided by then.
    pub deviations: &'static [f32],
}

impl From<Mnist> for Pictures {
    /// From 0 (paper) to 1 (ink), as they are.
    fn from(digits: Mnist) -> Self {
        Self {
            size: [digits.height, digits.width],
            images: digits.images,
            labels: digits.labels,
            classes: 10,
            means: &[0.0],
            deviations: &[1.0],
        }
    }
}

impl Pictures {
    /// Photographs, each channel brought to the mean 0 and the standard deviation 1 that it has over the
    /// training images.
    pub fn of_cifar(kind: CifarKind, photographs: Cifar) -> Self {
        Self {
            images: photographs.images,
            labels: photographs.labels,
            size: Cifar::SIZE,
            classes: kind.classes().len(),
            means: kind.means(),
            deviations: kind.deviations(),
        }
    }

    /// The number of examples.
    pub fn examples(&self) -> usize {
        self.labels.len()
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.means.len()
    }

    /// The colours of one picture, `[row, column, channel]`.
    pub fn image(&self, example: usize) -> &[u8] {
        let length = self.size[0] * self.size[1] * self.channels();
        &self.images[example * length..][..length]
    }

    /// The classes of some examples.
    pub fn labels_of(&self, examples: &[usize]) -> Vec<usize> {
        examples.iter().map(|&i| usize::from(self.labels[i])).collect()
    }

    /// Colours from 0 to 1 of some examples: `[examples, height, width, channels]`.
    pub fn colors(&self, examples: &[usize]) -> Tensor {
        let mut bytes = examples.iter().flat_map(|&i| self.image(i));
        Tensor::from_fn(&[examples.len(), self.size[0], self.size[1], self.channels()], || {
            f32::from(*bytes.next().expect("a picture for each example")) / 255.0
        })
    }

    /// From colours to a network's inputs, of the same shape: (x - mean) / deviation in each channel.
    pub fn normalize(&self, colors: &mut Tensor) {
        for pixel in colors.as_mut_slice().chunks_exact_mut(self.channels()) {
            for ((x, mean), deviation) in pixel.iter_mut().zip(self.means).zip(self.deviations) {
                *x = (*x - mean) / deviation;
            }
        }
    }

    /// A network's inputs for some examples.
    pub fn inputs(&self, examples: &[usize]) -> Tensor {
        let mut inputs = self.colors(examples);
        self.normalize(&mut inputs);
        inputs
    }
}
