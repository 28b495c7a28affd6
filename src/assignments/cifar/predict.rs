//! What is on this photograph?

use std::path::PathBuf;

use clap::Args;

use super::super::classification::{figures, probabilities};
use super::super::identity::{Action, Identity};
use super::super::output::Output;
use super::super::{Assignment as _, Error, load, prediction};
use super::{Cifar, Photographs, Pictures};
use crate::console::print_line;
use crate::data::{central_square, read_photograph};
use crate::metrics::ranked;
use crate::plot::{Axis, Bar, Bars, Tile, palette};

/// How many of the most probable classes are shown.
const GUESSES: usize = 5;

/// Photographs, and the weights to look at them with.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// PNG or JPEG files, each with one thing in the middle
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// The weights of a trained network
    #[arg(
        long,
        value_name = "FILE",
        default_value = "assignments/4-cifar/weights/cifar10-standard.safetensors"
    )]
    pub weights: PathBuf,
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
/// If weights or a photograph cannot be read, or a figure cannot be written.
pub fn predict(args: &PredictArgs) -> Result<(), Error> {
    let (config, model): (Cifar, _) = load(&args.weights)?;
    let output = Output::open(&args.out)?;
    let action = Action::named("predict").with_file("weights", &args.weights)?;
    output.join(&Identity::without_settings(Cifar::COMMAND, action))?;
    let names = config.dataset.classes();
    for path in &args.images {
        let picture = read_photograph(path)?;
        let bytes = central_square(&picture, Photographs::SIZE[1] as u32).into_raw();
        let seen = Tile {
            caption: vec!["as CIFAR would have it".into()],
            ..figures::picture(Photographs::SIZE, &bytes)
        };
        let photograph = Photographs { images: bytes, labels: vec![0], superclasses: None };
        let p = probabilities(&model, &Pictures::of_cifar(config.dataset, photograph), &[0])?;
        let order = ranked(&p)?;
        let best = order[0];
        say(args, &format!("{}: {} with probability {:.4}", path.display(), names[best], p[best]));
        let bar = |&k: &usize| Bar::new(names[k], p[k].into(), palette(usize::from(k != best)));
        let bars = Bars {
            title: format!("It is: {}", names[best]),
            axis: Axis::new("probability").from_to(0.0, 1.0),
            rows: order[..GUESSES].iter().map(bar).collect(),
            ..Bars::default()
        };
        prediction::draw(path, &picture, seen, bars, &args.out)?;
    }
    say(args, &format!("written to {}", args.out.display()));
    Ok(())
}

fn say(args: &PredictArgs, line: &str) {
    if !args.quiet {
        print_line(line);
    }
}
