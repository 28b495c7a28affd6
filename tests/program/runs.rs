//! Tests of output folders: their contents, whatever happens to the runs that write to them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::support::{assert_same, command, files};

fn run(arguments: &[&str], out: &Path) -> Output {
    command(arguments).arg("--out").arg(out).output().unwrap()
}

fn run_well(arguments: &[&str], out: &Path) {
    let output = run(arguments, out);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The one-line message of a command that fails with this status.
fn failure(command: &mut Command, status: i32) -> String {
    let output = command.output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    message
}

fn refused(arguments: &[&str], out: &Path, status: i32) -> String {
    failure(command(arguments).arg("--out").arg(out), status)
}

/// A running command, which is killed when a test fails.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    /// On Unix this sends SIGKILL, which a program cannot handle.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

/// Waits until a file exists.
fn wait_for(path: &Path, child: &mut Child) {
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_mins(1), "there is no {} after a minute", path.display());
        assert!(child.try_wait().unwrap().is_none(), "the command has already ended");
        std::thread::sleep(Duration::from_millis(2));
    }
}

const SINE: [&str; 4] = ["sine-regression", "--steps", "200", "--quiet"];
const ENDLESS: [&str; 4] = ["sine-regression", "--steps", "100000000", "--quiet"];

#[test]
fn a_refused_resume_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    run_well(&SINE, dir.path());
    let before = files(dir.path());
    let message = refused(&[&SINE[..], &["--resume", "--seed", "1"]].concat(), dir.path(), 1);
    assert!(message.contains("a run with other settings"), "{message}");
    assert_same(&before, &files(dir.path()));
    run_well(&[&SINE[..], &["--resume"]].concat(), dir.path());
    assert_same(&before, &files(dir.path()));
}

#[test]
fn a_failed_or_killed_run_keeps_no_results_of_an_earlier_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    run_well(&SINE, &out);
    let before = files(&out);
    fs::write(out.join("notes.txt"), "the user's").unwrap();
    let check = |config: &str| {
        let config_json = fs::read_to_string(out.join("config.json")).unwrap();
        assert!(config_json.contains(config), "{config_json}");
        for name in ["metrics.json", "weights.safetensors", "history.csv", "fit.png", "run.json"] {
            assert!(!out.join(name).exists(), "{name}");
        }
        assert!(!out.join("checkpoint/state.safetensors").exists() || config.contains("steps"));
        assert_same(&before, &files(&out.join("previous")));
        assert_eq!(fs::read_to_string(out.join("notes.txt")).unwrap(), "the user's");
    };
    let diverging = [&SINE[..], &["--learning-rate", "1e5"]].concat();
    assert!(refused(&diverging, &out, 1).contains("training diverged"));
    check("\"learning_rate\": 100000.0");

    // The results of the earlier run come back only when it is run again.
    run_well(&SINE, &out);
    let mut child = Running::start(command(&ENDLESS).arg("--out").arg(&out));
    let start = Instant::now();
    while out.join("metrics.json").exists() && start.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(100));
    child.kill();
    check("\"steps\": 100000000");
}

#[test]
fn every_action_has_its_own_folder() {
    let dir = tempfile::tempdir().unwrap();
    let go = |arguments: &[&str]| {
        let output = command(arguments).arg("--quiet").current_dir(dir.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    go(&["sine-regression", "--steps", "200"]);
    let trained = files(&dir.path().join("results/sine-regression"));
    go(&["sine-regression", "evaluate", "results/sine-regression/weights.safetensors"]);
    go(&["sine-regression", "seeds", "3", "--steps", "20"]);
    go(&["sine-regression", "cross-validate", "--steps", "5"]);
    let small = ["--size", "8", "--steps", "3", "--width", "8", "--hidden-layers", "1"];
    go(&[&["siren", "show", "zoom"], &small[..]].concat());
    assert_same(&trained, &files(&dir.path().join("results/sine-regression")));
    let mut folders: Vec<String> = fs::read_dir(dir.path().join("results"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort_unstable();
    let own = ["", "-cross-validate", "-evaluate", "-seeds"].map(|action| format!("sine-regression{action}"));
    assert_eq!(folders, [&own[..], &["siren-zoom".to_owned()]].concat());
    for (folder, action) in
        [("sine-regression-evaluate", "evaluate"), ("sine-regression-seeds", "seeds"), ("siren-zoom", "show")]
    {
        let text = fs::read_to_string(dir.path().join("results").join(folder).join("config.json")).unwrap();
        let config: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(config["action"]["name"], action, "{text}");
    }
    // The configuration of any run can repeat it.
    go(&["sine-regression", "--config", "results/sine-regression-evaluate/config.json"]);
    assert_same(&trained, &files(&dir.path().join("results/sine-regression")));
}

#[test]
fn evaluating_weights_that_would_be_moved_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    run_well(&SINE, dir.path());
    let before = files(dir.path());
    let weights = dir.path().join("weights.safetensors").display().to_string();
    let message = refused(&["sine-regression", "evaluate", &weights], dir.path(), 2);
    assert!(message.contains("choose another folder by --out"), "{message}");
    assert_same(&before, &files(dir.path()));
}

#[test]
fn a_second_run_in_a_folder_names_the_process_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let (out, weights) = (dir.path().join("out"), dir.path().join("trained"));
    run_well(&SINE, &weights);
    let weights = weights.join("weights.safetensors").display().to_string();
    let mut child = Running::start(command(&ENDLESS).arg("--out").arg(&out));
    wait_for(&out.join("config.json"), &mut child.0);
    let evaluate = ["sine-regression", "evaluate", &weights];
    for second in [&SINE[..], &evaluate, &["sine-regression", "seeds", "2"]] {
        let message = refused(second, &out, 1);
        assert!(message.contains(&format!("in use by process {}:", child.0.id())), "{message}");
    }
    child.kill();
    run_well(&SINE, &out);
    assert!(!files(&out).contains_key(".lock"));
}

#[test]
fn a_damaged_checkpoint_is_reported_and_the_previous_one_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let (newest, older) = ["state.safetensors", "state.previous.safetensors"]
        .map(|name| dir.path().join("checkpoint").join(name))
        .into();
    run_well(&SINE, dir.path());
    let whole = files(dir.path());
    let damage = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let resume = [&SINE[..], &["--resume"]].concat();
    damage(&newest);
    let output = run(&resume, dir.path());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && message.lines().count() == 1, "{message}");
    assert!(message.contains("state.safetensors is not a whole checkpoint"), "{message}");
    assert!(message.contains("state.previous.safetensors"), "{message}");
    assert_same(&whole, &files(dir.path()));

    damage(&newest);
    damage(&older);
    assert!(refused(&resume, dir.path(), 1).contains("its checksum does not match its contents"));
    fs::remove_file(&newest).unwrap();
    assert!(refused(&resume, dir.path(), 1).contains("state.previous.safetensors"));
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_not_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint/state.safetensors");
    fs::create_dir(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let message = refused(&[&SINE[..], &["--resume"]].concat(), dir.path(), 1);
    assert!(message.contains("not a regular file"), "{message}");
}

#[test]
fn runs_with_the_same_file_contents_are_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (picture, copy, out) = (dir.path().join("a.png"), dir.path().join("b.png"), dir.path().join("out"));
    let draw = |shade| image::RgbImage::from_pixel(8, 8, image::Rgb([shade, 0, 9])).save(&picture).unwrap();
    let fit = |path: &Path, more: &[&str]| {
        let path = path.display().to_string();
        let options = ["siren", "--quiet", "--size", "8", "--width", "8", "--steps", "20", "--image", &path];
        run(&[&options[..], more].concat(), &out)
    };
    draw(100);
    assert!(fit(&picture, &[]).status.success());
    fs::copy(&picture, &copy).unwrap();
    let moved = fit(&copy, &["--resume"]);
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stderr));
    assert!(fs::read_to_string(out.join("config.json")).unwrap().contains("b.png"));
    let before = files(&out);
    draw(101);
    let other = fit(&picture, &["--resume"]);
    let message = String::from_utf8(other.stderr).unwrap();
    assert!(other.status.code() == Some(1) && message.contains("other settings"), "{message}");
    assert_same(&before, &files(&out));
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_leaves_a_checkpoint_and_resumes_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, broken) = (dir.path().join("whole"), dir.path().join("broken"));
    let spirals = ["spirals", "--steps", "6000", "--width", "48", "--quiet"];
    run_well(&spirals, &whole);
    let mut resume = None;
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut arguments = spirals.to_vec();
        arguments.extend(resume);
        let mut command = command(&arguments);
        let checkpoint = broken.join("checkpoint/state.safetensors");
        let written = || fs::metadata(&checkpoint).and_then(|metadata| metadata.modified()).ok();
        let before = written();
        let mut child = Running::start(command.arg("--out").arg(&broken).stderr(Stdio::piped()));
        wait_for(&checkpoint, &mut child.0);
        // A new checkpoint shows that the training itself is running.
        while written() == before {
            assert!(child.0.try_wait().unwrap().is_none(), "ended before it wrote a checkpoint");
            std::thread::sleep(Duration::from_millis(1));
        }
        send(signal, &child.0);
        let ended = child.0.wait().unwrap().code();
        let message = io::read_to_string(child.0.stderr.take().unwrap()).unwrap();
        assert_eq!(ended, Some(status), "{message}");
        assert!(message.contains("interrupted at step") && message.lines().count() == 1, "{message}");
        assert!(!broken.join("metrics.json").exists() && !broken.join(".lock").exists());
        resume = Some("--resume");
    }
    run_well(&[&spirals[..], &["--resume"]].concat(), &broken);
    assert_same(&files(&whole), &files(&broken));
}

#[cfg(unix)]
fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_command_without_a_checkpoint_ends_at_a_signal_without_files() {
    let dir = tempfile::tempdir().unwrap();
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut command = command(&["sine-regression", "seeds", "10000", "--quiet"]);
        let mut child = Running::start(command.arg("--out").arg(dir.path()));
        wait_for(&dir.path().join(".lock"), &mut child.0);
        send(signal, &child.0);
        assert_eq!(child.0.wait().unwrap().code(), Some(status));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_closed_standard_error_does_not_change_the_status() {
    let dir = tempfile::tempdir().unwrap();
    let status = |arguments: &[&str]| {
        let mut command = command(arguments);
        let out = dir.path().join("out");
        let mut child =
            command.arg("--out").arg(&out).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        drop(child.stderr.take());
        child.wait().unwrap().code()
    };
    assert_eq!(status(&["spirals", "--points", "0"]), Some(2));
    assert_eq!(status(&["spirals", "--no-such-option"]), Some(2));
    assert_eq!(status(&["spirals", "evaluate", "/no/such/file"]), Some(1));
    // This takes long enough for a line of progress.
    assert_eq!(status(&["spirals", "--steps", "3000", "--width", "100"]), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_to_a_full_disk_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    for arguments in
        [&["sine-regression", "--steps", "20", "--out", &out][..], &["data", "list"], &["--help"]]
    {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let message = failure(command(arguments).stdout(full), 1);
        assert!(message.contains("cannot write to standard output"), "{message}");
    }
    assert!(dir.path().join("metrics.json").exists(), "the files are written nevertheless");
}

#[test]
fn messages_are_one_line_and_name_the_right_source() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.json");
    let path = file.display().to_string();
    let out = dir.path().join("out");
    let message = refused(&["spirals", "--config", "no\nsuch\u{1b}[31mfile"], &out, 1);
    assert!(message.contains(r"no\nsuch\u{1b}[31mfile"), "{message}");

    fs::write(&file, r#"{"command": "spirals", "width": 8, "laps": 3.0}"#).unwrap();
    let message = refused(&["spirals", "--config", &path, "--points", "0"], &out, 2);
    assert!(message.contains("--points 0") && !message.contains(&path), "{message}");
    let message = refused(&["spirals", "--config", &path, "--learning-rate", "nan"], &out, 2);
    assert!(message.contains("--learning-rate") && !message.contains(&path), "{message}");
    fs::write(&file, r#"{"command": "spirals", "width": 0}"#).unwrap();
    let message = refused(&["spirals", "--config", &path, "--points", "10"], &out, 1);
    assert!(message.contains("--width 0") && message.contains(&path), "{message}");
    fs::write(&file, "{\"command\": \"spirals\", \"a\\nb\": 0}").unwrap();
    assert!(refused(&["spirals", "--config", &path], &out, 1).contains(r"a\nb"));

    let message = failure(command(&["mnist"]).env("ECE472_DATA", "").arg("--out").arg(&out), 2);
    assert!(message.contains("the environment variable ECE472_DATA is empty"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_refused_naming_its_option() {
    use std::os::unix::ffi::OsStrExt as _;

    let dir = tempfile::tempdir().unwrap();
    let path = OsStr::from_bytes(b"caf\xe9.png");
    for (assignment, option) in [
        ("siren", "--image"),
        ("cifar", "--start-from"),
        ("cifar", "--proxy"),
        ("ag-news", "--start-from"),
        ("ag-news", "--with"),
    ] {
        for more in [&[][..], &["seeds", "2"], &["--config", "/no/such/config"]] {
            let mut command = command(&[assignment]);
            let message = failure(command.args(more).arg(option).arg(path).arg("--out").arg(dir.path()), 2);
            assert!(message.contains(option) && message.contains("UTF-8"), "{message}");
        }
    }
}
