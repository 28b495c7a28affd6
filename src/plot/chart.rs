//! Charts of curves and points.

use super::canvas::{Canvas, Rect, text_area};
use super::key::{fill, head};
use super::labels::{Drawn, Label, draw_labels};
use super::legend::{self, Legend};
use super::scale::{Axis, Scale, draw_axes, faint_line};
use super::style::{self, Align, Color, SHADE};

/// The line style of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stroke {
    /// A solid line.
    Solid,
    /// A dashed line.
    Dashed,
    /// A dotted line.
    Dotted,
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A triangle.
    Triangle,
    /// A square on one of its corners.
    Diamond,
}

/// A curve, points, or both.
#[derive(Clone, Debug)]
pub struct Series {
    name: Option<String>,
    points: Vec<(f64, f64)>,
    errors: Vec<f64>,
    band: Vec<(f64, f64)>,
    labels: Vec<String>,
    color: Color,
    stroke: Option<Stroke>,
    width: f64,
    marker: Option<Marker>,
}

impl Series {
    /// A curve through points. It is interrupted at points that a logarithmic axis does not show.
    pub fn curve(points: Vec<(f64, f64)>, color: Color, stroke: Stroke) -> Self {
        let (name, errors, band, labels, marker) = (None, Vec::new(), Vec::new(), Vec::new(), None);
        Self { name, points, errors, band, labels, color, stroke: Some(stroke), width: 1.8, marker }
    }

    /// Points without a curve.
    pub fn points(points: Vec<(f64, f64)>, color: Color, marker: Marker) -> Self {
        Self { stroke: None, marker: Some(marker), ..Self::curve(points, color, Stroke::Solid) }
    }

    /// The series with an entry in the legend.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The series with a marker at each point.
    pub fn marked(self, marker: Marker) -> Self {
        Self { marker: Some(marker), ..self }
    }

    /// The series with another line width.
    pub fn wide(self, width: f64) -> Self {
        Self { width, ..self }
    }

    /// The series with error bars from y - error to y + error.
    pub fn with_errors(self, errors: Vec<f64>) -> Self {
        Self { errors, ..self }
    }

    /// The series with a shaded band, from the first to the second value at each point.
    pub fn with_band(self, band: Vec<(f64, f64)>) -> Self {
        Self { band, ..self }
    }

    /// The series with a short label near each point, where there is space.
    pub fn labelled(self, labels: Vec<String>) -> Self {
        Self { labels, ..self }
    }
}

/// A line across the whole chart, with a label.
#[derive(Clone, Debug)]
pub enum Rule {
    /// A vertical line at x.
    AtX(f64, String),
    /// A horizontal line at y.
    AtY(f64, String),
}

/// Curves and points over two axes.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// The title.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The curves and points; later ones are drawn over earlier ones.
    pub series: Vec<Series>,
    /// Shaded intervals of the horizontal axis, such as those without data.
    pub shaded: Vec<(f64, f64)>,
    /// Lines across the chart.
    pub rules: Vec<Rule>,
}

impl Chart {
    /// The size with a legend of at most one row.
    pub(super) const SIZE: (f64, f64) = (560.0, 400.0);
    /// The distance of the plot from the left side.
    pub(super) const LEFT: f64 = 78.0;

    /// The coordinates of all points, their errors and bands.
    pub(super) fn values(&self) -> Vec<f64> {
        let pairs = self.series.iter().flat_map(|s| s.points.iter().chain(&s.band));
        let errors = self.series.iter().flat_map(|s| s.errors.clone());
        pairs.flat_map(|p| [p.0, p.1]).chain(errors).collect()
    }

    pub(super) fn size(legend: usize) -> (f64, f64) {
        (Self::SIZE.0, Self::SIZE.1 + legend::ROW * legend.saturating_sub(1) as f64)
    }

    /// Whether there is a point that the axes can show.
    pub(super) fn has_data(&self) -> bool {
        let hidden = |axis: &Axis, at: f64| axis.logarithmic && at <= 0.0;
        self.series.iter().flat_map(|s| &s.points).any(|&(x, y)| !hidden(&self.x, x) && !hidden(&self.y, y))
    }

    /// Draws the chart. It leaves space for `legend` rows of a legend even if it has fewer.
    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect, legend: usize) {
        canvas.text(&self.title, area.left + 32.0, area.top + 18.0, style::title());
        let plot = Rect {
            left: area.left + Self::LEFT,
            top: area.top + head(legend),
            right: area.right - 20.0,
            bottom: area.bottom - 54.0,
        };
        let points = || self.series.iter().flat_map(|s| &s.points);
        let x = self.x.scale(points().map(|p| p.0), plot.left, plot.right);
        let with_errors = self.series.iter().flat_map(|s| {
            let error = |i: usize| s.errors.get(i).copied().unwrap_or(0.0);
            let ends = s.points.iter().enumerate().flat_map(move |(i, p)| [p.1 - error(i), p.1 + error(i)]);
            ends.chain(s.band.iter().flat_map(|band| [band.0, band.1]))
        });
        let y = self.y.scale(with_errors, plot.bottom, plot.top);

        for &(from, to) in &self.shaded {
            let [left, right] = [from, to].map(|at| x.at(at).clamp(plot.left, plot.right));
            fill(canvas, Rect { left, right, ..plot }, SHADE);
        }
        let mut drawn = Drawn::default();
        for rule in &self.rules {
            let (line, label, at, align) = match rule {
                Rule::AtX(at, label) => {
                    let at = x.at(*at);
                    ([(at, plot.top), (at, plot.bottom)], label, (at + 5.0, plot.top + 8.0), Align::Left)
                }
                Rule::AtY(at, label) => {
                    let at = y.at(*at);
                    ([(plot.left, at), (plot.right, at)], label, (plot.right, at - 9.0), Align::Right)
                }
            };
            // A line outside the axes, or at 0 of a logarithmic one, is not visible.
            if !contains(plot, line[0]) {
                continue;
            }
            faint_line(canvas, line[0], line[1]);
            canvas.text(label, at.0, at.1, style::text(align));
            drawn.curves.push(line.to_vec());
            drawn.texts.push(text_area(label, at, style::text(align)));
        }
        for series in &self.series {
            series.draw(canvas, plot, &x, &y);
        }
        self.draw_labels(canvas, plot, (&x, &y), drawn);
        draw_axes(canvas, plot, (&self.x, &x), Some((&self.y, &y)));
        Legend::of(&self.series).draw(canvas, plot, area.top);
    }

    /// Draws the labels of points where they cover little of what is already drawn.
    fn draw_labels(&self, canvas: &mut dyn Canvas, plot: Rect, (x, y): (&Scale, &Scale), mut drawn: Drawn) {
        let mut labels = Vec::new();
        for series in &self.series {
            let pixels = series.pixels(x, y);
            let visible = |at: &(f64, f64)| contains(plot, *at);
            if series.stroke.is_some() {
                drawn.curves.append(&mut visible_pieces(&pixels, plot));
            }
            if series.marker.is_some() {
                drawn.markers.extend(pixels.iter().copied().filter(visible));
            }
            let texts = pixels.into_iter().zip(&series.labels).filter(|(at, _)| visible(at));
            labels.extend(texts.map(|(at, text)| Label { at, text }));
        }
        draw_labels(canvas, plot, &labels, &drawn);
    }
}

impl Series {
    pub(super) fn legend(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn has_curve(&self) -> bool {
        self.stroke.is_some()
    }

    /// Draws a sample for the legend.
    pub(super) fn draw_sample(&self, canvas: &mut dyn Canvas, (from, to): (f64, f64), y: f64) {
        if let Some(stroke) = self.stroke {
            draw_stroke(canvas, &[(from, y), (to, y)], self.color, self.width, stroke);
        }
        if let Some(marker) = self.marker {
            draw_marker(canvas, (f64::midpoint(from, to), y), marker, self.color);
        }
    }

    fn pixels(&self, x: &Scale, y: &Scale) -> Vec<(f64, f64)> {
        self.points.iter().map(|p| (x.at(p.0), y.at(p.1))).collect()
    }

    fn draw(&self, canvas: &mut dyn Canvas, plot: Rect, x: &Scale, y: &Scale) {
        let pixels = self.pixels(x, y);
        let inside = |v: f64| y.at(v).clamp(plot.top, plot.bottom);
        let ends: Vec<_> =
            pixels.iter().zip(&self.band).map(|(p, b)| (p.0, inside(b.0), inside(b.1))).collect();
        let lower = ends.iter().map(|&(px, low, _)| (px, low));
        let upper = ends.iter().rev().map(|&(px, _, high)| (px, high));
        if !ends.is_empty() {
            canvas.polygon(&lower.chain(upper).collect::<Vec<_>>(), self.color, BAND);
        }
        for (i, (&(px, _), error)) in pixels.iter().zip(&self.errors).enumerate() {
            let ends = [-error, *error].map(|e| y.at(self.points[i].1 + e));
            canvas.line(&[(px, ends[0]), (px, ends[1])], self.color, 1.2);
            for end in ends {
                canvas.line(&[(px - 3.0, end), (px + 3.0, end)], self.color, 1.2);
            }
        }
        if let Some(stroke) = self.stroke {
            for piece in visible_pieces(&pixels, plot) {
                draw_stroke(canvas, &piece, self.color, self.width, stroke);
            }
        }
        if let Some(marker) = self.marker {
            for &at in pixels.iter().filter(|at| contains(plot, **at)) {
                draw_marker(canvas, at, marker, self.color);
            }
        }
    }
}

/// The opacity of a band.
const BAND: f64 = 0.2;

fn contains(plot: Rect, (x, y): (f64, f64)) -> bool {
    (plot.left - 1.0..=plot.right + 1.0).contains(&x) && (plot.top - 1.0..=plot.bottom + 1.0).contains(&y)
}

/// The parts of a line inside the area.
fn visible_pieces(points: &[(f64, f64)], area: Rect) -> Vec<Vec<(f64, f64)>> {
    let mut pieces: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut connected = false;
    for pair in points.windows(2) {
        let Some((from, to)) = clip(pair[0], pair[1], area) else {
            connected = false;
            continue;
        };
        match pieces.last_mut() {
            Some(piece) if connected => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
        connected = to == pair[1];
    }
    pieces
}

/// The part of a segment inside the area (Liang & Barsky 1984).
fn clip(a: (f64, f64), b: (f64, f64), area: Rect) -> Option<((f64, f64), (f64, f64))> {
    if ![a.0, a.1, b.0, b.1].iter().all(|c| c.is_finite()) {
        return None;
    }
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for (step, room) in
        [(-dx, a.0 - area.left), (dx, area.right - a.0), (-dy, a.1 - area.top), (dy, area.bottom - a.1)]
    {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enter = enter.max(room / step);
        } else {
            leave = leave.min(room / step);
        }
    }
    let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
    let end = if leave >= 1.0 { b } else { at(leave) };
    (enter <= leave).then(|| (if enter <= 0.0 { a } else { at(enter) }, end))
}

fn draw_stroke(canvas: &mut dyn Canvas, points: &[(f64, f64)], color: Color, width: f64, stroke: Stroke) {
    let (dash, gap) = match stroke {
        Stroke::Solid => return canvas.line(points, color, width),
        Stroke::Dashed => (6.0, 4.0),
        Stroke::Dotted => (1.5, 3.0),
    };
    // Walks along the line; the pen is down for `dash` and up for `gap`.
    let (mut down, mut left) = (true, dash);
    let mut piece = vec![points[0]];
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length < left {
                left -= length;
                piece.push(to);
                break;
            }
            let t = if length > 0.0 { left / length } else { 1.0 };
            from = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            piece.push(from);
            if down {
                canvas.line(&piece, color, width);
            }
            down = !down;
            left = if down { dash } else { gap };
            piece = vec![from];
        }
    }
    if down && piece.len() > 1 {
        canvas.line(&piece, color, width);
    }
}

/// Draws a marker with a thin white edge, so that overlapping markers can be told apart.
pub(super) fn draw_marker(canvas: &mut dyn Canvas, (x, y): (f64, f64), marker: Marker, color: Color) {
    const WHITE: Color = [255, 255, 255];
    let layers = [(4.2, WHITE), (3.2, color)];
    for (r, color) in layers {
        match marker {
            Marker::Circle => canvas.circle((x, y), r, color),
            Marker::Square => {
                let r = 0.9 * r;
                fill(canvas, Rect { left: x - r, top: y - r, right: x + r, bottom: y + r }, color);
            }
            Marker::Triangle => {
                let (w, up, down) = (1.1 * r, 1.2 * r, 0.8 * r);
                canvas.polygon(&[(x - w, y + down), (x + w, y + down), (x, y - up)], color, 1.0);
            }
            Marker::Diamond => {
                let r = 1.2 * r;
                canvas.polygon(&[(x - r, y), (x, y - r), (x + r, y), (x, y + r)], color, 1.0);
            }
        }
    }
}
