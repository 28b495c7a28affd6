//! The folder for results: whose it is, and what is written to it.
//!
//! A folder belongs to one run at any moment. A command locks it while it runs. Before a run writes its first result,
//! those of another run are moved to the folder `previous` inside of it, in place of what that held, and those of the
//! same run are removed, since they are about to be written again. `config.json` says which run it is: it is written
//! before all results and removed after them. Only files that the program itself writes are touched.

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
use crate::plot::Figure;

/// A folder that a run writes its results to.
pub(crate) struct Output {
    folder: PathBuf,
    manifest: RefCell<Manifest>,
    _lock: FolderLock,
}

impl Output {
    /// Locks a folder for a run, as long as this lives. Nothing else is changed.
    ///
    /// # Errors
    /// If another process writes to it, or it cannot be written to.
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

    /// The folder is this run's from now on, and has no results yet.
    ///
    /// # Errors
    /// If a file that the run reads would go with the old results, or files cannot be moved or written.
    pub(crate) fn begin(&self, run: &Identity) -> Result<(), Error> {
        self.check_inputs(run)?;
        if self.belongs_to(run)? == Some(true) {
            self.manifest.borrow_mut().clear()?;
        } else {
            self.manifest.borrow_mut().set_aside()?;
        }
        self.config(run)
    }

    /// The folder is this run's, as its checkpoint has shown, and keeps its results.
    ///
    /// # Errors
    /// If files cannot be removed or written.
    pub(crate) fn go_on(&self, run: &Identity) -> Result<(), Error> {
        self.manifest.borrow().clear_unfinished()?;
        self.config(run)
    }

    /// The folder is this run's from now on, with those results that it has of the same run.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub(crate) fn join(&self, run: &Identity) -> Result<(), Error> {
        if self.belongs_to(run)? == Some(true) { self.go_on(run) } else { self.begin(run) }
    }

    /// As [`begin`](Self::begin), or if `resume` is set as [`join`](Self::join), which another run's results forbid.
    ///
    /// # Errors
    /// As [`begin`](Self::begin), or if the folder belongs to another run.
    pub(crate) fn begin_or_resume(&self, run: &Identity, resume: bool) -> Result<(), Error> {
        if !resume {
            return self.begin(run);
        }
        if self.belongs_to(run)? == Some(false) {
            let message = "it is of another run: go without --resume".into();
            return Err(Error::Config { path: self.folder.join(manifest::CONFIG), message });
        }
        self.join(run)
    }

    /// Whether the results are of this run; `None` if nothing says whose they are.
    fn belongs_to(&self, run: &Identity) -> Result<Option<bool>, FileError> {
        let config = files::read_if_there(&self.folder.join(manifest::CONFIG))?;
        Ok(config.map(|text| serde_json::from_slice(&text).is_ok_and(|config| run.is_of(&config))))
    }

    /// What a run reads must not go away with the old results.
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
                    "the {option} {} are a result in the folder for results, which this run would replace: \
                     give another --out",
                    path.display()
                )));
            }
        }
        Ok(())
    }

    /// The path of a result, which is listed as one.
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

    /// The checkpoint of one of several trainings.
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

    /// `metrics.json`; an error if a metric is not finite.
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

    /// `run.json`: what differs from run to run.
    pub(crate) fn run(&self, wall: Duration, examples: u64) -> Result<(), Error> {
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

fn target(goal: &Goal, metrics: &[(&'static str, f64)]) -> Option<Value> {
    let &(name, value) = metrics.iter().find(|(metric, _)| *metric == goal.metric())?;
    Some(json!({ "metric": name, "goal": goal.to_string(), "value": value, "met": goal.is_met(value) }))
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
