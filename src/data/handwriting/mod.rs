//! Turning a picture of a handwritten digit into a picture like MNIST's.

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

/// Larger pictures are scaled down to this many pixels on the longer side before ink is looked for.
const LARGEST: u32 = 800;

/// A digit found on a picture.
#[derive(Clone, Debug)]
pub struct Handwriting {
    /// The picture, upright.
    pub picture: RgbImage,
    /// The digit, white on black, `[28, 28]` with values from 0 to 255.
    pub pixels: Vec<u8>,
    /// The left edge, the top edge and the side of the square that the digit was taken from, in
    /// pixels of the picture. The square may extend beyond the picture.
    pub square: [f64; 3],
}

/// Why no digit was found on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoDigit {
    /// No ink differs enough from the paper.
    #[error("there is nothing to see: no ink stands out from the paper")]
    Blank,
    /// There is more than one digit.
    #[error("there is more than one digit: cut the picture so that it shows one")]
    Several,
    /// The ink does not have the shape of a digit.
    #[error("there is nothing that looks like a digit")]
    Shapeless,
}

/// Why no digit can be read from a file.
#[derive(Debug, Error)]
pub enum HandwritingError {
    /// It cannot be read or decoded.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// It does not show exactly one digit.
    #[error("{}: {reason}", path.display())]
    NoDigit {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: NoDigit,
    },
}

impl Handwriting {
    /// Reads a PNG or JPEG file and finds its digit.
    ///
    /// # Errors
    /// If the file cannot be read or decoded, has too many pixels, or does not show exactly one
    /// digit.
    pub fn read(path: &Path) -> Result<Self, HandwritingError> {
        let picture = read_photograph(path)?;
        Self::find(picture).map_err(|reason| HandwritingError::NoDigit { path: path.into(), reason })
    }

    /// Finds the digit on a picture. Ink may be darker or lighter than the paper around it. The
    /// light may be uneven and cast shadows. The table around a sheet, the sheet's outline, strips
    /// along the border, and specks are ignored.
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
