//! The targets: which files are read, and the valid files that are changed.

pub mod ag_news;
pub mod archive;
pub mod checkpoint;
pub mod cifar;
pub mod config;
pub mod encoder;
pub mod faulty;
pub mod folds;
pub mod idx;
pub mod pictures;
pub mod weights;

use std::path::Path;

use clap::{Args as _, FromArgMatches as _};
use ece472::experiment::{Assignment, RunArgs};
use serde_json::{Map, Value, json};

use crate::sample::Sample;

/// A way of reading files.
pub struct Target {
    /// The memory in bytes that reading may take for each byte of the files, in addition to the
    /// constant that every input may take.
    pub memory: usize,
    /// Small valid files.
    pub corpus: fn() -> Vec<Sample>,
    /// Reads the files of a folder as the program does; an error is the program's message. A panic
    /// is a fault, including a failed assertion about the result.
    pub read: fn(&Path) -> Result<(), String>,
}

/// The settings of an assignment with these command-line options.
fn settings<A: Assignment>(options: &[&str]) -> A {
    let command = A::augment_args(clap::Command::new(A::COMMAND).no_binary_name(true));
    A::from_arg_matches(&command.get_matches_from(options)).expect("options are settings")
}

/// Settings as they are stored in `config.json` and in the metadata of weights.
fn stored<A: Assignment>(settings: &A) -> Value {
    let mut value = json!({ "command": A::COMMAND });
    let settings = serde_json::to_value(settings).expect("plain data");
    let all: &mut Map<String, Value> = value.as_object_mut().expect("an object");
    all.extend(settings.as_object().cloned().expect("an object"));
    value
}

/// The options of a run that writes inside a folder, prints nothing, and finds no data.
fn run_options(folder: &Path) -> RunArgs {
    let [out, data] = ["out", "data"].map(|name| folder.join(name).into_os_string());
    let command = RunArgs::augment_args(clap::Command::new("run").no_binary_name(true));
    let matches =
        command.get_matches_from([&"--quiet".into(), &"--out".into(), &out, &"--data-dir".into(), &data]);
    RunArgs::from_arg_matches(&matches).expect("options of a run")
}

/// The kind of a sample: the one of `kinds` that is a subfolder of `folder`. It determines how the
/// sample is read.
fn kind<'a>(folder: &Path, kinds: &[&'a str]) -> &'a str {
    kinds.iter().find(|kind| folder.join(kind).exists()).expect("a sample is in the folder of its kind")
}
