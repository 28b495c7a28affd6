//! What is on this photograph?

use std::path::{Path, PathBuf};

use clap::Args;

use super::Cifar;
use crate::console::print_line;
use crate::data::{CifarKind, LabelledImages, central_square, middle, read_photograph};
use crate::experiment::classification::figures;
use crate::experiment::prediction::{self, Prediction};
use crate::experiment::{Action, Assignment as _, Error, Identity, Output, committed, load};
use crate::metrics::ranked;
use crate::models::Classifier;
use crate::models::classification::probabilities;
use crate::plot::{Axis, Bar, Bars, Tile, palette};

const WEIGHTS: &str = "assignments/4-cifar/weights/cifar10-standard.safetensors";
/// How many of the most probable classes are shown.
const GUESSES: usize = 5;

/// Photographs, and the weights to look at them with.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// PNG or JPEG files, each with one thing in the middle
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// The weights of a trained network [default: assignments/4-cifar/weights/cifar10-standard.safetensors, in the
    /// working directory or where the program is]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// The folder for figures
    #[arg(long, value_name = "DIR", default_value = "results/cifar-predict")]
    pub out: PathBuf,
    /// Print errors only
    #[arg(long)]
    pub quiet: bool,
}

/// Prints the most probable class of each photograph, whose middle is brought to 32 x 32 pixels, and draws
/// the probabilities of the five most probable, in a figure of the photograph's name.
///
/// # Errors
/// If weights or a photograph cannot be read, or a figure cannot be written. An error with one photograph does not stop
/// the others.
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
    let bytes = central_square(&picture, CifarKind::SIZE[1] as u32).into_raw();
    let seen =
        Tile { caption: vec!["as CIFAR would have it".into()], ..figures::picture(CifarKind::SIZE, &bytes) };
    let p = probabilities(model, &LabelledImages::of_cifar(config.dataset, bytes, vec![0]), &[0])?;
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
