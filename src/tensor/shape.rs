//! Short lists of extents or axes. They are stored inline, so that copying them costs next to
//! nothing.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// The largest rank of a tensor.
pub const MAX_RANK: usize = 6;

/// The extent of a tensor along each axis: a list of at most [`MAX_RANK`] integers.
#[derive(Clone, Copy)]
pub struct Shape {
    rank: usize,
    extents: [usize; MAX_RANK],
}

impl Shape {
    /// A list of `rank` equal numbers.
    pub fn repeat(number: usize, rank: usize) -> Self {
        let mut shape = Self { rank, extents: [0; MAX_RANK] };
        shape.fill(number);
        shape
    }

    /// Appends a number.
    ///
    /// # Panics
    /// If the list is full.
    #[track_caller]
    pub fn push(&mut self, extent: usize) {
        assert!(self.rank < MAX_RANK, "tensors have at most {MAX_RANK} axes");
        self.extents[self.rank] = extent;
        self.rank += 1;
    }
}

impl From<&[usize]> for Shape {
    #[track_caller]
    fn from(list: &[usize]) -> Self {
        assert!(list.len() <= MAX_RANK, "tensors have at most {MAX_RANK} axes, not {}", list.len());
        let mut extents = [0; MAX_RANK];
        extents[..list.len()].copy_from_slice(list);
        Self { rank: list.len(), extents }
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(list: I) -> Self {
        let mut shape = Self::repeat(0, 0);
        list.into_iter().for_each(|extent| shape.push(extent));
        shape
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.extents[..self.rank]
    }
}

impl DerefMut for Shape {
    fn deref_mut(&mut self) -> &mut [usize] {
        &mut self.extents[..self.rank]
    }
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Eq for Shape {}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self[..].fmt(f)
    }
}
