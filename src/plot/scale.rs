//! Axes: ranges, ticks at round numbers, and drawing.

use super::canvas::{Canvas, Rect, text_width};
use super::style::{self, Align, FAINT, INK};

/// One axis of a chart.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// The quantity and its unit.
    pub label: String,
    /// The lower and upper end; if `None`, the range of the data with a margin.
    pub range: Option<(f64, f64)>,
    /// Whether the axis is logarithmic.
    pub logarithmic: bool,
}

impl Axis {
    /// A linear axis over the range of the data.
    pub fn new(label: &str) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// The axis with a range from `low` to `high`.
    pub fn from_to(self, low: f64, high: f64) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    /// The axis with a logarithmic scale. Values that are not positive are not drawn.
    pub fn logarithmic(self) -> Self {
        Self { logarithmic: true, ..self }
    }

    /// The value, or its logarithm on a logarithmic axis.
    fn project(&self, value: f64) -> f64 {
        if self.logarithmic { libm::log10(value) } else { value }
    }

    /// The scale from coordinate `start` to coordinate `end`, for the given data.
    pub(super) fn scale(&self, data: impl Iterator<Item = f64>, start: f64, end: f64) -> Scale {
        let (low, high) = self.range.map_or_else(
            || {
                let data = data.map(|value| self.project(value)).filter(|value| value.is_finite());
                let (low, high) = data.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(value), high.max(value))
                });
                let margin = if high > low { 0.04 * (high - low) } else { 0.5 };
                (low - margin, high + margin)
            },
            |(low, high)| (self.project(low), self.project(high)),
        );
        Scale { low, high, start, end, logarithmic: self.logarithmic }
    }
}

/// A map from a range of values to a range of coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    logarithmic: bool,
}

impl Scale {
    /// The coordinate of a value.
    pub fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic { libm::log10(value) } else { value };
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// The coordinates and labels of the ticks, which are at round numbers.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let (low, high) = if self.logarithmic {
            let decades = self.decades();
            if decades.len() >= 2 {
                let every = decades.len().div_ceil(MAX_DECADES);
                // Either all labels are written as powers or none is.
                let plain = decades.iter().all(|power| (-3..=3).contains(power));
                let label = |power| if plain { label(exp10(power)) } else { power_label(power) };
                return decades.into_iter().step_by(every).map(|p| (self.at(exp10(p)), label(p))).collect();
            }
            let halves = self.multiples(&[1, 2, 5]);
            if halves.len() >= 3 {
                let labels = labels(&halves);
                return halves.into_iter().map(|v| self.at(v)).zip(labels).collect();
            }
            (libm::exp10(self.low), libm::exp10(self.high))
        } else {
            (self.low, self.high)
        };
        let values = round_numbers(low, high, if self.logarithmic { 5 } else { 6 });
        let labels = labels(&values);
        values.into_iter().map(|v| self.at(v)).zip(labels).collect()
    }

    /// The coordinates of minor ticks between the powers of ten of a logarithmic axis, if there is
    /// space for them.
    pub fn minor_ticks(&self) -> Vec<f64> {
        let decades = if self.logarithmic { self.decades() } else { Vec::new() };
        if !(2..=MAX_DECADES).contains(&decades.len()) {
            return Vec::new();
        }
        self.multiples(&[2, 3, 4, 5, 6, 7, 8, 9]).into_iter().map(|v| self.at(v)).collect()
    }

    /// The given multiples of powers of ten on a logarithmic axis, in order.
    fn multiples(&self, multiples: &[u8]) -> Vec<f64> {
        let powers = self.low.floor() as i32..=self.high.floor() as i32;
        let values = powers.flat_map(|p| multiples.iter().map(move |&m| f64::from(m) * exp10(p)));
        values.filter(|v| (self.low..=self.high).contains(&libm::log10(*v))).collect()
    }

    fn decades(&self) -> Vec<i32> {
        (self.low.ceil() as i32..=self.high.floor() as i32).collect()
    }
}

/// The most powers of ten that are labelled on an axis.
const MAX_DECADES: usize = 8;

fn exp10(power: i32) -> f64 {
    libm::exp10(f64::from(power))
}

/// About `count` numbers at most between `low` and `high`: all multiples of 1, 2 or 5 times a power
/// of ten.
pub(super) fn round_numbers(low: f64, high: f64, count: usize) -> Vec<f64> {
    let rough = (high - low) / count as f64;
    if !(rough > 0.0 && rough.is_finite()) {
        return Vec::new();
    }
    let power = libm::exp10(libm::log10(rough).floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let slack = 1e-9 * (high - low);
    let (first, last) = (((low - slack) / step).ceil() as i64, ((high + slack) / step).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

/// A number with as few digits as necessary and a true minus sign.
pub(super) fn label(value: f64) -> String {
    let fixed = format!("{:.6}", value.abs());
    let digits = fixed.trim_end_matches('0').trim_end_matches('.');
    let minus = if value < 0.0 && digits != "0" { "−" } else { "" };
    // A thin space between thousands.
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut grouped = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && whole.len() > 4 && (whole.len() - i).is_multiple_of(3) {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    format!("{minus}{grouped}{fraction}")
}

/// The numbers, all with the same number of decimals: that of the number that needs most.
pub(super) fn labels(values: &[f64]) -> Vec<String> {
    let mut labels: Vec<String> = values.iter().map(|value| label(*value)).collect();
    let decimals = |label: &String| label.find('.').map_or(0, |point| label.len() - point - 1);
    let most = labels.iter().map(decimals).max().unwrap_or(0);
    for label in &mut labels {
        let missing = most - decimals(label);
        if missing > 0 {
            *label += if missing == most { "." } else { "" };
            *label += &"0".repeat(missing);
        }
    }
    labels
}

fn power_label(power: i32) -> String {
    let superscript = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        other => char::from_u32('⁰' as u32 + other as u32 - '0' as u32).unwrap_or(other),
    };
    format!("10{}", power.to_string().chars().map(superscript).collect::<String>())
}

/// Draws the axes at the left and the bottom of the area, with ticks and labels.
pub(super) fn draw_axes(canvas: &mut dyn Canvas, area: Rect, x: (&Axis, &Scale), y: Option<(&Axis, &Scale)>) {
    let gap = 6.0;
    canvas.line(&[(area.left, area.bottom + gap), (area.right, area.bottom + gap)], INK, 1.0);
    for (at, label) in x.1.ticks() {
        canvas.line(&[(at, area.bottom + gap), (at, area.bottom + gap + 5.0)], INK, 1.0);
        canvas.text(&label, at, area.bottom + gap + 14.0, style::text(Align::Center));
    }
    for at in x.1.minor_ticks() {
        canvas.line(&[(at, area.bottom + gap), (at, area.bottom + gap + 3.0)], INK, 0.75);
    }
    let middle = f64::midpoint(area.left, area.right);
    canvas.text(&x.0.label, middle, area.bottom + gap + 33.0, style::text(Align::Center));

    let Some((axis, scale)) = y else { return };
    canvas.line(&[(area.left - gap, area.top), (area.left - gap, area.bottom)], INK, 1.0);
    let mut widest = 0.0_f64;
    for (at, label) in scale.ticks() {
        canvas.line(&[(area.left - gap - 5.0, at), (area.left - gap, at)], INK, 1.0);
        canvas.text(&label, area.left - gap - 9.0, at, style::text(Align::Right));
        widest = widest.max(text_width(&label, style::text(Align::Right)));
    }
    for at in scale.minor_ticks() {
        canvas.line(&[(area.left - gap - 3.0, at), (area.left - gap, at)], INK, 0.75);
    }
    let x = area.left - gap - 22.0 - widest;
    canvas.text(&axis.label, x, f64::midpoint(area.top, area.bottom), style::vertical());
}

/// Draws a thin line in the background.
pub(super) fn faint_line(canvas: &mut dyn Canvas, from: (f64, f64), to: (f64, f64)) {
    canvas.line(&[from, to], FAINT, 1.0);
}
