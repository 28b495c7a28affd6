//! SIGINT and SIGTERM: a training writes a checkpoint, and the program ends with status 130 or 143.
//!
//! A thread waits for the signals. While a training with a checkpoint is under way, it is left to stop by itself
//! after the step that it is at; any other command ends at once, though not in the middle of writing a file. A
//! second signal ends the program whatever it is doing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::files;

/// The first signal that has come; 0 before.
static RECEIVED: AtomicI32 = AtomicI32::new(0);
/// How many trainings are under way that stop by themselves.
static STOPPABLE: AtomicUsize = AtomicUsize::new(0);
/// Files that must not be left behind.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Handles SIGINT and SIGTERM from now on. Without this call, as in programs that use the library, they do what they
/// always do.
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

/// There are no such signals on this system.
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
        // The second one: without waiting for anything, the standard library's end of a process included.
        signal_hook::low_level::exit(status(signal).into());
    }
    if STOPPABLE.load(Ordering::SeqCst) == 0 {
        leave(signal);
    }
}

/// The exit status after a signal: 130 after SIGINT, 143 after SIGTERM.
pub fn status(signal: i32) -> u8 {
    128 + signal as u8
}

/// The signal that asks the program to end, if one has come.
pub(crate) fn received() -> Option<i32> {
    Some(RECEIVED.load(Ordering::SeqCst)).filter(|&signal| signal != 0)
}

#[cfg(unix)]
fn leave(signal: i32) -> ! {
    let _whole = files::wait_for_writes();
    for path in TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        let _ = fs::remove_file(path);
    }
    process::exit(status(signal).into())
}

/// While this lives, a signal does not end the program: whoever holds it looks for [`received`] often, once more
/// after dropping it, and then ends.
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

/// A file that is removed when this is dropped, or when a signal ends the program.
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
