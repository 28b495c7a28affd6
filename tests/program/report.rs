//! Tests of the report, the completions and the manual pages as a user gets them.

use std::fs;

use super::support::{command, files, run_well};

/// A short run of `spirals` that leaves all files of a run in `folder`.
fn train(folder: &str) {
    let run = ["spirals", "--steps", "20", "--points", "20", "--width", "8", "--quiet", "--out", folder];
    run_well(&run);
}

#[test]
fn a_run_becomes_one_page_of_the_same_bytes_every_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (run, out) = (path("run"), path("out"));
    train(&run);
    let printed = run_well(&["report", "--from", &run, "--source", "--out", &out]);
    assert_eq!(printed.trim_end(), dir.path().join("out/index.html").display().to_string());
    let first = files(&dir.path().join("out"));
    assert_eq!(first.keys().collect::<Vec<_>>(), ["index.html"]);
    let html = String::from_utf8(first["index.html"].clone()).unwrap();
    for part in [
        "2 Two spirals</h2>",
        "holdout_accuracy",
        "<dt>points</dt><dd>20</dd>",
        "aria-label=\"boundary\"",
        "aria-label=\"training\"",
        "weights.safetensors</dt>",
        "src/assignments/spirals/problem.rs",
        "What did not work",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
    // Only what was asked for.
    assert!(!html.contains("sine_regression"));
    run_well(&["report", "--from", &run, "--source", "--out", &out]);
    assert!(files(&dir.path().join("out")) == first);
}

#[test]
fn a_report_that_cannot_be_made_leaves_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (run, out) = (path("run"), path("out"));
    train(&run);
    fs::create_dir(&out).unwrap();
    fs::write(dir.path().join("out/index.html"), "old").unwrap();
    fs::write(dir.path().join("run/metrics.json"), "{\"command\": \"spir").unwrap();
    for (arguments, status, expected) in [
        (&["--from", run.as_str()][..], 1, "run/metrics.json: not the metrics of a run: EOF"),
        (&["--from", out.as_str()], 1, "is no folder of a run"),
        (&["--from"], 2, "--from"),
        (&["--assignments", "chess"], 2, "sine-regression"),
    ] {
        let arguments = [&["report", "--out", &out], arguments].concat();
        let output = command(&arguments).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{message}");
        assert!(message.contains(expected) && message.lines().count() == 1, "{message}");
        assert_eq!(fs::read_to_string(dir.path().join("out/index.html")).unwrap(), "old");
    }
}

#[test]
fn completions_and_manual_pages_are_printed() {
    assert!(run_well(&["completions", "bash"]).contains("complete -F _ece472"));
    assert!(run_well(&["man"]).contains(".TH ece472 1"));
    let output = command(&["completions", "tcsh"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("elvish"));
}
