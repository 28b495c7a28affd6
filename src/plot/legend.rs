//! The legend of a chart, below its title.

use super::canvas::{Canvas, Rect, text_width};
use super::chart::{Chart, Series};
use super::style::{self, Align};

/// The entries of a legend in rows that fit into a width.
pub(super) struct Legend<'s> {
    rows: Vec<Vec<&'s Series>>,
}

/// The distance between rows, and between entries.
pub(super) const ROW: f64 = 20.0;
const GAP: f64 = 18.0;

fn sample(entry: &Series) -> f64 {
    if entry.has_curve() { 24.0 } else { 8.0 }
}

fn width(entry: &Series) -> f64 {
    sample(entry) + 6.0 + text_width(entry.legend().unwrap_or_default(), style::text(Align::Left)) + GAP
}

impl<'s> Legend<'s> {
    /// The entries of the named series of a chart.
    pub fn of(series: &'s [Series]) -> Self {
        let room = Chart::SIZE.0 - Chart::LEFT - 10.0 + GAP;
        let mut rows: Vec<Vec<&Series>> = Vec::new();
        let mut used = 0.0;
        for entry in series.iter().filter(|entry| entry.legend().is_some()) {
            match rows.last_mut() {
                Some(row) if used + width(entry) <= room => row.push(entry),
                _ => {
                    used = 0.0;
                    rows.push(vec![entry]);
                }
            }
            used += width(entry);
        }
        Self { rows }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Draws samples and names, row by row. They begin at the left side of the plot.
    pub fn draw(&self, canvas: &mut dyn Canvas, plot: Rect, top: f64) {
        for (i, row) in self.rows.iter().enumerate() {
            let (mut x, y) = (plot.left, top + 46.0 + ROW * i as f64);
            for entry in row {
                let end = x + sample(entry);
                entry.draw_sample(canvas, (x, end), y);
                canvas.text(entry.legend().unwrap_or_default(), end + 6.0, y, style::text(Align::Left));
                x += width(entry);
            }
        }
    }
}
