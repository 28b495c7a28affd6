//! Catching panics of libraries that panic on some damaged files.

use std::any::Any;
use std::cell::Cell;
use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread will be caught, so that nothing is to be printed.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Calls a function of another library, named `library`. A panic inside it, on this thread, becomes
/// an error like those that the function returns; its message is not printed.
///
/// # Errors
/// The function's error, or its panic, in one line.
pub(crate) fn contain<T>(
    library: &str,
    f: impl FnOnce() -> Result<T, Box<dyn Error + Send + Sync>>,
) -> Result<T, String> {
    silence_caught_panics();
    let outer = CAUGHT.replace(true);
    // Unwind safety: after a panic, what the function used is not used again, or only inside
    // `contain`.
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    CAUGHT.set(outer);
    match result {
        Ok(result) => result.map_err(|e| one_line(&e.to_string())),
        Err(payload) => Err(format!("the {library} library panics: {}", one_line(message(&*payload)))),
    }
}

/// Installs a panic hook that prints nothing for caught panics. All other panics are printed as
/// before.
fn silence_caught_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CAUGHT.get() {
                before(info);
            }
        }));
    });
}

/// The message of a panic.
fn message(payload: &(dyn Any + Send)) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

fn one_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel;

    #[test]
    fn a_panic_becomes_an_error_on_any_thread() {
        let outcome = |i: usize| {
            contain("tested", || {
                assert!(!i.is_multiple_of(3), "number {i}\nis a stand-in for a damaged file");
                if i.is_multiple_of(2) { Err("even".into()) } else { Ok(i) }
            })
        };
        let outcomes: Vec<_> = parallel::indices(6, outcome);
        let panics = |i| Err(format!("the tested library panics: number {i}"));
        assert_eq!(outcomes, [panics(0), Ok(1), Err("even".into()), panics(3), Err("even".into()), Ok(5)]);
        assert!(!CAUGHT.get());
    }

    #[test]
    fn other_panics_are_printed_as_before() {
        contain::<()>("tested", || panic::panic_any(7_u8)).unwrap_err();
        let other = std::thread::spawn(|| CAUGHT.get()).join();
        assert!(!other.unwrap());
        assert!(panic::catch_unwind(|| contain("tested", || Ok(())).map(|()| panic!("of our own"))).is_err());
    }
}
