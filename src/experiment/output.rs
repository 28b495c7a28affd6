//! The folder for results: which run it belongs to, and the files that are written to it.
//!
//! A folder belongs to one run at a time, and a command locks it while it runs. Before a run writes
//! its first result, it moves the results of another run to the subfolder `previous`, replacing
//! what that held. Results of the same run are removed, since they are about to be written again.
//! `config.json` identifies the run: it is written before all results and removed after them. Only
//! files that the program itself has written are touched.

mod lock;
mod manifest;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lock::FolderLock;
use manifest::Manifest;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::identity::Identity;
use super::{Error, Goal, check_metrics};
use crate::files::{self, FileError};
use crate::parallel;
use crate::plot::Figure;

/// A folder that a run writes its results to.
pub(crate) struct Output {
    folder: PathBuf,
    manifest: RefCell<Manifest>,
    _lock: FolderLock,
}

impl Output {
    /// Locks a folder for a run until this value is dropped. Nothing else is changed.
    ///
    /// # Errors
    /// If another process writes to the folder, or it cannot be written to.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let lock = FolderLock::take(folder)?;
        Ok(Self { manifest: RefCell::new(Manifest::read(folder)?), folder: folder.into(), _lock: lock })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.folder.join(manifest::CHECKPOINTS[0])
    }

    /// Gives the folder to this run. Old results are moved or removed.
    ///
    /// # Errors
    /// If the run reads a file that is one of the old results, or files cannot be moved or written.
    pub(crate) fn begin(&self, run: &Identity) -> Result<(), Error> {
        self.check_inputs(run)?;
        if self.belongs_to(run)? == Some(true) {
            self.manifest.borrow_mut().clear()?;
        } else {
            self.manifest.borrow_mut().set_aside()?;
        }
        self.config(run)
    }

    /// Continues this run, to which the folder belongs already, as its checkpoint shows. Results
    /// are kept.
    ///
    /// # Errors
    /// If files cannot be removed or written.
    pub(crate) fn go_on(&self, run: &Identity) -> Result<(), Error> {
        self.manifest.borrow().clear_unfinished()?;
        self.config(run)
    }

    /// Gives the folder to this run. Results of the same run are kept.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(crate) fn join(&self, run: &Identity) -> Result<(), Error> {
        if self.belongs_to(run)? == Some(true) { self.go_on(run) } else { self.begin(run) }
    }

    /// [Begins](Self::begin), or if `resume` is set [joins](Self::join) results of the same run.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), or if the folder belongs to another run.
    pub(crate) fn begin_or_resume(&self, run: &Identity, resume: bool) -> Result<(), Error> {
        if !resume {
            return self.begin(run);
        }
        if self.belongs_to(run)? == Some(false) {
            let message = "it belongs to another run: leave --resume away".into();
            return Err(Error::Config { path: self.folder.join(manifest::CONFIG), message });
        }
        self.join(run)
    }

    /// Whether the results belong to this run; `None` if there is no `config.json`.
    fn belongs_to(&self, run: &Identity) -> Result<Option<bool>, FileError> {
        let config = files::read_if_there(&self.folder.join(manifest::CONFIG))?;
        Ok(config.map(|text| serde_json::from_slice(&text).is_ok_and(|config| run.is_of(&config))))
    }

    /// Checks that no file that the run reads is one of the old results.
    fn check_inputs(&self, run: &Identity) -> Result<(), Error> {
        let Ok(folder) = self.folder.canonicalize() else { return Ok(()) };
        let previous = Manifest::read(&self.folder.join(manifest::PREVIOUS))?;
        let is_result = |name: &Path| match name.strip_prefix(manifest::PREVIOUS) {
            Ok(name) => previous.has(name),
            Err(_) => self.manifest.borrow().has(name),
        };
        for (option, path) in run.inputs() {
            let Ok(full) = path.canonicalize() else { continue };
            let Ok(name) = full.strip_prefix(&folder) else { continue };
            if is_result(name) {
                return Err(Error::Usage(format!(
                    "the {option} {} is among the results in the output folder, which this run would replace: \
                     choose another folder by --out",
                    path.display()
                )));
            }
        }
        Ok(())
    }

    /// Adds a file to the list of results, and returns its path.
    ///
    /// # Errors
    /// If the list of results cannot be written.
    pub(crate) fn path(&self, name: &str) -> Result<PathBuf, Error> {
        self.manifest.borrow_mut().claim(name)?;
        Ok(self.folder.join(name))
    }

    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> Result<(), Error> {
        Ok(files::write(&self.path(name)?, contents.as_ref())?)
    }

    /// Writes a figure as PNG and SVG.
    pub(crate) fn figure(&self, name: &str, figure: &Figure) -> Result<(), Error> {
        self.path(&format!("{name}.png"))?;
        self.path(&format!("{name}.svg"))?;
        Ok(figure.save(&self.folder, name)?)
    }

    /// The path of the checkpoint of one of several trainings.
    ///
    /// # Errors
    /// If the list of results cannot be written.
    pub(crate) fn checkpoint_of(&self, training: &str) -> Result<PathBuf, Error> {
        let name = |end: &str| format!("checkpoint/{training}{end}.safetensors");
        self.path(&name(".previous"))?;
        self.path(&name(""))
    }

    fn json(&self, name: &str, value: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(value).expect("plain data");
        self.write(name, text + "\n")
    }

    fn config(&self, run: &Identity) -> Result<(), Error> {
        self.json(manifest::CONFIG, run.config())
    }

    /// Writes `metrics.json`. It is an error if a metric is not finite.
    pub(crate) fn metrics(
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

    /// Writes `run.json`, which holds what differs between repetitions of a run: times, memory,
    /// threads, CPU.
    pub(crate) fn run(&self, wall: Duration, examples: u64) -> Result<(), Error> {
        let seconds = wall.as_secs_f64();
        self.json(
            "run.json",
            &json!({
                "wall_seconds": seconds,
                "examples_per_second": examples as f64 / seconds,
                "peak_memory_bytes": peak_memory(),
                "threads": parallel::threads(),
                "cpu": cpu(),
                "version": env!("CARGO_PKG_VERSION"),
            }),
        )
    }
}

fn target(goal: &Goal, metrics: &[(&'static str, f64)]) -> Option<Value> {
    let &(name, value) = metrics.iter().find(|(metric, _)| *metric == goal.metric())?;
    Some(json!({ "metric": name, "goal": goal.to_string(), "value": value, "met": goal.is_met(value) }))
}

/// The peak memory of the process in bytes, if the system reports it.
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
