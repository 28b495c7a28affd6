//! The action `siren show`: options and choice of a demonstration.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::demonstration::Demonstration;
use super::{compression, poisson, resolution, variants, zoom};
use crate::assignments::siren::{NetworkKind, PictureFit, Scene};
use crate::experiment::{Action, Assignment as _, Error, Identity, RunArgs, load, memory};
use crate::train::Objective as _;

/// A demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Show {
    /// Compare the fits of sine, ReLU, tanh and Fourier networks, and their derivatives
    Networks,
    /// Compare the speed of several optimizers
    Optimizers,
    /// Reconstruct the picture from its gradient alone, and from its Laplacian alone
    Poisson,
    /// Blend two pictures by training on the longer of their gradients
    Mixing,
    /// Enlarge the picture from a quarter of its width and height
    SuperResolution,
    /// Fill in the picture from a tenth of its pixels
    Inpainting,
    /// Zoom into the picture in an animation
    Zoom,
    /// Store the picture as rounded weights of small networks, and compare with JPEG
    Compression,
}

/// Options of `siren show`.
#[derive(Args, Clone, Debug)]
pub struct DemonstrationArgs {
    /// The demonstration
    #[arg(value_enum, value_name = "WHAT")]
    pub show: Show,
    /// For zoom: use trained weights, with the settings stored in them, instead of training
    #[arg(long, value_name = "FILE", conflicts_with = "config", help_heading = "Demonstration")]
    pub fitted: Option<PathBuf>,
    /// For mixing: the second picture, a PNG or JPEG file [default: drawn by the program]
    #[arg(long, value_name = "FILE", help_heading = "Demonstration")]
    pub other: Option<PathBuf>,
}

/// Runs a demonstration: trains its networks, draws figures, and writes `metrics.json`.
///
/// # Errors
/// If the settings are invalid, a picture cannot be read, training fails, or a file cannot be
/// written.
pub fn demonstrate(
    config: &PictureFit,
    options: &DemonstrationArgs,
    args: &RunArgs,
    resume: bool,
) -> Result<(), Error> {
    let show = options.show;
    let (config, fitted) = match &options.fitted {
        Some(path) => load(path).map(|(config, network)| (config, Some(network)))?,
        None => (config.clone(), None),
    };
    config.validate().map_err(Error::Usage)?;
    let is_grey = matches!(show, Show::Networks | Show::Poisson | Show::Mixing);
    if is_grey && config.color {
        return Err(Error::Usage("derivatives are those of grey pictures: leave --color away".into()));
    }
    if show == Show::Networks && config.network != NetworkKind::Sine {
        return Err(Error::Usage("this shows all networks: leave --network away".into()));
    }
    if show != Show::Zoom && config.network != NetworkKind::Sine {
        return Err(Error::Usage("this demonstration uses the sine network: leave --network away".into()));
    }
    let given = |of: &PictureFit| (of.optimizer, of.learning_rate.to_bits(), of.last_learning_rate.to_bits());
    if show == Show::Optimizers && given(&config) != given(&PictureFit::default()) {
        let message = "this shows all optimizers, each at its own rate: leave --optimizer, --learning-rate \
                       and --last-learning-rate away";
        return Err(Error::Usage(message.into()));
    }
    if fitted.is_some() && show != Show::Zoom {
        return Err(Error::Usage("--fitted is for zoom: leave it away".into()));
    }
    if options.other.is_some() && show != Show::Mixing {
        return Err(Error::Usage("--other is for mixing: leave it away".into()));
    }
    let name = show.to_possible_value().expect("nothing is hidden").get_name().to_owned();
    let output = args.open(PictureFit::COMMAND, &name)?;
    let picture = config.problem(&args.data(&output))?;
    let mut action = Action::named("show").with("what", name);
    for (option, path) in [("fitted", &options.fitted), ("other", &options.other)] {
        if let Some(path) = path {
            action = action.with_file(option, path)?;
        }
    }
    output.begin_or_resume(&Identity::new(&config, action.clone())?, resume)?;
    memory::check(&config, &config.settings_for(picture.examples()), picture.examples(), 1)?;
    let truth = picture.colors.as_slice().iter().map(|y| 0.5 * y + 0.5).collect();
    let demo =
        &mut Demonstration { config, picture, truth, args, resume, output, action, metrics: Vec::new() };
    match show {
        Show::Networks => variants::networks(demo)?,
        Show::Optimizers => variants::optimizers(demo)?,
        Show::Poisson => poisson::poisson(demo)?,
        Show::Mixing => {
            let scene = if demo.config.scene == Scene::Card { Scene::Landscape } else { Scene::Card };
            let config = PictureFit { image: options.other.clone(), scene, ..demo.config.clone() };
            let other = config.problem(&args.data(&demo.output))?;
            if other.size != demo.picture.size {
                let ([w, h], [a, b]) = (demo.picture.size, other.size);
                let message = format!("{w} x {h} pixels cannot be mixed with {a} x {b}: give --size");
                return Err(Error::Usage(message));
            }
            poisson::mixing(demo, &other)?;
        }
        Show::SuperResolution => resolution::super_resolution(demo)?,
        Show::Inpainting => resolution::inpainting(demo)?,
        Show::Zoom => {
            let network = match fitted {
                Some(network) => network,
                None => demo.train("fit", &demo.config, &demo.picture)?.0,
            };
            zoom::zoom(demo, &network)?;
        }
        Show::Compression => compression::compression(demo)?,
    }
    demo.output.metrics(PictureFit::COMMAND, demo.config.seed, &demo.metrics, &[])
}
