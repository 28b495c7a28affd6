//! Bar charts with horizontal bars.

use super::canvas::{Canvas, Rect, text_width, widest};
use super::key::{Key, draw_keys, fill, head, keys_width};
use super::scale::{Axis, draw_axes};
use super::style::{self, Align, Color, INK, SHADE};

/// A named value.
#[derive(Clone, Debug)]
pub struct Bar {
    /// The name next to the bar.
    pub name: String,
    /// The value, which is the length of the bar.
    pub value: f64,
    /// The colour of the bar.
    pub color: Color,
    /// The value as text.
    pub label: String,
}

impl Bar {
    /// A bar whose value is shown with two decimals.
    pub fn new(name: impl Into<String>, value: f64, color: Color) -> Self {
        let minus = if value <= -0.005 { "−" } else { "" };
        let label = format!("{minus}{:.2}", value.abs());
        Self { name: name.into(), value, color, label }
    }

    /// The bar with another text for its value.
    pub fn labelled(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }
}

/// A bar chart: one horizontal bar, starting at zero, for each value.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    /// The title.
    pub title: String,
    /// The quantity. Without a range the axis includes zero and all values.
    pub axis: Axis,
    /// The bars, from top to bottom.
    pub rows: Vec<Bar>,
    /// The key of the colours.
    pub key: Vec<Key>,
}

impl Bars {
    const ROW: f64 = 21.0;
    const LENGTH: f64 = 300.0;

    /// The height of all bars together. A gallery next to the bars that has this
    /// [`scale`](super::Gallery::scale) is aligned with them.
    pub fn height(&self) -> f64 {
        Self::ROW * self.rows.len() as f64
    }

    /// The widths of the text on the left and on the right of the bars.
    fn sides(&self) -> (f64, f64) {
        let text = style::text(Align::Left);
        let names = widest(self.rows.iter().map(|r| r.name.as_str()), text);
        let labels = widest(self.rows.iter().map(|r| r.label.as_str()), text);
        (32.0 + names + 12.0, 12.0 + labels + 20.0)
    }

    pub(super) fn size(&self, legend: usize) -> (f64, f64) {
        let (left, right) = self.sides();
        let title = 32.0 + text_width(&self.title, style::title()) + 16.0;
        let width = (left + Self::LENGTH + right).max(title).max(left + keys_width(&self.key));
        (width.ceil(), head(legend) + self.height() + 58.0)
    }

    pub(super) fn has_data(&self) -> bool {
        !self.rows.is_empty()
    }

    /// The axis, which includes zero unless it has a range or is logarithmic.
    fn axis(&self) -> Axis {
        let axis = self.axis.clone();
        if axis.range.is_some() || axis.logarithmic {
            return axis;
        }
        let values = self.rows.iter().map(|r| r.value);
        let (low, high) = values.fold((0.0, 0.0), |(low, high): (f64, f64), v| (low.min(v), high.max(v)));
        if low == high { axis.from_to(0.0, 1.0) } else { axis.from_to(1.04 * low, 1.04 * high) }
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect, legend: usize) {
        canvas.text(&self.title, area.left + 32.0, area.top + 18.0, style::title());
        let (left, right) = self.sides();
        let (left, top, labels) = (area.left + left, area.top + head(legend), right - 20.0);
        let plot = Rect { left, top, right: left + Self::LENGTH, bottom: top + self.height() };
        draw_keys(canvas, area, left, &self.key);
        let axis = self.axis();
        let x = axis.scale(self.rows.iter().map(|r| r.value), plot.left, plot.right);
        let zero = x.at(0.0).clamp(plot.left, plot.right);
        for (i, bar) in self.rows.iter().enumerate() {
            let y = plot.top + Self::ROW * (i as f64 + 0.5);
            let row = Rect { top: y - 7.0, bottom: y + 7.0, ..plot };
            fill(canvas, row, SHADE);
            let end = x.at(bar.value).clamp(plot.left, plot.right);
            fill(canvas, Rect { left: zero.min(end), right: zero.max(end), ..row }, bar.color);
            canvas.text(&bar.name, plot.left - 12.0, y, style::text(Align::Right));
            canvas.text(&bar.label, plot.right + labels, y, style::text(Align::Right));
        }
        canvas.line(&[(zero, plot.top), (zero, plot.bottom)], INK, 1.0);
        draw_axes(canvas, plot, (&axis, &x), None);
    }
}
