//! Converting pixels of any type to red, green and blue of 8 bits.

use image::{DynamicImage, RgbImage};

/// A picture of 16 bits whose values span less than this is stretched to the full range: cameras
/// and scanners of 10, 12 and 14 bits store their values unscaled.
const NARROW: u16 = 1 << 14;

/// The picture without transparency, with 8 bits for each colour.
pub(super) fn to_rgb(picture: DynamicImage) -> RgbImage {
    let size = (picture.width(), picture.height());
    let channels = usize::from(picture.color().channel_count());
    match picture {
        DynamicImage::ImageRgb8(picture) => picture,
        DynamicImage::ImageLuma8(p) => convert(size, p.as_raw(), channels, |v| v, |a| a),
        DynamicImage::ImageLumaA8(p) => convert(size, p.as_raw(), channels, |v| v, |a| a),
        DynamicImage::ImageRgba8(p) => convert(size, p.as_raw(), channels, |v| v, |a| a),
        DynamicImage::ImageLuma16(p) => stretch(size, p.as_raw(), channels),
        DynamicImage::ImageLumaA16(p) => stretch(size, p.as_raw(), channels),
        DynamicImage::ImageRgb16(p) => stretch(size, p.as_raw(), channels),
        DynamicImage::ImageRgba16(p) => stretch(size, p.as_raw(), channels),
        // The PNG and JPEG decoders produce no other types.
        other => other.into_rgb8(),
    }
}

/// Converts 16 bits to 8. If the colours of the visible pixels span a narrow range, it is
/// stretched.
fn stretch(size: (u32, u32), values: &[u16], channels: usize) -> RgbImage {
    let transparent = channels.is_multiple_of(2);
    let visible = values.chunks_exact(channels).filter(|pixel| !transparent || pixel[channels - 1] > 0);
    let colors = visible.flat_map(|pixel| &pixel[..channels - usize::from(transparent)]);
    let (low, high) = colors.fold((u16::MAX, 0), |(low, high), &v| (low.min(v), high.max(v)));
    let (low, range) = if low < high && high - low < NARROW { (low, high - low) } else { (0, u16::MAX) };
    let byte = |above: u16, range: u16| {
        ((u32::from(above.min(range)) * 255 + u32::from(range) / 2) / u32::from(range)) as u8
    };
    convert(size, values, channels, |v| byte(v.saturating_sub(low), range), |a| byte(a, u16::MAX))
}

/// Converts grey or coloured pixels to bytes. Pixels with transparency (an even number of channels)
/// are composited on a background.
fn convert<T: Copy>(
    (width, height): (u32, u32),
    values: &[T],
    channels: usize,
    color: impl Fn(T) -> u8,
    alpha: impl Fn(T) -> u8,
) -> RgbImage {
    let transparent = channels.is_multiple_of(2);
    let pixel = |pixel: &[T]| {
        let color = if channels < 3 { [color(pixel[0]); 3] } else { [0, 1, 2].map(|k| color(pixel[k])) };
        (color.map(u32::from), if transparent { u32::from(alpha(pixel[channels - 1])) } else { 255 })
    };
    let background = if transparent { background(values.chunks_exact(channels).map(&pixel)) } else { 0 };
    let mut bytes = Vec::with_capacity(values.len() / channels * 3);
    for (color, alpha) in values.chunks_exact(channels).map(&pixel) {
        bytes.extend(color.map(|c| ((c * alpha + background * (255 - alpha) + 127) / 255) as u8));
    }
    RgbImage::from_raw(width, height, bytes).expect("three bytes for each pixel")
}

/// The background: white, or black if the mean of the pixels, weighted by their opacity, is light.
fn background(pixels: impl Iterator<Item = ([u32; 3], u32)>) -> u32 {
    let (mut light, mut weight) = (0_u64, 0_u64);
    for (color, alpha) in pixels {
        light += u64::from(color.iter().sum::<u32>() * alpha);
        weight += u64::from(3 * 255 * alpha);
    }
    if 2 * light > weight { 0 } else { 255 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_pixels_get_the_background_that_contrasts_more() {
        for (ink, background) in [(0, 255), (90, 255), (255, 0), (200, 0)] {
            let picture = image::RgbaImage::from_fn(9, 5, |x, _| {
                // Transparent pixels have colours too, which must not count.
                image::Rgba(if x == 4 {
                    [ink, ink, ink, 255]
                } else {
                    [255 - background; 4].map(|v| v / 255 * 9)
                })
            });
            let mut picture = picture;
            picture.pixels_mut().filter(|p| p.0[3] < 255).for_each(|p| p.0[3] = 0);
            let found = to_rgb(DynamicImage::ImageRgba8(picture.clone()));
            assert_eq!((found.get_pixel(4, 2).0, found.get_pixel(0, 0).0), ([ink; 3], [background; 3]));
            let gray = DynamicImage::ImageRgba8(picture).into_luma_alpha16();
            assert_eq!(to_rgb(DynamicImage::ImageLumaA16(gray)), found, "grey of 16 bits");
        }
    }

    #[test]
    fn translucent_pixels_are_blended_with_the_background() {
        let picture =
            image::GrayAlphaImage::from_fn(2, 1, |x, _| image::LumaA([0, if x == 0 { 255 } else { 51 }]));
        let found = to_rgb(DynamicImage::ImageLumaA8(picture));
        assert_eq!((found.get_pixel(0, 0).0, found.get_pixel(1, 0).0), ([0; 3], [204; 3]));
    }

    #[test]
    fn a_narrow_range_of_sixteen_bits_is_stretched() {
        let picture = |paper: u16, ink: u16| {
            let pixel = |x, _| image::Luma([if x == 1 { ink } else { paper }]);
            to_rgb(DynamicImage::ImageLuma16(image::ImageBuffer::from_fn(3, 1, pixel)))
        };
        for (paper, ink) in [(1023, 0), (4095, 7), (16_000, 0), (30_200, 30_000)] {
            assert_eq!(picture(paper, ink).as_raw()[..6], [255, 255, 255, 0, 0, 0], "{paper} {ink}");
        }
        assert_eq!(picture(65_535, 32_768).as_raw()[..6], [255, 255, 255, 128, 128, 128]);
        assert_eq!(picture(514, 514).as_raw()[..3], [2; 3], "one shade is not stretched");
    }
}
