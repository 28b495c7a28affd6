//! The key of colours, in the line below the title.

use super::canvas::{Canvas, Rect, text_width};
use super::legend;
use super::style::{self, Align, Color, FAINT, interpolate};

/// The meaning of a colour or of a range of colours.
#[derive(Clone, Debug)]
pub struct Key {
    name: String,
    colors: Vec<Color>,
}

impl Key {
    /// A square of one colour.
    pub fn color(name: impl Into<String>, color: Color) -> Self {
        Self { name: name.into(), colors: vec![color] }
    }

    /// A strip with the colours `color(t)` for t from 0 to 1.
    pub fn range(name: impl Into<String>, color: impl Fn(f64) -> Color) -> Self {
        Self { name: name.into(), colors: (0..=16).map(|i| color(f64::from(i) / 16.0)).collect() }
    }

    fn sample_width(&self) -> f64 {
        if self.colors.len() > 1 { 56.0 } else { 11.0 }
    }

    fn width(&self) -> f64 {
        self.sample_width() + 6.0 + text_width(&self.name, style::text(Align::Left)) + 18.0
    }
}

/// The distance from the top of a panel to its plot: below the title and the rows of the key or
/// legend, of which there may be none.
pub(super) fn head(rows: impl Into<usize>) -> f64 {
    match rows.into() {
        0 => 40.0,
        rows => 68.0 + legend::ROW * (rows - 1) as f64,
    }
}

/// The width of all samples and names.
pub(super) fn keys_width(keys: &[Key]) -> f64 {
    keys.iter().map(Key::width).sum()
}

/// Draws samples and names from left to right.
pub(super) fn draw_keys(canvas: &mut dyn Canvas, area: Rect, mut x: f64, keys: &[Key]) {
    let y = area.top + 46.0;
    for key in keys {
        let sample = Rect { left: x, top: y - 5.5, right: x + key.sample_width(), bottom: y + 5.5 };
        match key.colors[..] {
            [color] => fill(canvas, sample, color),
            _ => canvas.picture(sample, &|u, _| interpolate(&key.colors, u)),
        }
        frame(canvas, sample, FAINT);
        canvas.text(&key.name, sample.right + 6.0, y, style::text(Align::Left));
        x += key.width();
    }
}

/// Draws a filled rectangle.
pub(super) fn fill(canvas: &mut dyn Canvas, area: Rect, color: Color) {
    let Rect { left, top, right, bottom } = area;
    canvas.polygon(&[(left, top), (right, top), (right, bottom), (left, bottom)], color, 1.0);
}

/// Draws the thin outline of a rectangle.
pub(super) fn frame(canvas: &mut dyn Canvas, area: Rect, color: Color) {
    let Rect { left, top, right, bottom } = area;
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.line(&corners, color, 0.75);
}
