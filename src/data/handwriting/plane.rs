//! Grey pictures with real values.

use image::RgbImage;

/// A rectangle of pixels; right and bottom are exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub left: usize,
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
}

impl Extent {
    pub fn width(&self) -> usize {
        self.right - self.left
    }

    pub fn height(&self) -> usize {
        self.bottom - self.top
    }

    pub fn longer(&self) -> usize {
        self.width().max(self.height())
    }

    /// The smallest rectangle that contains both.
    pub fn with(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The rectangle with a margin of this share of its longer side, clipped to the picture.
    pub fn grown(&self, share: f64, plane: &Plane) -> Self {
        let margin = (share * self.longer() as f64).ceil() as usize;
        Self {
            left: self.left.saturating_sub(margin),
            top: self.top.saturating_sub(margin),
            right: (self.right + margin).min(plane.width),
            bottom: (self.bottom + margin).min(plane.height),
        }
    }

    /// Whether this rectangle contains the other one.
    pub fn contains(&self, other: &Self) -> bool {
        self.with(other) == *self
    }

    /// The horizontal and vertical gaps between the rectangles; 0 where they overlap.
    pub fn gaps(&self, other: &Self) -> [usize; 2] {
        let gap = |a: [usize; 2], b: [usize; 2]| a[0].max(b[0]).saturating_sub(a[1].min(b[1]));
        [
            gap([self.left, self.right], [other.left, other.right]),
            gap([self.top, self.bottom], [other.top, other.bottom]),
        ]
    }
}

/// A grey picture, row by row.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Plane {
    /// The luminance of a picture, from 0 to 1 (weights of ITU-R BT.709).
    pub fn luminance(picture: &RgbImage) -> Self {
        let luminance = |p: [u8; 3]| {
            let [r, g, b] = p.map(f32::from);
            (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255.0
        };
        Self {
            width: picture.width() as usize,
            height: picture.height() as usize,
            values: picture.pixels().map(|p| luminance(p.0)).collect(),
        }
    }

    /// Applies a function to each value.
    pub fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        Self { values: self.values.iter().map(|&v| f(v)).collect(), ..*self }
    }

    /// Applies a function to each value and the other plane's value at the same pixel.
    pub fn zip(&self, other: &Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let values = self.values.iter().zip(&other.values).map(|(&a, &b)| f(a, b)).collect();
        Self { values, ..*self }
    }

    /// The transposed picture.
    fn transposed(&self) -> Self {
        let mut values = vec![0.0; self.values.len()];
        for (y, row) in self.values.chunks_exact(self.width).enumerate() {
            for (x, &v) in row.iter().enumerate() {
                values[x * self.height + y] = v;
            }
        }
        Self { width: self.height, height: self.width, values }
    }

    /// Applies a function to every row, then to every column. It may change their length.
    fn along_both(&self, f: impl Fn(&[f32], &mut Vec<f32>)) -> Self {
        let once = |plane: &Self| {
            let mut values = Vec::with_capacity(plane.values.len());
            plane.values.chunks_exact(plane.width).for_each(|row| f(row, &mut values));
            Self { width: values.len() / plane.height, height: plane.height, values }.transposed()
        };
        once(&once(self))
    }

    /// Weighted means of 3 x 3 pixels (weights 1, 2, 1 along each axis), which remove most of the
    /// noise.
    pub fn smoothed(&self) -> Self {
        self.along_both(|row, out| {
            let at = |i: usize| row[i.min(row.len() - 1)];
            out.extend(
                (0..row.len()).map(|i| 0.25 * at(i.saturating_sub(1)) + 0.5 * at(i) + 0.25 * at(i + 1)),
            );
        })
    }

    /// The shade of the paper, by morphological closing (Serra 1982) with a square of 2 `radius` +
    /// 1 pixels: each value becomes the smallest, over all such squares that contain it, of the
    /// square's largest value. Dark regions that are too narrow for such a square take the shade of
    /// their surroundings; larger regions, their straight edges, and gradients of light are
    /// unchanged. A square may extend across the picture's border, so dark strips along the border
    /// are unchanged too.
    pub fn closed(&self, radius: usize) -> Self {
        let largest =
            self.along_both(|row, out| extremes(row, radius, f32::max, f32::NEG_INFINITY, true, out));
        largest.along_both(|row, out| extremes(row, radius, f32::min, f32::INFINITY, false, out))
    }

    /// The largest value in the square of 2 `radius` + 1 pixels around each pixel.
    pub fn dilated(&self, radius: usize) -> Self {
        let padded =
            self.along_both(|row, out| extremes(row, radius, f32::max, f32::NEG_INFINITY, true, out));
        let inside =
            Extent { left: radius, top: radius, right: radius + self.width, bottom: radius + self.height };
        padded.cropped(&inside)
    }

    /// The total variation: the sum of the absolute differences between neighbours.
    pub fn variation(&self) -> f32 {
        let along = |plane: &Self| -> f32 {
            plane
                .values
                .chunks_exact(plane.width)
                .flat_map(|row| row.windows(2).map(|w| (w[0] - w[1]).abs()))
                .sum()
        };
        along(self) + along(&self.transposed())
    }

    /// The pixels of a rectangle.
    pub fn cropped(&self, part: &Extent) -> Self {
        let (width, height) = (part.width(), part.height());
        let rows = (part.top..part.bottom).flat_map(|y| &self.values[y * self.width + part.left..][..width]);
        Self { width, height, values: rows.copied().collect() }
    }
}

/// The extreme value of each window of 2 `radius` + 1 values, in time independent of the radius
/// (van Herk 1992). If `grows`, of all windows that overlap the row, otherwise of all windows
/// inside it.
fn extremes(
    row: &[f32],
    radius: usize,
    pick: fn(f32, f32) -> f32,
    neutral: f32,
    grows: bool,
    out: &mut Vec<f32>,
) {
    let window = 2 * radius + 1;
    let padding = if grows { 2 * radius } else { 0 };
    let length = row.len() + 2 * padding;
    let count = length + 1 - window;
    let blocks = length.div_ceil(window) * window;
    let at = |i: usize| if i < padding { neutral } else { row.get(i - padding).copied().unwrap_or(neutral) };
    let mut after: Vec<f32> = (0..blocks).map(at).collect();
    let mut before = after.clone();
    for block in after.chunks_exact_mut(window) {
        (0..window - 1).rev().for_each(|i| block[i] = pick(block[i], block[i + 1]));
    }
    for block in before.chunks_exact_mut(window) {
        (1..window).for_each(|i| block[i] = pick(block[i], block[i - 1]));
    }
    out.extend((0..count).map(|i| pick(after[i], before[i + window - 1])));
}
