//! What a classifier says about a picture from a file.

use std::path::Path;

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::Error;
use crate::plot::{Bars, Figure, Gallery, Panel, Tile};

/// The longer side of a picture as it is drawn.
const SHOWN: u32 = 400;

/// Draws a picture, what the network sees of it, and probabilities, in a figure of the picture's name.
pub(super) fn draw(
    path: &Path,
    picture: &RgbImage,
    seen: Tile,
    bars: Bars,
    folder: &Path,
) -> Result<(), Error> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let gallery = Gallery {
        title: stem.clone(),
        tiles: vec![Tile { caption: vec!["the picture".into()], ..shown(picture) }, seen],
        columns: 2,
        scale: bars.height(),
        ..Gallery::default()
    };
    let figure = Figure::row(vec![Panel::Gallery(gallery), Panel::Bars(bars)]);
    Ok(figure.save(folder, &format!("prediction-{stem}"))?)
}

/// A picture small enough to be drawn.
fn shown(picture: &RgbImage) -> Tile {
    let longer = picture.width().max(picture.height());
    let scaled = |n: u32| (n * SHOWN / longer).max(1);
    let small;
    let picture = if longer > SHOWN {
        small = imageops::resize(
            picture,
            scaled(picture.width()),
            scaled(picture.height()),
            FilterType::Triangle,
        );
        &small
    } else {
        picture
    };
    Tile {
        width: picture.width() as usize,
        height: picture.height() as usize,
        pixels: picture.pixels().map(|p| p.0).collect(),
        ..Tile::default()
    }
}
