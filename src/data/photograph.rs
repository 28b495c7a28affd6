//! Pictures from PNG and JPEG files.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::imageops;
use image::{ImageReader, Limits, RgbImage};
use thiserror::Error;

use crate::files::FileError;

/// The most pixels each way, and bytes for decoding, that a picture may ask for.
const MAX_EXTENT: u32 = 20_000;
const MAX_BYTES: u64 = 1 << 30;

/// A picture that cannot be had.
#[derive(Debug, Error)]
pub enum PhotographError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be decoded.
    #[error("{}: not a PNG or JPEG picture that can be decoded: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why not.
        message: String,
    },
}

/// Reads a PNG or JPEG file. What is transparent lies on white.
///
/// # Errors
/// If it cannot be read or decoded, or is huge.
pub fn read_photograph(path: &Path) -> Result<RgbImage, PhotographError> {
    let file = File::open(path).map_err(|e| FileError::new("cannot read", path, e))?;
    let reader = ImageReader::new(BufReader::new(file)).with_guessed_format();
    let mut reader = reader.map_err(|e| FileError::new("cannot read", path, e))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_EXTENT);
    limits.max_image_height = Some(MAX_EXTENT);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let picture = reader
        .decode()
        .map_err(|e| PhotographError::Format { path: path.into(), message: e.to_string() })?
        .to_rgba8();
    Ok(RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, a] = picture.get_pixel(x, y).0.map(u32::from);
        image::Rgb([r, g, b].map(|c| ((c * a + 255 * (255 - a)) / 255) as u8))
    }))
}

/// The largest square in the middle of a picture, made `side` pixels wide: each pixel is the mean of those
/// that it covers.
pub fn central_square(picture: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let extent = width.min(height);
    let middle = imageops::crop_imm(picture, (width - extent) / 2, (height - extent) / 2, extent, extent);
    imageops::thumbnail(&middle.to_image(), side, side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_kept_and_averaged() {
        let color = |x: u32, y: u32| image::Rgb([(x * 2) as u8, (y * 3) as u8, 7]);
        let square = central_square(&RgbImage::from_fn(100, 64, color), 32);
        // Two pixels each way become one; 18 columns are cut off on either side.
        for (x, y, pixel) in square.enumerate_pixels() {
            let mean = [36.0 + 4.0 * f64::from(x) + 1.0, 6.0 * f64::from(y) + 1.5, 7.0];
            let near = pixel.0.iter().zip(mean).all(|(&found, mean)| (f64::from(found) - mean).abs() <= 1.0);
            assert!(near, "{pixel:?} at {x}, {y}");
        }
        let one = RgbImage::from_pixel(9, 5, image::Rgb([1, 2, 3]));
        assert!(central_square(&one, 32).pixels().all(|pixel| pixel.0 == [1, 2, 3]));
    }
}
