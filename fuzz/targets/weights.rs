//! Weights, which are evaluated and used for predictions. Their metadata contain the settings that
//! describe the model.

use std::path::Path;

use clap::{Args as _, FromArgMatches as _};
use ece472::assignments::COMMANDS;
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

use super::{Target, kind, run_options, settings, stored};
use crate::sample::{Format, Sample};

/// Reading allocates the file, its values as 32 bits, an untrained model, and the results.
pub const TARGET: Target = Target { memory: 64, corpus, read };

const FILE: &str = "weights.safetensors";

fn corpus() -> Vec<Sample> {
    let small = "--layer-depths=4,8 --layer-kernel-sizes=3,3 --layer-strides=2,4";
    let news = "--buckets=16 --width=4 --hidden=4 --heads=2 --rank=2 --blocks=1";
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

/// A file with the weights of an untrained model.
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

/// Missing data to evaluate weights on are not a fault.
fn or_without_data(result: Result<(), Error>) -> Result<(), String> {
    match result {
        Ok(())
        | Err(
            Error::Data(DataError::Missing { .. }) | Error::Text(TextError::Data(DataError::Missing { .. })),
        ) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
