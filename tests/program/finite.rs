//! Tests of the program as a user runs it: values that are not finite are never a result, and small
//! files or a few settings never take all memory.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};

/// Runs the program with an address space of 4 GiB, so that a mistake ends the program and not the
/// machine.
fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v 4194304; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_ece472")]);
    command.args(arguments).args(["--quiet", "--threads", "2"]).env_remove("ECE472_DATA");
    command.output().unwrap()
}

/// The message of a run that fails with status 1, in one line.
fn failure(arguments: &[&str]) -> String {
    let output = run(arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), message.lines().count()), (Some(1), 1), "{arguments:?}: {message}");
    message
}

const RUNS: [&[&str]; 3] = [
    &["sine-regression", "--steps", "40"],
    &["spirals", "--steps", "5", "--points", "20", "--width", "4"],
    &["siren", "--steps", "5", "--size", "16", "--width", "4"],
];

/// Trains briefly and returns the output folder.
fn trained(dir: &Path, run_of: &[&str]) -> PathBuf {
    let out = dir.join(run_of[0]);
    let output = run(&[run_of, &["--out", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out
}

/// Rewrites a file of tensors: `change` gets the name, shape and bytes of each tensor, `config` the
/// metadata.
fn rewrite(
    path: &Path,
    change: impl Fn(&str, &mut Vec<usize>, &mut Vec<u8>),
    config: impl Fn(&mut HashMap<String, String>),
) {
    let bytes = fs::read(path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = header.metadata().clone().unwrap();
    config(&mut metadata);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = file
        .iter()
        .map(|(name, view)| {
            let (mut shape, mut data) = (view.shape().to_vec(), view.data().to_vec());
            change(name, &mut shape, &mut data);
            (name.to_owned(), view.dtype(), shape, data)
        })
        .collect();
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    fs::write(path, serialize(views, Some(metadata)).unwrap()).unwrap();
}

#[test]
fn weights_that_are_not_finite_are_refused_naming_the_tensor() {
    let dir = tempfile::tempdir().unwrap();
    for (run_of, tensor, index) in [
        (RUNS[0], "linear.weight", "[3, 0]"),
        (RUNS[1], "hidden.0.weight", "[0, 3]"),
        (RUNS[2], "output.weight", "[3, 0]"),
    ] {
        let weights = trained(dir.path(), run_of).join("weights.safetensors");
        let (weights, out) = (weights.to_str().unwrap(), dir.path().join("out"));
        for odd in [f32::NAN, f32::INFINITY] {
            let spoil = |name: &str, _: &mut Vec<usize>, data: &mut Vec<u8>| {
                if name == tensor {
                    data[12..16].copy_from_slice(&odd.to_le_bytes());
                }
            };
            rewrite(Path::new(weights), spoil, |_| ());
            let message = failure(&[run_of[0], "evaluate", weights, "--out", out.to_str().unwrap()]);
            let wanted = format!("{weights}: the tensor {tensor}{index} is {odd}, not a finite number");
            assert!(message.contains(&wanted), "{message}");
            assert!(!out.exists(), "nothing was measured");
        }
    }
}

#[test]
fn outputs_that_are_not_finite_have_no_score() {
    let dir = tempfile::tempdir().unwrap();
    for run_of in &RUNS[1..] {
        let weights = trained(dir.path(), run_of).join("weights.safetensors");
        // Every weight is finite, but sums of the weights are not.
        let spoil = |name: &str, _: &mut Vec<usize>, data: &mut Vec<u8>| {
            if name.starts_with("output") {
                data.as_chunks_mut().0.iter_mut().for_each(|x| *x = f32::MAX.to_le_bytes());
            }
        };
        rewrite(&weights, spoil, |_| ());
        let (weights, out) = (weights.to_str().unwrap(), dir.path().join("out"));
        let message = failure(&[run_of[0], "evaluate", weights, "--out", out.to_str().unwrap()]);
        assert!(message.contains("is inf: such weights have no score"), "{message}");
        assert!(!out.exists(), "nothing was measured");
    }
}

#[test]
fn a_tensor_with_too_many_axes_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = trained(dir.path(), RUNS[0]);
    let deepen = |name: &str, shape: &mut Vec<usize>, _: &mut Vec<u8>| {
        if name.ends_with("linear.weight") {
            *shape = [vec![1; 6], vec![shape.iter().product()]].concat();
        }
    };
    let weights = out.join("weights.safetensors");
    rewrite(&weights, deepen, |_| ());
    let message = failure(&["sine-regression", "evaluate", weights.to_str().unwrap()]);
    assert!(message.contains("the tensor linear.weight: "), "{message}");
    assert!(message.contains("has 7 axes, more than 6"), "{message}");

    // A checkpoint also has a checksum, and the previous one is kept.
    fs::remove_file(out.join("checkpoint/state.previous.safetensors")).unwrap();
    rewrite(&out.join("checkpoint/state.safetensors"), deepen, |_| ());
    let message = failure(&[RUNS[0], &["--resume", "--out", out.to_str().unwrap()]].concat());
    assert!(message.contains("is not a whole checkpoint"), "{message}");
}

#[test]
fn a_small_file_that_describes_a_huge_model_is_refused_before_memory_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    for (run_of, settings) in [
        (RUNS[0], vec![("basis_functions", json!(10_000))]),
        (RUNS[1], vec![("width", json!(10_000)), ("hidden_layers", json!(1000))]),
        (RUNS[2], vec![("width", json!(8192)), ("hidden_layers", json!(100))]),
    ] {
        let weights = trained(dir.path(), run_of).join("weights.safetensors");
        let enlarge = |metadata: &mut HashMap<String, String>| {
            let mut config: Value = serde_json::from_str(&metadata["config"]).unwrap();
            settings.iter().for_each(|(name, value)| config[*name] = value.clone());
            metadata.insert("config".into(), config.to_string());
        };
        rewrite(&weights, |_, _, _| (), enlarge);
        let message = failure(&[run_of[0], "evaluate", weights.to_str().unwrap()]);
        assert!(message.contains("parameters, but the settings describe a model of "), "{message}");
    }
}

#[test]
fn settings_of_a_model_larger_than_memory_are_refused_with_an_estimate() {
    if !Path::new("/proc/meminfo").exists() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    for (arguments, parameters) in [
        (vec!["spirals", "--width", "10000", "--hidden-layers", "1000", "--steps", "1"], "99910030001"),
        (vec!["siren", "--width", "8192", "--hidden-layers", "100", "--steps", "1"], "6644621313"),
        (vec!["siren", "show", "zoom", "--width", "8192", "--hidden-layers", "100"], "6644621313"),
    ] {
        let message = failure(&[&arguments[..], &["--out", out]].concat());
        assert!(message.contains(&format!("it holds {parameters} parameters")), "{message}");
        assert!(
            message.starts_with("error: training takes about ") && message.contains(" GiB are available"),
            "{message}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_refused_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe.to_str().unwrap(), "/dev/zero", dir.path().to_str().unwrap()] {
        for arguments in
            [["sine-regression", "--config"], ["sine-regression", "evaluate"], ["siren", "evaluate"]]
        {
            let message = failure(&[&arguments[..], &[path]].concat());
            assert!(message.contains(&format!("cannot read {path}: not a regular file")), "{message}");
        }
    }
}
