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
    /// Short names of the queries, one for each row of a table.
    pub queries: Vec<String>,
    /// Short names of the keys, one for each column of a table.
    pub keys: Vec<String>,
    /// The tables.
    pub maps: Vec<Map>,
    /// The number of tables in a row.
    pub columns: usize,
    /// The index of the key before which a line is drawn to separate two parts.
    pub split: Option<usize>,
}

/// The side of a cell, and the size of the tokens' names, in points.
const CELL: f64 = 12.0;
const NAME: f64 = 10.0;
/// The space on the left of the first table in a row, and of the others, and above a table.
const LEFT: f64 = 60.0;
const GAP: f64 = 34.0;
const TOP: f64 = 48.0;

/// A colour scale from white to dark blue.
fn color(weight: f64) -> Color {
    interpolate(&[[247, 247, 247], [158, 202, 225], [33, 113, 181], [8, 32, 82]], weight)
}

impl Maps {
    /// The width and the height of a table.
    fn table(&self) -> (f64, f64) {
        (CELL * self.keys.len() as f64, CELL * self.queries.len() as f64)
    }

    fn rows(&self) -> usize {
        self.maps.len().div_ceil(self.columns.max(1))
    }

    pub(super) fn size(&self) -> (f64, f64) {
        let (width, height) = self.table();
        let title = 32.0 + text_width(&self.title, style::title()) + 16.0;
        let width = LEFT + self.columns as f64 * (width + GAP) - GAP + 24.0;
        (width.max(title).ceil(), (head(true) + self.rows() as f64 * (TOP + height) + 28.0).ceil())
    }

    pub(super) fn has_data(&self) -> bool {
        let cells = self.queries.len() * self.keys.len();
        let full = |map: &Map| map.weights.len() == cells;
        cells > 0 && self.columns > 0 && !self.maps.is_empty() && self.maps.iter().all(full)
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect) {
        canvas.text(&self.title, area.left + 32.0, area.top + 18.0, style::title());
        draw_keys(canvas, area, area.left + LEFT, &[Key::range("attention weight, 0 to 1", color)]);
        let (width, height) = self.table();
        let text = style::text(Align::Center);
        let token = style::TextStyle { size: NAME, ..text };
        for (i, map) in self.maps.iter().enumerate() {
            let left = area.left + LEFT + (i % self.columns) as f64 * (GAP + width);
            let top = area.top + head(true) + TOP - 8.0 + (i / self.columns) as f64 * (TOP + height);
            canvas.text(&map.title, left + width / 2.0, top - 27.0, text);
            let colors: Vec<Color> = map.weights.iter().map(|weight| color(*weight)).collect();
            let table = Rect { left, top, right: left + width, bottom: top + height };
            canvas.pixels(table, self.keys.len(), &colors);
            let middle = |j: usize| CELL * (j as f64 + 0.5);
            for (j, name) in self.queries.iter().enumerate() {
                canvas.text(name, left - 9.0, top + middle(j), token);
            }
            for (j, name) in self.keys.iter().enumerate() {
                canvas.text(name, left + middle(j), top - 8.0, token);
            }
            if let Some(split) = self.split {
                let at = left + CELL * split as f64;
                canvas.line(&[(at, top), (at, table.bottom)], INK, 0.6);
            }
            if i + self.columns >= self.maps.len() {
                canvas.text("key", left + width / 2.0, table.bottom + 12.0, text);
            }
            if i % self.columns == 0 {
                canvas.text("query", left - 30.0, top + height / 2.0, style::vertical());
            }
        }
    }
}
