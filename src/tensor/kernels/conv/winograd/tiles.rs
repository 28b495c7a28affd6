//! The positions of tiles and their patches in pictures.

use super::super::lines::Axis;
use super::{PATCH, TILE};

/// The tiles of some pictures.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    /// The extents of the input and of the result, and the number of zeros before the input.
    input: [usize; 2],
    output: [usize; 2],
    zeros: [usize; 2],
}

impl Tiles {
    /// The tiles of a convolution with inputs and results of the given shapes.
    pub fn new(input: &[usize], output: &[usize], axes: &[Axis; 2]) -> Self {
        Self {
            input: [input[1], input[2]],
            output: [output[1], output[2]],
            zeros: [0, 1].map(|i| axes[i].zeros[0]),
        }
    }

    /// The number of tiles in some pictures.
    pub fn count(self, pictures: usize) -> usize {
        pictures * self.output.map(|n| n.div_ceil(TILE)).iter().product::<usize>()
    }

    /// The picture of a tile, and the tile's row and column in the picture.
    fn position(self, tile: usize) -> (usize, [usize; 2]) {
        let [rows, columns] = self.output.map(|n| n.div_ceil(TILE));
        let (picture, tile) = (tile / (rows * columns), tile % (rows * columns));
        (picture, [tile / columns, tile % columns])
    }

    /// The input pixel of each element of a tile's patch; `None` outside of the input.
    pub fn patch(self, tile: usize) -> [[Option<usize>; PATCH]; PATCH] {
        let (picture, [row_of_tile, column_of_tile]) = self.position(tile);
        let mut patch = [[None; PATCH]; PATCH];
        for (i, row) in patch.iter_mut().enumerate() {
            let Some(y) = (TILE * row_of_tile + i).checked_sub(self.zeros[0]) else { continue };
            for (j, pixel) in row.iter_mut().enumerate() {
                let Some(x) = (TILE * column_of_tile + j).checked_sub(self.zeros[1]) else { continue };
                if y < self.input[0] && x < self.input[1] {
                    *pixel = Some((picture * self.input[0] + y) * self.input[1] + x);
                }
            }
        }
        patch
    }

    /// The output pixel of each result of a tile; `None` outside of the output.
    pub fn results(self, tile: usize) -> [[Option<usize>; TILE]; TILE] {
        let (picture, [row_of_tile, column_of_tile]) = self.position(tile);
        let mut results = [[None; TILE]; TILE];
        for (i, row) in results.iter_mut().enumerate() {
            for (j, pixel) in row.iter_mut().enumerate() {
                let (y, x) = (TILE * row_of_tile + i, TILE * column_of_tile + j);
                if y < self.output[0] && x < self.output[1] {
                    *pixel = Some((picture * self.output[0] + y) * self.output[1] + x);
                }
            }
        }
        results
    }
}
