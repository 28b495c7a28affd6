//! Checkpoints: a training resumes from the file or reports why it cannot.

use std::fs;
use std::path::Path;

use ece472::assignments::spirals::Spirals;
use ece472::experiment::{Assignment as _, DataFolder};
use ece472::optim::{Method, MuonConfig};
use ece472::train::{RunOptions, Settings, train};

use super::{Target, kind, settings};
use crate::sample::{Format, Sample};

/// Reading allocates parameters, averages, the optimizer's state, and the history.
pub const TARGET: Target = Target { memory: 64, corpus, read };

const FILE: &str = "state.safetensors";
const METHODS: [&str; 3] = ["adam", "momentum", "muon"];
/// The step at which a training is interrupted, and its last step.
const STEPS: [u64; 2] = [4, 6];

fn method(name: &str) -> Method {
    match name {
        "momentum" => Method::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.0, vector_rate: 1.0 },
        "muon" => Method::Muon(MuonConfig::default()),
        _ => Method::Adam,
    }
}

/// Trains up to a step, resuming from the checkpoint if there is one.
fn run(folder: &Path, steps: u64) -> Result<(), String> {
    let spirals: Spirals = settings(&["--points", "6", "--width", "4", "--hidden-layers", "1"]);
    let problem = spirals.problem(&DataFolder::default()).map_err(|e| e.to_string())?;
    let name = kind(folder, &METHODS);
    let settings = Settings {
        steps,
        method: method(name),
        average: (name == "adam").then_some(0.9),
        log_every: 1,
        checkpoint_every: 2,
        ..spirals.settings(&problem)
    };
    let checkpoint = Some(folder.join(name).join(FILE));
    let options = RunOptions { checkpoint, identity: "a run".into(), resume: true, ..RunOptions::default() };
    let (_, history) =
        train(&problem, &spirals.network(), settings, 1, &options).map_err(|e| e.to_string())?;
    assert!(
        history.rows().iter().all(|row| row.len() == history.columns().len()),
        "rows do not have the columns of the history"
    );
    Ok(())
}

fn corpus() -> Vec<Sample> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    METHODS
        .iter()
        .map(|name| {
            fs::create_dir(dir.path().join(name)).expect("a folder of our own");
            let path = dir.path().join(name).join(FILE);
            run(dir.path(), STEPS[0]).expect("a training");
            let bytes = fs::read(&path).expect("a checkpoint");
            fs::remove_dir_all(dir.path().join(name)).expect("a folder of our own");
            Sample::one(format!("{name}/{FILE}"), Format::Safetensors, bytes)
        })
        .collect()
}

fn read(folder: &Path) -> Result<(), String> {
    run(folder, STEPS[1])
}
