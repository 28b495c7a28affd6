//! Confusion matrices.

use super::canvas::{Canvas, Rect, text_width, widest};
use super::key::{Key, draw_keys, fill, head, keys_width};
use super::scale::label;
use super::style::{self, Align, Color, diverging};

/// A confusion matrix: the number of examples of each class that were predicted as each class. On
/// the diagonal, shades of blue show the share of a class that was predicted correctly. Off the
/// diagonal, shades of orange show the shares of errors, scaled to the largest one, so that rare
/// errors are visible too. Recall and precision are at the margins.
#[derive(Clone, Debug, Default)]
pub struct Confusion {
    /// The title.
    pub title: String,
    /// The classes.
    pub classes: Vec<String>,
    /// The counts, with a row for each true class and a column for each predicted class.
    pub counts: Vec<u64>,
}

/// Sizes in points, which depend on the texts.
struct Layout {
    cell: f64,
    names: f64,
    vertical: bool,
    head: f64,
    /// The width of the column of recalls, and the width of all text on the left of the table.
    margin: f64,
    left: f64,
}

/// The distance of the recalls from the table, in points.
const GAP: f64 = 8.0;
/// The colour of cells whose count is 0.
pub(super) const NOTHING: Color = [248, 248, 248];
const RECALL: &str = "recall, %";
const PRECISION: &str = "precision, %";
/// The height of the row of precisions, in points.
const ROW: f64 = 24.0;

impl Confusion {
    pub(super) fn count(&self, row: usize, column: usize) -> u64 {
        self.counts[row * self.classes.len() + column]
    }

    fn row(&self, class: usize) -> u64 {
        (0..self.classes.len()).map(|j| self.count(class, j)).sum()
    }

    fn column(&self, class: usize) -> u64 {
        (0..self.classes.len()).map(|i| self.count(i, class)).sum()
    }

    pub(super) fn share(&self, row: usize, column: usize) -> f64 {
        self.count(row, column) as f64 / self.row(row).max(1) as f64
    }

    /// The largest share of a class that was predicted as another class.
    pub(super) fn worst(&self) -> f64 {
        let n = self.classes.len();
        let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        pairs.filter(|(i, j)| i != j).map(|(i, j)| self.share(i, j)).fold(0.0, f64::max)
    }

    fn color(&self, row: usize, column: usize, worst: f64) -> Color {
        if self.count(row, column) == 0 {
            return NOTHING;
        }
        let share = self.share(row, column);
        if row == column { correct(share) } else { wrong(share / worst) }
    }

    fn keys(&self) -> Vec<Key> {
        let worst = self.worst();
        let mut keys = vec![Key::range("correct, 0 to 100% of the true class", correct)];
        if worst > 0.0 {
            let decimals = if worst < 0.01 { 2 } else { 1 };
            keys.push(Key::range(format!("wrong, 0 to {:.decimals$}%", 100.0 * worst), wrong));
        }
        keys
    }

    fn layout(&self) -> Layout {
        let n = self.classes.len();
        let text = self.text();
        let counts = self.counts.iter().map(|count| label(*count as f64));
        let precisions = (0..n).map(|i| percent(self.count(i, i), self.column(i)));
        let written: Vec<String> = counts.chain(precisions).collect();
        let written = widest(written.iter().map(String::as_str), text);
        let cell = (400.0 / n as f64).clamp(28.0, 84.0).max(written + 10.0).ceil();
        let names = widest(self.classes.iter().map(String::as_str), style::text(Align::Left));
        let vertical = names > cell - 4.0;
        let head = head(true) + 20.0 + if vertical { names + 16.0 } else { 22.0 };
        let margin = text_width(RECALL, style::text(Align::Left)) + 4.0;
        let left = 60.0 + names.max(text_width(PRECISION, style::text(Align::Left)));
        Layout { cell, names, vertical, head, margin, left }
    }

    fn text(&self) -> style::TextStyle {
        let size = if self.classes.len() > 12 { 11.0 } else { 13.0 };
        style::TextStyle { size, ..style::text(Align::Center) }
    }

    pub(super) fn size(&self) -> (f64, f64) {
        let layout = self.layout();
        let side = layout.cell * self.classes.len() as f64;
        let table = layout.left + side + GAP + layout.margin + 16.0;
        let title = 32.0 + text_width(&self.title, style::title()) + 16.0;
        let keys = layout.left + keys_width(&self.keys());
        (table.max(title).max(keys).ceil(), (layout.head + side + ROW + 16.0).ceil())
    }

    pub(super) fn has_data(&self) -> bool {
        let n = self.classes.len();
        self.counts.len() == n * n && self.counts.iter().any(|count| *count > 0)
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect) {
        canvas.text(&self.title, area.left + 32.0, area.top + 18.0, style::title());
        let Layout { cell, names, vertical, head, margin, left } = self.layout();
        let n = self.classes.len();
        let (left, top) = (area.left + left, area.top + head);
        let side = cell * n as f64;
        let worst = self.worst();
        draw_keys(canvas, area, left, &self.keys());

        let text = self.text();
        let at = |i: usize| cell * i as f64;
        for (i, j) in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let (x, y) = (left + at(j), top + at(i));
            let inside = Rect { left: x + 0.5, top: y + 0.5, right: x + cell - 0.5, bottom: y + cell - 0.5 };
            fill(canvas, inside, self.color(i, j, worst));
            if self.count(i, j) > 0 {
                let count = label(self.count(i, j) as f64);
                canvas.text(&count, x + cell / 2.0, y + cell / 2.0, text);
            }
        }

        // The margins.
        let (beside, below) = (left + side + GAP, top + side + ROW / 2.0);
        for (i, name) in self.classes.iter().enumerate() {
            let middle = at(i) + cell / 2.0;
            canvas.text(name, left - 8.0, top + middle, style::text(Align::Right));
            if vertical {
                let style = style::TextStyle { align: Align::Left, ..style::vertical() };
                canvas.text(name, left + middle, top - 8.0, style);
            } else {
                canvas.text(name, left + middle, top - 12.0, style::text(Align::Center));
            }
            let recall = percent(self.count(i, i), self.row(i));
            canvas.text(&recall, beside + margin / 2.0, top + middle, text);
            let precision = percent(self.count(i, i), self.column(i));
            canvas.text(&precision, left + middle, below, text);
        }
        canvas.text(RECALL, beside + margin / 2.0, top - 12.0, style::text(Align::Center));
        canvas.text(PRECISION, left - 8.0, below, style::text(Align::Right));
        let middle = side / 2.0;
        canvas.text("predicted class", left + middle, area.top + 78.0, style::text(Align::Center));
        canvas.text("true class", left - 8.0 - names - 22.0, top + middle, style::vertical());
    }
}

/// The colour of a share of correct predictions.
pub(super) fn correct(share: f64) -> Color {
    diverging(0.46 - 0.4 * share)
}

/// The colour of a share of errors, from 0 to 1 for the largest. Even the smallest is visible.
pub(super) fn wrong(share: f64) -> Color {
    diverging(0.56 + 0.4 * share)
}

/// A share in percent, or a dash if the whole is 0.
fn percent(part: u64, whole: u64) -> String {
    if whole > 0 { format!("{:.1}", 100.0 * part as f64 / whole as f64) } else { "–".into() }
}
