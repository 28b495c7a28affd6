//! Loops on all threads.
//!
//! Everything goes through one loop over indices, whose body is behind a pointer: so the machinery of
//! rayon is compiled once, and not again for each closure. The call costs little beside the work of a
//! body.

use std::sync::Mutex;

use rayon::prelude::*;

/// The results of `item` for the indices from 0 to `count` - 1, in order.
pub(crate) fn indices<T: Send>(count: usize, item: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let results: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    for_each(count, &|i| *results[i].lock().expect("each index has its own lock") = Some(item(i)));
    let result = |slot: Mutex<Option<T>>| slot.into_inner().expect("no lock was held in a panic");
    results.into_iter().map(|slot| result(slot).expect("every index was visited")).collect()
}

/// The results of `f` for all items, in order.
pub(crate) fn map<I: Sync, T: Send>(items: &[I], f: impl Fn(&I) -> T + Sync) -> Vec<T> {
    indices(items.len(), |i| f(&items[i]))
}

/// The results of `f` for parts of `size` items, in order; the last part may have fewer.
pub(crate) fn chunks<I: Sync, T: Send>(items: &[I], size: usize, f: impl Fn(&[I]) -> T + Sync) -> Vec<T> {
    let size = size.max(1);
    indices(items.len().div_ceil(size), |i| f(&items[i * size..items.len().min((i + 1) * size)]))
}

/// The result of `work`, whose loops run on a pool of `threads` threads; 0 stands for all cores.
///
/// # Errors
/// If the threads cannot be started.
pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T, String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|e| e.to_string())?;
    let (mut work, mut result) = (Some(work), None);
    install(&pool, &mut || result = work.take().map(|work| work()));
    Ok(result.expect("the work was done"))
}

/// The number of threads that loops run on here.
pub(crate) fn threads() -> usize {
    rayon::current_num_threads()
}

/// Calls `body` for the indices from 0 to `count` - 1. Threads take one index at a time, so that they
/// finish together although a body may take unlike times.
pub(crate) fn for_each(count: usize, body: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().with_max_len(1).for_each(body);
}

fn install(pool: &rayon::ThreadPool, work: &mut (dyn FnMut() + Send)) {
    pool.install(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_for_any_number_of_threads() {
        let items: Vec<usize> = (0..100).collect();
        for count in [1, 2, 7] {
            let sums = on_threads(count, || {
                assert_eq!(threads(), count);
                assert_eq!(map(&items, |i| 3 * i), indices(100, |i| 3 * i));
                chunks(&items, 7, |part| part.iter().sum::<usize>())
            });
            let expected: Vec<usize> = items.chunks(7).map(|part| part.iter().sum()).collect();
            assert_eq!(sums.unwrap(), expected);
        }
        assert!(chunks(&[0; 0], 0, <[i32]>::len).is_empty());
    }
}
