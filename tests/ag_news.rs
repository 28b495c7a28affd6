//! Assignment 5 as a user runs it, on news of our own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Words that only occur in one class.
const WORDS: [[&str; 3]; 4] = [
    ["minister", "treaty", "embassy"],
    ["goal", "coach", "stadium"],
    ["profit", "shares", "merger"],
    ["software", "satellite", "genome"],
];

/// Rows whose class is plain from a word, four to a sentence that all classes share.
fn write_news(folder: &Path) {
    fs::create_dir_all(folder.join("ag_news")).unwrap();
    for (file, count) in [("train.csv", 240), ("test.csv", 40)] {
        let row = |i: usize| {
            let (class, word) = (i % 4, WORDS[i % 4][i / 4 % 3]);
            format!("\"{}\",\"The {word}\",\"No. {file} {i}: what happened on day {}\"\n", class + 1, i / 12)
        };
        fs::write(folder.join("ag_news").join(file), (0..count).map(row).collect::<String>()).unwrap();
    }
}

fn run(data: &Path, out: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
    command
        .env_remove("ECE472_DATA")
        .args(["ag-news", "--quiet", "--data-dir"])
        .arg(data)
        .arg("--out")
        .arg(out);
    command.args(options).output().unwrap()
}

const BRIEF: [&str; 8] = ["--places", "1024", "--epochs", "8", "--batch-size", "16", "--hidden", "8"];

fn run_well(data: &Path, out: &Path, options: &[&str]) {
    let output = run(data, out, &[&BRIEF[..], options].concat());
    assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The message of a run that fails with status 1, in one line.
fn failure(data: &Path, out: &Path, options: &[&str]) -> String {
    let output = run(data, out, options);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{message}");
    message
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn both_models_learn_what_is_plain_and_are_evaluated_alike() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    write_news(&data);
    for model in ["linear", "embeddings"] {
        run_well(&data, &out, &["--model", model]);
        let metrics = json(&out.join("metrics.json"));
        assert_eq!(metrics["metrics"]["test_accuracy"], 1.0, "{model}");
        assert_eq!(fs::read_to_string(out.join("predictions.csv")).unwrap().lines().count(), 41);
        for figure in ["confusion", "calibration"] {
            assert!(out.join(format!("{figure}.png")).exists() && out.join(format!("{figure}.svg")).exists());
        }
        let again = dir.path().join("again");
        let weights = out.join("weights.safetensors").display().to_string();
        let output = run(&data, &again, &["--evaluate", &weights]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(json(&again.join("metrics.json")), metrics);
    }
}

#[test]
fn folds_one_by_one_are_a_run_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let (data, all) = (dir.path().join("data"), dir.path().join("all"));
    write_news(&data);
    run_well(&data, &all, &["--cross-validate", "--folds", "3", "--threads", "2"]);
    let metrics = json(&all.join("metrics.json"));
    assert!(metrics["metrics"]["cv_accuracy_mean"].as_f64().unwrap() > 0.7, "{metrics}");
    assert!(metrics["metrics"]["cv_accuracy_std"].is_number());

    let folders = ["0", "1", "2"].map(|fold| dir.path().join(fold));
    for (fold, folder) in folders.iter().enumerate() {
        run_well(&data, folder, &["--fold", &fold.to_string(), "--folds", "3", "--threads", "1"]);
        let name = format!("fold-{fold}.json");
        assert_eq!(fs::read(folder.join(&name)).unwrap(), fs::read(all.join(&name)).unwrap());
    }
    let joined = dir.path().join("joined");
    let paths = folders.clone().map(|folder| folder.display().to_string());
    // In whatever order.
    let output = run(&data, &joined, &["--collect", &paths[2], &paths[0], &paths[1]]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["cross-validation.csv", "metrics.json"] {
        assert_eq!(fs::read(joined.join(name)).unwrap(), fs::read(all.join(name)).unwrap(), "{name}");
    }

    let collect = |paths: &[&str]| failure(&data, &joined, &[&["--collect"], paths].concat());
    assert!(collect(&[&paths[0], &paths[2]]).contains("fold 1 of 3 is in none of the folders"));
    assert!(collect(&[&paths[0], &paths[0]]).contains("fold 0 is in"));
    assert!(collect(&[&data.display().to_string()]).contains("there is no fold-K.json"));
    run_well(&data, &folders[1], &["--fold", "1", "--folds", "3", "--seed", "1"]);
    assert!(collect(&[&paths[0], &paths[1], &paths[2]]).contains("its settings are not those of"));
    fs::write(folders[1].join("fold-1.json"), "{}").unwrap();
    assert!(collect(&[&paths[1]]).contains("not a fold"));
    // Of no folds there is no mean.
    let text = fs::read_to_string(folders[0].join("fold-0.json")).unwrap();
    fs::write(folders[1].join("fold-1.json"), text.replace("\"folds\": 3", "\"folds\": 0")).unwrap();
    assert!(collect(&[&paths[1]]).contains("not a fold: number 0 of 0"));
}

#[test]
fn a_bad_row_is_named_by_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    assert!(failure(&data, &out, &[]).contains("there is no train.csv"));
    write_news(&data);
    let path = data.join("ag_news/train.csv");
    let text = fs::read_to_string(&path).unwrap().replace("\"2\",\"The coach\"", "\"7\",\"The coach\"");
    fs::write(&path, text).unwrap();
    let message = failure(&data, &out, &[]);
    assert!(message.contains("train.csv: line 6: the class is \"7\", not from 1 to 4"), "{message}");
}
