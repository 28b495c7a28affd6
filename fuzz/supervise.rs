//! Running a target in a separate process, so that nothing an input does can end the search
//! unnoticed.

mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use crate::targets::Target;

/// The memory in bytes that an input may take independently of its size.
const MEMORY: usize = 256 << 20;
/// The search ends after this number of failing inputs.
const MOST_FAILURES: usize = 20;

/// The settings of a search, from the environment.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `ECE472_FUZZ_INPUTS`: the number of inputs.
    inputs: u64,
    /// `ECE472_FUZZ_SEED`: the seed of the changes.
    seed: u64,
    /// `ECE472_FUZZ_FIRST`: the number of the first input, to repeat a failing one alone.
    first: u64,
    /// `ECE472_FUZZ_SECONDS`: the time limit for one input.
    seconds: u64,
}

/// A failing input.
#[derive(Debug)]
pub struct Failure {
    input: u64,
    reason: String,
}

impl Settings {
    const NAMES: [&str; 4] =
        ["ECE472_FUZZ_INPUTS", "ECE472_FUZZ_SEED", "ECE472_FUZZ_FIRST", "ECE472_FUZZ_SECONDS"];

    fn from_environment() -> Self {
        let number = |name: &str, default: u64| match std::env::var(name) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
            Err(_) => default,
        };
        let [inputs, seed, first, seconds] = Self::NAMES;
        Self {
            inputs: number(inputs, 2000),
            seed: number(seed, 472),
            first: number(first, 0),
            seconds: number(seconds, 10),
        }
    }

    fn values(self) -> [u64; 4] {
        [self.inputs, self.seed, self.first, self.seconds]
    }
}

/// The environment variable with the folder for inputs. It is set only in worker processes.
const FOLDER: &str = "ECE472_FUZZ_FOLDER";

/// Tries inputs of a target. `test` is the name of the calling test, which the worker process runs.
///
/// # Panics
/// If an input fails; the message has a command that repeats each one.
pub fn fuzz(test: &str, target: &Target) {
    let settings = Settings::from_environment();
    if let Some(folder) = std::env::var_os(FOLDER) {
        return worker::run(target, settings, Path::new(&folder));
    }
    let (failures, folder) = search(test, settings);
    let lines: Vec<String> = failures
        .iter()
        .map(|Failure { input, reason }| {
            format!(
                "input {input}: {reason}\n  repeat: ECE472_FUZZ_SEED={} ECE472_FUZZ_FIRST={input} ECE472_FUZZ_INPUTS=1 \
                 cargo test --test fuzz {test}\n  files: {}",
                settings.seed,
                folder.join(input.to_string()).display()
            )
        })
        .collect();
    assert!(lines.is_empty(), "{} inputs of the target {test} failed\n{}", lines.len(), lines.join("\n"));
    fs::remove_dir_all(folder).expect("a folder of our own");
}

/// Tries all inputs in worker processes, one process after another, since each ends at its first
/// failure.
fn search(test: &str, settings: Settings) -> (Vec<Failure>, PathBuf) {
    let start = Instant::now();
    let folder =
        tempfile::Builder::new().prefix("ece472-fuzz-").tempdir().expect("a temporary folder").keep();
    let end = settings.first + settings.inputs;
    let mut failures: Vec<Failure> = Vec::new();
    let mut next = settings.first;
    while next < end && failures.len() < MOST_FAILURES {
        let rest = Settings { first: next, inputs: end - next, ..settings };
        match work(test, rest, &folder) {
            Ok(summary) => {
                println!("{test}: {summary}");
                break;
            }
            Err(failure) => {
                next = failure.input + 1;
                failures.push(failure);
            }
        }
    }
    println!("{test}: {:.1} s, {} failures", start.elapsed().as_secs_f64(), failures.len());
    (failures, folder)
}

/// Starts a worker, waits for its end, and returns its summary or the failing input.
fn work(test: &str, settings: Settings, folder: &Path) -> Result<String, Failure> {
    let errors = fs::File::create(folder.join("stderr")).expect("a folder of our own");
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", test, "--nocapture"]).stdout(Stdio::null()).stderr(errors).env(FOLDER, folder);
    command.env("RUST_BACKTRACE", "0");
    command.envs(Settings::NAMES.into_iter().zip(settings.values().map(|value| value.to_string())));
    let status = command.status().expect("a worker process");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let summary = read(worker::SUMMARY);
    if status.success() && !summary.is_empty() {
        return Ok(summary);
    }
    let input: u64 = read(worker::INPUT).parse().unwrap_or_else(|_| panic!("{status}: {}", read("stderr")));
    let reason = match read(worker::FAILURE) {
        reason if reason.is_empty() => format!("{}: {}", describe(status), last_line(&read("stderr"))),
        reason => reason,
    };
    let _ = fs::remove_file(folder.join(worker::FAILURE));
    Err(Failure { input, reason })
}

fn describe(status: ExitStatus) -> String {
    format!("the process ended: {status}")
}

/// The last line with a message.
fn last_line(text: &str) -> String {
    let says = |line: &&str| !line.trim().is_empty() && !line.starts_with("note: ");
    text.lines().rfind(says).unwrap_or_default().to_owned()
}

/// Checks that the search reports panics, panics of other threads, aborts, inputs that take too
/// long or too much memory, and refused valid files; and that it continues after each.
pub fn check_that_faults_are_found(test: &str) {
    let settings = Settings { inputs: 8, seed: 472, first: 0, seconds: 1 };
    if let Some(folder) = std::env::var_os(FOLDER) {
        return worker::run(
            &crate::targets::faulty::TARGET,
            Settings::from_environment(),
            Path::new(&folder),
        );
    }
    let (failures, folder) = search(test, settings);
    let found: Vec<(u64, &str)> = failures.iter().map(|f| (f.input, f.reason.as_str())).collect();
    let expected = crate::targets::faulty::FAULTS;
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((input, reason), (number, part)) in found.iter().zip(expected) {
        assert!(*input == number && reason.contains(part), "input {input}: {reason}");
        assert!(
            folder.join(number.to_string()).join("file").exists(),
            "the files of input {number} are gone"
        );
    }
    fs::remove_dir_all(folder).expect("a folder of our own");
}
