//! The identity of a run: the action, the settings, and the contents of the files that they name.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Assignment, Error};
use crate::files::{self, FileError};

/// The name of the action that measures trained weights.
pub(crate) const EVALUATE: &str = "evaluate";

/// A training or another action, with the options that belong to it alone.
#[derive(Clone)]
pub(crate) struct Action {
    /// `None` for a training.
    name: Option<&'static str>,
    details: Map<String, Value>,
    /// The files that the action reads, each with the option that names it.
    inputs: Vec<(&'static str, PathBuf)>,
}

impl Action {
    /// A training.
    pub(crate) fn train() -> Self {
        Self { name: None, details: Map::new(), inputs: Vec::new() }
    }

    /// Another action.
    pub(crate) fn named(name: &'static str) -> Self {
        Self { name: Some(name), ..Self::train() }
    }

    pub(crate) fn with(mut self, detail: &str, value: impl Into<Value>) -> Self {
        self.details.insert(detail.into(), value.into());
        self
    }

    /// Adds a file that the action reads: its path, and the SHA-256 of its contents.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn with_file(mut self, option: &'static str, path: &Path) -> Result<Self, FileError> {
        self.inputs.push((option, path.into()));
        let sum = sha256(path)?;
        Ok(self.with(option, path.to_string_lossy()).with(&format!("{option}_sha256"), sum))
    }
}

/// The identity of a run.
pub(crate) struct Identity {
    /// The contents of `config.json`.
    config: Value,
    /// The names of the settings that are paths of files. Two runs that differ only in these are
    /// the same.
    paths: &'static [&'static str],
    /// The files that the run reads, each with the option that names it.
    inputs: Vec<(String, PathBuf)>,
}

impl Identity {
    /// The identity of a run of an assignment with these settings.
    ///
    /// # Errors
    /// If a file that the settings name cannot be read.
    pub(crate) fn new<A: Assignment>(config: &A, action: Action) -> Result<Self, Error> {
        let name = action.name;
        let mut identity = Self::without_settings(A::COMMAND, action);
        identity.paths = A::FILES;
        let Value::Object(settings) = config_value(A::COMMAND, config) else { panic!("an object") };
        let all = identity.config.as_object_mut().expect("an object");
        let mut sums = Map::new();
        // An evaluation does not need the files that the training has read. They may be gone.
        let is_read = |file: &&str| name != Some(EVALUATE) || A::JUDGED_BY.contains(file);
        for name in A::FILES.iter().copied().filter(is_read) {
            if let Some(path) = settings.get(name).and_then(Value::as_str) {
                sums.insert(name.into(), sha256(Path::new(path))?.into());
                identity.inputs.push((name.replace('_', "-"), path.into()));
            }
        }
        all.extend(settings);
        if !sums.is_empty() {
            all.insert("sha256".into(), sums.into());
        }
        Ok(identity)
    }

    /// The identity of a run that has no settings except those of its action.
    pub(crate) fn without_settings(command: &str, action: Action) -> Self {
        let mut config = json!({ "command": command });
        if let Some(name) = action.name {
            let mut details = Map::from_iter([("name".to_owned(), name.into())]);
            details.extend(action.details);
            config["action"] = details.into();
        }
        let inputs = action.inputs.into_iter().map(|(option, path)| (option.to_owned(), path)).collect();
        Self { config, paths: &[], inputs }
    }

    /// The contents of `config.json`: the command, the action unless it is a training, all
    /// settings, and the SHA-256 of the files that they name.
    pub(crate) fn config(&self) -> &Value {
        &self.config
    }

    /// The files that the run reads, each with the option that names it.
    pub(crate) fn inputs(&self) -> &[(String, PathBuf)] {
        &self.inputs
    }

    /// The identity as it is stored in a checkpoint: without the paths of files, whose hashes it
    /// holds.
    pub(crate) fn text(&self) -> String {
        self.without_paths(&self.config).to_string()
    }

    /// Whether a `config.json` belongs to this run.
    pub(crate) fn is_of(&self, config: &Value) -> bool {
        self.without_paths(config) == self.without_paths(&self.config)
    }

    fn without_paths(&self, config: &Value) -> Value {
        let mut config = config.clone();
        if let Some(all) = config.as_object_mut() {
            self.paths.iter().for_each(|path| drop(all.shift_remove(*path)));
        }
        config
    }
}

/// A configuration as it is stored in the metadata of weights: the command and all settings.
pub(crate) fn config_value(command: &str, config: &impl Serialize) -> Value {
    let mut value = json!({ "command": command });
    let settings = serde_json::to_value(config).expect("plain data");
    if let (Value::Object(value), Value::Object(settings)) = (&mut value, settings) {
        value.extend(settings);
    }
    value
}

/// Removes from a `config.json` what is not a setting.
pub(crate) fn settings_only(config: &mut Map<String, Value>) {
    config.shift_remove("action");
    config.shift_remove("sha256");
}

/// The SHA-256 of a file, in hexadecimal digits.
fn sha256(path: &Path) -> Result<String, FileError> {
    Ok(files::sha256(&[&files::read(path)?]))
}
