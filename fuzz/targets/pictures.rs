//! Pictures in PNG and JPEG files, as `predict` and `siren --image` read them.

use std::io::Cursor;
use std::path::Path;

use ece472::data::{Handwriting, central_square, read_photograph};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use png::{BitDepth, ColorType, Encoder};

use super::Target;
use crate::sample::{Format, Sample};

/// A byte of a file may hold 8 x 1032 pixels, each of which takes 11 bytes during decoding.
pub const TARGET: Target = Target { memory: 8 * 1032 * 11, corpus, read };

const PATH: &str = "picture";
const SIZE: [u32; 2] = [24, 20];

/// Whether a pixel is part of a slanted line of ink.
fn is_ink(x: u32, y: u32) -> bool {
    (2..18).contains(&y) && (x + y / 3).abs_diff(12) < 2
}

fn corpus() -> Vec<Sample> {
    let [width, height] = SIZE;
    let gray = GrayImage::from_fn(width, height, |x, y| image::Luma([if is_ink(x, y) { 20 } else { 230 }]));
    let rgb =
        RgbImage::from_fn(width, height, |x, y| Rgb(if is_ink(x, y) { [0, 0, 90] } else { [250, 240, 200] }));
    let rgba = RgbaImage::from_fn(width, height, |x, y| Rgba([0, 0, 0, if is_ink(x, y) { 255 } else { 0 }]));
    let deep = DynamicImage::ImageLuma8(gray.clone()).to_luma16();
    let pictures: [DynamicImage; 4] = [gray.clone().into(), rgb.clone().into(), rgba.into(), deep.into()];
    let mut files: Vec<(Format, Vec<u8>)> = Vec::new();
    for picture in pictures {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, ImageFormat::Png).expect("memory takes everything");
        files.push((Format::Png, file.into_inner()));
    }
    files.push((Format::Png, of_palette()));
    for (bytes, color) in [(gray.as_raw(), ExtendedColorType::L8), (rgb.as_raw(), ExtendedColorType::Rgb8)] {
        let mut file = Vec::new();
        JpegEncoder::new(&mut file).encode(bytes, width, height, color).expect("memory takes everything");
        files.push((Format::Binary, file));
    }
    files.into_iter().map(|(format, bytes)| Sample::one(PATH, format, bytes)).collect()
}

/// A PNG file with a palette of two colours, one of them transparent, and one bit per pixel.
fn of_palette() -> Vec<u8> {
    let [width, height] = SIZE;
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::One);
    encoder.set_palette(&[0, 0, 0, 255, 255, 255][..]);
    encoder.set_trns(&[255, 0][..]);
    let mut writer = encoder.write_header().expect("memory takes everything");
    let bit = |x: u32, y: u32| u8::from(!is_ink(x, y)) << (7 - x % 8);
    let rows = (0..height)
        .flat_map(|y| (0..width / 8).map(move |i| (8 * i..8 * i + 8).map(|x| bit(x, y)).sum::<u8>()));
    writer.write_image_data(&rows.collect::<Vec<u8>>()).expect("memory takes everything");
    writer.finish().expect("memory takes everything");
    file
}

fn read(folder: &Path) -> Result<(), String> {
    let path = folder.join(PATH);
    let photograph = read_photograph(&path).map_err(|e| e.to_string())?;
    assert_eq!(central_square(&photograph, 32).dimensions(), (32, 32));
    let digit = Handwriting::read(&path).map_err(|e| e.to_string())?;
    assert_eq!(digit.pixels.len(), 28 * 28);
    Ok(())
}
