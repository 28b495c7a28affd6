//! The runs in a folder, read from the files that every run writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::table::Table;
use crate::experiment::Error;
use crate::files::{self, FileError};

/// The file that makes a folder one of a run.
const CONFIG: &str = "config.json";

/// A run.
pub(super) struct Run {
    /// The folder as the report names it.
    pub label: String,
    /// The folder, as a canonical path.
    pub folder: PathBuf,
    /// The assignment.
    pub command: String,
    /// `config.json` without the command.
    pub config: Map<String, Value>,
    /// `metrics.json`, if it is there.
    pub metrics: Option<Metrics>,
    /// `run.json`, if it is there.
    pub machine: Option<Machine>,
    /// The name and SHA-256 of each file of weights, and of each file that the settings name.
    pub checksums: Vec<(String, String)>,
    /// The tables of results.
    pub tables: Vec<Table>,
}

/// The contents of `metrics.json`.
#[derive(Deserialize)]
pub(super) struct Metrics {
    command: String,
    /// The values by name, in the file's order.
    #[serde(rename = "metrics")]
    pub values: Map<String, Value>,
    /// The goals.
    #[serde(default)]
    pub targets: Vec<Target>,
}

/// A goal of a metric, and whether it is met.
#[derive(Deserialize)]
pub(super) struct Target {
    pub metric: String,
    pub goal: String,
    pub value: f64,
    pub met: bool,
}

/// The contents of `run.json`, which differ from run to run.
#[derive(Deserialize)]
pub(super) struct Machine {
    pub wall_seconds: f64,
    pub peak_memory_bytes: Option<u64>,
    pub threads: Option<u64>,
    pub cpu: Option<String>,
    pub version: Option<String>,
}

/// All runs in a folder and below it, in the order of their paths.
///
/// # Errors
/// If a folder or file cannot be read, or a file is not one of a run.
pub(super) fn find(folder: &Path, label: &str) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    if folder.join(CONFIG).is_file() {
        runs.push(Run::read(folder, label)?);
    }
    for (name, path) in entries(folder)? {
        // Results of a run before this one, and checkpoints, are no results of this one.
        let is_other = name.starts_with('.') || name == "previous" || name == "checkpoint";
        // A link may lead back to a folder above.
        if !is_other && !path.is_symlink() && path.is_dir() {
            runs.extend(find(&path, &format!("{label}/{name}"))?);
        }
    }
    Ok(runs)
}

/// The names and paths of what is in a folder, in the order of names. Names that are not UTF-8 are left
/// out: the program writes none.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, FileError> {
    let read = || {
        let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        let paths = paths.collect::<io::Result<Vec<PathBuf>>>()?;
        let name = |path: &PathBuf| path.file_name()?.to_str().map(str::to_owned);
        let mut named: Vec<_> = paths.into_iter().filter_map(|path| Some((name(&path)?, path))).collect();
        named.sort();
        Ok(named)
    };
    read().map_err(|e| FileError::new("cannot read", folder, e))
}

/// The path without links and `..`, by which files are told apart.
///
/// # Errors
/// If there is no such file or folder.
pub(super) fn canonical(path: &Path) -> Result<PathBuf, FileError> {
    path.canonicalize().map_err(|e| FileError::new("cannot read", path, e))
}

impl Run {
    fn read(folder: &Path, label: &str) -> Result<Self, Error> {
        let path = folder.join(CONFIG);
        let fail = |path: &Path, message: String| Error::Config { path: path.into(), message };
        let mut config: Map<String, Value> = json(&path, "the settings of a run")?;
        let Some(Value::String(command)) = config.shift_remove("command") else {
            return Err(fail(&path, "not the settings of a run: it names no command".into()));
        };
        let path = folder.join("metrics.json");
        let metrics: Option<Metrics> = json_if_there(&path, "the metrics of a run")?;
        if let Some(metrics) = &metrics {
            if metrics.command != command {
                let message = format!("it is of {}, but {CONFIG} is of {command}", metrics.command);
                return Err(fail(&path, message));
            }
            if let Some((name, _)) = metrics.values.iter().find(|(_, value)| !value.is_number()) {
                return Err(fail(&path, format!("not the metrics of a run: {name} is no number")));
            }
        }
        let machine = json_if_there(&folder.join("run.json"), "the times of a run")?;
        let folder = canonical(folder)?;
        let mut checksums = checksums_of_settings(&config);
        for path in weights(&folder)? {
            let sum = files::sha256(&[&files::read(&path)?]);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let inside = path.parent().is_some_and(|parent| parent == folder);
            checksums.push((if inside { name.into() } else { format!("weights/{name}") }, sum));
        }
        let tables = Table::all_in(&folder, &folder)?;
        Ok(Self { label: label.into(), folder, command, config, metrics, machine, checksums, tables })
    }
}

/// The checksums that `config.json` lists of the files that the settings and the action name.
fn checksums_of_settings(config: &Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let named = |all: &Map<String, Value>, name: &str| all.get(name).and_then(text);
    let mut checksums = Vec::new();
    for (name, sum) in config.get("sha256").and_then(Value::as_object).into_iter().flatten() {
        checksums.push((named(config, name).unwrap_or_else(|| name.clone()), text(sum)));
    }
    let action = config.get("action").and_then(Value::as_object);
    for (action, (key, sum)) in action.into_iter().flat_map(|all| all.iter().map(move |pair| (all, pair))) {
        if let Some(name) = key.strip_suffix("_sha256") {
            checksums.push((named(action, name).unwrap_or_else(|| name.into()), text(sum)));
        }
    }
    checksums.into_iter().filter_map(|(name, sum)| Some((name, sum?))).collect()
}

/// The weights of a run: those that it has written, or else the committed ones, which are in a folder
/// `weights` in the assignment's, under the name of the run's folder if it is not the assignment's.
fn weights(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let own = folder.join("weights.safetensors");
    if own.is_file() {
        return Ok(vec![own]);
    }
    let is_weights = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "safetensors");
    let committed = folder.join("weights");
    if committed.is_dir() {
        return Ok(entries(&committed)?.into_iter().map(|(_, path)| path).filter(is_weights).collect());
    }
    let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) else { return Ok(Vec::new()) };
    let mut name = name.to_os_string();
    name.push(".safetensors");
    Ok(Some(above.join("weights").join(name)).into_iter().filter(|path| path.is_file()).collect())
}

fn json<T: DeserializeOwned>(path: &Path, what: &str) -> Result<T, Error> {
    let text = files::read_text(path)?;
    let wrong = |e| Error::Config { path: path.into(), message: format!("not {what}: {e}") };
    serde_json::from_str(&text).map_err(wrong)
}

fn json_if_there<T: DeserializeOwned>(path: &Path, what: &str) -> Result<Option<T>, Error> {
    if path.exists() { json(path, what).map(Some) } else { Ok(None) }
}
