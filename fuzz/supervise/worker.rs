//! The worker process, which tries inputs.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{MEMORY, Settings};
use crate::mutate;
use crate::sample::Sample;
use crate::targets::Target;

/// The file with the number of the current input.
pub(super) const INPUT: &str = "input";
/// The file with the reason why it failed.
pub(super) const FAILURE: &str = "failure";
/// The file with the summary after all inputs.
pub(super) const SUMMARY: &str = "summary";

/// Tries inputs until one fails. Then the process ends with a nonzero status.
pub(super) fn run(target: &Target, settings: Settings, folder: &Path) {
    let _ = fs::remove_file(folder.join(SUMMARY));
    let panic = quiet_panics();
    // A panic of the search itself must be reported too.
    if catch_unwind(|| try_all(target, settings, folder, &panic)).is_err() {
        write(&folder.join(FAILURE), format!("the search {}", panic.lock().expect("a message")));
        process::exit(1);
    }
}

fn try_all(target: &Target, settings: Settings, folder: &Path, panic: &Mutex<String>) {
    let corpus = (target.corpus)();
    let watch = Watch::start(folder, Duration::from_secs(settings.seconds));
    let mut trial = Trial { target, folder, panic, watch, largest: 0.0 };
    if settings.first == 0 {
        for sample in &corpus {
            trial.valid(sample);
        }
    }
    let mut accepted = 0;
    for input in settings.first..settings.first + settings.inputs {
        if trial.damaged(&corpus, settings.seed, input) {
            accepted += 1;
        }
    }
    let refused = settings.inputs - accepted;
    let summary = format!(
        "{} inputs from {} on: {accepted} accepted, {refused} refused; at most {:.2} s each, {} MiB in the process",
        settings.inputs,
        settings.first,
        trial.largest,
        crate::MEMORY.max_allocated().div_ceil(1 << 20)
    );
    write(&folder.join(SUMMARY), summary);
}

/// The state of the search.
struct Trial<'a> {
    target: &'a Target,
    folder: &'a Path,
    panic: &'a Mutex<String>,
    watch: Watch,
    /// The longest time an input has taken, in seconds.
    largest: f64,
}

impl Trial<'_> {
    /// Checks that a valid sample is accepted. Otherwise code after the first check would never be
    /// tested.
    fn valid(&mut self, sample: &Sample) {
        write(&self.folder.join(INPUT), "0".into());
        if let Err(message) = self.attempt(sample, &self.folder.join("0")) {
            self.fail(&format!("a valid file is refused: {message}"));
        }
    }

    /// Tries a damaged sample. Returns whether it is accepted nevertheless.
    fn damaged(&mut self, corpus: &[Sample], seed: u64, input: u64) -> bool {
        write(&self.folder.join(INPUT), input.to_string());
        let sample = mutate::input(corpus, seed, input);
        self.attempt(&sample, &self.folder.join(input.to_string())).is_ok()
    }

    /// Writes the files of a sample, reads them as the program does, and removes them unless there
    /// is a failure.
    fn attempt(&mut self, sample: &Sample, folder: &Path) -> Result<(), String> {
        sample.write(folder);
        let allowance = MEMORY + self.target.memory * sample.size();
        let limit = crate::MEMORY.allocated().saturating_add(allowance);
        crate::MEMORY.set_limit(limit).expect("more than is used");
        let start = Instant::now();
        self.watch.begin();
        let result = catch_unwind(AssertUnwindSafe(|| (self.target.read)(folder)));
        self.watch.end();
        crate::MEMORY.set_limit(usize::MAX).expect("more than is used");
        self.largest = self.largest.max(start.elapsed().as_secs_f64());
        let result = result.unwrap_or_else(|_| {
            let panic = self.panic.lock().expect("a message").clone();
            self.fail(&format!("it panics: {panic}"))
        });
        if result.as_ref().is_err_and(|message| message.trim().is_empty()) {
            self.fail("the error has no message");
        }
        fs::remove_dir_all(folder).expect("a folder of our own");
        result
    }

    fn fail(&self, reason: &str) -> ! {
        write(&self.folder.join(FAILURE), reason.into());
        process::exit(1)
    }
}

/// Suppresses the output of panics and stores the last one's message and line.
fn quiet_panics() -> Arc<Mutex<String>> {
    let last = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&last);
    std::panic::set_hook(Box::new(move |panic| {
        *kept.lock().expect("a message") = panic.to_string().replace('\n', " ");
    }));
    last
}

/// A thread that ends the process when an input takes too long: more processor time than the limit,
/// or `WAITING` times as much real time, because a busy machine delays the process.
struct Watch(Arc<Mutex<Option<Began>>>);

/// The limit of real time as a multiple of the limit of processor time.
const WAITING: u32 = 20;

/// The start of an input: real time, and the processor time of the process.
#[derive(Clone, Copy)]
struct Began(Instant, Duration);

impl Watch {
    fn start(folder: &Path, longest: Duration) -> Self {
        let began = Arc::new(Mutex::new(None::<Began>));
        let (watched, failure): (_, PathBuf) = (Arc::clone(&began), folder.join(FAILURE));
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(100));
                let Some(Began(clock, processor)) = *watched.lock().expect("an instant") else { continue };
                let worked = processor_time().saturating_sub(processor);
                if worked > longest || clock.elapsed() > WAITING * longest {
                    write(&failure, format!("it takes more than {} s", longest.as_secs()));
                    process::exit(1);
                }
            }
        });
        Self(began)
    }

    fn begin(&self) {
        *self.0.lock().expect("an instant") = Some(Began(Instant::now(), processor_time()));
    }

    fn end(&self) {
        *self.0.lock().expect("an instant") = None;
    }
}

/// The processor time of all threads of this process; 0 where the system does not report it.
fn processor_time() -> Duration {
    let status = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name of the process, which may contain spaces, the fields 11 and 12 are user and
    // system time in hundredths of a second.
    let fields = status.rsplit(')').next().unwrap_or_default().split_whitespace();
    Duration::from_millis(
        10 * fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>(),
    )
}

fn write(path: &Path, text: String) {
    fs::write(path, text).expect("a folder of our own");
}
