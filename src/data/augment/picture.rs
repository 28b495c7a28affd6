//! A picture and its geometric changes: flips, shifts and cut-outs.

use std::ops::Range;

/// A picture `[row, column, channel]`, to be changed in place.
#[derive(Debug, PartialEq)]
pub struct Picture<'a> {
    pub(super) pixels: &'a mut [f32],
    size: [usize; 2],
    pub(super) channels: usize,
}

/// The values beyond the border of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// The picture, reflected at the centres of its outermost pixels, which are not repeated.
    Reflect,
    /// Zeros.
    Zero,
}

impl Border {
    /// The index within a line of `length` pixels whose value is used at index `i`; `None` for
    /// zero.
    fn source(self, i: isize, length: usize) -> Option<usize> {
        match self {
            Self::Reflect => {
                let period = (2 * (length as isize - 1)).max(1);
                let i = i.rem_euclid(period);
                Some(i.min(period - i) as usize)
            }
            Self::Zero => usize::try_from(i).ok().filter(|&i| i < length),
        }
    }
}

impl<'a> Picture<'a> {
    /// A picture of `size` rows and columns.
    ///
    /// # Panics
    /// Unless `pixels` has exactly one value for each channel of each pixel, and at least one.
    #[track_caller]
    pub fn new(pixels: &'a mut [f32], size: [usize; 2], channels: usize) -> Self {
        let expected = size[0] * size[1] * channels;
        let found = pixels.len();
        assert!(
            found == expected && found > 0,
            "{found} values are not a picture [{}, {}, {channels}]",
            size[0],
            size[1]
        );
        Self { pixels, size, channels }
    }

    /// The numbers of rows and columns.
    pub fn size(&self) -> [usize; 2] {
        self.size
    }

    /// Flips the picture horizontally.
    pub fn flip(&mut self) {
        let channels = self.channels;
        for row in self.pixels.chunks_exact_mut(self.size[1] * channels) {
            row.reverse();
            row.chunks_exact_mut(channels).for_each(<[f32]>::reverse);
        }
    }

    /// Shifts the picture by `down` rows and `across` columns; negative values shift towards the
    /// upper left.
    pub fn translate(&mut self, [down, across]: [isize; 2], border: Border) {
        let ([height, width], channels) = (self.size, self.channels);
        let before = self.pixels.to_vec();
        let clip = |x: isize| x.clamp(0, width as isize) as usize;
        // The target columns whose source lies inside the picture, and the source of the first of
        // them.
        let inside = clip(across)..clip(across + width as isize);
        let from = clip(-across);
        for (y, row) in self.pixels.chunks_exact_mut(width * channels).enumerate() {
            let Some(source) = border.source(y as isize - down, height) else {
                row.fill(0.0);
                continue;
            };
            let source = &before[source * width * channels..][..width * channels];
            row[inside.start * channels..inside.end * channels]
                .copy_from_slice(&source[from * channels..][..inside.len() * channels]);
            for x in (0..inside.start).chain(inside.end..width) {
                let pixel = &mut row[x * channels..][..channels];
                match border.source(x as isize - across, width) {
                    Some(x) => pixel.copy_from_slice(&source[x * channels..][..channels]),
                    None => pixel.fill(0.0),
                }
            }
        }
    }

    /// Sets the part of a square that lies inside the picture to 0.
    pub fn cut_out(&mut self, centre: [usize; 2], side: usize) {
        let [rows, columns] = clipped_box(centre, [side; 2], self.size);
        for y in rows {
            let row = &mut self.pixels[y * self.size[1] * self.channels..];
            row[columns.start * self.channels..columns.end * self.channels].fill(0.0);
        }
    }
}

/// The rows and columns of a box around `centre`, clipped to a picture of `size`.
pub(super) fn clipped_box(centre: [usize; 2], extent: [usize; 2], size: [usize; 2]) -> [Range<usize>; 2] {
    std::array::from_fn(|axis| {
        let before = extent[axis] / 2;
        let end = centre[axis] + (extent[axis] - before);
        centre[axis].saturating_sub(before)..end.min(size[axis])
    })
}
