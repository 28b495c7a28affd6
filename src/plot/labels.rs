//! Short texts beside points, where they cover least.

use super::canvas::{Canvas, Rect, text_width};
use super::style::{self, Align, FAINT};

/// A point and its text.
pub(super) struct Label<'t> {
    pub at: (f64, f64),
    pub text: &'t str,
}

/// What is already drawn: markers, and curves.
#[derive(Default)]
pub(super) struct Drawn {
    pub markers: Vec<(f64, f64)>,
    pub curves: Vec<Vec<(f64, f64)>>,
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

/// Draws labels from left to right, each where it covers the least of the points, the curves and the
/// labels before it, and stays inside of the area: around its point, or further away on a thin line.
pub(super) fn draw_labels(canvas: &mut dyn Canvas, area: Rect, mut labels: Vec<Label<'_>>, drawn: &Drawn) {
    labels.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    let mut lines: Vec<(f64, f64)> = drawn.curves.iter().flat_map(|curve| dotted(curve)).collect();
    let markers: Vec<Rect> = drawn.markers.iter().map(|at| Rect::around(*at, 9.0, 9.0)).collect();
    let mut texts: Vec<Rect> = Vec::new();
    let near = |dot: &(f64, f64), area: &Rect| area.overlap(Rect::around(*dot, 3.0, 3.0)) > 0.0;
    for Label { at, text } in labels {
        let (width, height) = (text_width(text, style::small(Align::Center)) + 2.0, 13.0);
        let cost = |(far, place): &(usize, Rect)| {
            let outside = width * height - place.overlap(area);
            let covered: f64 = markers.iter().chain(&texts).map(|other| place.overlap(*other)).sum();
            let on_lines = lines.iter().filter(|dot| near(dot, place)).count();
            let leader = dotted(&leader(at, *place, *far));
            let crosses = |dot: &(f64, f64)| {
                texts.iter().chain(&markers).any(|t| near(dot, t))
                    || lines.iter().any(|line| near(line, &Rect::around(*dot, 3.0, 3.0)))
            };
            let crossed = leader.iter().filter(|dot| crosses(dot)).count();
            // The last digits of a sum shall not choose the place.
            (10.0 * (outside + covered)).round() as usize + 20 * on_lines + 40 * crossed + 25 * far
        };
        let places = (0..9).flat_map(|far| around(at, width, height, far).map(move |place| (far, place)));
        let Some((far, best)) = places.min_by_key(cost) else { continue };
        let leader = leader(at, best, far);
        canvas.line(&leader, FAINT, 0.75);
        lines.extend(dotted(&leader));
        let (x, y) = (f64::midpoint(best.left, best.right), f64::midpoint(best.top, best.bottom));
        canvas.text(text, x, y, style::small(Align::Center));
        texts.push(best);
    }
}

/// The eight places around a point, or so many steps away from it.
fn around((x, y): (f64, f64), width: f64, height: f64, far: usize) -> impl Iterator<Item = Rect> {
    let (more, diagonal) = (9.0 * far as f64, width / 2.0 + 4.0);
    let beside = width / 2.0 + 8.0 + more;
    let (right, left, down, up) = (diagonal + more, -diagonal - more, 10.0 + more, -10.0 - more);
    let straight = [(0.0, up - 3.0), (0.0, down + 3.0), (beside, 0.0), (-beside, 0.0)];
    let oblique = [(right, down), (left, up), (right, up), (left, down)];
    let place = move |(dx, dy)| Rect::around((x + dx, y + dy), width, height);
    straight.into_iter().chain(oblique).map(place)
}

/// From the edge of a marker to a text that is not right beside it.
fn leader((x, y): (f64, f64), text: Rect, far: usize) -> Vec<(f64, f64)> {
    let (dx, dy) = (x.clamp(text.left, text.right) - x, y.clamp(text.top, text.bottom) - y);
    let edge = 5.0 / dx.hypot(dy);
    if far == 0 || edge > 1.0 {
        return Vec::new();
    }
    vec![(x + edge * dx, y + edge * dy), (x + dx, y + dy)]
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
