//! Augmentation: random changes of training pictures that keep their class.
//!
//! [`Augmentation`] shifts and warps grey pictures. Photographs go through a list of [`Step`]s (see
//! [`Picture::augment`]), and a [`Mix`] blends the pictures of a group and their targets.

mod color;
mod mix;
mod picture;
mod warp;

pub use mix::Mix;
pub use picture::{Border, Picture};
pub use warp::{Augmentation, SPACING};

use crate::random::{Purpose, Stream};

/// One random change of a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A horizontal flip.
    Flip(Flip),
    /// A shift along each axis, uniform on the whole numbers from -`pixels` to `pixels`.
    Translate {
        /// The largest shift in pixels.
        pixels: usize,
        /// The values of the pixels that come in from outside the picture.
        border: Border,
    },
    /// Sets a square to 0 (DeVries & Taylor 2017). Its centre is uniform over the pixels of the
    /// picture; the part outside the picture is ignored. After normalisation, 0 is the mean.
    Cutout {
        /// The side of the square in pixels.
        side: usize,
    },
    /// Multiplies brightness, contrast and saturation, in this order, by factors that are uniform
    /// on [1 - a, 1 + a], with a separate a from 0 to 1 for each. Colours must be from 0 to 1 and
    /// stay in this range: see [`Picture::adjust_brightness`] and the methods after it.
    Jitter {
        /// The a of the brightness.
        brightness: f64,
        /// The a of the contrast.
        contrast: f64,
        /// The a of the saturation.
        saturation: f64,
    },
}

/// When a picture is flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flip {
    /// Independently in each epoch, with probability 1/2.
    Random,
    /// In epoch 0 with probability 1/2; after that the flip alternates from epoch to epoch, so that
    /// any two consecutive epochs show both orientations of each example (Jordan 2024, arXiv
    /// 2404.00498, section 3.6).
    Alternating,
}

/// One augmented view of an example. The picture is a function of these numbers and the list of
/// steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The seed of all randomness.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The index of the example.
    pub example: u64,
}

impl View {
    fn stream(self, branch: u64) -> Stream {
        Stream::at(self.seed, Purpose::Augment, self.epoch, self.example).branch(branch)
    }
}

impl Flip {
    fn is_due(self, view: View, branch: u64) -> bool {
        let heads = |view: View| view.stream(branch).below(2) == 1;
        match self {
            Self::Random => heads(view),
            Self::Alternating => heads(View { epoch: 0, ..view }) ^ (view.epoch % 2 == 1),
        }
    }
}

impl Step {
    /// The number of the step's kind, from 1, because branch 0 of a stream is the stream itself.
    fn kind(self) -> u64 {
        match self {
            Self::Flip(_) => 1,
            Self::Translate { .. } => 2,
            Self::Cutout { .. } => 3,
            Self::Jitter { .. } => 4,
        }
    }

    fn apply(self, picture: &mut Picture<'_>, view: View, branch: u64) {
        let mut stream = view.stream(branch);
        match self {
            Self::Flip(flip) if flip.is_due(view, branch) => picture.flip(),
            Self::Flip(_) => {}
            Self::Translate { pixels, border } => {
                let mut shift = || stream.below(2 * pixels + 1) as isize - pixels as isize;
                picture.translate([shift(), shift()], border);
            }
            Self::Cutout { side } => {
                picture.cut_out(picture.size().map(|length| stream.below(length)), side);
            }
            Self::Jitter { brightness, contrast, saturation } => {
                let mut factor = |a: f64| 1.0 + a * (2.0 * stream.uniform() - 1.0);
                picture.adjust_brightness(factor(brightness));
                picture.adjust_contrast(factor(contrast));
                picture.adjust_saturation(factor(saturation));
            }
        }
    }
}

impl Picture<'_> {
    /// Applies the steps in order. Each step draws its own random numbers: adding or removing a
    /// step does not change what the other steps draw, except for later steps of the same kind.
    pub fn augment(&mut self, steps: &[Step], view: View) {
        for (i, step) in steps.iter().enumerate() {
            let earlier = steps[..i].iter().filter(|other| other.kind() == step.kind()).count();
            // The lowest byte is the kind of the step, the bytes above it count earlier steps of
            // this kind.
            step.apply(self, view, step.kind() | (earlier as u64) << 8);
        }
    }
}

#[cfg(test)]
mod tests;
