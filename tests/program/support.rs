//! Helpers that tests of the program share.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use ece472::autodiff::{Algebra as _, Tape, Var};
use ece472::models::Classifier;
use ece472::nn::{Module as _, Parameters, Pass};
use ece472::tensor::Tensor;

/// The program with these arguments, without the user's data folder.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
    command.args(arguments).env_remove("ECE472_DATA");
    command
}

/// Runs the program, checks that it succeeds, and returns its standard output.
pub fn run_well(arguments: &[&str]) -> String {
    let output = command(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The contents of all files inside a folder, except `run.json`, which holds times.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                folders.push(path);
            } else if name != "run.json" && name != "previous/run.json" {
                all.insert(name, fs::read(path).unwrap());
            }
        }
    }
    all
}

/// Checks that two folders have the same files with the same bytes.
pub fn assert_same(a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    assert!(!a.is_empty(), "there are no files");
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, contents) in a {
        assert!(*contents == b[name], "{name} differs");
    }
}

/// The tensors of the weights that a run has written, without the metadata.
pub fn tensors(folder: &Path) -> Vec<u8> {
    let bytes = fs::read(folder.join("weights.safetensors")).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[header..].to_vec()
}

/// Checks that the output for each picture is the same alone and in a batch.
pub fn check_pictures_are_independent(network: &Classifier<Tensor<f64>>, x: &Tensor<f64>) {
    let all = network.forward(x, &mut Pass::inference());
    for i in 0..x.shape()[0] {
        let alone = network.forward(&x.narrow(0, i, i + 1), &mut Pass::inference());
        assert_eq!(alone, all.narrow(0, i, i + 1));
    }
}

/// Checks that every parameter of a network has a gradient that is not zero.
pub fn check_parameters_are_reached(network: &Classifier<Tensor<f64>>, x: &Tensor<f64>) {
    let tape = Tape::new();
    let vars: Vec<Var<'_, f64>> = network.parameters().into_iter().map(|p| tape.var(p)).collect();
    let network_on_tape = Parameters::<Tensor<f64>>::with(network, &vars);
    let loss = network_on_tape.forward(&tape.var(x.clone()), &mut Pass::on(&tape)).powi(2).sum();
    for (name, gradient) in network.names().iter().zip(loss.backward(&vars)) {
        let gradient = gradient.unwrap_or_else(|| panic!("{name} is not reached"));
        assert!(gradient.as_slice().iter().any(|&g| g != 0.0), "{name} has no gradient");
    }
}
