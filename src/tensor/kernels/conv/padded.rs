//! Pictures padded with zeros.

use super::lines::{Axis, Line};
use super::tile::Run;
use crate::tensor::{Float, Tensor};

/// About this many bytes of pictures are padded at a time: half of a small second-level cache.
const CHUNK_BYTES: usize = 1 << 18;

/// A buffer for a few pictures padded with zeros.
pub(super) struct Padded<F: Float> {
    /// The number of pictures that the buffer holds.
    pub count: usize,
    extents: [usize; 2],
    zeros: [usize; 2],
    channels: usize,
    values: Tensor<F>,
}

impl<F: Float> Padded<F> {
    /// A buffer for pictures with the shape of those in `x`.
    pub fn new(x: &Tensor<F>, axes: &[Axis; 2]) -> Self {
        let shape = x.shape();
        let extents = [0, 1].map(|i| axes[i].zeros[0] + shape[1 + i] + axes[i].zeros[1]);
        let picture = extents[0] * extents[1] * shape[3];
        let count = (CHUNK_BYTES / (picture * size_of::<F>()).max(1)).clamp(1, shape[0].max(1));
        let values = Tensor::zeros(&[count * picture]);
        Self { count, extents, zeros: [0, 1].map(|i| axes[i].zeros[0]), channels: shape[3], values }
    }

    /// The index of channel 0 of a pixel, given by row and column, of the first padded picture.
    fn at(&self, row: usize, column: usize) -> usize {
        (row * self.extents[1] + column) * self.channels
    }

    /// Copies the pictures of `x`, beginning with number `first`, between the zeros, until the
    /// buffer is full or there are no more pictures.
    pub fn fill(&mut self, x: &Tensor<F>, first: usize) -> &[F] {
        let (height, row) = (x.shape()[1], x.shape()[2] * self.channels);
        let (start, step, picture) =
            (self.at(self.zeros[0], self.zeros[1]), self.at(1, 0), self.at(self.extents[0], 0));
        let pictures = x.as_slice().chunks_exact(height * row).skip(first);
        for (from, to) in pictures.zip(self.values.as_mut_slice().chunks_exact_mut(picture)) {
            for (from, to) in from.chunks_exact(row).zip(to[start..].chunks_mut(step)) {
                to[..row].copy_from_slice(from);
            }
        }
        self.values.as_slice()
    }

    /// The runs of elements under the taps of two lines, relative to a position's first element,
    /// for the first `inputs` channels.
    pub fn runs(&self, [rows, columns]: [&Line; 2], inputs: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for &(row, _) in &rows.taps {
            for &(column, _) in &columns.taps {
                let offset = self.at(row, column);
                match runs.last_mut() {
                    Some(last) if last.offset + last.len == offset => last.len += inputs,
                    _ => runs.push(Run { offset, len: inputs }),
                }
            }
        }
        runs
    }

    /// All positions of two lines in all pictures of the buffer: the index of the first element,
    /// and the index of the result among results of the given height and width.
    pub fn positions(&self, [rows, columns]: [&Line; 2], [height, width]: [usize; 2]) -> Vec<(usize, usize)> {
        let mut positions = Vec::with_capacity(self.count * rows.positions.len() * columns.positions.len());
        for picture in 0..self.count {
            let (start, first) = (picture * self.at(self.extents[0], 0), picture * height * width);
            for &(from_row, row) in &rows.positions {
                for &(from_column, column) in &columns.positions {
                    positions.push((start + self.at(from_row, from_column), first + row * width + column));
                }
            }
        }
        positions
    }
}
