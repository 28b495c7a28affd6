//! Reading pictures from PNG and JPEG files.

mod container;
mod convert;

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use image::imageops;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, RgbImage};
use thiserror::Error;

use crate::contain::contain;
use crate::files::FileError;

/// The most pixels that a picture may have; telephone cameras have 12 to 50 million. Each needs
/// eleven bytes (8 for four channels of 16 bits, 3 for the result), so at most 1.1 GB.
pub const MAX_PIXELS: u64 = 100_000_000;
/// The most pixels per byte of a file: deflate makes at most 1032 bytes from one (RFC 1951), each
/// of 8 pixels of one bit. A JPEG file has at least one bit for each 8 x 8 pixels, so at most 512
/// pixels per byte.
const MOST_FROM_A_BYTE: u64 = 8 * 1032;
/// The most bytes that a file may have.
const MAX_BYTES: u64 = 1 << 30;

/// Why a picture cannot be read.
#[derive(Debug, Error)]
pub enum PhotographError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be decoded.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: BadPicture,
    },
}

/// Why the bytes of a file cannot be decoded.
#[derive(Debug, Error)]
pub enum BadPicture {
    /// The format is another one, or the file is damaged.
    #[error("not a PNG or JPEG picture that can be decoded: {0}")]
    Undecodable(String),
    /// The file is truncated.
    #[error("the file is cut off: a part of the picture is missing; copy or download it again")]
    CutOff,
    /// There are too many pixels.
    #[error("the picture has {width} x {height} pixels, more than {MAX_PIXELS}: make it smaller")]
    Huge {
        /// The number of columns.
        width: u32,
        /// The number of rows.
        height: u32,
    },
    /// There are too many bytes.
    #[error("the file has more than {MAX_BYTES} bytes: make the picture smaller")]
    Long,
}

/// Reads a PNG or JPEG file and applies the orientation of its EXIF data. Transparent pixels are
/// composited on white or on black, whichever contrasts more with the rest. Values of 16 bits that
/// span a narrow range are stretched to the full range.
///
/// # Errors
/// If the file cannot be read or decoded, is truncated, or has more than 100 million pixels.
pub fn read_photograph(path: &Path) -> Result<RgbImage, PhotographError> {
    let failed = |e| FileError::new("cannot read", path, e);
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    decode_photograph(&bytes).map_err(|reason| PhotographError::Format { path: path.into(), reason })
}

/// Decodes the bytes of a PNG or JPEG file; see [`read_photograph`].
///
/// # Errors
/// As [`read_photograph`].
pub fn decode_photograph(bytes: &[u8]) -> Result<RgbImage, BadPicture> {
    // The decoders panic on some damaged files.
    contain("image", || Ok(decode(bytes))).unwrap_or_else(|message| Err(BadPicture::Undecodable(message)))
}

fn decode(bytes: &[u8]) -> Result<RgbImage, BadPicture> {
    let failed = |e: image::ImageError| BadPicture::Undecodable(e.to_string());
    if bytes.len() as u64 > MAX_BYTES {
        return Err(BadPicture::Long);
    }
    let format = image::guess_format(bytes).map_err(failed)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    // The limit is for allocations besides the picture: a PNG file's texts and profiles.
    let largest = MOST_FROM_A_BYTE * bytes.len() as u64;
    limits.max_alloc = Some(largest.min(MAX_BYTES));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(BadPicture::Huge { width, height });
    }
    // A small file that claims a large picture must not allocate the memory of one.
    if pixels > largest || !container::is_whole(format, bytes) {
        return Err(BadPicture::CutOff);
    }
    let orientation = match format {
        ImageFormat::Png => container::orientation_in_png(bytes),
        _ => decoder.orientation().ok(),
    };
    let picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
    let mut picture = DynamicImage::ImageRgb8(convert::to_rgb(picture));
    orientation.into_iter().for_each(|orientation| picture.apply_orientation(orientation));
    Ok(picture.into_rgb8())
}

/// The largest central square of a picture: its left edge, top edge and side, in pixels.
pub fn middle(picture: &RgbImage) -> [u32; 3] {
    let (width, height) = picture.dimensions();
    let side = width.min(height);
    [(width - side) / 2, (height - side) / 2, side]
}

/// The largest central square of a picture, scaled to `side` pixels: each pixel is the mean of
/// those that it covers.
pub fn central_square(picture: &RgbImage, side: u32) -> RgbImage {
    let [left, top, extent] = middle(picture);
    imageops::thumbnail(&*imageops::crop_imm(picture, left, top, extent, extent), side, side)
}

#[cfg(test)]
mod tests;
