//! Helpers that tests of the program share.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

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
