use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::*;

/// A picture whose quarters have different shades, wider than high.
fn quarters() -> RgbImage {
    RgbImage::from_fn(48, 32, |x, y| {
        image::Rgb([[[20, 90], [160, 230]][usize::from(y >= 16)][usize::from(x >= 24)]; 3])
    })
}

/// EXIF data with an orientation and nothing else.
fn exif(orientation: u8) -> Vec<u8> {
    let mut bytes = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    bytes.extend([orientation, 0, 0, 0, 0, 0, 0]);
    bytes
}

fn jpeg(picture: &RgbImage, orientation: Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    if let Some(orientation) = orientation {
        encoder.set_exif_metadata(exif(orientation)).unwrap();
    }
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn png(picture: &RgbImage, orientation: Option<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    if let Some(orientation) = orientation {
        encoder.set_exif_metadata(exif(orientation)).unwrap();
    }
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// The same file with its EXIF chunk after the pixels.
fn exif_last(png: &[u8]) -> Vec<u8> {
    let start = png.windows(4).position(|w| w == b"eXIf").unwrap() - 4;
    let length = 12 + u32::from_be_bytes(png[start..start + 4].try_into().unwrap()) as usize;
    let (chunk, end) = (&png[start..start + length], png.len() - 12);
    [&png[..start], &png[start + length..end], chunk, &png[end..]].concat()
}

#[test]
fn the_orientation_is_applied() {
    // The shades that a viewer shows at the upper left and the upper right, and whether the picture
    // is turned to portrait format (EXIF 2.32, tag 274).
    let shades: [(u8, u8, bool); 8] = [
        (20, 90, false),
        (90, 20, false),
        (230, 160, false),
        (160, 230, false),
        (20, 160, true),
        (160, 20, true),
        (230, 90, true),
        (90, 230, true),
    ];
    for (orientation, (left, right, turned)) in (1..).zip(shades) {
        let png = png(&quarters(), Some(orientation));
        for bytes in [jpeg(&quarters(), Some(orientation)), exif_last(&png), png] {
            let picture = decode_photograph(&bytes).unwrap();
            assert_eq!(picture.dimensions(), if turned { (32, 48) } else { (48, 32) }, "{orientation}");
            for (x, wanted) in [(4, left), (picture.width() - 5, right)] {
                let found = picture.get_pixel(x, 4).0[0];
                assert!(found.abs_diff(wanted) < 6, "{orientation}: {found} for {wanted}");
            }
        }
    }
    assert_eq!(decode_photograph(&png(&quarters(), None)).unwrap(), quarters());
}

#[test]
fn truncated_files_are_refused() {
    let noise = |x: u32, y: u32| image::Rgb([(x * 37 + y * 101 + x * y * 13) as u8; 3]);
    let picture = RgbImage::from_fn(200, 150, noise);
    for whole in [jpeg(&picture, Some(1)), png(&picture, None)] {
        assert!(decode_photograph(&whole).is_ok());
        // The last bytes of a PNG file are a checksum.
        for length in [
            0,
            8,
            20,
            whole.len() / 2,
            whole.len() * 95 / 100,
            whole.len() - 20,
            whole.len() - 5,
            whole.len() - 1,
        ] {
            let found = decode_photograph(&whole[..length]);
            assert!(found.is_err(), "{length} of {} bytes", whole.len());
            if length > whole.len() / 2 {
                assert!(matches!(found, Err(BadPicture::CutOff)), "{found:?}");
            }
        }
    }
}

#[test]
fn too_many_pixels_are_refused_before_they_are_decoded() {
    let mut bytes = Vec::new();
    let black = vec![0; 20_000 * 6_000 / 8];
    let mut encoder = png::Encoder::new(&mut bytes, 20_000, 6_000);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.write_header().unwrap().write_image_data(&black).unwrap();
    let message = decode_photograph(&bytes).unwrap_err().to_string();
    assert_eq!(message, "the picture has 20000 x 6000 pixels, more than 100000000: make it smaller");
}

#[test]
fn the_central_square_is_averaged() {
    let color = |x: u32, y: u32| image::Rgb([(x * 2) as u8, (y * 3) as u8, 7]);
    let square = central_square(&RgbImage::from_fn(100, 64, color), 32);
    // Blocks of two by two pixels become one; 18 columns are cut off on either side.
    for (x, y, pixel) in square.enumerate_pixels() {
        let mean = [36.0 + 4.0 * f64::from(x) + 1.0, 6.0 * f64::from(y) + 1.5, 7.0];
        let near = pixel.0.iter().zip(mean).all(|(&found, mean)| (f64::from(found) - mean).abs() <= 1.0);
        assert!(near, "{pixel:?} at {x}, {y}");
    }
    let one = RgbImage::from_pixel(9, 5, image::Rgb([1, 2, 3]));
    assert!(central_square(&one, 32).pixels().all(|pixel| pixel.0 == [1, 2, 3]));
    assert_eq!(middle(&one), [2, 0, 5]);
}

#[test]
fn a_small_file_that_claims_a_large_picture_is_refused_before_memory_is_taken() {
    let picture = RgbImage::from_pixel(9, 9, image::Rgb([200; 3]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let mut bytes = bytes.into_inner();
    assert!(decode_photograph(&bytes).is_ok());
    // The header chunk, IHDR, claims 9,000 x 9,000 pixels and has a valid checksum.
    for at in [16, 20] {
        bytes[at..at + 4].copy_from_slice(&9000_u32.to_be_bytes());
    }
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    assert!(matches!(decode_photograph(&bytes), Err(BadPicture::CutOff)));
}

#[test]
fn a_blank_page_of_one_bit_a_pixel_is_decoded() {
    // 2,000 x 2,000 pixels in about 2,000 bytes: more than 1,032 pixels per byte.
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2000, 2000);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_compression(png::Compression::High);
    encoder.write_header().unwrap().write_image_data(&vec![255; 250 * 2000]).unwrap();
    assert!(1032 * bytes.len() < 2000 * 2000, "{} bytes are too many for this test", bytes.len());
    assert_eq!(decode_photograph(&bytes).unwrap().dimensions(), (2000, 2000));
}

/// The CRC-32 of PNG chunks, bit by bit (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, &byte| {
        (0..8).fold(
            sum ^ u32::from(byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}
