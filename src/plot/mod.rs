//! Figures: a type for each kind of plot, all in one style.
//!
//! A [`Figure`] is plain data, a row of panels: curves and points ([`Chart`]), a field over the
//! plane ([`Field`]), measurements with their spread ([`Ranking`]), values ([`Bars`]), a
//! classifier's errors ([`Confusion`], [`GroupedConfusion`]), weights between tokens ([`Maps`]), or
//! small pictures ([`Gallery`]). It is drawn by `plotters` with a font that is part of the program,
//! so nothing has to be installed. It is saved as PNG at twice its size and as SVG; the bytes are
//! the same every time.

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
mod legend;
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
use legend::Legend;

/// Why a figure cannot be drawn or saved.
#[derive(Debug, Error)]
pub enum PlotError {
    /// There are no data to draw.
    #[error("the figure {0} has no point to draw")]
    Empty(String),
    /// A value to draw is infinite or NaN.
    #[error("the figure {0} would show {1}, which is not a finite number")]
    NotFinite(String, f64),
    /// Drawing failed.
    #[error("the figure {0} cannot be drawn: {1}")]
    Drawing(String, String),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// A part of a figure.
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

/// A row of panels.
#[derive(Clone, Debug)]
pub struct Figure {
    panels: Vec<Panel>,
    framed: bool,
}

macro_rules! figures_of_one {
    ($($kind:ident),+) => { $(
        impl From<$kind> for Figure {
            fn from(panel: $kind) -> Self {
                Self::row(vec![Panel::$kind(panel)])
            }
        }
    )+ };
}
figures_of_one!(Chart, Field, Ranking, Bars, Confusion, GroupedConfusion, Gallery, Maps);

impl Figure {
    /// Panels from left to right.
    pub fn row(panels: Vec<Panel>) -> Self {
        Self { panels, framed: false }
    }

    /// The figure with margins that give it the proportions of a [`Chart`], so that several such
    /// figures have the same height next to each other.
    pub fn framed(self) -> Self {
        Self { framed: true, ..self }
    }

    /// Draws the figure and writes `name.png` and `name.svg` into the folder.
    ///
    /// # Errors
    /// If there is nothing to draw, a value is not finite, or a file cannot be written.
    pub fn save(&self, folder: &Path, name: &str) -> Result<(), PlotError> {
        let mut values = self.panels.iter().flat_map(Panel::values);
        if let Some(odd) = values.find(|value| !value.is_finite()) {
            return Err(PlotError::NotFinite(name.to_owned(), odd));
        }
        if !self.panels.iter().all(Panel::has_data) {
            return Err(PlotError::Empty(name.to_owned()));
        }
        let failed = |message| PlotError::Drawing(name.to_owned(), message);
        // If one panel has a legend, all plots move down, so that they stay aligned.
        let legend = self.panels.iter().map(Panel::legend_rows).max().unwrap_or(0);
        let sizes: Vec<(f64, f64)> = self.panels.iter().map(|panel| panel.size(legend)).collect();
        let inner: (f64, f64) =
            (sizes.iter().map(|s| s.0).sum(), sizes.iter().fold(0.0, |max: f64, s| max.max(s.1)));
        let size = if self.framed { frame(inner) } else { inner };
        let (left, top) = ((size.0 - inner.0) / 2.0, (size.1 - inner.1) / 2.0);
        let draw = |canvas: &mut dyn Canvas| {
            let mut left = left;
            for (i, (panel, (width, height))) in self.panels.iter().zip(&sizes).enumerate() {
                let area = Rect { left, top, right: left + width, bottom: top + height };
                if self.panels.len() > 1 {
                    let letter = format!("({})", char::from(b'a' + i as u8));
                    canvas.text(&letter, left + 6.0, top + 18.0, style::title());
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

/// The smallest size with the proportions of a [`Chart`] that contains the given size.
fn frame((width, height): (f64, f64)) -> (f64, f64) {
    let scale = (width / Chart::SIZE.0).max(height / Chart::SIZE.1);
    ((scale * Chart::SIZE.0).round(), (scale * Chart::SIZE.1).round())
}

impl Panel {
    /// The number of rows of the legend or key.
    fn legend_rows(&self) -> usize {
        match self {
            Self::Chart(chart) => Legend::of(&chart.series).rows(),
            Self::Bars(bars) => usize::from(!bars.key.is_empty()),
            Self::Gallery(gallery) => usize::from(!gallery.key.is_empty()),
            Self::Field(_)
            | Self::Ranking(_)
            | Self::Confusion(_)
            | Self::GroupedConfusion(_)
            | Self::Maps(_) => 0,
        }
    }

    fn size(&self, legend: usize) -> (f64, f64) {
        match self {
            Self::Chart(_) => Chart::size(legend),
            Self::Field(_) => Field::SIZE,
            Self::Ranking(ranking) => ranking.size(),
            Self::Bars(bars) => bars.size(legend),
            Self::Confusion(confusion) => confusion.size(),
            Self::GroupedConfusion(confusion) => confusion.size(),
            Self::Gallery(gallery) => gallery.size(legend),
            Self::Maps(maps) => maps.size(),
        }
    }

    /// All values that the panel shows.
    fn values(&self) -> Vec<f64> {
        match self {
            Self::Chart(chart) => chart.values(),
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

    fn draw(&self, canvas: &mut dyn Canvas, area: Rect, legend: usize) {
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
