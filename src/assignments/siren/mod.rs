//! Assignment 7: a picture represented by a network, from coordinates to colours.

mod problem;
mod report;
mod settings;
mod studies;

pub use problem::{Network, NetworkKind, PixelRegression, pixel_coordinates};
pub use settings::{PictureFit, Scene};
pub use studies::{DemonstrationArgs, Show, demonstrate};

use image::imageops;

use crate::data::{central_square, landscape, read_photograph, test_card};
use crate::experiment::{Assignment, DataFolder, Error, Goal, OrAll, Preset, Report};
use crate::random::{Purpose, Stream};
use crate::train::{History, Objective as _, Precision, Settings};

use problem::SHARD;

impl Assignment for PictureFit {
    const COMMAND: &'static str = "siren";
    const HEADINGS: &[(&str, &str)] =
        &[("preset", "Preset and picture"), ("network", "Model"), ("optimizer", "Training")];
    const PRECISION: Precision = Precision::Single;
    const FILES: &'static [&'static str] = &["image"];
    const RENAMED: &'static [(&'static str, &'static str)] = &[("last_rate", "last_learning_rate")];
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
        report::report(self, data, model, history)
    }
}
