//! Configurations, read with `--config`.

use std::fs;
use std::path::Path;

use ece472::assignments::COMMANDS;
use ece472::assignments::ag_news::AgNews;
use ece472::assignments::attention::Attention;
use ece472::assignments::cifar::Cifar;
use ece472::assignments::mnist::Mnist;
use ece472::assignments::sine_regression::SineRegression;
use ece472::assignments::siren::PictureFit;
use ece472::assignments::spirals::Spirals;
use ece472::cli;
use ece472::experiment::Assignment;

use super::{Target, kind, settings, stored};
use crate::sample::{Format, Sample};

/// Reading allocates a JSON document and settings.
pub const TARGET: Target = Target { memory: 256, corpus, read };

const FILE: &str = "config.json";

fn corpus() -> Vec<Sample> {
    fn sample<A: Assignment>() -> Sample {
        let text = serde_json::to_vec_pretty(&stored(&settings::<A>(&[]))).expect("plain data");
        Sample::one(format!("{}/{FILE}", A::COMMAND), Format::Json, text)
    }
    vec![
        sample::<SineRegression>(),
        sample::<Spirals>(),
        sample::<Mnist>(),
        sample::<Cifar>(),
        sample::<AgNews>(),
        sample::<Attention>(),
        sample::<PictureFit>(),
    ]
}

fn read(folder: &Path) -> Result<(), String> {
    let command = kind(folder, &COMMANDS);
    let read = match command {
        SineRegression::COMMAND => twice::<SineRegression>,
        Spirals::COMMAND => twice::<Spirals>,
        Mnist::COMMAND => twice::<Mnist>,
        Cifar::COMMAND => twice::<Cifar>,
        AgNews::COMMAND => twice::<AgNews>,
        Attention::COMMAND => twice::<Attention>,
        _ => twice::<PictureFit>,
    };
    read(&folder.join(command).join(FILE))
}

/// Reads settings, writes them, and checks that reading them again gives the same.
fn twice<A: Assignment>(path: &Path) -> Result<(), String> {
    let first = stored(&once::<A>(path)?);
    let again = path.with_file_name("again.json");
    fs::write(&again, first.to_string()).expect("a folder of our own");
    let second = once::<A>(&again).expect("settings that were accepted before");
    assert_eq!(first, stored(&second));
    Ok(())
}

fn once<A: Assignment>(path: &Path) -> Result<A, String> {
    let command = A::augment_args(clap::Command::new(A::COMMAND).no_binary_name(true));
    let matches = command.get_matches_from([""; 0]);
    cli::settings(&A::default(), Some(path), &matches).map_err(|e| e.to_string())
}
