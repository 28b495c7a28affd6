use image::{GrayImage, Luma};

use super::*;

/// A vertical bar of ink on paper of another shade.
fn bar(width: u32, height: u32, ink: u8, paper: u8) -> RgbImage {
    let gray = GrayImage::from_fn(width, height, |x, y| {
        let inside =
            (width / 2..width / 2 + width / 10).contains(&x) && (height / 4..height / 2).contains(&y);
        Luma([if inside { ink } else { paper }])
    });
    image::DynamicImage::ImageLuma8(gray).into_rgb8()
}

#[test]
fn ink_is_white_centred_and_twenty_pixels_high_for_all_colours_and_sizes() {
    for (ink, paper) in [(0, 255), (255, 0), (60, 140), (200, 120), (125, 130)] {
        for (width, height) in [(100, 200), (64, 64), (400, 300), (1700, 1300)] {
            let digit = Handwriting::find(bar(width, height, ink, paper)).unwrap().pixels;
            let rows = digit.chunks(28).filter(|row| row.iter().any(|&p| p > 100)).count();
            assert!((19..=20).contains(&rows), "{rows} rows of ink, {ink} on {paper}, {width} x {height}");
            let mass: f64 = digit.iter().map(|&p| f64::from(p)).sum();
            let mean = |f: &dyn Fn(usize) -> usize| {
                digit.iter().enumerate().map(|(i, &p)| f64::from(p) * f(i) as f64).sum::<f64>() / mass
            };
            for position in [mean(&|i| i / 28), mean(&|i| i % 28)] {
                assert!((position - 13.5).abs() <= 0.5, "centre of mass at {position}");
            }
            assert!(digit.iter().max() >= Some(&250));
        }
    }
}

#[test]
fn the_square_surrounds_the_digit() {
    let picture = RgbImage::from_fn(1700, 1300, |x, y| {
        let inside = (900..940).contains(&x) && (325..650).contains(&y);
        image::Rgb([if inside { 20 } else { 230 }; 3])
    });
    let [left, top, side] = Handwriting::find(picture).unwrap().square;
    // 20 of the square's 28 pixels are the digit's height.
    for (found, wanted) in [(left + side / 2.0, 920.0), (top + side / 2.0, 487.5), (side, 325.0 * 1.4)] {
        assert!((found - wanted).abs() < 12.0, "{found} {wanted}");
    }
}

#[test]
fn pictures_without_ink_are_reported() {
    let find = |picture| Handwriting::find(picture).map(|found| found.square);
    assert_eq!(find(bar(50, 50, 128, 128)), Err(NoDigit::Blank));
    assert_eq!(find(bar(1, 1, 0, 0)), Err(NoDigit::Blank));
    let light = RgbImage::from_fn(200, 160, |x, y| image::Rgb([(255 - x / 2 - y / 4) as u8; 3]));
    assert_eq!(find(light), Err(NoDigit::Blank), "unevenly lit paper");
}

#[test]
fn two_digits_are_reported_and_specks_are_ignored() {
    let picture = |height: u32, wide: u32| {
        RgbImage::from_fn(200, 120, |x, y| {
            let first = (60..72).contains(&x) && (30..90).contains(&y);
            let second = (120..120 + wide).contains(&x) && (30..30 + height).contains(&y);
            image::Rgb([if first || second { 20 } else { 230 }; 3])
        })
    };
    assert_eq!(Handwriting::find(picture(55, 12)).unwrap_err(), NoDigit::Several);
    let square = Handwriting::find(picture(4, 4)).unwrap().square;
    assert!((square[0] + square[2] / 2.0 - 66.0).abs() < 3.0, "{square:?}");
}

#[test]
fn pictures_of_any_size_and_content_do_not_panic() {
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 24
    };
    for (width, height) in [(1, 1), (1, 40), (40, 1), (2, 3), (5, 5), (9, 7), (20, 12), (1, 3000), (64, 64)] {
        for levels in [2, 3, 255] {
            let noise = RgbImage::from_fn(width, height, |_, _| {
                image::Rgb([(random() % levels * (255 / (levels - 1))) as u8; 3])
            });
            // Either a digit or an error is fine.
            if let Ok(found) = Handwriting::find(noise) {
                assert!(found.pixels.len() == 784 && found.square[2] > 0.0);
            }
        }
    }
}

#[test]
fn files_that_are_not_pictures_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("picture.png");
    let message = |path: &Path| Handwriting::read(path).unwrap_err().to_string();
    assert!(message(&path).starts_with("cannot read"));
    std::fs::write(&path, b"no picture").unwrap();
    assert!(message(&path).contains("not a PNG or JPEG"), "{}", message(&path));
    bar(40, 40, 0, 255).save(&path).unwrap();
    assert_eq!(Handwriting::read(&path).unwrap().pixels.len(), 784);
    GrayImage::from_pixel(9, 9, Luma([7])).save(&path).unwrap();
    assert!(message(&path).contains("nothing to see"), "{}", message(&path));
}
