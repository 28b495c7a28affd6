//! From a picture of a handwritten digit to what MNIST would have made of it.

mod fit;
mod ink;
mod parts;
mod plane;

use std::path::{Path, PathBuf};

use image::{RgbImage, imageops};
use thiserror::Error;

use super::photograph::{PhotographError, read_photograph};
use ink::Fault;
use plane::Plane;

/// Larger pictures are made this large before ink is looked for.
const LARGEST: u32 = 800;

/// A digit on a picture.
#[derive(Clone, Debug)]
pub struct Handwriting {
    /// The picture, upright.
    pub picture: RgbImage,
    /// The digit, white on black, `[28, 28]` from 0 to 255.
    pub pixels: Vec<u8>,
    /// Left, top and side of the square that it was taken from, in pixels of the picture. It may reach beyond it.
    pub square: [f64; 3],
}

/// Why no digit can be taken from a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoDigit {
    /// Nothing stands out from the paper.
    #[error("there is nothing to see: no ink stands out from the paper")]
    Blank,
    /// There is more than one.
    #[error("there is more than one digit: cut the picture so that it shows one")]
    Several,
    /// What there is has not the shape of a digit.
    #[error("there is nothing that looks like a digit")]
    Shapeless,
}

/// A file that no digit can be taken from.
#[derive(Debug, Error)]
pub enum HandwritingError {
    /// It cannot be read or decoded.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// It does not show one digit.
    #[error("{}: {reason}", path.display())]
    NoDigit {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: NoDigit,
    },
}

impl Handwriting {
    /// Reads a PNG or JPEG file.
    ///
    /// # Errors
    /// If it cannot be read or decoded, is huge, or does not show one digit.
    pub fn read(path: &Path) -> Result<Self, HandwritingError> {
        let picture = read_photograph(path)?;
        Self::find(picture).map_err(|reason| HandwritingError::NoDigit { path: path.into(), reason })
    }

    /// Finds the digit on a picture: ink, dark or light, is what differs from the paper around it. The light may fall
    /// off and cast shadows; the table around a sheet, its outline, strips along the border, and specks do not count.
    ///
    /// # Errors
    /// If there is no ink, or more than one digit.
    pub fn find(picture: RgbImage) -> Result<Self, NoDigit> {
        let longer = picture.width().max(picture.height()).max(1);
        let gray = if longer > LARGEST {
            let scaled = |n: u32| (u64::from(n) * u64::from(LARGEST) / u64::from(longer)).max(1) as u32;
            Plane::luminance(&imageops::thumbnail(
                &picture,
                scaled(picture.width()),
                scaled(picture.height()),
            ))
        } else {
            Plane::luminance(&picture)
        };
        let ink = ink::find(&gray).map_err(|fault| match fault {
            Fault::Blank => NoDigit::Blank,
            Fault::Several => NoDigit::Several,
            Fault::Shapeless => NoDigit::Shapeless,
        })?;
        let scale = f64::from(longer) / f64::from(longer.min(LARGEST));
        let fitted = fit::fit(&ink);
        Ok(Self { picture, pixels: fitted.pixels, square: fitted.square.map(|n| n * scale) })
    }
}

#[cfg(test)]
mod tests;
