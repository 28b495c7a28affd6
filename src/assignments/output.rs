//! The files of a run.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Error, Goal, check_metrics};
use crate::files;

/// A folder that a run writes its results to.
pub(super) struct Output(PathBuf);

impl Output {
    pub(super) fn new(folder: &Path) -> Self {
        Self(folder.into())
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    pub(super) fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint").join("state.safetensors")
    }

    pub(super) fn write(&self, name: &str, contents: &str) -> Result<(), Error> {
        Ok(files::write(&self.0.join(name), contents.as_bytes())?)
    }

    fn json(&self, name: &str, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(value).expect("plain data");
        self.write(name, &(text + "\n"))
    }

    /// `config.json`: the command and all settings.
    pub(super) fn config(&self, command: &str, config: &impl Serialize) -> Result<(), Error> {
        self.json("config.json", &config_value(command, config))
    }

    /// `metrics.json`; an error if a metric is not finite.
    pub(super) fn metrics(
        &self,
        command: &str,
        seed: u64,
        metrics: &[(&'static str, f64)],
        goals: &[Goal],
    ) -> Result<(), Error> {
        check_metrics(metrics)?;
        let targets: Vec<Value> = goals.iter().filter_map(|goal| target(goal, metrics)).collect();
        let metrics: Map<String, Value> =
            metrics.iter().map(|&(name, value)| (name.to_owned(), value.into())).collect();
        self.json(
            "metrics.json",
            &json!({ "command": command, "seed": seed, "metrics": metrics, "targets": targets }),
        )
    }

    /// `run.json`: what differs from run to run.
    pub(super) fn run(&self, wall: Duration, examples: u64) -> Result<(), Error> {
        let seconds = wall.as_secs_f64();
        self.json(
            "run.json",
            &json!({
                "wall_seconds": seconds,
                "examples_per_second": examples as f64 / seconds,
                "peak_memory_bytes": peak_memory(),
                "threads": rayon::current_num_threads(),
                "cpu": cpu(),
                "version": env!("CARGO_PKG_VERSION"),
            }),
        )
    }
}

/// A configuration as it stands in `config.json` and in the metadata of weights.
pub(super) fn config_value(command: &str, config: &impl Serialize) -> Value {
    let mut value = json!({ "command": command });
    let settings = serde_json::to_value(config).expect("plain data");
    if let (Value::Object(value), Value::Object(settings)) = (&mut value, settings) {
        value.extend(settings);
    }
    value
}

fn target(goal: &Goal, metrics: &[(&'static str, f64)]) -> Option<Value> {
    let (Goal::AtMost(name, bound) | Goal::AtLeast(name, bound)) = *goal;
    let value = metrics.iter().find(|(metric, _)| *metric == name)?.1;
    let (sign, met) = match goal {
        Goal::AtMost(..) => ("<=", value <= bound),
        Goal::AtLeast(..) => (">=", value >= bound),
    };
    Some(json!({ "metric": name, "goal": format!("{sign} {bound}"), "value": value, "met": met }))
}

/// The most memory that the process has held, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024 * line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?)
}

fn cpu() -> Option<String> {
    let info = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(line.trim_start_matches([' ', '\t', ':']).to_owned())
}
