//! Confusion matrices of many classes.

use super::canvas::{Canvas, Rect, text_width, widest};
use super::confusion::{Confusion, NOTHING, correct};
use super::key::{Key, draw_keys, frame, head, keys_width};
use super::style::{self, Align, Color, FAINT, INK, interpolate};

/// A [`Confusion`] of many classes, without numbers in its cells, and the list of the most frequent
/// errors. Names of single classes would be too small to read, so the names of groups of classes
/// are shown instead, with lines between the groups. The shades of errors follow the square root of
/// their share, so that rare errors are visible next to frequent ones.
#[derive(Clone, Debug, Default)]
pub struct GroupedConfusion {
    /// The table, whose classes are ordered by group.
    pub table: Confusion,
    /// The groups: the name and the number of classes of each.
    pub groups: Vec<(String, usize)>,
}

/// The number of errors in the list.
const LISTED: usize = 10;
const LIST: &str = "most frequent errors";
/// The distance between lines of the list, and between the table and the list, in points.
const LINE: f64 = 20.0;
const GAP: f64 = 24.0;
/// The distance of the keys from the left side, in points.
const LEFT: f64 = 32.0;

/// The colour of a share of errors, from 0 to 1 for the largest.
fn wrong(share: f64) -> Color {
    interpolate(&[[253, 228, 200], [240, 130, 40], [120, 40, 0]], share.sqrt())
}

impl GroupedConfusion {
    fn names(&self) -> f64 {
        widest(self.groups.iter().map(|(name, _)| name.as_str()), style::text(Align::Left))
    }

    /// The extent of a cell, in points.
    fn cell(&self) -> f64 {
        (600.0 / self.table.classes.len() as f64).clamp(6.0, 22.0)
    }

    fn side(&self) -> f64 {
        self.cell() * self.table.classes.len() as f64
    }

    /// The distances of the table from the left and the top of the panel.
    fn corner(&self) -> (f64, f64) {
        (62.0 + self.names(), head(true) + 36.0 + self.names())
    }

    fn keys(&self) -> Vec<Key> {
        let mut keys = vec![Key::range("correct, 0 to 100%", correct)];
        let worst = self.table.worst();
        if worst > 0.0 {
            keys.push(Key::range(format!("wrong, 0 to {:.1}%, square-root scale", 100.0 * worst), wrong));
        }
        keys
    }

    /// The colours of all cells, row by row.
    fn colors(&self) -> Vec<Color> {
        let (n, worst) = (self.table.classes.len(), self.table.worst());
        let color = |cell: usize| match (cell / n, cell % n) {
            (i, j) if self.table.count(i, j) == 0 => NOTHING,
            (i, j) if i == j => correct(self.table.share(i, j)),
            (i, j) => wrong(self.table.share(i, j) / worst),
        };
        (0..n * n).map(color).collect()
    }

    /// The most frequent errors: the classes and the count, in decreasing order.
    pub(super) fn errors(&self) -> Vec<(String, u64)> {
        let n = self.table.classes.len();
        let cells = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let mut errors: Vec<_> = cells.filter(|&(i, j)| i != j && self.table.count(i, j) > 0).collect();
        errors.sort_by_key(|&(i, j)| std::cmp::Reverse(self.table.count(i, j)));
        let name = |class: usize| &self.table.classes[class];
        let listed = errors.into_iter().take(LISTED);
        listed.map(|(i, j)| (format!("{} → {}", name(i), name(j)), self.table.count(i, j))).collect()
    }

    /// The widths of the classes and the counts in the list.
    fn list(errors: &[(String, u64)]) -> (f64, f64) {
        let text = style::text(Align::Left);
        let counts: Vec<String> = errors.iter().map(|error| error.1.to_string()).collect();
        let names = widest(errors.iter().map(|error| error.0.as_str()).chain([LIST]), text);
        (names, 12.0 + widest(counts.iter().map(String::as_str), text))
    }

    pub(super) fn size(&self) -> (f64, f64) {
        let (left, top) = self.corner();
        let title = LEFT + text_width(&self.table.title, style::title());
        let errors = self.errors();
        let list = Self::list(&errors);
        let height = self.side().max(LINE * (errors.len() + 1) as f64);
        let width =
            (left + self.side() + GAP + list.0 + list.1).max(title).max(LEFT + keys_width(&self.keys()));
        ((width + 16.0).ceil(), (top + height + 20.0).ceil())
    }

    pub(super) fn has_data(&self) -> bool {
        let grouped = self.groups.iter().map(|(_, classes)| classes).sum::<usize>();
        grouped == self.table.classes.len() && self.table.has_data()
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect) {
        canvas.text(&self.table.title, area.left + LEFT, area.top + 18.0, style::title());
        let (left, top) = self.corner();
        let (left, top, side) = (area.left + left, area.top + top, self.side());
        draw_keys(canvas, area, area.left + LEFT, &self.keys());
        let square = Rect { left, top, right: left + side, bottom: top + side };
        canvas.pixels(square, self.table.classes.len(), &self.colors());

        let mut start = 0.0;
        for (name, classes) in &self.groups {
            let end = start + self.cell() * *classes as f64;
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
        self.draw_list(canvas, (square.right + GAP, top));
    }

    fn draw_list(&self, canvas: &mut dyn Canvas, (left, top): (f64, f64)) {
        let errors = self.errors();
        if errors.is_empty() {
            return;
        }
        let (names, counts) = Self::list(&errors);
        canvas.text(
            LIST,
            left,
            top + 0.5 * LINE,
            style::TextStyle { color: FADED, ..style::text(Align::Left) },
        );
        for (i, (names_of_classes, count)) in errors.iter().enumerate() {
            let y = top + LINE * (i as f64 + 1.5);
            canvas.text(names_of_classes, left, y, style::text(Align::Left));
            canvas.text(&count.to_string(), left + names + counts, y, style::text(Align::Right));
        }
    }
}

/// The colour of the list's heading.
const FADED: Color = [110, 110, 110];
