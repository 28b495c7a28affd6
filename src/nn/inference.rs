//! Many examples at once, on all threads.

use std::cmp::Reverse;

use crate::parallel;
use crate::tensor::Tensor;

/// Computes a row of values for each item: `rows` computes those of up to `size` items at a time,
/// `[items, width]`. The rows are returned in order, one after the other.
pub fn in_chunks<T: Sync>(items: &[T], size: usize, rows: impl Fn(&[T]) -> Tensor + Sync) -> Vec<f32> {
    parallel::chunks(items, size, |chunk| rows(chunk).as_slice().to_vec()).concat()
}

/// The same for sequences, where item i has length `lengths[i]`: sequences of similar length are
/// computed together, so that there is little padding. `rows` is given the indices of up to `size` items.
pub fn by_length(lengths: &[usize], size: usize, rows: impl Fn(&[usize]) -> Tensor + Sync) -> Vec<f32> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    // The longest ones come first, so that threads finish at about the same time.
    order.sort_by_key(|&i| Reverse(lengths[i]));
    let sorted = in_chunks(&order, size, rows);
    let width = (sorted.len() / lengths.len().max(1)).max(1);
    let mut all = vec![0.0; sorted.len()];
    for (row, i) in sorted.chunks_exact(width).zip(order) {
        all[i * width..][..width].copy_from_slice(row);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_the_order_of_the_items() {
        let lengths = [3, 1, 2, 5, 4];
        let row = |i: &usize| [*i as f32, lengths[*i] as f32];
        let rows = |items: &[usize]| {
            assert!(items.len() <= 2 && items.is_sorted_by_key(|&i| Reverse(lengths[i])));
            let values = items.iter().flat_map(row).collect();
            Tensor::from_vec(&[items.len(), 2], values).unwrap()
        };
        let expected: Vec<f32> = (0..5).flat_map(|i| row(&i)).collect();
        assert_eq!(by_length(&lengths, 2, rows), expected);
        assert_eq!(
            in_chunks(&[3, 4, 0, 2], 3, |i: &[usize]| Tensor::full(&[i.len(), 1], i[0] as f32)),
            [3.0, 3.0, 3.0, 2.0]
        );
        assert!(by_length(&[], 2, rows).is_empty());
    }
}
