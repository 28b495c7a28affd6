//! Tests of the program with files of pictures.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ece472::assignments::siren::PictureFit;
use ece472::experiment::{Assignment as _, DataFolder, OrAll};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _, RgbImage};

/// Runs the program in another folder than the project's.
fn run(folder: &Path, arguments: &[&str]) -> (Output, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    let [said, failed] = [&output.stdout, &output.stderr].map(|b| String::from_utf8(b.clone()).unwrap());
    (output, said, failed)
}

/// The digit one on light paper.
fn one(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let inside = x.abs_diff(width / 2) < 5 && y.abs_diff(height / 2) < height / 3;
        image::Rgb([if inside { 30 } else { 220 }; 3])
    })
}

/// A JPEG file that is to be rotated clockwise by 90 degrees (EXIF orientation 6).
fn rotated(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder
        .set_exif_metadata(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec())
        .unwrap();
    encoder.write_image(picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).unwrap();
    bytes
}

#[test]
fn each_picture_is_classified_separately() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["a", "b"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        one(90, 120).save(dir.path().join(folder).join("x.png")).unwrap();
    }
    let whole = rotated(&image::imageops::rotate270(&one(90, 120)));
    fs::write(dir.path().join("whole.jpg"), &whole).unwrap();
    fs::write(dir.path().join("cut.jpg"), &whole[..whole.len() * 95 / 100]).unwrap();
    RgbImage::from_pixel(50, 50, image::Rgb([200; 3])).save(dir.path().join("blank.png")).unwrap();
    let pictures = ["a/x.png", "cut.jpg", "b/x.png", "none.png", "blank.png", "whole.jpg"];
    // The weights that come with the program are found from any folder.
    let (output, said, failed) =
        run(dir.path(), &[&["mnist", "predict"], &pictures[..], &["--out", "o"]].concat());
    assert_eq!(output.status.code(), Some(1));
    for (line, start) in said.lines().zip(["a/x.png: 1 with", "b/x.png: 1 with", "whole.jpg: 1 with"]) {
        assert!(line.starts_with(start), "{said}");
    }
    let errors: Vec<&str> = failed.lines().collect();
    assert_eq!(errors.len(), 3, "{failed}");
    assert!(errors[0].starts_with("error: cut.jpg: the file is cut off"), "{failed}");
    assert!(errors[1].starts_with("error: cannot read none.png"), "{failed}");
    assert!(errors[2].starts_with("error: blank.png: there is nothing to see"), "{failed}");
    for name in ["x", "x-2", "whole"] {
        assert!(dir.path().join(format!("o/prediction-{name}.png")).exists(), "{name}");
    }
}

#[test]
fn cropping_of_a_photograph_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    one(168, 128).save(dir.path().join("wide.png")).unwrap();
    let (_, said, failed) = run(dir.path(), &["cifar", "predict", "wide.png", "--out", "o"]);
    assert!(said.contains("the middle 128 x 128 of 168 x 128 pixels"), "{said}{failed}");
}

#[test]
fn a_picture_to_be_fitted_is_rotated_upright() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lying.jpg");
    fs::write(&path, rotated(&one(60, 40))).unwrap();
    let fit = PictureFit { image: Some(path), size: OrAll(None), ..PictureFit::default() };
    assert_eq!(fit.problem(&DataFolder::default()).unwrap().size, [40, 60]);
}
