//! From a picture of a handwritten digit to what MNIST would have made of it.

use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{GrayImage, RgbImage};
use thiserror::Error;

use super::photograph::{PhotographError, read_photograph};

/// Height and width of the result.
const SIDE: u32 = 28;
/// Height and width of the box that the ink is fitted into.
const BOX: u32 = 20;
/// Lightest and darkest differ by this much at least, of 255, if there is anything to see.
const LEAST_CONTRAST: u8 = 16;

/// A digit on a picture.
#[derive(Clone, Debug)]
pub struct Handwriting {
    /// The picture as it came.
    pub picture: RgbImage,
    /// The digit, white on black, `[28, 28]` from 0 to 255.
    pub pixels: Vec<u8>,
}

/// A picture that no digit can be taken from.
#[derive(Debug, Error)]
pub enum HandwritingError {
    /// It cannot be read or decoded.
    #[error(transparent)]
    Photograph(#[from] PhotographError),
    /// It has one colour only.
    #[error("{}: there is nothing to see: the picture has one shade throughout", path.display())]
    Blank {
        /// The file.
        path: PathBuf,
    },
}

impl Handwriting {
    /// Reads a PNG or JPEG file.
    ///
    /// # Errors
    /// If it cannot be read or decoded, is huge, or shows nothing.
    pub fn read(path: &Path) -> Result<Self, HandwritingError> {
        let picture = read_photograph(path)?;
        let pixels = as_mnist(&imageops::grayscale(&picture))
            .ok_or_else(|| HandwritingError::Blank { path: path.into() })?;
        Ok(Self { picture, pixels })
    }
}

/// White ink on black, fitted into 20 x 20 pixels with its proportions kept, its centre of mass in the
/// middle of 28 x 28 (LeCun et al. 1998, section III.A). `None` if there is no ink.
fn as_mnist(gray: &GrayImage) -> Option<Vec<u8>> {
    let ink = ink(gray)?;
    let inside = |x: u32, y: u32| ink.get_pixel(x, y).0[0] > 0;
    let (width, height) = ink.dimensions();
    let rows: Vec<u32> = (0..height).filter(|&y| (0..width).any(|x| inside(x, y))).collect();
    let columns: Vec<u32> = (0..width).filter(|&x| (0..height).any(|y| inside(x, y))).collect();
    let (top, left) = (*rows.first()?, *columns.first()?);
    let (rows, columns) = (rows.last()? - top + 1, columns.last()? - left + 1);
    let scale = f64::from(BOX) / f64::from(rows.max(columns));
    let fitted = |n: u32| ((f64::from(n) * scale).round() as u32).clamp(1, BOX);
    let digit = imageops::crop_imm(&ink, left, top, columns, rows).to_image();
    let digit = imageops::resize(&digit, fitted(columns), fitted(rows), FilterType::CatmullRom);

    let (mut mass, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    for (x, y, pixel) in digit.enumerate_pixels() {
        let weight = f64::from(pixel.0[0]);
        (mass, sum_x, sum_y) = (mass + weight, sum_x + weight * f64::from(x), sum_y + weight * f64::from(y));
    }
    let middle = f64::from(SIDE - 1) / 2.0;
    let shift = |sum: f64| if mass > 0.0 { (middle - sum / mass).round() as i64 } else { 0 };
    let (right, down) = (shift(sum_x), shift(sum_y));
    let mut out = vec![0; (SIDE * SIDE) as usize];
    for (x, y, pixel) in digit.enumerate_pixels() {
        let (x, y) = (i64::from(x) + right, i64::from(y) + down);
        let side = i64::from(SIDE);
        if (0..side).contains(&x) && (0..side).contains(&y) {
            out[(y * side + x) as usize] = pixel.0[0];
        }
    }
    Some(out)
}

/// 0 for paper up to 255 for ink, whichever of the two is darker. Between them Otsu's threshold (1979)
/// tells which is which; what it calls paper is 0.
fn ink(gray: &GrayImage) -> Option<GrayImage> {
    let mut counts = [0_u64; 256];
    gray.pixels().for_each(|pixel| counts[usize::from(pixel.0[0])] += 1);
    let darkest = counts.iter().position(|&n| n > 0)?;
    let lightest = counts.iter().rposition(|&n| n > 0)?;
    if lightest - darkest < usize::from(LEAST_CONTRAST) {
        return None;
    }
    let threshold = otsu(&counts);
    let dark: u64 = counts[..=threshold].iter().sum();
    let total: u64 = counts.iter().sum();
    // There is more paper than ink.
    let ink_is_dark = 2 * dark <= total;
    let mean = |range: std::ops::RangeInclusive<usize>| {
        let n: u64 = counts[range.clone()].iter().sum();
        range.map(|v| v as f64 * counts[v] as f64).sum::<f64>() / n.max(1) as f64
    };
    let (low, high) = (mean(0..=threshold), mean(threshold + 1..=255));
    let (ink, paper) = if ink_is_dark { (low, high) } else { (high, low) };
    Some(GrayImage::from_fn(gray.width(), gray.height(), |x, y| {
        let value = usize::from(gray.get_pixel(x, y).0[0]);
        let is_ink = (value <= threshold) == ink_is_dark;
        let share = (value as f64 - paper) / (ink - paper);
        image::Luma([if is_ink { (255.0 * share.clamp(0.0, 1.0)).round() as u8 } else { 0 }])
    }))
}

/// The threshold that makes the variance between the two classes it separates the largest: values up to
/// it are dark.
fn otsu(counts: &[u64; 256]) -> usize {
    let total: f64 = counts.iter().map(|&n| n as f64).sum();
    let sum: f64 = counts.iter().enumerate().map(|(v, &n)| v as f64 * n as f64).sum();
    let (mut below, mut sum_below, mut best) = (0.0, 0.0, (f64::NEG_INFINITY, 0));
    for (value, &count) in counts.iter().enumerate().take(255) {
        below += count as f64;
        sum_below += value as f64 * count as f64;
        if below > 0.0 && below < total {
            let difference = sum_below / below - (sum - sum_below) / (total - below);
            let between = below * (total - below) * difference * difference;
            if between > best.0 {
                best = (between, value);
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vertical bar of ink on paper of another shade.
    fn bar(width: u32, height: u32, ink: u8, paper: u8) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| {
            let inside =
                (width / 2..width / 2 + width / 10).contains(&x) && (height / 4..height / 2).contains(&y);
            image::Luma([if inside { ink } else { paper }])
        })
    }

    #[test]
    fn ink_is_white_in_the_middle_and_twenty_pixels_high_whatever_the_colours_and_the_size() {
        for (ink, paper) in [(0, 255), (255, 0), (60, 140), (200, 120)] {
            for (width, height) in [(100, 200), (64, 64), (400, 300)] {
                let digit = as_mnist(&bar(width, height, ink, paper)).unwrap();
                let rows = digit.chunks(28).filter(|row| row.iter().any(|&p| p > 100)).count();
                assert!((19..=20).contains(&rows), "{rows} rows of ink");
                let mass: f64 = digit.iter().map(|&p| f64::from(p)).sum();
                let mean = |f: &dyn Fn(usize) -> usize| {
                    digit.iter().enumerate().map(|(i, &p)| f64::from(p) * f(i) as f64).sum::<f64>() / mass
                };
                for place in [mean(&|i| i / 28), mean(&|i| i % 28)] {
                    assert!((place - 13.5).abs() <= 0.5, "centre of mass at {place}");
                }
                assert_eq!(digit.iter().max(), Some(&255));
            }
        }
    }

    #[test]
    fn one_shade_is_nothing_to_see() {
        assert!(as_mnist(&bar(50, 50, 128, 128)).is_none());
        assert!(as_mnist(&bar(50, 50, 130, 125)).is_none());
    }

    #[test]
    fn files_that_are_no_pictures_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("picture.png");
        let message = |path: &Path| Handwriting::read(path).unwrap_err().to_string();
        assert!(message(&path).starts_with("cannot read"));
        std::fs::write(&path, b"no picture").unwrap();
        assert!(message(&path).contains("not a PNG or JPEG"), "{}", message(&path));
        bar(40, 40, 0, 255).save(&path).unwrap();
        assert_eq!(Handwriting::read(&path).unwrap().pixels.len(), 784);
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 8, 20, whole.len() / 2] {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(message(&path).contains("not a PNG or JPEG"), "{length}: {}", message(&path));
        }
        GrayImage::from_pixel(9, 9, image::Luma([7])).save(&path).unwrap();
        assert!(message(&path).contains("nothing to see"), "{}", message(&path));
    }

    #[test]
    fn transparent_paper_is_white() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("picture.png");
        image::RgbaImage::from_fn(60, 60, |x, y| {
            let inside = (25..32).contains(&x) && (10..50).contains(&y);
            image::Rgba(if inside { [0, 0, 0, 255] } else { [0, 0, 0, 0] })
        })
        .save(&path)
        .unwrap();
        let digit = Handwriting::read(&path).unwrap().pixels;
        assert!(digit[0] == 0 && digit.contains(&255));
    }
}
