//! The data, the network and the loss of assignment 4.

mod augmentation;
mod earlier;

pub use augmentation::Augmentation;
pub(super) use augmentation::{CHANNELS, LENGTH, probabilities_of_views};

use super::Cifar;
use crate::data::augment::{Border, Mix, Step};
use crate::data::split::{Split, SplitError};
use crate::data::{CifarKind, LabelledImages, Part};
use crate::experiment::{DataFolder, Error};
use crate::models::{ClassifierConfig, ImageClassification, Residual};

/// The training objective: classification of photographs.
pub type PhotoClassification = ImageClassification<Augmentation>;

impl Cifar {
    /// The configuration of the network.
    pub(super) fn architecture(&self) -> ClassifierConfig {
        ClassifierConfig {
            input_size: CifarKind::SIZE,
            input_depth: 3,
            layer_depths: self.layer_depths.clone(),
            layer_kernel_sizes: self.layer_kernel_sizes.iter().map(|&k| [k, k]).collect(),
            layer_strides: self.layer_strides.clone(),
            downsampling: self.downsampling,
            num_classes: self.dataset.classes().len(),
            norm_groups: self.norm_groups.0,
            activation: self.activation,
            residual: self.residual.order().map(|order| Residual {
                order,
                standardised: self.standardised,
                last_scale: self.last_scale as f32,
                drop: self.stochastic_depth,
                squeeze: self.squeeze.0,
            }),
            head: self.head.head(),
            layer_dropout: self.layer_dropout,
            dropout: self.dropout,
        }
    }

    /// The augmentation of training examples.
    pub fn augmentation(&self) -> Augmentation {
        let jitter = Step::Jitter { brightness: self.jitter, contrast: self.jitter, saturation: self.jitter };
        let translate = Step::Translate { pixels: self.shift, border: Border::Reflect };
        let mixup = self.mixup.0.map(|alpha| Mix::Mixup { alpha });
        let cutmix = self.cutmix.0.map(|alpha| Mix::CutMix { alpha });
        Augmentation {
            colors: [
                self.flip.flip().map(Step::Flip),
                (self.shift > 0).then_some(translate),
                (self.jitter > 0.0).then_some(jitter),
            ]
            .into_iter()
            .flatten()
            .collect(),
            inputs: self.cutout.0.map(|side| Step::Cutout { side }).into_iter().collect(),
            mixes: [mixup, cutmix].into_iter().flatten().collect(),
        }
    }

    pub(super) fn read(&self, data: &DataFolder, part: Part) -> Result<LabelledImages, Error> {
        data.ensure(self.dataset.source())?;
        Ok(LabelledImages::read_cifar(self.dataset, &data.path, part)?)
    }

    /// The examples for training, and those that are held out for validation.
    pub(super) fn split(&self, pictures: &LabelledImages) -> Result<Split, SplitError> {
        pictures.hold_out(self.validation, self.seed)
    }
}
