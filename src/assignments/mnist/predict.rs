//! Which digit is on this picture?

use std::path::{Path, PathBuf};

use clap::Args;
use image::RgbImage;
use image::imageops::{self, FilterType};

use super::super::run::{parse_config, print_line};
use super::super::{Assignment as _, Error};
use super::{CLASSES, Mnist, SIZE, figures, most_probable, probabilities};
use crate::data::{Handwriting, Mnist as Digits};
use crate::plot::{Axis, Bar, Bars, Color, Figure, Gallery, Panel, Tile, palette};
use crate::train::{load_metadata, load_weights};

/// The longer side of a picture as it is drawn.
const SHOWN: u32 = 400;

/// Pictures, and the weights to look at them with.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// PNG or JPEG files, each with one handwritten digit
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// The weights of a trained network
    #[arg(long, value_name = "FILE", default_value = "assignments/3-mnist/weights/standard.safetensors")]
    pub weights: PathBuf,
    /// The folder for figures
    #[arg(long, value_name = "DIR", default_value = "results/mnist")]
    pub out: PathBuf,
    /// Print errors only
    #[arg(long)]
    pub quiet: bool,
}

/// Prints the most probable digit of each picture and draws the probabilities of all ten, in a figure of
/// the picture's name.
///
/// # Errors
/// If weights or a picture cannot be read, or a figure cannot be written.
pub fn predict(args: &PredictArgs) -> Result<(), Error> {
    let config: Mnist = parse_config(Mnist::COMMAND, &load_metadata(&args.weights)?, &args.weights)?;
    let model = load_weights(&args.weights, &config.model())?;
    let names = config.dataset.classes();
    for path in &args.images {
        let handwriting = Handwriting::read(path)?;
        let digit =
            Digits { images: handwriting.pixels.clone(), labels: vec![0], height: SIZE[0], width: SIZE[1] };
        let p = probabilities(&model, &digit, &[0]);
        let best = most_probable(&p)[0];
        say(args, &format!("{}: {} with probability {:.4}", path.display(), names[best], p[best]));
        let rows = (0..CLASSES).map(|k| Bar::new(names[k], p[k].into(), palette(usize::from(k != best))));
        let bars = Bars {
            title: format!("It is {}", names[best]),
            axis: Axis::new("probability").from_to(0.0, 1.0),
            rows: rows.collect(),
            ..Bars::default()
        };
        let tile = |width, height, pixels, caption: &str| Tile {
            width,
            height,
            pixels,
            caption: vec![caption.to_owned()],
            bars: Vec::new(),
        };
        let (width, height, pixels) = shown(&handwriting.picture);
        let gallery = Gallery {
            title: file_stem(path),
            tiles: vec![
                tile(width, height, pixels, "the picture"),
                tile(SIZE[1], SIZE[0], figures::pixels(&handwriting.pixels), "as MNIST would have it"),
            ],
            columns: 2,
            scale: bars.height(),
            ..Gallery::default()
        };
        let name = format!("prediction-{}", file_stem(path));
        Figure::row(vec![Panel::Gallery(gallery), Panel::Bars(bars)]).save(&args.out, &name)?;
    }
    say(args, &format!("written to {}", args.out.display()));
    Ok(())
}

fn say(args: &PredictArgs, line: &str) {
    if !args.quiet {
        print_line(line);
    }
}

fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A picture small enough to be drawn.
fn shown(picture: &RgbImage) -> (usize, usize, Vec<Color>) {
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
    (picture.width() as usize, picture.height() as usize, picture.pixels().map(|p| p.0).collect())
}
