//! Where tiles and their patches lie in pictures.

use super::super::lines::Axis;
use super::{PATCH, TILE};

/// The tiles of some pictures.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    /// Extents of the input and of the results, and zeros before the input.
    input: [usize; 2],
    output: [usize; 2],
    zeros: [usize; 2],
}

impl Tiles {
    /// The tiles of convolutions of such extents.
    pub fn new(input: &[usize], output: &[usize], axes: &[Axis; 2]) -> Self {
        Self {
            input: [input[1], input[2]],
            output: [output[1], output[2]],
            zeros: [0, 1].map(|i| axes[i].zeros[0]),
        }
    }

    /// How many there are in some pictures.
    pub fn count(self, pictures: usize) -> usize {
        pictures * self.output.map(|n| n.div_ceil(TILE)).iter().product::<usize>()
    }

    /// The picture of a tile, and its place among the picture's tiles.
    fn place(self, tile: usize) -> (usize, [usize; 2]) {
        let [rows, columns] = self.output.map(|n| n.div_ceil(TILE));
        let (picture, tile) = (tile / (rows * columns), tile % (rows * columns));
        (picture, [tile / columns, tile % columns])
    }

    /// Where the numbers of a tile's patch are among the input's pixels; `None` outside.
    pub fn patch(self, tile: usize) -> [[Option<usize>; PATCH]; PATCH] {
        let (picture, place) = self.place(tile);
        let mut patch = [[None; PATCH]; PATCH];
        for (i, row) in patch.iter_mut().enumerate() {
            let Some(y) = (TILE * place[0] + i).checked_sub(self.zeros[0]) else { continue };
            for (j, pixel) in row.iter_mut().enumerate() {
                let Some(x) = (TILE * place[1] + j).checked_sub(self.zeros[1]) else { continue };
                if y < self.input[0] && x < self.input[1] {
                    *pixel = Some((picture * self.input[0] + y) * self.input[1] + x);
                }
            }
        }
        patch
    }

    /// Where a tile's results are among the output's pixels; `None` outside.
    pub fn results(self, tile: usize) -> [[Option<usize>; TILE]; TILE] {
        let (picture, place) = self.place(tile);
        let mut results = [[None; TILE]; TILE];
        for (i, row) in results.iter_mut().enumerate() {
            for (j, pixel) in row.iter_mut().enumerate() {
                let (y, x) = (TILE * place[0] + i, TILE * place[1] + j);
                if y < self.output[0] && x < self.output[1] {
                    *pixel = Some((picture * self.output[0] + y) * self.output[1] + x);
                }
            }
        }
        results
    }
}
