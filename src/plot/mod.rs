//! Figures: one function for each kind, one look for all of them.
//!
//! A [`Figure`] is plain data: panels of curves and points ([`Chart`]), of a field over the plane
//! ([`Field`]), of measurements with their spread ([`Ranking`]), of values ([`Bars`]), of a classifier's
//! errors ([`Confusion`], [`GroupedConfusion`]), of weights between tokens ([`Maps`]), or of small pictures
//! ([`Gallery`]). It is drawn by
//! `plotters` with a font that is part of the program, so nothing has to be installed, and saved as PNG
//! at twice its size and as SVG, with the same bytes every time.

mod bars;
mod canvas;
mod chart;
mod confusion;
mod contour;
mod field;
mod gallery;
mod grouped;
mod key;
mod labels;
mod maps;
mod ranking;
mod scale;
mod style;

use std::path::Path;

use thiserror::Error;

pub use bars::{Bar, Bars};
pub use chart::{Chart, Marker, Rule, Series, Stroke};
pub use confusion::Confusion;
pub use field::{Field, PointSet};
pub use gallery::{Gallery, Tile};
pub use grouped::GroupedConfusion;
pub use key::Key;
pub use maps::{Map, Maps};
pub use ranking::{Ranking, Row};
pub use scale::Axis;
pub use style::{Color, diverging, gray, palette, sequence};

use crate::files::{self, FileError};
use canvas::{Canvas, Rect};

/// A figure that cannot be made.
#[derive(Debug, Error)]
pub enum PlotError {
    /// There is nothing to show.
    #[error("the figure {0} has no point to draw")]
    Empty(String),
    /// A number to show is infinite or NaN.
    #[error("the figure {0} would show {1}, which is not a finite number")]
    NotFinite(String, f64),
    /// Drawing failed.
    #[error("the figure {0} cannot be drawn: {1}")]
    Drawing(String, String),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// One part of a figure.
#[derive(Clone, Debug)]
pub enum Panel {
    /// Curves and points.
    Chart(Chart),
    /// A function over the plane.
    Field(Field),
    /// Measurements with their spread.
    Ranking(Ranking),
    /// Values.
    Bars(Bars),
    /// A classifier's errors.
    Confusion(Confusion),
    /// The errors of a classifier of many classes.
    GroupedConfusion(GroupedConfusion),
    /// Small pictures.
    Gallery(Gallery),
    /// Weights between tokens.
    Maps(Maps),
}

/// Panels side by side.
#[derive(Clone, Debug)]
pub struct Figure {
    panels: Vec<Panel>,
}

impl From<Chart> for Figure {
    fn from(chart: Chart) -> Self {
        Self::row(vec![Panel::Chart(chart)])
    }
}

impl From<Field> for Figure {
    fn from(field: Field) -> Self {
        Self::row(vec![Panel::Field(field)])
    }
}

impl From<Ranking> for Figure {
    fn from(ranking: Ranking) -> Self {
        Self::row(vec![Panel::Ranking(ranking)])
    }
}

impl From<Bars> for Figure {
    fn from(bars: Bars) -> Self {
        Self::row(vec![Panel::Bars(bars)])
    }
}

impl From<Confusion> for Figure {
    fn from(confusion: Confusion) -> Self {
        Self::row(vec![Panel::Confusion(confusion)])
    }
}

impl From<GroupedConfusion> for Figure {
    fn from(confusion: GroupedConfusion) -> Self {
        Self::row(vec![Panel::GroupedConfusion(confusion)])
    }
}

impl From<Maps> for Figure {
    fn from(maps: Maps) -> Self {
        Self::row(vec![Panel::Maps(maps)])
    }
}

impl From<Gallery> for Figure {
    fn from(gallery: Gallery) -> Self {
        Self::row(vec![Panel::Gallery(gallery)])
    }
}

impl Figure {
    /// Panels from left to right.
    pub fn row(panels: Vec<Panel>) -> Self {
        Self { panels }
    }

    /// Draws the figure, and writes `name.png` and `name.svg` into the folder.
    ///
    /// # Errors
    /// If there is nothing to draw, a number is not finite, or a file cannot be written.
    pub fn save(&self, folder: &Path, name: &str) -> Result<(), PlotError> {
        let mut numbers = self.panels.iter().flat_map(Panel::numbers);
        if let Some(odd) = numbers.find(|number| !number.is_finite()) {
            return Err(PlotError::NotFinite(name.to_owned(), odd));
        }
        if !self.panels.iter().all(Panel::has_data) {
            return Err(PlotError::Empty(name.to_owned()));
        }
        let failed = |message| PlotError::Drawing(name.to_owned(), message);
        // One panel's legend moves all plots down, so that they stay side by side.
        let legend = self.panels.iter().any(Panel::has_legend);
        let sizes: Vec<(f64, f64)> = self.panels.iter().map(|panel| panel.size(legend)).collect();
        let size = (sizes.iter().map(|s| s.0).sum(), sizes.iter().fold(0.0, |max: f64, s| max.max(s.1)));
        let draw = |canvas: &mut dyn Canvas| {
            let mut left = 0.0;
            for (i, (panel, (width, height))) in self.panels.iter().zip(&sizes).enumerate() {
                let area = Rect { left, top: 0.0, right: left + width, bottom: *height };
                if self.panels.len() > 1 {
                    let letter = format!("({})", char::from(b'a' + i as u8));
                    canvas.text(&letter, left + 6.0, 18.0, style::title());
                }
                panel.draw(canvas, area, legend);
                left += width;
            }
        };
        files::write(&folder.join(format!("{name}.png")), &canvas::png(size, draw).map_err(failed)?)?;
        files::write(&folder.join(format!("{name}.svg")), &canvas::svg(size, draw).map_err(failed)?)?;
        Ok(())
    }
}

impl Panel {
    fn has_legend(&self) -> bool {
        match self {
            Self::Chart(chart) => chart.has_legend(),
            Self::Bars(bars) => !bars.key.is_empty(),
            Self::Gallery(gallery) => !gallery.key.is_empty(),
            Self::Field(_)
            | Self::Ranking(_)
            | Self::Confusion(_)
            | Self::GroupedConfusion(_)
            | Self::Maps(_) => false,
        }
    }

    fn size(&self, legend: bool) -> (f64, f64) {
        match self {
            Self::Chart(_) => Chart::SIZE,
            Self::Field(_) => Field::SIZE,
            Self::Ranking(ranking) => ranking.size(),
            Self::Bars(bars) => bars.size(legend),
            Self::Confusion(confusion) => confusion.size(),
            Self::GroupedConfusion(confusion) => confusion.size(),
            Self::Gallery(gallery) => gallery.size(legend),
            Self::Maps(maps) => maps.size(),
        }
    }

    /// All numbers that the panel shows.
    fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Chart(chart) => chart.numbers(),
            Self::Field(field) => field.values.clone(),
            Self::Ranking(ranking) => {
                ranking.rows.iter().flat_map(|row| [row.middle, row.spread.0, row.spread.1]).collect()
            }
            Self::Bars(bars) => bars.rows.iter().map(|bar| bar.value).collect(),
            Self::Gallery(gallery) => {
                gallery.tiles.iter().flat_map(|tile| tile.bars.iter().map(|bar| bar.value)).collect()
            }
            Self::Maps(maps) => maps.maps.iter().flat_map(|map| map.weights.clone()).collect(),
            Self::Confusion(_) | Self::GroupedConfusion(_) => Vec::new(),
        }
    }

    fn has_data(&self) -> bool {
        match self {
            Self::Chart(chart) => chart.has_data(),
            Self::Field(field) => field.has_data(),
            Self::Ranking(ranking) => ranking.has_data(),
            Self::Bars(bars) => bars.has_data(),
            Self::Confusion(confusion) => confusion.has_data(),
            Self::GroupedConfusion(confusion) => confusion.has_data(),
            Self::Gallery(gallery) => gallery.has_data(),
            Self::Maps(maps) => maps.has_data(),
        }
    }

    fn draw(&self, canvas: &mut dyn Canvas, area: Rect, legend: bool) {
        match self {
            Self::Chart(chart) => chart.draw(canvas, area, legend),
            Self::Field(field) => field.draw(canvas, area),
            Self::Ranking(ranking) => ranking.draw(canvas, area),
            Self::Bars(bars) => bars.draw(canvas, area, legend),
            Self::Confusion(confusion) => confusion.draw(canvas, area),
            Self::GroupedConfusion(confusion) => confusion.draw(canvas, area),
            Self::Gallery(gallery) => gallery.draw(canvas, area, legend),
            Self::Maps(maps) => maps.draw(canvas, area),
        }
    }
}

#[cfg(test)]
mod tests;
