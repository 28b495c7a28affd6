//! Labelled images.

use super::CifarKind;
use super::split::{Split, SplitError, stratified_hold_out};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// Images and their classes, and how colours become a network's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledImages {
    /// Values from 0 to 255: `[example, row, column, channel]`.
    pub images: Vec<u8>,
    /// The class of each example.
    pub labels: Vec<u8>,
    /// The superclass of each example, an index into [`SUPERCLASSES`](super::cifar::SUPERCLASSES);
    /// only CIFAR-100 has superclasses.
    pub superclasses: Option<Vec<u8>>,
    /// Height and width of every image.
    pub size: [usize; 2],
    /// The number of classes.
    pub classes: usize,
    /// The mean of each channel, for values from 0 to 1.
    pub means: &'static [f32],
    /// The standard deviation of each channel.
    pub deviations: &'static [f32],
}

impl LabelledImages {
    /// Grey images of ten classes, as MNIST has them; 0 is paper, 255 ink. Inputs are not normalised.
    pub fn grey(size: [usize; 2], images: Vec<u8>, labels: Vec<u8>) -> Self {
        let (means, deviations) = (&[0.0], &[1.0]);
        Self { images, labels, superclasses: None, size, classes: 10, means, deviations }
    }

    /// Colour images of 32 x 32 pixels. Inputs have mean 0 and standard deviation 1 in each channel
    /// over the training images of the data set.
    pub fn of_cifar(kind: CifarKind, images: Vec<u8>, labels: Vec<u8>) -> Self {
        Self {
            images,
            labels,
            superclasses: None,
            size: CifarKind::SIZE,
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

    /// Holds out `validation` examples, in which each class has its proportional share.
    ///
    /// # Errors
    /// If a part would be empty.
    pub fn hold_out(&self, validation: usize, seed: u64) -> Result<Split, SplitError> {
        let labels: Vec<usize> = self.labels.iter().map(|&label| label.into()).collect();
        stratified_hold_out(&labels, validation, &mut Stream::new(seed, Purpose::Split))
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
