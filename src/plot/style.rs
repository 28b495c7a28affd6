//! The common style: colours and text.

/// A colour: red, green and blue from 0 to 255.
pub type Color = [u8; 3];

/// The colour of axes and text.
pub(super) const INK: Color = [51, 51, 51];
/// The colour of lines in the background.
pub(super) const FAINT: Color = [190, 190, 190];
/// The colour of regions without data.
pub(super) const SHADE: Color = [242, 242, 242];

/// Colours in a fixed order that colour-blind readers can tell apart (Okabe & Ito 2008). The
/// palette's yellow is left out because it is too light for lines on white.
const PALETTE: [Color; 7] =
    [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [230, 159, 0], [0, 0, 0]];

/// The i-th colour of the palette; after seven colours it repeats.
pub fn palette(i: usize) -> Color {
    PALETTE[i % PALETTE.len()]
}

/// A perceptually uniform colour scale from dark blue to yellow-green, for ordered data; `t` is
/// from 0 to 1 (points of viridis, van der Walt & Smith 2015).
pub fn sequence(t: f64) -> Color {
    const POINTS: [Color; 5] = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [190, 215, 50]];
    interpolate(&POINTS, t)
}

/// A diverging colour scale from blue over white to orange, for data with a midpoint. `t` is from 0
/// to 1, and 1/2 is white: for example the probability of one of two classes, or 0.5 + 0.5 w / max
/// |w| for a weight w.
pub fn diverging(t: f64) -> Color {
    const POINTS: [Color; 5] =
        [[92, 156, 204], [178, 208, 230], [250, 250, 250], [246, 205, 168], [232, 145, 80]];
    interpolate(&POINTS, t)
}

/// A shade of grey from black (0) to white (1).
pub fn gray(v: f64) -> Color {
    [(v.clamp(0.0, 1.0) * 255.0).round() as u8; 3]
}

pub(super) fn interpolate(points: &[Color], t: f64) -> Color {
    let t = t.clamp(0.0, 1.0) * (points.len() - 1) as f64;
    let i = (t as usize).min(points.len() - 2);
    let share = t - i as f64;
    std::array::from_fn(|k| {
        (f64::from(points[i][k]) * (1.0 - share) + f64::from(points[i + 1][k]) * share).round() as u8
    })
}

/// The horizontal alignment of a text at its position.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// The style of a text. Its position is vertically in the middle of its line.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    pub size: f64,
    pub bold: bool,
    pub align: Align,
    pub vertical: bool,
    pub color: Color,
}

const TEXT: TextStyle =
    TextStyle { size: 14.0, bold: false, align: Align::Left, vertical: false, color: INK };

pub(super) fn title() -> TextStyle {
    TextStyle { size: 15.5, bold: true, ..TEXT }
}

pub(super) fn text(align: Align) -> TextStyle {
    TextStyle { align, ..TEXT }
}

/// Small text for details, such as the values in a table.
pub(super) fn small(align: Align) -> TextStyle {
    TextStyle { size: 12.5, align, ..TEXT }
}

/// Text that is turned to read upwards, for the vertical axis.
pub(super) fn vertical() -> TextStyle {
    TextStyle { align: Align::Center, vertical: true, ..TEXT }
}
