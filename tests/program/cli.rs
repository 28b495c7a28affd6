//! Tests of the program as a user runs it.

mod kill;

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use super::support::{assert_same, command, files, run_well};

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The status and the message of a failing run.
fn failure(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

const SINE: [&str; 6] = ["sine-regression", "--steps", "400", "--quiet", "--seed", "7"];
const SPIRALS: [&str; 8] = ["spirals", "--steps", "300", "--points", "150", "--quiet", "--width", "16"];
const ATTENTION: [&str; 6] = ["attention", "--steps", "4", "--holdout", "100", "--quiet"];

fn with<'a>(base: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [base, more].concat()
}

#[test]
fn runs_with_any_number_of_threads_write_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name).display().to_string();
    for base in [&SINE[..], &SPIRALS[..], &ATTENTION[..]] {
        run_well(&with(base, &["--out", &out("a")]));
        for threads in ["1", "2", "5"] {
            run_well(&with(base, &["--out", &out("b"), "--threads", threads]));
            assert_same(&files(Path::new(&out("a"))), &files(Path::new(&out("b"))));
        }
        fs::remove_dir_all(out("a")).unwrap();
        fs::remove_dir_all(out("b")).unwrap();
    }
}

#[test]
fn a_run_writes_the_documented_files() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    run_well(&with(&SPIRALS, &["--out", &out]));
    let mut expected = vec![
        ".results",
        "boundary.png",
        "boundary.svg",
        "checkpoint/state.previous.safetensors",
        "checkpoint/state.safetensors",
        "config.json",
        "history.csv",
        "metrics.json",
        "predictions.csv",
        "training.png",
        "training.svg",
        "weights.safetensors",
    ];
    expected.sort_unstable();
    assert_eq!(files(dir.path()).keys().collect::<Vec<_>>(), expected);

    let json = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(dir.path().join(name)).unwrap()).unwrap()
    };
    let metrics = json("metrics.json");
    assert_eq!((&metrics["command"], &metrics["seed"]), (&"spirals".into(), &472.into()));
    assert!(metrics["metrics"]["holdout_accuracy"].is_number());
    assert_eq!(metrics["targets"][0]["metric"], "train_accuracy");
    assert_eq!(json("config.json")["points"], 150);
    assert!(json("run.json")["wall_seconds"].is_number());
    let predictions = fs::read_to_string(dir.path().join("predictions.csv")).unwrap();
    assert!(predictions.starts_with("index,label,prediction\n0,0,") && predictions.lines().count() == 10_001);
}

#[test]
fn evaluating_weights_gives_the_metrics_of_their_training() {
    let dir = tempfile::tempdir().unwrap();
    for base in [&SINE[..], &SPIRALS[..], &ATTENTION[..]] {
        let (trained, evaluated) = (dir.path().join("trained"), dir.path().join("evaluated"));
        run_well(&with(base, &["--out", trained.to_str().unwrap()]));
        let weights = trained.join("weights.safetensors");
        let weights = weights.to_str().unwrap();
        run_well(&[base[0], "evaluate", weights, "--quiet", "--out", evaluated.to_str().unwrap()]);
        let (trained, evaluated) = (files(&trained), files(&evaluated));
        assert!(evaluated.contains_key("metrics.json"));
        for (name, contents) in
            evaluated.into_iter().filter(|(name, _)| name != "config.json" && name != ".results")
        {
            assert!(trained[&name] == contents, "{name} differs");
        }
        for name in ["trained", "evaluated"] {
            fs::remove_dir_all(dir.path().join(name)).unwrap();
        }
    }
}

#[test]
fn a_configuration_repeats_its_run_and_options_override_it() {
    let dir = tempfile::tempdir().unwrap();
    let out = |name: &str| dir.path().join(name).display().to_string();
    run_well(&with(&SINE, &["--out", &out("a")]));
    let config = format!("{}/config.json", out("a"));
    run_well(&["sine-regression", "--quiet", "--config", &config, "--out", &out("b")]);
    assert_same(&files(Path::new(&out("a"))), &files(Path::new(&out("b"))));
    run_well(&["sine-regression", "--quiet", "--config", &config, "--seed", "8", "--out", &out("c")]);
    let text = fs::read_to_string(dir.path().join("c/config.json")).unwrap();
    assert!(text.contains("\"seed\": 8") && text.contains("\"steps\": 400"), "{text}");
}

#[test]
fn wrong_command_lines_end_with_status_2() {
    for arguments in [
        &["no-such-command"][..],
        &["spirals", "--points", "0"],
        &["spirals", "--points", "many"],
        &["spirals", "--noise", "-1"],
        &["spirals", "--noise", "nan"],
        &["sine-regression", "--learning-rate", "inf"],
        &["sine-regression", "--threads", "0"],
        &["sine-regression", "seeds", "0"],
        &["sine-regression", "--steps", "10", "--basis", "cubic"],
        &["attention", "--width", "30"],
        &["attention", "--text-length", "0"],
    ] {
        let (status, message) = failure(arguments);
        assert_eq!(status, 2, "{arguments:?}: {message}");
        assert!(message.starts_with("error: "), "{message}");
    }
}

#[test]
fn bad_files_end_with_status_1_and_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    let path = file.to_str().unwrap();
    let out = dir.path().join("out").display().to_string();
    let check = |contents: &[u8], option: &str, expected: &str| {
        fs::write(&file, contents).unwrap();
        let (status, message) = failure(&["spirals", option, path, "--out", &out]);
        assert_eq!((status, message.lines().count()), (1, 1), "{message}");
        assert!(message.contains(path) && message.contains(expected), "{message}");
    };
    check(b"{", "--config", "not a configuration");
    check(b"\xff\xfe", "--config", "not a text file");
    check(b"[]", "--config", "no JSON object");
    check(br#"{"command": "sine-regression"}"#, "--config", "not of spirals");
    check(br#"{"command": "spirals", "colour": 3}"#, "--config", "unknown field `colour`");
    check(br#"{"command": "spirals", "points": 0}"#, "--config", "--points 0 is not from 1");
    check(br#"{"command": "spirals", "points": "x"}"#, "--config", "invalid type");
    check(b"short", "evaluate", "safetensors format");
    check(&[255; 64], "evaluate", "safetensors format");
    let (status, message) = failure(&["spirals", "--config", "/no/such/file", "--out", &out]);
    assert!(status == 1 && message.contains("cannot read /no/such/file"), "{message}");
    // The folder cannot be made because there is a file with this name.
    let below = format!("{path}/out");
    let (status, message) = failure(&with(&SPIRALS, &["--out", &below]));
    assert!(status == 1 && message.contains("cannot"), "{message}");
}

#[test]
fn divergence_ends_with_status_1_and_leaves_no_results() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let arguments = ["sine-regression", "--learning-rate", "1e5", "--quiet", "--out", out.to_str().unwrap()];
    let (status, message) = failure(&arguments);
    assert!(status == 1 && message.starts_with("error: training diverged at step"), "{message}");
    assert!(!out.join("metrics.json").exists() && !out.join("weights.safetensors").exists());
}

#[test]
fn help_shows_defaults_and_a_closed_pipe_is_not_an_error() {
    let help = String::from_utf8(run(&["spirals", "--help"]).stdout).unwrap();
    assert!(help.contains("--laps") && help.contains("[default: 472]"), "{help}");
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    let mut child =
        command(&["sine-regression", "--steps", "50", "--out", &out]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
