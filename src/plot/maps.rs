//! Attention maps: weights between tokens.

use super::canvas::{Canvas, Rect, text_width};
use super::key::{Key, draw_keys, head};
use super::style::{self, Align, Color, INK, interpolate};

/// A table of weights.
#[derive(Clone, Debug)]
pub struct Map {
    /// The title.
    pub title: String,
    /// The weights from 0 to 1, with a row for each query and a column for each key.
    pub weights: Vec<f64>,
}

/// Tables of weights between the same tokens, such as the heads of an attention layer, arranged in
/// a grid. Darker cells are larger weights.
#[derive(Clone, Debug, Default)]
pub struct Maps {
    /// The title.
    pub title: String,
    /// Short names of the tokens, on both axes.
    pub tokens: Vec<String>,
    /// The tables.
    pub maps: Vec<Map>,
    /// The number of tables in a row.
    pub columns: usize,
    /// The index of the token before which a line is drawn to separate two parts.
    pub split: Option<usize>,
}

/// The side of a cell, and the space on the left of and above a table, in points.
const CELL: f64 = 9.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 44.0;

/// A colour scale from white to dark blue.
fn color(weight: f64) -> Color {
    interpolate(&[[247, 247, 247], [158, 202, 225], [33, 113, 181], [8, 32, 82]], weight)
}

impl Maps {
    fn side(&self) -> f64 {
        CELL * self.tokens.len() as f64
    }

    fn rows(&self) -> usize {
        self.maps.len().div_ceil(self.columns.max(1))
    }

    pub(super) fn size(&self) -> (f64, f64) {
        let title = 32.0 + text_width(&self.title, style::title()) + 16.0;
        let width = self.columns as f64 * (LEFT + self.side()) + 24.0;
        (width.max(title).ceil(), (head(true) + self.rows() as f64 * (TOP + self.side()) + 28.0).ceil())
    }

    pub(super) fn has_data(&self) -> bool {
        let cells = self.tokens.len() * self.tokens.len();
        let full = |map: &Map| map.weights.len() == cells;
        cells > 0 && self.columns > 0 && !self.maps.is_empty() && self.maps.iter().all(full)
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect) {
        canvas.text(&self.title, area.left + 32.0, area.top + 18.0, style::title());
        draw_keys(canvas, area, area.left + LEFT, &[Key::range("weight, 0 to 1", color)]);
        let (n, side) = (self.tokens.len(), self.side());
        let token = |align| style::TextStyle { size: 8.0, ..style::text(align) };
        for (i, map) in self.maps.iter().enumerate() {
            let left = area.left + LEFT + (i % self.columns) as f64 * (LEFT + side);
            let top = area.top + head(true) + TOP - 8.0 + (i / self.columns) as f64 * (TOP + side);
            canvas.text(&map.title, left + side / 2.0, top - 26.0, style::text(Align::Center));
            let colors: Vec<Color> = map.weights.iter().map(|weight| color(*weight)).collect();
            canvas.pixels(Rect { left, top, right: left + side, bottom: top + side }, n, &colors);
            for (j, name) in self.tokens.iter().enumerate() {
                let middle = CELL * (j as f64 + 0.5);
                canvas.text(name, left - 7.0, top + middle, token(Align::Center));
                canvas.text(name, left + middle, top - 7.0, token(Align::Center));
            }
            if let Some(split) = self.split {
                let at = CELL * split as f64;
                canvas.line(&[(left, top + at), (left + side, top + at)], INK, 0.6);
                canvas.line(&[(left + at, top), (left + at, top + side)], INK, 0.6);
            }
            if i + self.columns >= self.maps.len() {
                canvas.text(
                    "what is attended to",
                    left + side / 2.0,
                    top + side + 12.0,
                    style::text(Align::Center),
                );
            }
            if i % self.columns == 0 {
                canvas.text("what attends", left - 24.0, top + side / 2.0, style::vertical());
            }
        }
    }
}
