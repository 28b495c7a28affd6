//! What a report consists of: for each assignment its write-up, runs, figures and source code, and
//! an anchor in the page for each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Request;
use super::figure::Figure;
use super::run::{self, Run, canonical, entries};
use super::table::Table;
use crate::data::sources::{KnownFile, Source};
use crate::data::{Verdict, verify};
use crate::experiment::{Error, committed};
use crate::files;

/// The folder in which runs are looked for by default.
const RESULTS: &str = "results";
/// The folder of the repository with write-ups and committed runs.
const COMMITTED: &str = "assignments";

/// Everything that the page shows.
pub(super) struct Collection {
    pub assignments: Vec<Assignment>,
    pub anchors: Anchors,
}

/// One assignment.
pub(super) struct Assignment {
    pub command: String,
    /// None if the repository is not at hand.
    pub write_up: Option<WriteUp>,
    pub runs: Vec<Run>,
    /// Committed figures of studies, which belong to no run.
    pub figures: Vec<Figure>,
    /// Committed tables of studies, which belong to no run.
    pub tables: Vec<Table>,
    /// Data sets that the runs have read.
    pub data: Vec<DataSet>,
    /// The files of its source code.
    pub sources: Vec<SourceFile>,
}

/// A data set that runs have read.
pub(super) struct DataSet {
    pub source: &'static Source,
    /// Each official file, and what the local copy of it is.
    pub files: Vec<(&'static KnownFile, LocalCopy)>,
}

/// A file in the data folder.
pub(super) enum LocalCopy {
    /// The official file.
    Verified,
    /// There is none.
    Missing,
    /// Another file of this SHA-256.
    Other(String),
}

/// A README.md of an assignment.
pub(super) struct WriteUp {
    /// Its folder: links are relative to it.
    pub folder: PathBuf,
    /// Its Markdown.
    pub text: String,
}

/// A file of source code.
pub(super) struct SourceFile {
    /// The path in the repository.
    pub label: String,
    pub path: PathBuf,
    pub text: String,
}

/// The ids in the page of what a link may lead to, by canonical path. Figures have no file name extension.
#[derive(Default)]
pub(super) struct Anchors(BTreeMap<PathBuf, String>);

impl Anchors {
    /// The id of a file or folder, if the page shows it.
    pub fn get(&self, path: &Path) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    /// Gives an id that begins with `kind`.
    fn add(&mut self, kind: &str, path: &Path) {
        let id = format!("{kind}-{}", self.0.len() + 1);
        self.0.entry(path.into()).or_insert(id);
    }
}

/// Collects what the request asks for.
///
/// # Errors
/// If there are no runs, or a file cannot be read or makes no sense.
pub(super) fn collect(request: &Request) -> Result<Collection, Error> {
    let mut runs = if request.from.is_empty() { default_runs(request.known)? } else { given(request.from)? };
    if let Some(run) = runs.iter().find(|run| !request.known.contains(&run.command.as_str())) {
        return Err(Error::Config {
            path: run.folder.join("config.json"),
            message: format!("{} is no assignment: it is one of {}", run.command, request.known.join(", ")),
        });
    }
    // A folder that is named twice, or below another one, is shown once.
    let mut seen = BTreeSet::new();
    runs.retain(|run| seen.insert(run.folder.clone()));

    let mut assignments = Vec::new();
    for &command in request.known {
        let of_this = |run: &mut Run| run.command == command;
        let runs: Vec<Run> = runs.extract_if(.., of_this).collect();
        let is_wanted = request.wanted.iter().any(|wanted| wanted == command);
        if is_wanted && runs.is_empty() {
            return Err(Error::Input(format!("there is no run of {command}: train it first, or see --from")));
        }
        if is_wanted || (request.wanted.is_empty() && !runs.is_empty()) {
            assignments.push(Assignment::collect(command, runs, request)?);
        }
    }
    if assignments.is_empty() {
        let message = format!("there are no runs in {RESULTS} and {COMMITTED}: name folders by --from");
        return Err(Error::Input(message));
    }
    let anchors = anchors(&assignments)?;
    Ok(Collection { assignments, anchors })
}

/// The runs in `results` and the committed ones.
fn default_runs(known: &[&str]) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    if Path::new(RESULTS).is_dir() {
        runs.extend(run::find(Path::new(RESULTS), RESULTS)?);
    }
    for command in known {
        if let Some((name, folder)) = committed_folder(command)? {
            runs.extend(run::find(&folder, &format!("{COMMITTED}/{name}"))?);
        }
    }
    Ok(runs)
}

/// The runs in the folders that the user names.
fn given(folders: &[PathBuf]) -> Result<Vec<Run>, Error> {
    let mut runs = Vec::new();
    for folder in folders {
        let label = folder.display().to_string();
        let found = run::find(folder, label.trim_end_matches('/'))?;
        if found.is_empty() {
            let message = format!("{label} is no folder of a run: there is no config.json in it or below it");
            return Err(Error::Input(message));
        }
        runs.extend(found);
    }
    Ok(runs)
}

/// The name and path of the folder `assignments/N-command`, if the repository is at hand.
fn committed_folder(command: &str) -> Result<Option<(String, PathBuf)>, Error> {
    let Some(all) = committed::path(COMMITTED) else { return Ok(None) };
    let is_this = |name: &str| name.split_once('-').is_some_and(|(_, rest)| rest == command);
    Ok(entries(&all)?.into_iter().find(|(name, path)| is_this(name) && path.is_dir()))
}

impl Assignment {
    fn collect(command: &str, runs: Vec<Run>, request: &Request) -> Result<Self, Error> {
        let (mut write_up, mut figures, mut tables) = (None, Vec::new(), Vec::new());
        if let Some((_, folder)) = committed_folder(command)? {
            let readme = folder.join("README.md");
            if readme.is_file() {
                write_up = Some(WriteUp { text: files::read_text(&readme)?, folder: folder.clone() });
            }
            if request.from.is_empty() {
                for study in folders_of_studies(&folder, &runs)? {
                    figures.extend(Figure::all_in(&study)?);
                    tables.extend(Table::all_in(&study, &folder)?);
                }
            }
        }
        let mut data = Vec::new();
        for source in runs.iter().flat_map(data_sets) {
            if !data.iter().any(|known: &DataSet| known.source.name == source.name) {
                data.push(DataSet::compare(source, request.data_dir)?);
            }
        }
        let sources = if request.source { sources(command)? } else { Vec::new() };
        Ok(Self { command: command.into(), write_up, runs, figures, tables, data, sources })
    }
}

impl DataSet {
    /// Compares the files in the data folder with the official ones.
    fn compare(source: &'static Source, data_dir: &Path) -> Result<Self, Error> {
        let copy = |(path, verdict): (PathBuf, Verdict)| match verdict {
            Verdict::Official => Ok(LocalCopy::Verified),
            Verdict::Missing => Ok(LocalCopy::Missing),
            Verdict::Own(_) | Verdict::Damaged(_) => {
                Ok(LocalCopy::Other(files::sha256(&[&files::read(&path)?])))
            }
        };
        let copies = verify(source, data_dir)?.into_iter().map(copy).collect::<Result<Vec<_>, Error>>()?;
        Ok(Self { source, files: source.files().zip(copies).collect() })
    }
}

/// A folder and those below it, except for the folders of runs.
fn folders_of_studies(folder: &Path, runs: &[Run]) -> Result<Vec<PathBuf>, Error> {
    let here = canonical(folder)?;
    let mut folders = Vec::new();
    if runs.iter().all(|run| run.folder != here) {
        folders.push(folder.to_owned());
    }
    for (_, path) in entries(folder)? {
        if path.is_dir() && !path.is_symlink() {
            folders.extend(folders_of_studies(&path, runs)?);
        }
    }
    Ok(folders)
}

/// The data sets that a run has read, as far as its settings tell.
fn data_sets(run: &Run) -> Vec<&'static Source> {
    let setting = |name: &str| run.config.get(name).and_then(Value::as_str);
    let encoder = setting("model").filter(|model| model.starts_with("minilm")).map(|_| "minilm");
    let set = setting("dataset").or(Some(run.command.as_str()));
    set.into_iter().chain(encoder).filter_map(Source::named).collect()
}

/// The source code of an assignment, as it is in the repository.
fn sources(command: &str) -> Result<Vec<SourceFile>, Error> {
    fn below(folder: &Path, label: &str, files: &mut Vec<SourceFile>) -> Result<(), Error> {
        let (folders, mut others): (Vec<_>, Vec<_>) =
            entries(folder)?.into_iter().partition(|(_, path)| path.is_dir());
        // The file that the others are modules of comes first.
        others.sort_by_key(|(name, _)| name != "mod.rs");
        let is_rust = |path: &Path| path.extension().is_some_and(|ending| ending == "rs");
        for (name, path) in others.into_iter().filter(|(_, path)| is_rust(path)) {
            let text = files::read_text(&path)?;
            files.push(SourceFile { label: format!("{label}/{name}"), path: canonical(&path)?, text });
        }
        for (name, path) in folders {
            below(&path, &format!("{label}/{name}"), files)?;
        }
        Ok(())
    }
    let label = format!("src/assignments/{}", command.replace('-', "_"));
    let Some(folder) = committed::path(&label) else {
        let message =
            format!("there is no {label} here: --source has to be given in a clone of the repository");
        return Err(Error::Input(message));
    };
    let mut files = Vec::new();
    below(&folder, &label, &mut files)?;
    Ok(files)
}

/// An id for each write-up, run, figure, table and file of source code.
fn anchors(assignments: &[Assignment]) -> Result<Anchors, Error> {
    let mut anchors = Anchors::default();
    for assignment in assignments {
        if let Some(WriteUp { folder, .. }) = &assignment.write_up {
            anchors.0.insert(canonical(&folder.join("README.md"))?, assignment.command.clone());
        }
        for run in &assignment.runs {
            anchors.add("run", &run.folder);
            Figure::all_in(&run.folder)?.iter().for_each(|figure| anchors.add("figure", &figure.path));
            run.tables.iter().for_each(|table| anchors.add("table", &table.path));
        }
        assignment.tables.iter().for_each(|table| anchors.add("table", &table.path));
        assignment.figures.iter().for_each(|figure| anchors.add("figure", &figure.path));
        assignment.sources.iter().for_each(|file| anchors.add("source", &file.path));
    }
    Ok(anchors)
}
