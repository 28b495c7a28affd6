//! Reading the segments of a JPEG file and the chunks of a PNG file: whether the file is complete,
//! and the orientation of the picture.
//!
//! The decoders do not tell all of it. A truncated JPEG file is decoded with its missing part grey,
//! and the orientation in a PNG file is found only if it is stored before the pixels, which is not
//! where ExifTool writes it.

use image::ImageFormat;
use image::metadata::Orientation;

/// Whether a file has its end marker. False for other formats.
pub(super) fn is_whole(format: ImageFormat, bytes: &[u8]) -> bool {
    match format {
        ImageFormat::Jpeg => jpeg_has_end(bytes),
        ImageFormat::Png => chunks(bytes).any(|(kind, _)| kind == b"IEND"),
        _ => false,
    }
}

/// The orientation in a PNG file, wherever it is stored (PNG specification, third edition, eXIf).
pub(super) fn orientation_in_png(bytes: &[u8]) -> Option<Orientation> {
    let exif = chunks(bytes).find(|(kind, _)| *kind == b"eXIf")?;
    Orientation::from_exif_chunk(exif.1)
}

/// The complete chunks of a PNG file: their names and data.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_at_checked(4)?;
        let (data, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        // Skips the checksum, which the decoder verifies.
        rest = after.get(4..)?;
        Some((kind, data))
    })
}

/// Whether the segments of a JPEG file lead to its end marker (ITU-T T.81, annex B). The end marker
/// of a thumbnail, which is inside a segment, does not count.
fn jpeg_has_end(bytes: &[u8]) -> bool {
    let mut offset = 0;
    loop {
        // Bytes that are not a marker, between segments and in compressed data, are skipped.
        let Some(found) = bytes.get(offset..).and_then(|rest| rest.iter().position(|&byte| byte == 0xff))
        else {
            return false;
        };
        offset += found + 1;
        match bytes.get(offset) {
            None => return false,
            Some(0xd9) => return true,
            // A stuffed byte, a fill byte, and markers without a length.
            Some(0x00 | 0x01 | 0xff | 0xd0..=0xd8) => (),
            Some(_) => {
                let Some(&[high, low]) = bytes.get(offset + 1..).and_then(|rest| rest.first_chunk()) else {
                    return false;
                };
                offset += 1 + usize::from(u16::from_be_bytes([high, low])).max(2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(parts: &[&[u8]]) -> Vec<u8> {
        [&[0xff, 0xd8][..], &parts.concat()].concat()
    }

    #[test]
    fn the_end_of_a_jpeg_file_is_not_that_of_its_thumbnail() {
        let thumbnail: &[u8] = &[0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
        let scan: &[u8] = &[0xff, 0xda, 0, 3, 1, 7, 0xff, 0, 0xff, 0xd0, 9];
        let end: &[u8] = &[0xff, 0xd9];
        assert!(jpeg_has_end(&jpeg(&[thumbnail, scan, end])));
        assert!(jpeg_has_end(&jpeg(&[thumbnail, scan, end, b"another picture"])));
        assert!(!jpeg_has_end(&jpeg(&[thumbnail, scan])));
        for length in 0..jpeg(&[thumbnail, scan]).len() {
            assert!(!jpeg_has_end(&jpeg(&[thumbnail, scan, end])[..length]));
        }
    }
}
