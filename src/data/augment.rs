//! Augmentation: pictures that are a little different in every epoch, but of the same class.
//!
//! [`Augmentation`] moves and bends grey pictures. Photographs go through a list of [`Step`]s, see
//! [`Picture::augment`], and a [`Mix`] blends the pictures of a group and their targets.

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
    /// Left for right, or not.
    Flip(Flip),
    /// Moves the picture by up to `pixels` either way, along each axis.
    Translate {
        /// The largest shift in pixels.
        pixels: usize,
        /// What comes in from outside.
        border: Border,
    },
    /// Sets a square to 0 whose centre is uniform over the picture, as far as it lies inside (DeVries &
    /// Taylor 2017). After normalization, 0 is the mean.
    Cutout {
        /// Its side in pixels.
        side: usize,
    },
    /// Multiplies brightness, contrast and saturation, in this order, by factors that are uniform on
    /// [1 - a, 1 + a], each with its own a from 0 to 1. For colours from 0 to 1, and they stay there:
    /// see [`Picture::adjust_brightness`] and those after it.
    Jitter {
        /// a of the brightness.
        brightness: f64,
        /// a of the contrast.
        contrast: f64,
        /// a of the saturation.
        saturation: f64,
    },
}

/// When a picture is flipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flip {
    /// In each epoch with probability 1/2.
    Random,
    /// In epoch 0 with probability 1/2, and from then on in every other epoch, so that two epochs show
    /// both sides of every example (Jordan 2024, arXiv 2404.00498, section 3.6).
    Alternating,
}

/// One sight of an example. What it looks like is a function of these numbers and the list of steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Where all randomness starts.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The example, by number.
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
    /// The number of its kind, from 1: branch 0 of a stream is the stream itself.
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
    /// Does the steps, one after another. Each draws its own random numbers: a step more or less does
    /// not change what the others draw, unless it is of the same kind and before them.
    pub fn augment(&mut self, steps: &[Step], view: View) {
        for (i, step) in steps.iter().enumerate() {
            let earlier = steps[..i].iter().filter(|other| other.kind() == step.kind()).count();
            // In the lowest byte the kind, above it which of the kind.
            step.apply(self, view, step.kind() | (earlier as u64) << 8);
        }
    }
}

#[cfg(test)]
mod tests;
