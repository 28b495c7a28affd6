//! Labels of points, positiond where they cover least.

use super::canvas::{Canvas, Rect, text_width};
use super::style::{self, Align, FAINT};

/// A point and the text of its label.
pub(super) struct Label<'t> {
    pub at: (f64, f64),
    pub text: &'t str,
}

/// What is already drawn and should not be covered: markers, curves and texts.
#[derive(Default)]
pub(super) struct Drawn {
    pub markers: Vec<(f64, f64)>,
    pub curves: Vec<Vec<(f64, f64)>>,
    pub texts: Vec<Rect>,
}

impl Rect {
    fn overlap(self, other: Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        width.max(0.0) * height.max(0.0)
    }

    fn around((x, y): (f64, f64), width: f64, height: f64) -> Self {
        let (w, h) = (width / 2.0, height / 2.0);
        Self { left: x - w, top: y - h, right: x + w, bottom: y + h }
    }
}

/// The position of a label: next to its point (0 steps), or several steps away and connected by a
/// thin line.
#[derive(Clone, Copy)]
struct Position {
    text: Rect,
    steps: usize,
}

/// Draws labels inside the area such that they cover little of what is drawn and of each other.
/// Labels are next to their points, or further away and connected by a thin line. In each of
/// several rounds every label in turn is moved to its best position, given the positions of the
/// others.
pub(super) fn draw_labels(canvas: &mut dyn Canvas, area: Rect, labels: &[Label<'_>], drawn: &Drawn) {
    let curves: Vec<(f64, f64)> = drawn.curves.iter().flat_map(|curve| dotted(curve)).collect();
    let markers = drawn.markers.iter().map(|at| Rect::around(*at, 9.0, 9.0));
    let drawn: Vec<Rect> = markers.chain(drawn.texts.iter().copied()).collect();
    let mut positions: Vec<Option<Position>> = vec![None; labels.len()];
    for _ in 0..ROUNDS {
        for (i, Label { at, text }) in labels.iter().enumerate() {
            positions[i] = None;
            let (mut boxes, mut lines) = (drawn.clone(), curves.clone());
            for (label, position) in labels.iter().zip(&positions) {
                if let Some(position) = position {
                    boxes.push(position.text);
                    lines.extend(dotted(&position.leader(label.at)));
                }
            }
            let width = text_width(text, style::small(Align::Center)) + 2.0;
            let tried = (0..10).flat_map(|steps| around(*at, (width, 13.0), steps));
            positions[i] = tried.min_by_key(|position| position.cost(*at, area, &boxes, &lines));
        }
    }
    for (label, position) in labels.iter().zip(positions) {
        let Some(position) = position else { continue };
        canvas.line(&position.leader(label.at), FAINT, 0.75);
        let (left, top) = (position.text.left, f64::midpoint(position.text.top, position.text.bottom));
        let x = f64::midpoint(left, position.text.right);
        canvas.text(label.text, x, top, style::small(Align::Center));
    }
}

const ROUNDS: usize = 4;

fn touches(dot: (f64, f64), area: Rect) -> bool {
    area.overlap(Rect::around(dot, 3.0, 3.0)) > 0.0
}

impl Position {
    fn cost(&self, at: (f64, f64), area: Rect, boxes: &[Rect], lines: &[(f64, f64)]) -> usize {
        let text = self.text;
        let outside = text.overlap(text) - text.overlap(area);
        let covered: f64 = boxes.iter().map(|other| text.overlap(*other)).sum();
        let on_lines = lines.iter().filter(|dot| touches(**dot, text)).count();
        let crosses = |dot: (f64, f64)| {
            boxes.iter().any(|other| touches(dot, *other))
                || lines.iter().any(|line| touches(*line, Rect::around(dot, 3.0, 3.0)))
        };
        let crossed = dotted(&self.leader(at)).into_iter().filter(|dot| crosses(*dot)).count();
        // The cost is a whole number, so that rounding errors cannot decide between positions.
        (10.0 * (outside + covered)).round() as usize + 40 * (on_lines + crossed) + 25 * self.steps
    }

    /// The line from the edge of the marker to a label that is not next to it.
    fn leader(&self, (x, y): (f64, f64)) -> Vec<(f64, f64)> {
        let Rect { left, top, right, bottom } = self.text;
        let (dx, dy) = (x.clamp(left, right) - x, y.clamp(top, bottom) - y);
        let edge = 6.0 / dx.hypot(dy);
        if self.steps == 0 || edge > 1.0 {
            return Vec::new();
        }
        vec![(x + edge * dx, y + edge * dy), (x + dx, y + dy)]
    }
}

/// The candidate positions around a point at a distance of `steps` steps, best first.
fn around((x, y): (f64, f64), size: (f64, f64), steps: usize) -> impl Iterator<Item = Position> {
    let more = 8.0 * steps as f64;
    let (w, far) = (size.0 / 2.0, 8.0 + more);
    let straight = [(0.0, -13.0 - more), (0.0, 13.0 + more), (w + far, 0.0), (-w - far, 0.0)];
    let corner = (w + 4.0 + more, 10.0 + more);
    let steep = (w + 4.0 + 0.3 * more, 10.0 + more);
    let oblique =
        [corner, steep].into_iter().flat_map(|(dx, dy)| [(dx, dy), (-dx, -dy), (dx, -dy), (-dx, dy)]);
    straight
        .into_iter()
        .chain(oblique)
        .map(move |(dx, dy)| Position { text: Rect::around((x + dx, y + dy), size.0, size.1), steps })
}

/// Points along a curve at distances of at most three.
fn dotted(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let along = |pair: &[(f64, f64)]| {
        let ((x, y), (dx, dy)) = (pair[0], (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1));
        let steps = (dx.hypot(dy) / 3.0).ceil().max(1.0);
        (0..=steps as usize).map(move |i| {
            let t = i as f64 / steps;
            (x + t * dx, y + t * dy)
        })
    };
    curve.windows(2).flat_map(along).collect()
}
