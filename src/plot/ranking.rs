//! Dot charts of measurements with their spread.

use super::canvas::{Canvas, Rect, widest};
use super::chart::{Marker, draw_marker};
use super::scale::{Axis, draw_axes, faint_line};
use super::style::{self, Align, Color, palette};

/// A measurement.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name next to the measurement.
    pub name: String,
    /// The central value, such as the median.
    pub middle: f64,
    /// The lower and upper end of the spread.
    pub spread: (f64, f64),
    /// Whether it is drawn in another colour, as the reference for the others.
    pub highlighted: bool,
}

/// A dot chart of one quantity, one measurement below the other (Cleveland & McGill 1984).
#[derive(Clone, Debug)]
pub struct Ranking {
    /// The title.
    pub title: String,
    /// The quantity. On a logarithmic axis, values of 0 are at its left end.
    pub axis: Axis,
    /// What the central values are, as the heading of their column.
    pub heading: String,
    /// The rows, from top to bottom.
    pub rows: Vec<Row>,
}

impl Ranking {
    const ROW: f64 = 21.0;
    const HEAD: f64 = 54.0;
    /// The distance by which texts are lower than elsewhere, so that a line meets digits and tall
    /// letters in the middle.
    const TALL: f64 = 0.6;

    pub(super) fn size(&self) -> (f64, f64) {
        (680.0, Self::HEAD + Self::ROW * self.rows.len() as f64 + 58.0)
    }

    pub(super) fn has_data(&self) -> bool {
        !self.rows.is_empty()
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect) {
        canvas.text(&self.title, area.left + 32.0, area.top + 18.0, style::title());
        let name_style = style::text(Align::Right);
        let names = widest(self.rows.iter().map(|r| r.name.as_str()), name_style);
        let left = area.left + 20.0 + names + 16.0;
        let plot =
            Rect { left, top: area.top + Self::HEAD, right: area.right - 70.0, bottom: area.bottom - 56.0 };
        let values = self.rows.iter().flat_map(|r| [r.middle, r.spread.0, r.spread.1]);
        let x = self.axis.scale(values, plot.left, plot.right);
        let at = |value: f64| x.at(value).clamp(plot.left, plot.right);
        canvas.text(&self.heading, plot.right + 12.0, plot.top - 8.0, style::small(Align::Left));
        if let Some(row) = self.rows.iter().find(|r| r.highlighted) {
            let at = at(row.middle);
            faint_line(canvas, (at, plot.top), (at, plot.bottom));
        }
        for (i, row) in self.rows.iter().enumerate() {
            let y = plot.top + Self::ROW * (i as f64 + 0.5);
            let color: Color = palette(usize::from(row.highlighted));
            faint_line(canvas, (plot.left, y), (plot.right, y));
            canvas.text(&row.name, plot.left - 12.0, y + Self::TALL, name_style);
            canvas.line(&[(at(row.spread.0), y), (at(row.spread.1), y)], color, 2.0);
            draw_marker(canvas, (at(row.middle), y), Marker::Circle, color);
            let decimals = if (5e-7..1e-4).contains(&row.middle) { 5 } else { 4 };
            let value = format!("{:.decimals$}", row.middle);
            canvas.text(&value, plot.right + 12.0, y + Self::TALL, style::text(Align::Left));
        }
        draw_axes(canvas, plot, (&self.axis, &x), None);
    }
}
