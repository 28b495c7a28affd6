//! The data, the network and the loss of assignment 7.

mod derivatives;
mod network;

pub(super) use derivatives::{Derivatives, correlation};
pub use network::{Network, NetworkKind};

use crate::autodiff::Algebra;
use crate::metrics::{NoScore, check_finite};
use crate::nn::inference::in_chunks;
use crate::nn::{Module as _, Pass};
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// The number of points that a thread processes at a time.
pub(super) const SHARD: usize = 1024;

/// The training objective: the mean squared error of a picture's colours. The pixels are listed row
/// by row.
#[derive(Clone, Debug)]
pub struct PixelRegression {
    /// Width and height in pixels.
    pub size: [usize; 2],
    /// The coordinates of the pixels, x to the right and y down: `[pixels, 2]`. They go from -1 to
    /// 1 along the longer side.
    pub coordinates: Tensor,
    /// The colours from -1 to 1: `[pixels, channels]`.
    pub colors: Tensor,
}

impl PixelRegression {
    /// The objective for a picture with colours of 8 bits.
    pub fn new(size: [usize; 2], channels: usize, bytes: &[u8]) -> Self {
        let [width, height] = size;
        let mut values = bytes.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0);
        let colors = Tensor::from_fn(&[width * height, channels], || values.next().expect("all pixels"));
        Self { size, coordinates: pixel_coordinates(size), colors }
    }
}

/// The coordinates of all pixels, row by row: `[pixels, 2]`. Those of the first and the last pixel
/// of the longer side are -1 and 1.
pub fn pixel_coordinates([width, height]: [usize; 2]) -> Tensor {
    let longer = (width.max(height).max(2) - 1) as f64;
    let at = |pixel: usize, extent: usize| ((2 * pixel) as f64 - (extent - 1) as f64) / longer;
    let pixels = (0..height).flat_map(|j| (0..width).map(move |i| (i, j)));
    let mut numbers = pixels.flat_map(|(i, j)| [at(i, width) as f32, at(j, height) as f32]);
    Tensor::from_fn(&[width * height, 2], || numbers.next().expect("two for each pixel"))
}

impl Objective for PixelRegression {
    type Model = Network;

    fn examples(&self) -> usize {
        self.size[0] * self.size[1]
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Network<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        let x = pass.constant(self.coordinates.gather(0, shard.examples));
        let y = pass.constant(self.colors.gather(0, shard.examples));
        let channels = self.colors.shape()[1] as f64;
        (model.forward(&x, pass) - &y).powi(2).sum() * (1.0 / channels)
    }
}

/// A network's colours at some coordinates, clamped to [0, 1].
///
/// # Errors
/// As [`outputs`].
pub(super) fn colors(network: &Network, coordinates: &Tensor) -> Result<Vec<f32>, NoScore> {
    Ok(outputs(network, coordinates)?.into_iter().map(|y| y.clamp(0.0, 1.0)).collect())
}

/// A network's outputs y at some coordinates, as (y + 1) / 2. Colours are from 0 to 1, but not
/// clamped.
///
/// # Errors
/// If a value is not finite.
pub(super) fn outputs(network: &Network, coordinates: &Tensor) -> Result<Vec<f32>, NoScore> {
    let count = coordinates.shape()[0];
    let starts: Vec<usize> = (0..count).step_by(SHARD).collect();
    let mut outputs = in_chunks(&starts, 1, |first| {
        let x = coordinates.narrow(0, first[0], (first[0] + SHARD).min(count));
        network.forward(&x, &mut Pass::inference())
    });
    check_finite(&outputs, outputs.len() / count.max(1))?;
    outputs.iter_mut().for_each(|y| *y = 0.5 * *y + 0.5);
    Ok(outputs)
}
