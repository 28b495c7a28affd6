//! The one look: colours, widths, and sizes of type.

/// A colour, red, green and blue from 0 to 255.
pub type Color = [u8; 3];

/// The ink of axes and text.
pub(super) const INK: Color = [51, 51, 51];
/// Lines that stay in the background.
pub(super) const FAINT: Color = [190, 190, 190];
/// The shade of a region without data.
pub(super) const SHADE: Color = [242, 242, 242];

/// Colours in a fixed order that colour-blind readers can tell apart (Okabe & Ito 2008), without the
/// yellow, which is too light for lines on white.
const PALETTE: [Color; 7] =
    [[0, 114, 178], [213, 94, 0], [0, 158, 115], [204, 121, 167], [86, 180, 233], [230, 159, 0], [0, 0, 0]];

/// The colour for the i-th thing; after seven they repeat.
pub fn palette(i: usize) -> Color {
    PALETTE[i % PALETTE.len()]
}

/// Colours of a perceptual sequence from dark blue to yellow-green, for things that have an order:
/// position `t` from 0 to 1 (points of viridis, van der Walt & Smith 2015).
pub fn sequence(t: f64) -> Color {
    const POINTS: [Color; 5] = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [190, 215, 50]];
    interpolate(&POINTS, t)
}

/// Blue over white to orange, for things that have a middle: position `t` from 0 to 1, white at one
/// half, such as the probability of one of two classes, or 0.5 + 0.5 w / max |w| for a weight w.
pub fn diverging(t: f64) -> Color {
    const POINTS: [Color; 5] =
        [[92, 156, 204], [178, 208, 230], [250, 250, 250], [246, 205, 168], [232, 145, 80]];
    interpolate(&POINTS, t)
}

/// A shade of grey from black at 0 to white at 1.
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

/// Which way a text runs from its position.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Align {
    Left,
    Center,
    Right,
}

/// How a text looks. Its position is at half the height of its line.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    pub size: f64,
    pub bold: bool,
    pub align: Align,
    pub upright: bool,
    pub color: Color,
}

const TEXT: TextStyle = TextStyle { size: 14.0, bold: false, align: Align::Left, upright: false, color: INK };

pub(super) fn title() -> TextStyle {
    TextStyle { size: 15.5, bold: true, ..TEXT }
}

pub(super) fn text(align: Align) -> TextStyle {
    TextStyle { align, ..TEXT }
}

/// Text of details, such as the numbers in a table.
pub(super) fn small(align: Align) -> TextStyle {
    TextStyle { size: 12.5, align, ..TEXT }
}

/// Text that reads upwards, for the vertical axis.
pub(super) fn upright() -> TextStyle {
    TextStyle { align: Align::Center, upright: true, ..TEXT }
}
