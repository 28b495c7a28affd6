//! Which digit is on this picture?

use std::path::PathBuf;

use clap::Args;

use super::super::classification::{figures, probabilities};
use super::super::identity::{Action, Identity};
use super::super::output::Output;
use super::super::{Assignment as _, Error, load, prediction};
use super::{CLASSES, Mnist, Pictures, SIZE};
use crate::console::print_line;
use crate::data::{Handwriting, Mnist as Digits};
use crate::metrics::argmax;
use crate::plot::{Axis, Bar, Bars, Tile, palette};

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
    #[arg(long, value_name = "DIR", default_value = "results/mnist-predict")]
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
    let (config, model): (Mnist, _) = load(&args.weights)?;
    let output = Output::open(&args.out)?;
    let action = Action::named("predict").with_file("weights", &args.weights)?;
    output.join(&Identity::without_settings(Mnist::COMMAND, action))?;
    let names = config.dataset.classes();
    for path in &args.images {
        let handwriting = Handwriting::read(path)?;
        let digit =
            Digits { images: handwriting.pixels.clone(), labels: vec![0], height: SIZE[0], width: SIZE[1] };
        let p = probabilities(&model, &Pictures::from(digit), &[0])?;
        let best = argmax(&p)?;
        say(args, &format!("{}: {} with probability {:.4}", path.display(), names[best], p[best]));
        let rows = (0..CLASSES).map(|k| Bar::new(names[k], p[k].into(), palette(usize::from(k != best))));
        let bars = Bars {
            title: format!("It is {}", names[best]),
            axis: Axis::new("probability").from_to(0.0, 1.0),
            rows: rows.collect(),
            ..Bars::default()
        };
        let seen = Tile {
            caption: vec!["as MNIST would have it".into()],
            ..figures::picture(SIZE, &handwriting.pixels)
        };
        prediction::draw(path, &handwriting.picture, seen, bars, &args.out)?;
    }
    say(args, &format!("written to {}", args.out.display()));
    Ok(())
}

fn say(args: &PredictArgs, line: &str) {
    if !args.quiet {
        print_line(line);
    }
}
