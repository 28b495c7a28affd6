//! The action `cifar predict`, which classifies the user's photographs.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Cifar;
use crate::console::print_line;
use crate::data::{Cifar as Photographs, central_square, middle, read_photograph};
use crate::experiment::classification::figures;
use crate::experiment::prediction::{self, Prediction};
use crate::experiment::{Action, Assignment as _, Error, Identity, Output, committed, load};
use crate::metrics::ranked;
use crate::models::classification::probabilities;
use crate::models::{Classifier, Pictures};
use crate::plot::{Axis, Bar, Bars, Tile, palette};

const WEIGHTS: &str = "assignments/4-cifar/weights/cifar10-standard.safetensors";
/// The number of most probable classes that are shown.
const GUESSES: usize = 5;

/// Options of `cifar predict`.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// PNG or JPEG files, each with one object in the middle
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Weights of a trained network [default: the committed
    /// assignments/4-cifar/weights/cifar10-standard.safetensors]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Output folder for the figures
    #[arg(long, value_name = "DIR", default_value = "results/cifar-predict")]
    pub out: PathBuf,
    /// Print errors only
    #[arg(long)]
    pub quiet: bool,
}

/// Prints the most probable class of each photograph, and draws the probabilities of the five most
/// probable classes in a figure with the photograph's name. The central square of the photograph is
/// scaled to 32 x 32 pixels first.
///
/// # Errors
/// If weights or a photograph cannot be read, or a figure cannot be written. An error with one
/// photograph does not stop the others.
pub fn predict(args: &PredictArgs) -> Result<(), Error> {
    let weights = committed::weights(args.weights.as_ref(), WEIGHTS)?;
    let (config, model): (Cifar, _) = load(&weights)?;
    let output = Output::open(&args.out)?;
    let action = Action::named("predict").with_file("weights", &weights)?;
    output.join(&Identity::without_settings(Cifar::COMMAND, action))?;
    prediction::each(&args.images, |path, name| predict_one(args, &config, &model, path, (&output, name)))?;
    say(args, &format!("written to {}", args.out.display()));
    Ok(())
}

fn predict_one(
    args: &PredictArgs,
    config: &Cifar,
    model: &Classifier,
    path: &Path,
    (output, name): (&Output, &str),
) -> Result<(), Error> {
    let names = config.dataset.classes();
    let picture = read_photograph(path)?;
    let bytes = central_square(&picture, Photographs::SIZE[1] as u32).into_raw();
    let seen = Tile {
        caption: vec!["as CIFAR would have it".into()],
        ..figures::picture(Photographs::SIZE, &bytes)
    };
    let photograph = Photographs { images: bytes, labels: vec![0], superclasses: None };
    let p = probabilities(model, &Pictures::of_cifar(config.dataset, photograph), &[0])?;
    let order = ranked(&p)?;
    let best = order[0];
    let bar = |&k: &usize| {
        Bar::new(names[k], p[k].into(), palette(usize::from(k != best))).labelled(prediction::label(p[k]))
    };
    let square = middle(&picture);
    let drawn = Prediction {
        title: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        picture: &picture,
        square: square.map(f64::from),
        seen,
        bars: Bars {
            title: format!("It is: {}", names[best]),
            axis: Axis::new("probability").from_to(0.0, 1.0),
            rows: order[..GUESSES].iter().map(bar).collect(),
            ..Bars::default()
        },
    };
    drawn.save(output, name)?;
    let (width, height, side) = (picture.width(), picture.height(), square[2]);
    let cut = if width == height {
        String::new()
    } else {
        format!("the middle {side} x {side} of {width} x {height} pixels, ")
    };
    say(
        args,
        &format!("{}: {} with probability {:.4} ({cut}{name}.png)", path.display(), names[best], p[best]),
    );
    Ok(())
}

fn say(args: &PredictArgs, line: &str) {
    if !args.quiet {
        print_line(line);
    }
}
