//! Assignment 7: a picture as a network, from coordinates to colours.

mod compression;
mod demonstration;
mod derivatives;
mod figures;
mod network;
mod poisson;
mod resolution;
mod show;
mod variants;
mod zoom;

use std::path::PathBuf;

use clap::ValueEnum;
use image::imageops;
use serde::{Deserialize, Serialize};

pub use network::{Network, NetworkKind};
pub use show::{DemonstrationArgs, Show, demonstrate};

use crate::autodiff::Algebra;
use crate::data::{central_square, landscape, read_photograph, test_card};
use crate::experiment::{
    Assignment, DataFolder, Error, Goal, OptimizerKind, OrAll, Preset, Report, configuration,
};
use crate::metrics::{NoScore, check_finite, psnr, ssim};
use crate::nn::{Module as _, Parameters as _, Pass};
use crate::optim::{MuonConfig, Schedule};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{History, Objective, Precision, Sampling, Settings, Shard};

/// The number of places that a thread computes with at a time.
const SHARD: usize = 1024;

/// A picture that the program draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Scene {
    /// A television test card
    Card,
    /// A lake before mountains
    Landscape,
}

configuration! {
    /// A picture as a network, from coordinates to colours
    pub struct PictureFit {
        /// quick (two minutes) or standard (ten minutes); other options override it
        preset: Preset = Preset::Standard;
        /// A PNG or JPEG file; without one, the program draws a picture
        #[arg(value_name = "FILE")]
        image: Option<PathBuf> = None;
        /// What the program draws
        scene: Scene = Scene::Card;
        /// The side of the square that is cut out of the picture's middle, in pixels, or `all` for the whole picture
        size: OrAll<u32> = OrAll(Some(256)), 1..=4096;
        /// In colour instead of grey
        color: bool = false;
        /// What lies between coordinates and colours
        network: NetworkKind = NetworkKind::Sine;
        /// The number of hidden layers
        hidden_layers: usize = 4, 1..=100;
        /// The number of units in each hidden layer
        width: usize = 256, 1..=8192;
        /// The factor inside the sines
        omega: f64 = 30.0, 1e-6..=1e6;
        /// The standard deviation of the frequencies of Fourier features
        frequency: f64 = 2.5, 0.0..=1e6;
        /// By what rule the network learns
        optimizer: OptimizerKind = OptimizerKind::Adam;
        /// The first learning rate, which is the highest
        learning_rate: f64 = 1e-3, 0.0..=1e6;
        /// The last learning rate's share of the first one, to which it falls along a cosine
        last_rate: f64 = 0.01, 0.0..=1.0;
        /// The weight of the total variation in super-resolution and inpainting
        smoothness: f64 = 1e-3, 0.0..=1e6;
        /// The number of training steps
        steps: u64 = 800, 1..=1_000_000_000;
        /// The number of pixels in a step, or `all`
        batch_size: OrAll<usize> = OrAll(None), 1..=1 << 24;
    }
}

impl PictureFit {
    /// How to train on so many examples.
    fn settings_for(&self, examples: usize) -> Settings {
        let part = self.batch_size.0.filter(|&pixels| pixels < examples);
        Settings {
            steps: self.steps,
            batch_size: part.unwrap_or(examples),
            shard_size: SHARD,
            sampling: if part.is_some() { Sampling::WithReplacement } else { Sampling::Epochs },
            learning_rate: self.learning_rate,
            schedule: Schedule::Cosine { warmup: 0.0, last: self.last_rate },
            method: self.optimizer.method(MuonConfig { last_rate: Some(1.0), ..MuonConfig::default() }),
            max_gradient_norm: None,
            average: None,
            log_every: (self.steps / 200).max(1),
            checkpoint_every: (self.steps / 20).max(1),
        }
    }

    /// The number of colours.
    fn channels(&self) -> usize {
        if self.color { 3 } else { 1 }
    }
}

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
fn colors(network: &Network, places: &Tensor) -> Result<Vec<f32>, NoScore> {
    Ok(outputs(network, places)?.into_iter().map(|y| y.clamp(0.0, 1.0)).collect())
}

/// What a network computes at some places, where -1 to 1 is 0 to 1.
///
/// # Errors
/// If a value is not finite.
fn outputs(network: &Network, places: &Tensor) -> Result<Vec<f32>, NoScore> {
    use rayon::prelude::*;
    let count = places.shape()[0];
    let chunk = |first: usize| {
        let x = places.narrow(0, first, (first + SHARD).min(count));
        network.forward(&x, &mut Pass::inference()).as_slice().to_vec()
    };
    let starts: Vec<usize> = (0..count).step_by(SHARD).collect();
    let rows: Vec<Vec<f32>> = starts.into_par_iter().map(chunk).collect();
    let mut outputs = rows.concat();
    check_finite(&outputs, outputs.len() / count.max(1))?;
    outputs.iter_mut().for_each(|y| *y = 0.5 * *y + 0.5);
    Ok(outputs)
}

impl Assignment for PictureFit {
    const COMMAND: &'static str = "siren";
    const PRECISION: Precision = Precision::Single;
    const FILES: &'static [&'static str] = &["image"];
    type Problem = PixelRegression;

    fn check_together(&self) -> Result<(), String> {
        match self.preset {
            Preset::Record => Err("--preset record: siren has quick and standard".into()),
            _ => Ok(()),
        }
    }

    fn preset(&self) -> Option<Self> {
        let standard = Self::default();
        Some(match self.preset {
            Preset::Standard | Preset::Record => Self { preset: self.preset, ..standard },
            Preset::Quick => {
                Self { preset: Preset::Quick, steps: 1000, batch_size: OrAll(Some(8192)), ..standard }
            }
        })
    }

    fn problem(&self, _: &DataFolder) -> Result<PixelRegression, Error> {
        let drawn = |size| match self.scene {
            Scene::Card => test_card(size, size),
            Scene::Landscape => landscape(size, size),
        };
        let picture = match (&self.image, self.size.0) {
            (None, size) => drawn(size.unwrap_or(256)),
            (Some(path), None) => read_photograph(path)?,
            (Some(path), Some(size)) => central_square(&read_photograph(path)?, size),
        };
        let size = [picture.width() as usize, picture.height() as usize];
        let bytes = if self.color { picture.into_raw() } else { imageops::grayscale(&picture).into_raw() };
        Ok(PixelRegression::new(size, self.channels(), &bytes))
    }

    fn parameter_count(&self) -> usize {
        self.count_parameters()
    }

    fn activation_count(&self) -> usize {
        SHARD * self.hidden_layers * self.width
    }

    fn network(&self) -> Network {
        Network::new(self, &mut Stream::new(self.seed, Purpose::Init))
    }

    fn settings(&self, problem: &PixelRegression) -> Settings {
        self.settings_for(problem.examples())
    }

    fn goals(&self) -> Vec<Goal> {
        if self.network != NetworkKind::Sine {
            return Vec::new();
        }
        vec![Goal::AtLeast("psnr_db", if self.preset == Preset::Quick { 40.0 } else { 55.0 })]
    }

    fn report(&self, data: &DataFolder, model: &Network, history: Option<&History>) -> Result<Report, Error> {
        let problem = self.problem(data)?;
        let truth: Vec<f32> = problem.colors.as_slice().iter().map(|y| 0.5 * y + 0.5).collect();
        let fit = colors(model, &problem.places)?;
        let similarity = ssim(&fit, &truth, problem.size, self.channels());
        let mut metrics = vec![("psnr_db", psnr(&fit, &truth))];
        metrics.extend(similarity.map(|similarity| ("ssim", similarity)));
        metrics.push(("parameters", model.count() as f64));
        Ok(Report {
            metrics,
            figures: figures::all(problem.size, (&truth, &fit), history),
            files: Vec::new(),
        })
    }
}
