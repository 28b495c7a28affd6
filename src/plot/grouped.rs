//! Confusion matrices of many classes.

use super::canvas::{Canvas, Rect, text_width, widest};
use super::confusion::Confusion;
use super::key::{draw_keys, frame, head, keys_width};
use super::style::{self, Align, FAINT, INK};

/// A [`Confusion`] of many classes, without numbers. Single names would be too small to read, so
/// the names of groups of classes are shown instead, with lines between the groups.
#[derive(Clone, Debug, Default)]
pub struct GroupedConfusion {
    /// The table, whose classes are ordered by group.
    pub table: Confusion,
    /// The groups: the name and the number of classes of each.
    pub groups: Vec<(String, usize)>,
}

/// The extent of a cell, in points.
const CELL: f64 = 6.0;

impl GroupedConfusion {
    fn names(&self) -> f64 {
        widest(self.groups.iter().map(|(name, _)| name.as_str()), style::text(Align::Left))
    }

    fn side(&self) -> f64 {
        CELL * self.table.classes.len() as f64
    }

    /// The distances of the table from the left and the top of the panel.
    fn corner(&self) -> (f64, f64) {
        (62.0 + self.names(), head(true) + 36.0 + self.names())
    }

    pub(super) fn size(&self) -> (f64, f64) {
        let (left, top) = self.corner();
        let title = 32.0 + text_width(&self.table.title, style::title());
        let width = (left + self.side()).max(title).max(left + keys_width(&self.table.keys()));
        ((width + 24.0).ceil(), (top + self.side() + 20.0).ceil())
    }

    pub(super) fn has_data(&self) -> bool {
        let grouped = self.groups.iter().map(|(_, classes)| classes).sum::<usize>();
        grouped == self.table.classes.len() && self.table.has_data()
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect) {
        canvas.text(&self.table.title, area.left + 32.0, area.top + 18.0, style::title());
        let (left, top) = self.corner();
        let (left, top, side) = (area.left + left, area.top + top, self.side());
        draw_keys(canvas, area, left, &self.table.keys());
        let square = Rect { left, top, right: left + side, bottom: top + side };
        canvas.pixels(square, self.table.classes.len(), &self.table.colors());

        let mut start = 0.0;
        for (name, classes) in &self.groups {
            let end = start + CELL * *classes as f64;
            let middle = f64::midpoint(start, end);
            canvas.text(name, left - 8.0, top + middle, style::text(Align::Right));
            let style = style::TextStyle { align: Align::Left, ..style::vertical() };
            canvas.text(name, left + middle, top - 8.0, style);
            if end < side {
                canvas.line(&[(left, top + end), (square.right, top + end)], FAINT, 0.75);
                canvas.line(&[(left + end, top), (left + end, square.bottom)], FAINT, 0.75);
            }
            start = end;
        }
        frame(canvas, square, INK);
        let middle = side / 2.0;
        canvas.text("predicted class", left + middle, area.top + 78.0, style::text(Align::Center));
        canvas.text("true class", left - self.names() - 30.0, top + middle, style::vertical());
    }
}
