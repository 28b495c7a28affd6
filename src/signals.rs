//! SIGINT and SIGTERM: a training writes a checkpoint, and the program exits with status 130 or
//! 143.
//!
//! A thread waits for the signals. A training with a checkpoint stops by itself after its current
//! step. Any other command ends at once, but not in the middle of writing a file. A second signal
//! ends the program whatever it is doing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::files;

/// The first received signal; 0 before.
static RECEIVED: AtomicI32 = AtomicI32::new(0);
/// The number of running trainings that stop by themselves.
static STOPPABLE: AtomicUsize = AtomicUsize::new(0);
/// Files to remove before the program ends.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Handles SIGINT and SIGTERM from now on. Without this call, as in programs that use the library,
/// they have their default effect.
///
/// # Errors
/// If the system refuses a handler or a thread.
#[cfg(unix)]
pub fn handle() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let wait = move || signals.forever().for_each(receive);
    std::thread::Builder::new().name("signals".into()).spawn(wait)?;
    Ok(())
}

/// Does nothing, because this system has no such signals.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn handle() -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn receive(signal: i32) {
    if RECEIVED.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        // A second signal ends the process at once, without even the standard library's cleanup.
        signal_hook::low_level::exit(status(signal).into());
    }
    if STOPPABLE.load(Ordering::SeqCst) == 0 {
        exit(signal);
    }
}

/// The exit status after a signal: 130 after SIGINT, 143 after SIGTERM.
pub fn status(signal: i32) -> u8 {
    128 + signal as u8
}

/// The received signal that asks the program to end, if any.
pub(crate) fn received() -> Option<i32> {
    Some(RECEIVED.load(Ordering::SeqCst)).filter(|&signal| signal != 0)
}

#[cfg(unix)]
fn exit(signal: i32) -> ! {
    let _whole = files::wait_for_writes();
    for path in TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = fs::remove_file(path);
    }
    process::exit(status(signal).into())
}

/// While a value of this type exists, a signal does not end the program. Its owner must check
/// [`received`] often, once more after dropping the value, and then end the program.
pub(crate) struct Stoppable(());

impl Stoppable {
    pub(crate) fn new() -> Self {
        STOPPABLE.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        STOPPABLE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A file that is removed when this value is dropped or a signal ends the program.
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    pub(crate) fn new(path: &Path) -> Self {
        TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).push(path.into());
        Self(path.into())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        let mut all = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(i) = all.iter().position(|path| *path == self.0) {
            all.swap_remove(i);
        }
    }
}
