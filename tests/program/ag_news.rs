//! Assignment 5 as a user runs it, on synthetic news.

mod folds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Words that occur in only one class.
const WORDS: [[&str; 3]; 4] = [
    ["minister", "treaty", "embassy"],
    ["goal", "coach", "stadium"],
    ["profit", "shares", "merger"],
    ["software", "satellite", "genome"],
];

/// Writes rows whose class follows from one word; four rows share a sentence that occurs in all
/// classes.
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

/// A temporary folder, a data folder with news in it, and a folder for results in it.
fn news() -> (TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    write_news(&data);
    (dir, data, out)
}

fn run(data: &Path, out: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
    command.env_remove("ECE472_DATA").arg("ag-news").args(options);
    command.args(["--quiet", "--data-dir"]).arg(data).arg("--out").arg(out).output().unwrap()
}

const BRIEF: [&str; 8] = ["--buckets", "1024", "--epochs", "8", "--batch-size", "16", "--hidden", "8"];

fn run_well(data: &Path, out: &Path, options: &[&str]) {
    let action = options.iter().take_while(|option| !option.starts_with('-')).count();
    run_with(data, out, &[&options[..action], &BRIEF, &options[action..]].concat());
}

/// Runs the program without default options for tests.
fn run_with(data: &Path, out: &Path, options: &[&str]) {
    let output = run(data, out, options);
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
fn both_models_learn_and_evaluation_repeats_their_metrics() {
    let (dir, data, out) = news();
    for model in ["linear", "embeddings"] {
        run_well(&data, &out, &["--model", model]);
        let metrics = json(&out.join("metrics.json"));
        assert_eq!(metrics["metrics"]["test_accuracy"], 1.0, "{model}");
        assert_eq!(fs::read_to_string(out.join("predictions.csv")).unwrap().lines().count(), 41);
        assert_eq!(fs::read_to_string(out.join("mistakes.csv")).unwrap().lines().count(), 1);
        for figure in ["confusion", "calibration", "map", "training"] {
            assert!(out.join(format!("{figure}.png")).exists() && out.join(format!("{figure}.svg")).exists());
        }
        let again = dir.path().join("again");
        let weights = out.join("weights.safetensors").display().to_string();
        let output = run(&data, &again, &["evaluate", &weights]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(json(&again.join("metrics.json")), metrics);
    }
}

#[test]
fn ngrams_use_markup_that_transformers_do_not_see() {
    let dir = tempfile::tempdir().unwrap();
    let (data, out) = (dir.path().join("data"), dir.path().join("out"));
    fs::create_dir_all(data.join("ag_news")).unwrap();
    let row = |i: usize| format!("{},News,<a href={}>what happened</a>\n", i % 4 + 1, WORDS[i % 4][0]);
    for (file, count) in [("train.csv", 240), ("test.csv", 40)] {
        fs::write(data.join("ag_news").join(file), (0..count).map(row).collect::<String>()).unwrap();
    }
    let accuracy = || json(&out.join("metrics.json"))["metrics"]["test_accuracy"].as_f64().unwrap();
    run_well(&data, &out, &["--model", "linear"]);
    assert_eq!(accuracy(), 1.0);
    run_with(&data, &out, &transformers()[0].0);
    assert_eq!(accuracy(), 0.25);
}

/// Writes the tiny encoder of the fixtures in place of MiniLM.
fn write_encoder(data: &Path) {
    let folder = data.join("all-MiniLM-L6-v2");
    fs::create_dir_all(&folder).unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-bert").join(name);
        fs::copy(fixture, folder.join(name)).unwrap();
    }
}

/// The shape of the tiny encoder.
const TINY: [&str; 8] = ["--width", "16", "--buckets", "122", "--blocks", "2", "--heads", "2"];

/// Settings of each model that contains a transformer, and the accuracy that it must reach.
fn transformers() -> [(Vec<&'static str>, f64); 5] {
    let of = |shape: &[&'static str], model, hidden, epochs, rate, rank| {
        let options = [
            "--model",
            model,
            "--hidden",
            hidden,
            "--epochs",
            epochs,
            "--learning-rate",
            rate,
            "--rank",
            rank,
        ];
        [shape, &options, &["--batch-size", "16", "--seed", "3"]].concat()
    };
    let with_embedding = of(&TINY, "minilm-finetuned", "40", "20", "0.01", "4");
    let with_embedding = [&with_embedding[..], &["--updated", "with-embedding"]].concat();
    [
        (of(&["--width", "16", "--buckets", "512"], "transformer", "32", "10", "0.01", "1"), 1.0),
        // The tiny encoder is untrained and splits a word into many pieces.
        (of(&TINY, "minilm-frozen", "8", "30", "0.01", "1"), 0.3),
        (of(&TINY, "minilm-finetuned", "40", "20", "0.01", "4"), 0.5),
        (with_embedding, 0.5),
        (of(&TINY, "minilm-finetuned", "40", "20", "0.005", "0"), 0.8),
    ]
}

#[test]
fn transformers_learn_with_any_number_of_threads_and_resume() {
    let (dir, data, out) = news();
    write_encoder(&data);
    for (options, least) in transformers() {
        let go = |out: &Path, more: &[&str]| run_with(&data, out, &[&options[..], more].concat());
        go(&out, &["--threads", "2"]);
        let metrics = json(&out.join("metrics.json"));
        let accuracy = metrics["metrics"]["test_accuracy"].as_f64().unwrap();
        assert!(accuracy >= least, "{options:?}: {accuracy}");
        let weights = fs::read(out.join("weights.safetensors")).unwrap();
        go(&out, &["--threads", "1"]);
        assert_eq!(fs::read(out.join("weights.safetensors")).unwrap(), weights);
        go(&out, &["--resume"]);
        assert_eq!(fs::read(out.join("weights.safetensors")).unwrap(), weights);

        let again = dir.path().join("again");
        let path = out.join("weights.safetensors").display().to_string();
        let output = run(&data, &again, &["evaluate", &path]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(json(&again.join("metrics.json")), metrics);
    }
    for (option, own) in
        [("--width", "16"), ("--buckets", "122"), ("--blocks", "2"), ("--heads", "2"), ("--hidden", "40")]
    {
        let right = [&TINY[..], &["--hidden", "40"]].concat();
        let wrong: Vec<&str> = right
            .chunks(2)
            .flat_map(|pair| if pair[0] == option { [option, "4"] } else { [pair[0], pair[1]] })
            .collect();
        let output = run(&data, &out, &[&wrong[..], &["--model", "minilm-finetuned"]].concat());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(
            message.contains(&format!("{option} 4 must be {own}, as in the pretrained encoder")),
            "{message}"
        );
    }
    let missing = failure(&dir.path().join("nothing"), &out, &["--model", "minilm-frozen"]);
    assert!(missing.contains("there is no tokenizer.json"), "{missing}");
}

/// Runs an action of ag-news.
fn act(action: &str, data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
    command.args(["ag-news", action]).args(arguments).env("ECE472_DATA", data).output().unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_prediction_names_the_class_and_the_decisive_word() {
    let (_dir, data, out) = news();
    write_encoder(&data);
    let weights = out.join("weights.safetensors").display().to_string();
    let predict = |text: &[&str]| act("predict", &data, &[text, &["--weights", &weights]].concat());
    let others = transformers();
    let bag = |model| [&BRIEF[..], &["--model", model]].concat();
    for options in [bag("linear"), bag("embeddings"), others[0].0.clone()] {
        run_with(&data, &out, &options);
        let text = printed(&predict(&["The coach: what happened on day 3"]));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "The coach: what happened on day 3");
        assert!(lines[1].trim_start().starts_with("Sports "), "{text}");
        assert!(lines[5].starts_with("Contributions of words to logit(Sports) − logit("), "{text}");
        let value = |line: &&str| line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap();
        let best = lines[6..].iter().max_by(|a, b| value(a).total_cmp(&value(b))).unwrap();
        assert!(best.trim_start().starts_with("coach: "), "{options:?}: {text}");
    }
    // Pieces are joined to words as they are in the text; models of a text's vector alone have no
    // words.
    for (i, words) in [(2, true), (1, false)] {
        run_with(&data, &out, &others[i].0);
        let text = printed(&predict(&["The COACH!", "Two"]));
        assert_eq!(text.contains("  COACH! "), words, "{text}");
        assert!(text.contains("\n\nTwo\n"), "{text}");
    }
    let nothing = predict(&["..."]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("text 1 has no words"));
}

#[test]
fn embeddings_are_printed_or_saved() {
    let dir = tempfile::tempdir().unwrap();
    write_encoder(dir.path());
    let text = printed(&act("embed", dir.path(), &["the oil", "a goal"]));
    let rows: Vec<Vec<f32>> =
        text.lines().map(|line| line.split(' ').map(|x| x.parse().unwrap()).collect()).collect();
    assert_eq!((rows.len(), rows[0].len(), rows[1].len()), (2, 16, 16));
    let file = dir.path().join("two.safetensors");
    let path = file.display().to_string();
    assert_eq!(printed(&act("embed", dir.path(), &["the oil", "a goal", "--save", &path])), "");
    let bytes = fs::read(&file).unwrap();
    let saved = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let tensor = saved.tensor("embeddings").unwrap();
    assert_eq!(tensor.shape(), [2, 16]);
    let numbers: Vec<u8> = rows.concat().iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(tensor.data(), numbers, "numbers are printed in full precision");
}
