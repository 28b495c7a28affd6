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

/// The number of places that a thread computes with at a time.
pub(super) const SHARD: usize = 1024;

/// A picture: for each pixel, row by row, a place from -1 to 1 each way along the longer side, and colours from -1 to 1.
#[derive(Clone, Debug)]
pub struct PixelRegression {
    /// Pixels in a row, and rows.
    pub size: [usize; 2],
    /// x to the right and y down: `[pixels, 2]`.
    pub places: Tensor,
    /// `[pixels, channels]`.
    pub colors: Tensor,
}

impl PixelRegression {
    /// The colours of a picture, 8 bits each.
    pub fn new(size: [usize; 2], channels: usize, bytes: &[u8]) -> Self {
        let [width, height] = size;
        let mut values = bytes.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0);
        let colors = Tensor::from_fn(&[width * height, channels], || values.next().expect("all pixels"));
        Self { size, places: places(size), colors }
    }
}

/// The places of all pixels, ends included, row by row.
pub fn places([width, height]: [usize; 2]) -> Tensor {
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
        let x = pass.constant(self.places.gather(0, shard.examples));
        let y = pass.constant(self.colors.gather(0, shard.examples));
        let channels = self.colors.shape()[1] as f64;
        (model.forward(&x, pass) - &y).powi(2).sum() * (1.0 / channels)
    }
}

/// A network's colours at some places, from 0 to 1: what is brighter than white is white.
///
/// # Errors
/// As [`outputs`].
pub(super) fn colors(network: &Network, places: &Tensor) -> Result<Vec<f32>, NoScore> {
    Ok(outputs(network, places)?.into_iter().map(|y| y.clamp(0.0, 1.0)).collect())
}

/// What a network computes at some places, where -1 to 1 is 0 to 1.
///
/// # Errors
/// If a value is not finite.
pub(super) fn outputs(network: &Network, places: &Tensor) -> Result<Vec<f32>, NoScore> {
    let count = places.shape()[0];
    let starts: Vec<usize> = (0..count).step_by(SHARD).collect();
    let mut outputs = in_chunks(&starts, 1, |first| {
        let x = places.narrow(0, first[0], (first[0] + SHARD).min(count));
        network.forward(&x, &mut Pass::inference())
    });
    check_finite(&outputs, outputs.len() / count.max(1))?;
    outputs.iter_mut().for_each(|y| *y = 0.5 * *y + 0.5);
    Ok(outputs)
}
