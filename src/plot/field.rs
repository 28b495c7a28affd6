//! A function over the plane, with its level curve and points.

use super::canvas::{Canvas, Rect};
use super::chart::{Marker, Series, draw_marker};
use super::contour::contours;
use super::legend::Legend;
use super::scale::{Axis, draw_axes};
use super::style::{self, Align, Color, INK, diverging};

/// Points of one class.
#[derive(Clone, Debug)]
pub struct PointSet {
    /// The name in the legend.
    pub name: String,
    /// The coordinates.
    pub points: Vec<(f64, f64)>,
    /// Their colour.
    pub color: Color,
    /// Their shape.
    pub marker: Marker,
}

/// A probability over a square of the plane, as shades from blue (0) over white (1/2) to orange
/// (1), with the curve on which it is 1/2, and points.
#[derive(Clone, Debug)]
pub struct Field {
    /// The title.
    pub title: String,
    /// The labels of the axes.
    pub labels: [String; 2],
    /// The square, from -extent to extent in both directions.
    pub extent: f64,
    /// The values on a square grid: rows from bottom to top, each from left to right.
    pub values: Vec<f64>,
    /// The label of the values.
    pub value_label: String,
    /// The points, by class.
    pub points: Vec<PointSet>,
}

impl Field {
    pub(super) const SIZE: (f64, f64) = (560.0, 530.0);

    fn side(&self) -> usize {
        self.values.len().isqrt()
    }

    pub(super) fn has_data(&self) -> bool {
        let side = self.side();
        side >= 2 && side * side == self.values.len()
    }

    /// The value at grid coordinates, with bilinear interpolation.
    fn at(&self, x: f64, y: f64) -> f64 {
        let side = self.side();
        let cell = |c: f64| {
            let c = c.clamp(0.0, (side - 1) as f64);
            let i = (c as usize).min(side - 2);
            (i, c - i as f64)
        };
        let ((i, s), (j, t)) = (cell(x), cell(y));
        let row = |j: usize| self.values[j * side + i] * (1.0 - s) + self.values[j * side + i + 1] * s;
        row(j) * (1.0 - t) + row(j + 1) * t
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect) {
        canvas.text(&self.title, area.left + 32.0, area.top + 18.0, style::title());
        // A square of 400 points.
        let (left, top) = (area.left + 74.0, area.top + 68.0);
        let plot = Rect { left, top, right: left + 400.0, bottom: top + 400.0 };
        let last = (self.side() - 1) as f64;
        canvas.picture(plot, &|u, v| diverging(self.at(u * last, (1.0 - v) * last)));

        let axis = |label: &str| Axis::new(label).from_to(-self.extent, self.extent);
        let (x_axis, y_axis) = (axis(&self.labels[0]), axis(&self.labels[1]));
        let x = x_axis.scale(std::iter::empty(), plot.left, plot.right);
        let y = y_axis.scale(std::iter::empty(), plot.bottom, plot.top);
        for curve in contours(&self.values, self.side(), 0.5) {
            let pixels: Vec<(f64, f64)> = curve
                .iter()
                .map(|p| (plot.left + p.0 / last * 400.0, plot.bottom - p.1 / last * 400.0))
                .collect();
            canvas.line(&pixels, INK, 1.4);
        }
        for set in &self.points {
            for &(px, py) in &set.points {
                draw_marker(canvas, (x.at(px), y.at(py)), set.marker, set.color);
            }
        }
        draw_axes(canvas, plot, (&x_axis, &x), Some((&y_axis, &y)));
        let mut legend: Vec<Series> = self
            .points
            .iter()
            .map(|set| Series::points(Vec::new(), set.color, set.marker).named(set.name.clone()))
            .collect();
        legend.push(
            Series::curve(Vec::new(), INK, super::Stroke::Solid)
                .wide(1.4)
                .named(format!("{} = 0.5", self.value_label)),
        );
        Legend::of(&legend).draw(canvas, plot, area.top);
        self.draw_bar(canvas, plot);
    }

    /// Draws the scale of colours with its values.
    fn draw_bar(&self, canvas: &mut dyn Canvas, plot: Rect) {
        let bar = Rect { left: plot.right + 14.0, right: plot.right + 26.0, ..plot };
        canvas.picture(bar, &|_, v| diverging(1.0 - v));
        for value in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let y = bar.bottom - value * (bar.bottom - bar.top);
            canvas.line(&[(bar.right, y), (bar.right + 4.0, y)], INK, 1.0);
            canvas.text(&super::scale::label(value), bar.right + 8.0, y, style::text(Align::Left));
        }
        canvas.text(&self.value_label, bar.right + 8.0, bar.top - 18.0, style::text(Align::Center));
    }
}
