//! Test that runs which are killed repeatedly at random moments end with the same bytes as an
//! undisturbed run.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use ece472::random::{Purpose, Stream};

use super::with;
use crate::support::{assert_same, command, files, run_well};

/// The number of times each command is killed; `ECE472_KILLS` changes it.
const KILLS: usize = 4;

const SPIRALS: &[&str] = &["spirals", "--steps=400", "--points=100", "--width=16"];
const MNIST: &[&str] = &[
    "mnist",
    "--layer-depths=4",
    "--layer-kernel-sizes=3",
    "--layer-strides=4",
    "--validation=20",
    "--epochs=10",
    "--batch-size=20",
];
const AG_NEWS: &[&str] = &["ag-news", "--buckets=1024", "--epochs=10", "--batch-size=16"];
const ATTENTION: &[&str] = &[
    "attention",
    "--steps=20",
    "--width=16",
    "--heads=2",
    "--blocks=1",
    "--text-width=16",
    "--text-blocks=1",
    "--text-length=16",
    "--holdout=100",
];
const SIREN: &[&str] = &["siren", "--steps=200", "--size=24", "--width=16", "--hidden-layers=2"];

#[test]
fn runs_killed_at_random_moments_resume_to_the_same_bytes() {
    let kills = std::env::var("ECE472_KILLS").map_or(KILLS, |text| text.parse().expect("a number of kills"));
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    write_digits(&data.join("mnist"));
    write_news(&data.join("ag_news"));
    let mut midway = 0;
    for (i, settings) in [SPIRALS, MNIST, AG_NEWS, ATTENTION, SIREN].into_iter().enumerate() {
        let moments = Stream::at(472, Purpose::Check, 0, i as u64);
        midway += kill_and_compare(settings, &data, &dir.path().join(settings[0]), kills, moments);
    }
    assert!(midway > 0, "no run was killed between its first checkpoint and its end");
}

/// Kills a run after a random share of its duration, resumes it, kills it again, and so on.
/// Whenever a run ends before it is killed, and at the end, its files are compared with those of an
/// undisturbed run. Returns the number of kills that left a checkpoint and no metrics.
fn kill_and_compare(settings: &[&str], data: &Path, out: &Path, kills: usize, mut moments: Stream) -> usize {
    let (whole, broken) = (out.join("whole"), out.join("broken"));
    let mut base = with(settings, &["--quiet"]);
    if [MNIST, AG_NEWS].contains(&settings) {
        base.extend(["--data-dir", data.to_str().unwrap()]);
    }
    base.push("--out");
    let start = Instant::now();
    run_well(&with(&base, &[whole.to_str().unwrap()]));
    let duration = start.elapsed();

    let resumed = with(&base, &[broken.to_str().unwrap(), "--resume"]);
    let (mut killed, mut compared, mut midway) = (0, 0, 0);
    while killed < kills {
        let mut child = command(&resumed).spawn().unwrap();
        thread::sleep(duration.mul_f64(moments.uniform()));
        // On Unix this sends SIGKILL, which a program cannot handle.
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.success() {
            assert_same(&files(&whole), &files(&broken));
            fs::remove_dir_all(&broken).unwrap();
            compared += 1;
        } else {
            assert_eq!(status.code(), None, "{resumed:?} failed before it was killed");
            killed += 1;
            let has_checkpoint =
                fs::read_dir(broken.join("checkpoint")).is_ok_and(|mut all| all.next().is_some());
            midway += usize::from(has_checkpoint && !broken.join("metrics.json").exists());
        }
    }
    run_well(&resumed);
    assert_same(&files(&whole), &files(&broken));
    println!(
        "{}: {killed} kills in runs of {duration:?}, {midway} between checkpoint and end, {} comparisons",
        settings[0],
        compared + 1
    );
    midway
}

/// Writes MNIST's files with a few pictures whose brightness tells the digit.
fn write_digits(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (part, count) in [("train", 120_u32), ("t10k", 20)] {
        let header = |shape: &[u32]| {
            let numbers = shape.iter().flat_map(|n| n.to_be_bytes());
            [0, 0, 8, shape.len() as u8].into_iter().chain(numbers).collect::<Vec<u8>>()
        };
        let pixel = |i: u32| (i / 784 % 10 * 20 + i % 13) as u8;
        let images: Vec<u8> = (0..count * 784).map(pixel).collect();
        let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
        let write = |name: &str, shape: &[u32], values: Vec<u8>| {
            fs::write(folder.join(format!("{part}-{name}")), [header(shape), values].concat()).unwrap();
        };
        write("images-idx3-ubyte", &[count, 28, 28], images);
        write("labels-idx1-ubyte", &[count], labels);
    }
}

/// Writes news whose class follows from one word.
fn write_news(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let words = ["minister", "goal", "profit", "software"];
    for (file, count) in [("train.csv", 240), ("test.csv", 40)] {
        let row = |i: usize| format!("\"{}\",\"The {}\",\"on day {i}\"\n", i % 4 + 1, words[i % 4]);
        fs::write(folder.join(file), (0..count).map(row).collect::<String>()).unwrap();
    }
}
