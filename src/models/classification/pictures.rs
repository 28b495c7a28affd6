//! Labelled pictures.

use crate::data::{Cifar, CifarKind, Mnist};
use crate::tensor::Tensor;

/// Pictures with their classes, and the normalisation that turns colours into a network's inputs.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// The colours from 0 to 255: `[example, row, column, channel]`.
    pub images: Vec<u8>,
    /// The class of each example.
    pub labels: Vec<u8>,
    /// Height and width of every picture.
    pub size: [usize; 2],
    /// The number of classes.
    pub classes: usize,
    /// The mean of each channel, where colours are from 0 to 1. The normalisation subtracts it.
    pub means: &'static [f32],
    /// The standard deviation of each channel. The normalisation divides by it.
    pub deviations: &'static [f32],
}

impl From<Mnist> for Pictures {
    /// Pictures whose inputs are their colours from 0 (paper) to 1 (ink), without normalisation.
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
    /// Photographs. Over the training images, the inputs of each channel have mean 0 and standard
    /// deviation 1.
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

    /// The colours of some examples, from 0 to 1: `[examples, height, width, channels]`.
    pub fn colors(&self, examples: &[usize]) -> Tensor {
        let mut bytes = examples.iter().flat_map(|&i| self.image(i));
        Tensor::from_fn(&[examples.len(), self.size[0], self.size[1], self.channels()], || {
            f32::from(*bytes.next().expect("a picture for each example")) / 255.0
        })
    }

    /// Replaces colours x by the network's inputs, (x - mean) / deviation in each channel.
    pub fn normalize(&self, colors: &mut Tensor) {
        for pixel in colors.as_mut_slice().chunks_exact_mut(self.channels()) {
            for ((x, mean), deviation) in pixel.iter_mut().zip(self.means).zip(self.deviations) {
                *x = (*x - mean) / deviation;
            }
        }
    }

    /// The network's inputs for some examples: `[examples, height, width, channels]`.
    pub fn inputs(&self, examples: &[usize]) -> Tensor {
        let mut inputs = self.colors(examples);
        self.normalize(&mut inputs);
        inputs
    }
}
