//! What README.md says.

use std::fs;

use sha2::{Digest as _, Sha256};

use super::support::run_well;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

#[test]
fn the_weights_have_the_checksums_of_the_readme() {
    let readme = fs::read_to_string(README).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for assignment in ["spirals", "sine-regression"] {
        let out = dir.path().join(assignment);
        run_well(&[assignment, "--quiet", "--out", out.to_str().unwrap()]);
        let sum = Sha256::digest(fs::read(out.join("weights.safetensors")).unwrap());
        let sum = sum.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
        let line = format!("{sum}  results/{assignment}/weights.safetensors");
        assert!(readme.contains(&line), "{line}");
    }
}

#[test]
fn files_that_are_linked_exist_and_the_readme_is_short() {
    let readme = fs::read_to_string(README).unwrap();
    let targets = readme.split("](").skip(1).map(|rest| rest.split([')', '#']).next().unwrap());
    for target in targets.filter(|target| !target.is_empty() && !target.contains("://")) {
        let path = format!("{}/{target}", env!("CARGO_MANIFEST_DIR"));
        assert!(fs::exists(&path).unwrap(), "{target}");
    }
    assert!(readme.lines().count() <= 150, "{}", readme.lines().count());
}
