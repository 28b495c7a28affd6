//! Short texts beside points, where they cover least.

use super::canvas::{Canvas, Rect, text_width};
use super::style::{self, Align, FAINT};

/// A point and its text.
pub(super) struct Label<'t> {
    pub at: (f64, f64),
    pub text: &'t str,
}

/// What is already drawn: markers, curves, and texts.
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

/// Where a text is: right beside its point, or so many steps away on a thin line.
#[derive(Clone, Copy)]
struct Place {
    text: Rect,
    steps: usize,
}

/// Draws labels where they cover the least of what is drawn and of each other, and stay inside of
/// the area: around their points, or further away on a thin line. One after the other they are moved to
/// their best place as the others stand, a few times over.
pub(super) fn draw_labels(canvas: &mut dyn Canvas, area: Rect, labels: &[Label<'_>], drawn: &Drawn) {
    let curves: Vec<(f64, f64)> = drawn.curves.iter().flat_map(|curve| dotted(curve)).collect();
    let markers = drawn.markers.iter().map(|at| Rect::around(*at, 9.0, 9.0));
    let drawn: Vec<Rect> = markers.chain(drawn.texts.iter().copied()).collect();
    let mut places: Vec<Option<Place>> = vec![None; labels.len()];
    for _ in 0..ROUNDS {
        for (i, Label { at, text }) in labels.iter().enumerate() {
            places[i] = None;
            let (mut boxes, mut lines) = (drawn.clone(), curves.clone());
            for (label, place) in labels.iter().zip(&places) {
                if let Some(place) = place {
                    boxes.push(place.text);
                    lines.extend(dotted(&place.leader(label.at)));
                }
            }
            let width = text_width(text, style::small(Align::Center)) + 2.0;
            let tried = (0..10).flat_map(|steps| around(*at, (width, 13.0), steps));
            places[i] = tried.min_by_key(|place| place.cost(*at, area, &boxes, &lines));
        }
    }
    for (label, place) in labels.iter().zip(places) {
        let Some(place) = place else { continue };
        canvas.line(&place.leader(label.at), FAINT, 0.75);
        let (left, top) = (place.text.left, f64::midpoint(place.text.top, place.text.bottom));
        let x = f64::midpoint(left, place.text.right);
        canvas.text(label.text, x, top, style::small(Align::Center));
    }
}

const ROUNDS: usize = 4;

fn touches(dot: (f64, f64), area: Rect) -> bool {
    area.overlap(Rect::around(dot, 3.0, 3.0)) > 0.0
}

impl Place {
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
        // Whole numbers: the last digits of a sum shall not choose the place.
        (10.0 * (outside + covered)).round() as usize + 40 * (on_lines + crossed) + 25 * self.steps
    }

    /// From the edge of the marker to a text that is not right beside it.
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

/// The places around a point, or so many steps away from it, the best first.
fn around((x, y): (f64, f64), size: (f64, f64), steps: usize) -> impl Iterator<Item = Place> {
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
        .map(move |(dx, dy)| Place { text: Rect::around((x + dx, y + dy), size.0, size.1), steps })
}

/// Points along a curve, three apart.
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
