//! The action `mnist predict`, which classifies the user's pictures of digits.

use super::problem::{CLASSES, SIZE};
use super::{Dataset, Mnist};
use crate::data::{Handwriting, LabelledImages};
use crate::experiment::classification::figures;
use crate::experiment::prediction::{self, Named, PredictArgs, Prediction};
use crate::experiment::{Error, Output};
use crate::metrics::{NoScore, argmax};
use crate::models::Classifier;
use crate::models::classification::probabilities;
use crate::plot::Tile;

const WEIGHTS: &str = "assignments/3-mnist/weights/standard.safetensors";
/// The smallest probability of an accepted answer. Below it, the picture counts as not a digit. Of
/// 3,000 enlarged pictures of the training set, it rejects six, and the answers to two of these
/// would be wrong.
pub const SURE: f32 = 0.6;

/// Prints the most probable digit of each picture and draws the probabilities of all ten, in a figure of
/// the picture's name.
///
/// # Errors
/// If weights or a picture cannot be read, a picture does not show one digit, or a figure cannot be
/// written. An error with one picture does not stop the others.
pub fn predict(args: &PredictArgs) -> Result<(), Error> {
    prediction::predict(args, WEIGHTS, predict_one)
}

fn predict_one(
    config: &Mnist,
    model: &Classifier,
    (path, name): Named<'_>,
    output: &Output,
) -> Result<String, Error> {
    let handwriting = Handwriting::read(path)?;
    let names = config.dataset.classes();
    let p = of_pixels(model, &handwriting.pixels)?;
    let best = argmax(&p)?;
    let is_digit = config.dataset != Dataset::Mnist || p[best] >= SURE;
    let title =
        if is_digit { format!("Prediction: {}", names[best]) } else { "Prediction: not a digit".into() };
    let all: [usize; CLASSES] = std::array::from_fn(|k| k);
    let drawn = Prediction {
        title: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        picture: &handwriting.picture,
        square: handwriting.square,
        seen: Tile {
            caption: vec!["network input, 28 × 28 pixels".into()],
            ..figures::picture(SIZE, &handwriting.pixels)
        },
        bars: prediction::bars(title, &names, &p, best, &all),
    };
    drawn.save(output, name)?;
    let (path, p) = (path.display(), p[best]);
    if !is_digit {
        let message = "it does not look like a digit; the best guess is";
        return Err(Error::Input(format!("{path}: {message} {} with probability {p:.4}", names[best])));
    }
    Ok(format!("{path}: {} with probability {p:.4} ({name}.png)", names[best]))
}

/// The probabilities of the ten digits for the pixels of a picture, `[28, 28]`, from 0 (paper) to
/// 255 (ink).
///
/// # Errors
/// If the model's outputs are not finite.
pub fn of_pixels(model: &Classifier, pixels: &[u8]) -> Result<Vec<f32>, NoScore> {
    let digit = LabelledImages::grey(SIZE, pixels.to_vec(), vec![0]);
    probabilities(model, &digit, &[0])
}
