//! The action `cifar predict`, which classifies the user's photographs.

use super::Cifar;
use crate::data::{CifarKind, LabelledImages, central_square, middle, read_photograph};
use crate::experiment::classification::figures;
use crate::experiment::prediction::{self, Named, PredictArgs, Prediction};
use crate::experiment::{Error, Output};
use crate::metrics::ranked;
use crate::models::Classifier;
use crate::models::classification::probabilities;
use crate::plot::Tile;

const WEIGHTS: &str = "assignments/4-cifar/weights/cifar10-standard.safetensors";
/// The number of most probable classes that are shown.
const GUESSES: usize = 5;

/// Prints the most probable class of each photograph, whose middle is brought to 32 x 32 pixels, and draws
/// the probabilities of the five most probable, in a figure of the photograph's name.
///
/// # Errors
/// If weights or a photograph cannot be read, or a figure cannot be written. An error with one
/// photograph does not stop the others.
pub fn predict(args: &PredictArgs) -> Result<(), Error> {
    prediction::predict(args, WEIGHTS, predict_one)
}

fn predict_one(
    config: &Cifar,
    model: &Classifier,
    (path, name): Named<'_>,
    output: &Output,
) -> Result<String, Error> {
    let names = config.dataset.classes();
    let picture = read_photograph(path)?;
    let bytes = central_square(&picture, CifarKind::SIZE[1] as u32).into_raw();
    let seen = Tile {
        caption: vec!["network input, 32 × 32 pixels".into()],
        ..figures::picture(CifarKind::SIZE, &bytes)
    };
    let p = probabilities(model, &LabelledImages::of_cifar(config.dataset, bytes, vec![0]), &[0])?;
    let order = ranked(&p)?;
    let best = order[0];
    let square = middle(&picture);
    let drawn = Prediction {
        title: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        picture: &picture,
        square: square.map(f64::from),
        seen,
        bars: prediction::bars(format!("Prediction: {}", names[best]), names, &p, best, &order[..GUESSES]),
    };
    drawn.save(output, name)?;
    let (width, height, side) = (picture.width(), picture.height(), square[2]);
    let cut = if width == height {
        String::new()
    } else {
        format!("the middle {side} x {side} of {width} x {height} pixels, ")
    };
    Ok(format!("{}: {} with probability {:.4} ({cut}{name}.png)", path.display(), names[best], p[best]))
}
