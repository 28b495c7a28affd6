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

    /// The label, which says if the axis is logarithmic.
    fn text(&self) -> String {
        if self.logarithmic { format!("{} (log scale)", self.label) } else { self.label.clone() }
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

    /// The coordinates and labels of the ticks, which are at round numbers. A logarithmic axis has
    /// ticks at powers of ten, or if these are fewer than three, at multiples of them.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let sets: [&[u8]; 3] = [&[1], &[1, 2, 5], &[1, 2, 3, 5, 7]];
        let sets = sets.iter().filter(|_| self.logarithmic);
        let Some(ticks) = sets.map(|set| self.multiples(set)).find(|ticks| ticks.len() >= 3) else {
            let (low, high) = self.ends();
            let values = round_numbers(low, high, 6);
            let labels = labels(&values);
            return values.into_iter().map(|v| self.at(v)).zip(labels).collect();
        };
        // Either all labels are written with powers or none is.
        let plain = ticks.iter().all(|(_, power)| (-3..=3).contains(power));
        let written = |m: u8, power: i32| match m {
            _ if plain => label(f64::from(m) * exp10(power)),
            1 => power_label(power),
            _ => format!("{m}·{}", power_label(power)),
        };
        let every = if ticks.iter().all(|tick| tick.0 == 1) { ticks.len().div_ceil(MAX_DECADES) } else { 1 };
        let shown = ticks.into_iter().step_by(every);
        shown.map(|(m, power)| (self.at(f64::from(m) * exp10(power)), written(m, power))).collect()
    }

    /// The coordinates of minor ticks of a logarithmic axis, if there is space for them.
    pub fn minor_ticks(&self) -> Vec<f64> {
        if !self.logarithmic || self.multiples(&[1]).len() > MAX_DECADES {
            return Vec::new();
        }
        let multiples = self.multiples(&[2, 3, 4, 5, 6, 7, 8, 9]);
        if multiples.len() >= 3 {
            return multiples.into_iter().map(|(m, power)| self.at(f64::from(m) * exp10(power))).collect();
        }
        let (low, high) = self.ends();
        round_numbers(low, high, 25).into_iter().map(|v| self.at(v)).collect()
    }

    /// The values at both ends.
    fn ends(&self) -> (f64, f64) {
        let value = |end| if self.logarithmic { libm::exp10(end) } else { end };
        (value(self.low), value(self.high))
    }

    /// The given multiples of powers of ten, and these powers, that are on a logarithmic axis, in
    /// order.
    fn multiples(&self, multiples: &[u8]) -> Vec<(u8, i32)> {
        let powers = self.low.floor() as i32..=self.high.floor() as i32;
        let all = powers.flat_map(|power| multiples.iter().map(move |&m| (m, power)));
        let slack = 1e-9 * (self.high - self.low);
        let range = self.low - slack..=self.high + slack;
        all.filter(|&(m, power)| range.contains(&(libm::log10(f64::from(m)) + f64::from(power)))).collect()
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
    canvas.text(&x.0.text(), middle, area.bottom + gap + 33.0, style::text(Align::Center));

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
    canvas.text(&axis.text(), x, f64::midpoint(area.top, area.bottom), style::vertical());
}

/// Draws a thin line in the background.
pub(super) fn faint_line(canvas: &mut dyn Canvas, from: (f64, f64), to: (f64, f64)) {
    canvas.line(&[from, to], FAINT, 1.0);
}
