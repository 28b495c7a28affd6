//! Weights, evaluated and used for predictions. Their metadata hold the settings that describe the model.

use std::path::Path;

use clap::{Args as _, FromArgMatches as _};
use ece472::assignments::ag_news::{self, AgNews};
use ece472::assignments::attention::Attention;
use ece472::assignments::cifar::Cifar;
use ece472::assignments::mnist::Mnist;
use ece472::assignments::sine_regression::SineRegression;
use ece472::assignments::siren::PictureFit;
use ece472::assignments::spirals::Spirals;
use ece472::data::DataError;
use ece472::experiment::{Assignment, Error, evaluate};
use ece472::text::TextError;
use ece472::train::save_weights;
use serde_json::Map;

use super::{Sample, Target, kind, run_options, settings, stored};
use crate::mutate::Format;

/// The file, its numbers as 32 bits, the model before it has them, and what is computed from them.
pub const TARGET: Target = Target { memory: 64, corpus, read };

const FILE: &str = "weights.safetensors";
const COMMANDS: [&str; 7] = [
    SineRegression::COMMAND,
    Spirals::COMMAND,
    Mnist::COMMAND,
    Cifar::COMMAND,
    AgNews::COMMAND,
    Attention::COMMAND,
    PictureFit::COMMAND,
];

fn corpus() -> Vec<Sample> {
    let small = "--layer-depths=4,8 --layer-kernel-sizes=3,3 --layer-strides=2,4";
    let news = "--places=16 --width=4 --hidden=4 --heads=2 --rank=2 --blocks=1";
    let news = |model: &str| sample::<AgNews>(&format!("{news} --model={model}"));
    vec![
        sample::<SineRegression>("--points=20"),
        sample::<Spirals>("--points=20 --width=4 --hidden-layers=1"),
        sample::<Mnist>(small),
        sample::<Cifar>(&format!("{small} --norm-groups=2 --squeeze=2")),
        news("linear"),
        news("embeddings"),
        news("transformer"),
        news("minilm-frozen"),
        news("minilm-finetuned"),
        sample::<PictureFit>("--size=16 --width=4 --hidden-layers=1"),
    ]
}

/// The weights of a model before training.
fn sample<A: Assignment>(options: &str) -> Sample {
    let settings: A = settings(&options.split(' ').collect::<Vec<_>>());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join(FILE);
    save_weights(&path, &settings.network(), &stored(&settings).to_string(), A::PRECISION).expect("weights");
    let bytes = std::fs::read(path).expect("weights");
    Sample::one(format!("{}/{FILE}", A::COMMAND), Format::Safetensors, bytes)
}

fn read(folder: &Path) -> Result<(), String> {
    let command = kind(folder, &COMMANDS);
    let weights = folder.join(command).join(FILE);
    let options = run_options(folder);
    let evaluate = match command {
        SineRegression::COMMAND => evaluate::<SineRegression>,
        Spirals::COMMAND => evaluate::<Spirals>,
        Mnist::COMMAND => evaluate::<Mnist>,
        Cifar::COMMAND => evaluate::<Cifar>,
        AgNews::COMMAND => evaluate::<AgNews>,
        Attention::COMMAND => evaluate::<Attention>,
        _ => evaluate::<PictureFit>,
    };
    or_without_data(evaluate(&weights, &Map::new(), &options))?;
    if command == AgNews::COMMAND {
        or_without_data(ag_news::predict(&prediction(folder, &weights)))?;
    }
    Ok(())
}

/// The options of a prediction.
fn prediction(folder: &Path, weights: &Path) -> ag_news::PredictArgs {
    let data = folder.join("data");
    let options = ["--weights".as_ref(), weights.as_os_str(), "--data-dir".as_ref(), data.as_os_str()];
    let command = ag_news::PredictArgs::augment_args(clap::Command::new("predict").no_binary_name(true));
    let matches = command.get_matches_from(options.into_iter().chain(["The price of oil".as_ref()]));
    ag_news::PredictArgs::from_arg_matches(&matches).expect("options of a prediction")
}

/// That there are no data to evaluate weights on is no fault of the weights.
fn or_without_data(result: Result<(), Error>) -> Result<(), String> {
    match result {
        Ok(())
        | Err(
            Error::Data(DataError::Missing { .. }) | Error::Text(TextError::Data(DataError::Missing { .. })),
        ) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
