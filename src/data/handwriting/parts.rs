//! Connected components of ink.

use super::plane::Plane;

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

/// A connected component of pixels; neighbours include diagonal ones.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub extent: Extent,
    /// The number of pixels.
    pub area: usize,
    /// The sum of the pixels' values.
    pub mass: f64,
    /// Whether it touches the left, top, right and bottom side of the picture.
    pub sides: [bool; 4],
    /// Its number in the plane that holds the part of each pixel.
    pub number: u32,
}

/// The connected components of pixels above a threshold, largest mass first, and for each pixel the
/// number of its part, or 0.
pub(super) fn parts(plane: &Plane, threshold: f32) -> (Vec<Part>, Vec<u32>) {
    let (width, height) = (plane.width, plane.height);
    let mut numbers = vec![0_u32; width * height];
    let mut parts: Vec<Part> = Vec::new();
    let mut waiting = Vec::new();
    for start in 0..width * height {
        if plane.values[start] <= threshold || numbers[start] > 0 {
            continue;
        }
        let number = parts.len() as u32 + 1;
        let (x, y) = (start % width, start / width);
        let mut extent = Extent { left: x, top: y, right: x + 1, bottom: y + 1 };
        let (mut area, mut mass) = (0, 0.0);
        numbers[start] = number;
        waiting.push(start);
        while let Some(pixel) = waiting.pop() {
            let (x, y) = (pixel % width, pixel / width);
            (area, mass) = (area + 1, mass + f64::from(plane.values[pixel]));
            extent = extent.with(&Extent { left: x, top: y, right: x + 1, bottom: y + 1 });
            for j in y.saturating_sub(1)..(y + 2).min(height) {
                for i in x.saturating_sub(1)..(x + 2).min(width) {
                    let next = j * width + i;
                    if plane.values[next] > threshold && numbers[next] == 0 {
                        numbers[next] = number;
                        waiting.push(next);
                    }
                }
            }
        }
        let sides = [extent.left == 0, extent.top == 0, extent.right == width, extent.bottom == height];
        parts.push(Part { extent, area, mass, sides, number });
    }
    parts.sort_by(|a, b| b.mass.total_cmp(&a.mass));
    (parts, numbers)
}

impl Part {
    pub fn is_inside(&self) -> bool {
        self.sides == [false; 4]
    }
}
