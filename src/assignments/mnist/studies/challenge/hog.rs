//! The directions of strokes: histograms of oriented gradients.

use std::array;
use std::f64::consts::TAU;

use crate::assignments::mnist::problem::{PIXELS, SIZE};

/// The number of directions.
pub(crate) const DIRECTIONS: usize = 8;
/// The number of rows and of columns of cells.
pub(crate) const GRID: usize = 7;
/// The length of a descriptor.
pub(crate) const LENGTH: usize = DIRECTIONS * GRID * GRID;
/// The pixel at the centre of the first cell.
const FIRST: usize = 2;
/// The distance between neighbouring cells in pixels.
const STEP: usize = 4;

/// Computes histograms of oriented gradients (after Dalal & Triggs 2005).
///
/// With g the gradient of the picture blurred by 0.8 pixels, channel k of 8 is
///
/// |g| max(0, cos(angle of g - k π/4))³ = max(0, g · e_k)³ / |g|²,  e_k = (cos k π/4, sin k π/4),
///
/// blurred by 1.6 pixels and sampled at the centres of 7 × 7 cells. The descriptor is the
/// elementwise square root of these 392 values, divided by its Euclidean norm: `[direction, row,
/// column]`. A blank picture gives zeros.
pub(crate) struct Hog {
    fine: Vec<f32>,
    coarse: Vec<f32>,
    directions: [[f32; 2]; DIRECTIONS],
}

impl Hog {
    /// Computes the tables of weights and directions.
    pub fn new() -> Self {
        let angle = |k: usize| k as f64 * TAU / DIRECTIONS as f64;
        Self {
            fine: gaussian(0.8),
            coarse: gaussian(1.6),
            directions: array::from_fn(|k| [libm::cos(angle(k)) as f32, libm::sin(angle(k)) as f32]),
        }
    }

    /// The descriptor of a picture.
    pub fn of(&self, picture: &[f32]) -> [f32; LENGTH] {
        let [height, width] = SIZE;
        let all: Vec<usize> = (0..width).collect();
        let centres: Vec<usize> = (0..GRID).map(|i| FIRST + STEP * i).collect();
        let smooth = blur(picture, &self.fine, &all);
        let gradient: [[f32; 2]; PIXELS] = array::from_fn(|i| {
            let (x, y) = (i % width, i / width);
            let difference =
                |low: usize, high: usize, i: usize, j: usize| (smooth[j] - smooth[i]) / (high - low) as f32;
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let (up, down) = (y.saturating_sub(1), (y + 1).min(height - 1));
            [
                difference(left, right, y * width + left, y * width + right),
                difference(up, down, up * width + x, down * width + x),
            ]
        });
        let mut cells = [0.0; LENGTH];
        let mut channel = [0.0; PIXELS];
        for (e, cells) in self.directions.iter().zip(cells.chunks_exact_mut(GRID * GRID)) {
            for (value, g) in channel.iter_mut().zip(&gradient) {
                let along = (g[0] * e[0] + g[1] * e[1]).max(0.0);
                *value = along * along * along / (g[0] * g[0] + g[1] * g[1]).max(f32::MIN_POSITIVE);
            }
            cells.copy_from_slice(&blur(&channel, &self.coarse, &centres));
        }
        // The norm of the square roots is the square root of the sum.
        let norm = cells.iter().sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        cells.map(|cell| cell.max(0.0).sqrt() / norm)
    }
}

/// Samples of a normal density up to four standard deviations, scaled so that they sum to 1.
fn gaussian(deviation: f64) -> Vec<f32> {
    let radius = (4.0 * deviation + 0.5) as i32;
    let density = |i: i32| libm::exp(-0.5 * (f64::from(i) / deviation) * (f64::from(i) / deviation));
    let sum: f64 = (-radius..=radius).map(density).sum();
    (-radius..=radius).map(|i| (density(i) / sum) as f32).collect()
}

/// The picture, blurred by the weights in both directions, at the given rows and the same columns.
/// It is padded by zeros.
fn blur(picture: &[f32], weights: &[f32], positions: &[usize]) -> Vec<f32> {
    let [height, width] = SIZE;
    let radius = weights.len() / 2;
    // The weight of pixel i at position p is that of the offset i - p; both ends are cut at the
    // edges.
    let reach = |p: usize, end: usize| p.saturating_sub(radius)..(p + radius + 1).min(end);
    let mut blurred = Vec::with_capacity(positions.len() * positions.len());
    for &y in positions {
        let mut line = [0.0; SIZE[1]];
        for i in reach(y, height) {
            let weight = weights[i + radius - y];
            line.iter_mut().zip(&picture[i * width..]).for_each(|(sum, grey)| *sum += weight * grey);
        }
        blurred.extend(
            positions
                .iter()
                .map(|&x| reach(x, width).map(|i| weights[i + radius - x] * line[i]).sum::<f32>()),
        );
    }
    blurred
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(y: f32, x: f32) -> Vec<f32> {
        let square = |i: usize| ((i / 28) as f32 - y).powi(2) / 40.0 + ((i % 28) as f32 - x).powi(2) / 9.0;
        (0..PIXELS).map(|i| libm::expf(-square(i))).collect()
    }

    #[test]
    fn descriptors_are_unit_vectors_and_do_not_depend_on_the_contrast() {
        let picture = spot(12.0, 15.0);
        let faint: Vec<f32> = picture.iter().map(|grey| 0.3 * grey).collect();
        let (a, b) = (Hog::new().of(&picture), Hog::new().of(&faint));
        assert!((a.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5);
        a.iter().zip(&b).for_each(|(a, b)| assert!((a - b).abs() < 1e-4));
    }

    #[test]
    fn a_half_turn_rotates_cells_and_directions() {
        let picture = spot(11.0, 16.5);
        let turned: Vec<f32> = picture.iter().rev().copied().collect();
        let shifted = spot(27.0 - 11.0, 27.0 - 16.5);
        turned.iter().zip(&shifted).for_each(|(a, b)| assert!((a - b).abs() < 1e-5));
        let hog = Hog::new();
        // The grid of cells is off the centre by half a pixel, so sums over the grid are compared.
        let sums = |picture: &[f32]| {
            let cells = hog.of(picture);
            array::from_fn::<f32, DIRECTIONS, _>(|k| cells[k * 49..][..49].iter().map(|v| v * v).sum())
        };
        let (a, b) = (sums(&picture), sums(&turned));
        (0..DIRECTIONS).for_each(|k| assert!((a[k] - b[(k + 4) % 8]).abs() < 0.02, "{k}"));
    }

    #[test]
    fn an_edge_has_one_direction() {
        let edge: Vec<f32> = (0..PIXELS).map(|i| f32::from(u8::from(i % 28 > 13))).collect();
        let cells = Hog::new().of(&edge);
        let at = |k: usize| cells[k * 49 + 3 * 7 + 3];
        // Ink is on the right: the gradient points along e_0.
        assert!(at(0) > at(1) && at(0) > at(7) && at(4) == 0.0 && at(2) < 1e-3);
    }

    #[test]
    fn a_blank_picture_has_no_direction() {
        assert_eq!(Hog::new().of(&[0.0; PIXELS]), [0.0; LENGTH]);
    }
}
