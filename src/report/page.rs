//! The page.

use std::collections::BTreeSet;
use std::path::PathBuf;

use indicatif::BinaryBytes;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use super::collect::{Anchors, Assignment, Collection, DataSet, LocalCopy};
use super::figure::Figure;
use super::run::{Machine, Run};
use super::source::highlighted;
use super::table::{Table, number};
use super::write_up::{self, Heading, Rendered};
use crate::experiment::Error;
use crate::experiment::configuration::as_typed;

/// The browser loads nothing but what is in the page, and runs no script.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The number of significant digits of a metric.
const DIGITS: usize = 6;

/// An assignment as HTML.
struct Chapter<'a> {
    assignment: &'a Assignment,
    title: String,
    body: Markup,
    /// The parts that the table of contents names.
    parts: Vec<Heading>,
}

/// The whole page.
///
/// # Errors
/// If a figure cannot be read.
pub(super) fn render(collection: &Collection) -> Result<String, Error> {
    let chapter = |assignment| Chapter::render(assignment, &collection.anchors);
    let chapters = collection.assignments.iter().map(chapter).collect::<Result<Vec<_>, Error>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "ECE472: report" }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { "ECE472: report" }
                    p { "Deep learning from scratch: write-ups, runs and figures, written by ece472 " (env!("CARGO_PKG_VERSION")) "." }
                }
                (contents(&chapters))
                main {
                    (goals(&chapters, &collection.anchors))
                    @for chapter in &chapters {
                        section.assignment id=(chapter.assignment.command) {
                            h2 { (chapter.title) }
                            (chapter.body)
                        }
                    }
                }
            }
        }
    };
    Ok(page.into_string())
}

fn contents(chapters: &[Chapter]) -> Markup {
    html! {
        nav aria-label="Contents" {
            h2 { "Contents" }
            ul {
                li { a href="#goals" { "Goals" } }
                @for chapter in chapters {
                    li {
                        a href={ "#" (chapter.assignment.command) } { (chapter.title) }
                        ul {
                            @for part in &chapter.parts { li { a href={ "#" (part.id) } { (part.text) } } }
                        }
                    }
                }
            }
        }
    }
}

/// The table of all goals.
fn goals(chapters: &[Chapter], anchors: &Anchors) -> Markup {
    html! {
        section id="goals" {
            h2 { "Goals" }
            div.scroll {
                table {
                    thead { tr { th { "Run" } th { "Metric" } th.number { "Value" } th.number { "Goal" } th { "Result" } } }
                    tbody {
                        @for run in chapters.iter().flat_map(|chapter| &chapter.assignment.runs) {
                            @for target in run.metrics.iter().flat_map(|metrics| &metrics.targets) {
                                tr {
                                    td { a href={ "#" (id(anchors, run)) } { (run.label) } }
                                    td { code { (target.metric) } }
                                    td.number { (number(target.value, DIGITS)) }
                                    td.number { (goal(&target.goal)) }
                                    td { (result(target.met)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn id<'a>(anchors: &'a Anchors, run: &Run) -> &'a str {
    anchors.get(&run.folder).expect("every run has an anchor")
}

impl<'a> Chapter<'a> {
    fn render(assignment: &'a Assignment, anchors: &Anchors) -> Result<Self, Error> {
        let command = &assignment.command;
        let write_up = assignment.write_up.as_ref();
        let write_up = write_up.map(|text| write_up::render(text, command, anchors)).transpose()?;
        let Rendered { title, body: text, chapters: mut parts, shown } =
            write_up.unwrap_or_else(|| Rendered {
                title: None,
                body: html! { p { "The write-up is not at hand: it is in the repository." } },
                chapters: Vec::new(),
                shown: BTreeSet::new(),
            });
        // Ids of the write-up's headings have a dot, and so differ from these.
        let mut part = |name: &str, text: &str| {
            let id = format!("{command}-{name}");
            parts.push(Heading { id: id.clone(), text: text.into() });
            html! { h3 id=(id) { (text) } }
        };
        let runs = assignment.runs.iter().map(|run| render_run(run, anchors, &shown));
        let runs = runs.collect::<Result<Vec<_>, Error>>()?;
        let figures = figures(&assignment.figures, anchors, &shown, false)?;
        let body = html! {
            (text)
            (part("runs", "Runs"))
            @for run in runs { (run) }
            @if !assignment.tables.is_empty() {
                (part("tables", "Tables of studies"))
                (tables(&assignment.tables, anchors))
            }
            @if let Some(figures) = figures {
                (part("figures", "Further figures"))
                (figures)
            }
            @if !assignment.data.is_empty() {
                (part("data", "Data sets"))
                (data_sets(&assignment.data))
            }
            @if !assignment.sources.is_empty() {
                (part("source", "Source code"))
                @for file in &assignment.sources {
                    h4 id=[anchors.get(&file.path)] { (file.label) }
                    pre.source { code { (highlighted(&file.text)) } }
                }
            }
        };
        Ok(Self { assignment, title: title.unwrap_or_else(|| command.clone()), body, parts })
    }
}

fn render_run(run: &Run, anchors: &Anchors, shown: &BTreeSet<PathBuf>) -> Result<Markup, Error> {
    let action = run.config.get("action").and_then(|action| action["name"].as_str());
    let figures = figures(&Figure::all_in(&run.folder)?, anchors, shown, true)?;
    Ok(html! {
        section.run {
            h4 id=(id(anchors, run)) { (run.label) }
            p {
                @if let Some(action) = action { code { (run.command) " " (action) } ". " }
                @else { "Training. " }
                @if let Some(seed) = run.config.get("seed") { "Seed " (seed) ". " }
                @if let Some(machine) = &run.machine { (times(machine)) }
            }
            @if run.metrics.is_some() || run.tables.is_empty() { (metrics(run)) }
            (tables(&run.tables, anchors))
            h5 { "Settings" }
            (settings(run))
            @if !run.checksums.is_empty() {
                h5 { "Checksums (SHA-256)" }
                (checksums(run.checksums.iter().map(|(name, sum)| (&**name, html! { code { (sum) } }))))
            }
            @if let Some(figures) = figures {
                h5 { "Figures" }
                (figures)
            }
        }
    })
}

/// What `run.json` says, in words.
fn times(machine: &Machine) -> Markup {
    let seconds = machine.wall_seconds;
    html! {
        @if seconds < 120.0 { (format!("{seconds:.1} s")) }
        @else { (format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())) }
        @if let Some(threads) = machine.threads { " on " (threads) @if threads == 1 { " thread" } @else { " threads" } }
        @if let Some(cpu) = &machine.cpu { " of " (cpu) }
        @if let Some(bytes) = machine.peak_memory_bytes { ", at most " (BinaryBytes(bytes)) " of memory" }
        @if let Some(version) = &machine.version { ", with ece472 " (version) }
        "."
    }
}

/// Metrics, with their goals if they have any.
fn metrics(run: &Run) -> Markup {
    let Some(metrics) = &run.metrics else {
        return html! {
            p { "There is no " code { "metrics.json" } ": the run is not finished." }
        };
    };
    let target = |name: &str| metrics.targets.iter().find(|target| target.metric == name);
    html! {
        div.scroll {
            table {
                thead { tr { th { "Metric" } th.number { "Value" } th.number { "Goal" } th { "Result" } } }
                tbody {
                    @for (name, value) in &metrics.values {
                        tr {
                            td { code { (name) } }
                            td.number { (number(value.as_f64().unwrap_or(f64::NAN), DIGITS)) }
                            @if let Some(target) = target(name) {
                                td.number { (goal(&target.goal)) }
                                td { (result(target.met)) }
                            } @else { td {} td {} }
                        }
                    }
                }
            }
        }
    }
}

fn result(met: bool) -> Markup {
    html! { @if met { span.met { "met" } } @else { span.missed { "missed" } } }
}

/// A bound, with one sign for `<=` and `>=` each.
fn goal(text: &str) -> String {
    text.replace("<=", "≤").replace(">=", "≥")
}

/// All settings, and details of the action.
fn settings(run: &Run) -> Markup {
    let details = run.config.get("action").and_then(Value::as_object).into_iter().flatten();
    let is_shown = |name: &str| name != "name" && !name.ends_with("sha256") && name != "action";
    let all = run.config.iter().chain(details).filter(|(name, _)| is_shown(name));
    html! {
        dl.settings {
            @for (name, value) in all {
                div { dt { (name) } dd { (as_typed(value)) } }
            }
        }
    }
}

fn tables(tables: &[Table], anchors: &Anchors) -> Markup {
    html! { @for table in tables { (table.markup(anchors.get(&table.path))) } }
}

fn checksums<'a>(sums: impl Iterator<Item = (&'a str, Markup)>) -> Markup {
    html! {
        dl.checksums {
            @for (name, sum) in sums { div { dt { (name) } dd { (sum) } } }
        }
    }
}

fn data_sets(sets: &[DataSet]) -> Markup {
    html! {
        p { "SHA-256 of the official files, each followed by what the file in the local data folder is." }
        @for set in sets {
            h4 { (set.source.title) }
            (checksums(set.files.iter().map(|(file, copy)| (file.name, html! {
                @match file.sha256 { Some(sum) => code { (sum) }, None => "not published" }
                " "
                @match copy {
                    LocalCopy::Verified => span.met { "verified" },
                    LocalCopy::Missing => "not here",
                    LocalCopy::Other(sum) => {
                        br;
                        @if file.sha256.is_some() { "other file: " } @else { "file here: " }
                        code { (sum) }
                    },
                }
            }))))
        }
    }
}

/// Figures; of those in the write-up just a link, if that is wanted. None if nothing is left.
fn figures(
    figures: &[Figure],
    anchors: &Anchors,
    shown: &BTreeSet<PathBuf>,
    with_links: bool,
) -> Result<Option<Markup>, Error> {
    let (above, new): (Vec<_>, Vec<_>) = figures.iter().partition(|figure| shown.contains(&figure.path));
    let new = new
        .into_iter()
        .map(|figure| figure.markup(anchors.get(&figure.path), &figure.name, &html! { (figure.name) }));
    let new = new.collect::<Result<Vec<_>, Error>>()?;
    let above = if with_links { above } else { Vec::new() };
    if above.is_empty() && new.is_empty() {
        return Ok(None);
    }
    Ok(Some(html! {
        @if !above.is_empty() {
            p {
                "In the write-up: "
                @for (i, figure) in above.iter().enumerate() {
                    @if i > 0 { ", " }
                    a href=[anchors.get(&figure.path).map(|id| format!("#{id}"))] { (figure.name) }
                }
                "."
            }
        }
        @for figure in new { (figure) }
    }))
}
