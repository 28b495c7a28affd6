//! The data, the network and the loss of assignment 3.

use super::Mnist;
use crate::data::Augmentation;
use crate::models::classifier::Readout;
use crate::models::{Augment, ClassifierConfig, ImageClassification};
use crate::nn::{Activation, Downsampling};
use crate::random::Purpose;
use crate::tensor::Tensor;
use crate::train::Shard;

/// Height and width of the pictures.
pub(super) const SIZE: [usize; 2] = [28, 28];
/// The number of pixels of a picture.
pub(super) const PIXELS: usize = 28 * 28;
/// The number of classes.
pub(super) const CLASSES: usize = 10;
/// The number of examples that a thread processes at a time.
pub(super) const SHARD: usize = 16;

/// The training objective: classification of digits.
pub type DigitClassification = ImageClassification<Augmentation>;

impl Augment for Augmentation {
    fn colors(&self, colors: &mut Tensor, _: &[usize], shard: &Shard<'_>) {
        if self.is_none() {
            return;
        }
        let mut before = [0.0; PIXELS];
        for (i, picture) in colors.as_mut_slice().chunks_exact_mut(PIXELS).enumerate() {
            before.copy_from_slice(picture);
            self.apply(&before, SIZE, &mut shard.stream(Purpose::Augment, i), picture);
        }
    }
}

impl Mnist {
    /// The configuration of the network.
    pub(super) fn architecture(&self) -> ClassifierConfig {
        ClassifierConfig {
            input_size: SIZE,
            input_depth: 1,
            layer_depths: self.layer_depths.clone(),
            layer_kernel_sizes: self.layer_kernel_sizes.iter().map(|&k| [k, k]).collect(),
            layer_strides: self.layer_strides.clone(),
            downsampling: Downsampling::Stride,
            num_classes: CLASSES,
            norm_groups: self.norm_groups.0,
            activation: Activation::Relu,
            residual: None,
            head: Readout::Flat,
            layer_dropout: self.layer_dropout,
            dropout: self.dropout,
        }
    }
}
