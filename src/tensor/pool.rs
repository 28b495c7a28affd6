//! Recycled buffers.
//!
//! A training step frees as much memory as the next one needs, in the same sizes. Fresh large
//! buffers come from the operating system page by page, which costs several times the arithmetic
//! done in them. So freed buffers are kept: first by the thread that freed them, and beyond a limit
//! in a pool that all threads share (gradients are made on worker threads and freed on another
//! thread).
//!
//! Buffers are kept by size class, four classes to each doubling, so at most a fifth of a buffer is
//! unused. In debug builds a recycled buffer is filled with NaN, so that a kernel that forgets to
//! write an element is noticed.

use std::cell::RefCell;
use std::sync::Mutex;

/// The smallest pooled length: smaller buffers cost less to allocate than to look up.
const SMALLEST_CLASS: usize = 16;
/// Four classes to each doubling of the size, from 16 to 2^40 elements.
const CLASSES: usize = 4 * 37;
/// The number of bytes of one class that a thread keeps for itself.
const LOCAL_BYTES: usize = 1 << 22;

/// The index of the smallest class that holds `len` elements.
fn class_of(len: usize) -> usize {
    let len = len.max(SMALLEST_CLASS);
    // len is in (2^e, 2^(e+1)]; the class is a quarter of that range.
    let exponent = (len - 1).ilog2();
    let quarter = (len - 1 - (1 << exponent)) >> (exponent - 2);
    4 * (exponent as usize - 3) + quarter - 3
}

/// The number of elements in the buffers of a class.
fn class_len(class: usize) -> usize {
    let (exponent, quarter) = (class.div_ceil(4) + 3, (class + 3) % 4);
    (1 << exponent) + ((quarter + 1) << (exponent - 2))
}

/// Free buffers, a stack for each size class.
pub struct Pool<F>([Vec<Vec<F>>; CLASSES]);

impl<F> Pool<F> {
    const fn new() -> Self {
        Self([const { Vec::new() }; CLASSES])
    }
}

/// Element types that have a pool.
pub trait Pooled: Copy + Send + Sized + 'static {
    /// The value in new buffers, and in recycled ones in debug builds.
    const FILL: Self;

    /// Runs `f` on this thread's pool and the shared one; `None` while the thread shuts down.
    #[doc(hidden)]
    fn with_pools<R>(f: impl FnOnce(&mut Pool<Self>, &Mutex<Pool<Self>>) -> R) -> Option<R>;
}

macro_rules! pooled {
    ($type:ty) => {
        impl Pooled for $type {
            const FILL: Self = if cfg!(debug_assertions) { <$type>::NAN } else { 0.0 };

            fn with_pools<R>(f: impl FnOnce(&mut Pool<Self>, &Mutex<Pool<Self>>) -> R) -> Option<R> {
                thread_local!(static LOCAL: RefCell<Pool<$type>> = const { RefCell::new(Pool::new()) });
                static SHARED: Mutex<Pool<$type>> = Mutex::new(Pool::new());
                LOCAL.try_with(|local| f(&mut local.borrow_mut(), &SHARED)).ok()
            }
        }
    };
}
pooled!(f32);
pooled!(f64);

/// A buffer of at least `len` elements with unspecified values.
pub(super) fn take<F: Pooled>(len: usize) -> Vec<F> {
    let class = class_of(len);
    F::with_pools(|local, shared| {
        let kept = local.0[class].pop();
        kept.or_else(|| shared.lock().ok()?.0[class].pop())
    })
    .flatten()
    .unwrap_or_else(|| vec![F::FILL; class_len(class)])
}

/// Keeps a buffer for the next [`take`]. A buffer that did not come from there is freed.
pub(super) fn give<F: Pooled>(mut buffer: Vec<F>) {
    if buffer.len() < SMALLEST_CLASS {
        return;
    }
    let class = class_of(buffer.len());
    if class_len(class) != buffer.len() {
        return;
    }
    if cfg!(debug_assertions) {
        buffer.fill(F::FILL);
    }
    F::with_pools(|local, shared| {
        let limit = (LOCAL_BYTES / size_of_val(buffer.as_slice())).max(1);
        if local.0[class].len() < limit {
            local.0[class].push(buffer);
        } else if let Ok(mut shared) = shared.lock() {
            shared.0[class].push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_cover_every_length_with_little_waste() {
        for len in (1..5000).chain([1 << 20, (1 << 20) + 1, 10_000_019]) {
            let class = class_of(len);
            let got = class_len(class);
            assert!(got >= len, "{len} does not fit into {got}");
            assert!(len < SMALLEST_CLASS || got <= len + len / 4, "{len} wastes {got}");
            assert!(class == 0 || class_len(class - 1) < len.max(SMALLEST_CLASS), "{len}: class too large");
            assert_eq!(class_of(got), class);
        }
    }

    #[test]
    fn a_thread_gets_its_buffer_back() {
        let buffer = take::<f32>(1_000_003);
        let address = buffer.as_ptr();
        give(buffer);
        let again = take::<f32>(1_000_001);
        assert_eq!(again.as_ptr(), address);
        assert!(!cfg!(debug_assertions) || again.iter().all(|x| x.is_nan()));
    }
}
