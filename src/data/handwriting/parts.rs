//! Connected components of ink.

use super::plane::{Extent, Plane};

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
