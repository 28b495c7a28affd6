//! Finding the pixels of a digit's ink.

use super::parts::{Part, parts};
use super::plane::{Extent, Plane};

/// The radius within which the shade of the paper is estimated, as a share of the mean of the
/// picture's height and width. Strokes must be narrower than twice this.
const REACH: f64 = 0.16;
/// The least contrast between ink and paper, in standard deviations of the noise and absolutely.
const DEVIATIONS: f32 = 6.0;
const LEAST_CONTRAST: f32 = 0.012;
/// The shade of the paper is at least this share of the lightest paper's, so that noise in black
/// regions does not count as ink.
const DARKEST: f32 = 0.15;
/// The least contrast of ink, as a share of the contrast of the darkest ink.
const SHARE: f32 = 0.45;
/// The least height and width of pictures that are smoothed.
const SMOOTHED: usize = 100;
/// The least mass of a separate stroke of a digit, as a share of the mass of its largest part.
const STROKE: f64 = 0.03;
/// The least mass and height of a second digit, as shares of the first digit's.
const SECOND: f64 = 0.25;
const SECOND_HEIGHT: f64 = 0.55;
/// The least mass of a digit, as a share of all ink.
const MAIN: f64 = 0.5;

/// The least mass of the largest part that does not touch the border, as a share of the largest
/// part's. With less, the digit counts as cut off by the border.
const INNER: f64 = 0.2;

/// The least size of a digit, as a share of the mean of the picture's height and width. Smaller ink
/// counts as specks.
const LEAST: f64 = 0.06;
/// Limits of a digit's shape: the least area of a hole as a share of the digit's rectangle, the
/// most holes, and the greatest length of strokes, in longer sides of the digit. In MNIST's
/// training set 1 digit in 1,000 has strokes longer than 3.6 times its height, and 1 in 1,000 has
/// three holes.
const HOLE: f64 = 0.003;
const MOST_HOLES: usize = 3;
const LONGEST: f64 = 4.0;
/// The greatest width of a stroke as a share of the digit's longer side. Thicker ink counts as a
/// blot.
const BOLDEST: f64 = 0.42;

/// Why no digit was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No ink differs enough from the paper.
    Blank,
    /// There is more than one digit.
    Several,
    /// The ink does not have the shape of a digit.
    Shapeless,
}

/// The ink of a digit.
pub(super) struct Ink {
    /// The ink from 0 (paper) to 1. Pixels of anything but the digit are 0.
    pub plane: Plane,
    /// The rectangle around the digit.
    pub extent: Extent,
    /// The mean width of the strokes, in pixels.
    pub stroke: f64,
}

/// Everything that is darker than its surroundings, or everything that is lighter.
struct Layer {
    /// The contrast from 0 (like the surroundings) to 1 (ink).
    contrast: Plane,
    parts: Vec<Part>,
    numbers: Vec<u32>,
    /// The total variation of the surroundings.
    variation: f32,
}

/// Finds the ink of one digit.
pub(super) fn find(gray: &Plane) -> Result<Ink, Fault> {
    let shorter = gray.width.min(gray.height);
    let smooth = if shorter >= SMOOTHED { gray.smoothed() } else { gray.clone() };
    // Light ink on a dark background is found as dark ink in the negative.
    let radius = ((REACH * 0.5 * (gray.width + gray.height) as f64) as usize).max(2);
    let layers = [smooth.clone(), smooth.map(|v| 1.0 - v)]
        .map(|gray| Layer::new(&gray, Some(radius)).map(|layer| (gray, layer)));
    match choose(&smooth, &layers) {
        Some((gray, layer)) => {
            let ink = layer.digit(false)?;
            // The width of the strokes is known now: a smaller radius gives a better estimate of
            // the paper.
            let near = ((1.2 * ink.stroke) as usize + 2).min(radius);
            match Layer::new(gray, Some(near)) {
                Some(layer) => layer.digit(false).or(Ok(ink)),
                None => Ok(ink),
            }
        }
        None if layers.iter().all(Option::is_none) => Err(Fault::Blank),
        None => cropped(&smooth),
    }
}

/// Chooses between dark and light ink. If there are both, one is ink and the other is the paper
/// between strokes, or between ink and a shadow or the table. Returns `None` if all of it touches
/// the picture's border.
fn choose<'a>(gray: &Plane, layers: &'a [Option<(Plane, Layer)>; 2]) -> Option<&'a (Plane, Layer)> {
    let inner = |layer: &'a Option<(Plane, Layer)>| {
        let layer = &layer.as_ref()?.1;
        let main = layer.parts.iter().find(|part| part.is_inside())?;
        (main.mass >= INNER * layer.parts[0].mass).then_some((layer, main))
    };
    let [dark, light] = layers;
    let dark_is_ink = match (inner(dark), inner(light)) {
        // Either ink on a sheet that is surrounded by a table, or the hole of a light digit. There
        // is more paper than ink, so the median shade around tells which.
        (Some((dark, d)), Some((light, l))) if l.extent.contains(&d.extent) => {
            let around = l.extent.grown(0.1, gray);
            median(gray.cropped(&around).values) >= 0.5 * (dark.mean(gray, d) + light.mean(gray, l))
        }
        (None, None) => return None,
        // Paper without its ink is nearly uniform; ink without its paper still has its shape.
        _ => {
            let variation = |layer: &Option<(Plane, Layer)>| {
                layer.as_ref().map_or(f32::INFINITY, |(_, layer)| layer.variation)
            };
            variation(dark) <= variation(light)
        }
    };
    let ink = if dark_is_ink { dark } else { light };
    inner(ink).and(ink.as_ref())
}

/// The ink of a digit that fills the picture up to its border. Of dark and light, the layer with
/// fewer pieces is chosen.
fn cropped(gray: &Plane) -> Result<Ink, Fault> {
    let layers = [gray.clone(), gray.map(|v| 1.0 - v)].map(|gray| Layer::new(&gray, None));
    let pieces = |layer: &Layer| {
        let total: f64 = layer.parts.iter().map(|part| part.mass).sum();
        layer.parts.iter().filter(|part| part.mass > 0.01 * total).count()
    };
    let best = layers.iter().flatten().min_by_key(|layer| pieces(layer)).ok_or(Fault::Blank)?;
    best.digit(true)
}

impl Layer {
    /// Finds everything that is darker than its surroundings. Their shade is that of the lightest
    /// paper within `radius`, or of the lightest pixel of the picture if there is no radius.
    /// Returns `None` if nothing is darker.
    fn new(gray: &Plane, radius: Option<usize>) -> Option<Self> {
        let lightest = gray.values.iter().copied().fold(0.0, f32::max);
        let paper = match radius {
            Some(radius) => gray.closed(radius),
            None => gray.map(|_| lightest),
        };
        let contrast = gray.zip(&paper, |v, paper| (paper - v) / paper.max(DARKEST * lightest).max(1e-6));
        let mut sorted = contrast.values.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        // If a digit fills the picture, less than half of it may be paper.
        let middle = sorted[sorted.len() / if radius.is_some() { 4 } else { 50 }];
        let noise = noise(&contrast);
        let floor = middle + (DEVIATIONS * noise).max(LEAST_CONTRAST);
        let first = sorted.partition_point(|&v| v <= floor);
        let darkest = *sorted[first..].get((sorted.len() - first) * 95 / 100)?;
        let contrast = contrast.map(|v| (v - middle) / (darkest - middle));
        let threshold = SHARE.max((floor - middle) / (darkest - middle));
        let (parts, numbers) = parts(&contrast, threshold);
        Some(Self { contrast, parts, numbers, variation: paper.variation() })
    }

    /// The ink of the parts that form one digit. Parts that touch the border count only if the
    /// digit `fills` the picture.
    fn digit(&self, fills: bool) -> Result<Ink, Fault> {
        let inside: Vec<&Part> = self.parts.iter().filter(|part| fills || part.is_inside()).collect();
        let inside: Vec<&Part> =
            inside.iter().copied().filter(|part| !self.is_outline(part, &inside)).collect();
        let main = *inside.first().ok_or(Fault::Blank)?;
        let longer = main.extent.longer();
        let near = |part: &&Part| {
            let [right, down] = main.extent.gaps(&part.extent);
            part.mass >= STROKE * main.mass && right.max(down) * 4 <= longer
        };
        let second = |part: &&Part| {
            let [right, down] = main.extent.gaps(&part.extent);
            let like = part.extent.height() as f64 >= SECOND_HEIGHT * main.extent.height() as f64;
            part.mass >= SECOND * main.mass && like && right.max(down) > 0
        };
        if inside[1..].iter().any(second) {
            return Err(Fault::Several);
        }
        let kept: Vec<&Part> =
            inside.iter().copied().filter(|p| p.number == main.number || near(p)).collect();
        let total: f64 = inside.iter().map(|part| part.mass).sum();
        if kept.iter().map(|part| part.mass).sum::<f64>() < MAIN * total {
            return Err(Fault::Shapeless);
        }
        let extent = kept.iter().fold(main.extent, |all, part| all.with(&part.extent));
        let mask = self.mask(&kept);
        // A stroke's edge is blurred over a pixel.
        let plane = mask.dilated(1).zip(&self.contrast, |inside, v| inside * v.clamp(0.0, 1.0));
        let (area, outline) = self.measured(&kept);
        let length = 0.5 * outline / extent.longer() as f64;
        let holes = parts(&mask.map(|inside| 1.0 - inside).cropped(&extent), 0.5).0;
        let hole = |part: &&Part| {
            part.is_inside() && part.area as f64 >= HOLE * (extent.width() * extent.height()) as f64
        };
        let holes = holes.iter().filter(hole).count();
        let (stroke, longer) = (2.0 * area / outline, extent.longer() as f64);
        if longer < LEAST * 0.5 * (self.contrast.width + self.contrast.height) as f64 {
            return Err(Fault::Blank);
        }
        if holes > MOST_HOLES || length > LONGEST || stroke > BOLDEST * longer {
            return Err(Fault::Shapeless);
        }
        Ok(Ink { plane, extent, stroke })
    }

    /// A mask: 1 in the given parts, 0 elsewhere.
    fn mask(&self, kept: &[&Part]) -> Plane {
        let mut is_kept = vec![0.0; self.parts.len() + 1];
        kept.iter().for_each(|part| is_kept[part.number as usize] = 1.0);
        let values = self.numbers.iter().map(|&number| is_kept[number as usize]).collect();
        Plane { values, ..self.contrast }
    }

    /// The area of some parts and the length of their outline. The outline of a line is twice as
    /// long as the line.
    fn measured(&self, parts: &[&Part]) -> (f64, f64) {
        let area: usize = parts.iter().map(|part| part.area).sum();
        (area as f64, edges(&self.mask(parts)).max(1.0))
    }

    /// The mean of a picture over a part.
    fn mean(&self, gray: &Plane, part: &Part) -> f32 {
        let of_part = self.numbers.iter().zip(&gray.values).filter(|(number, _)| **number == part.number);
        of_part.map(|(_, v)| v).sum::<f32>() / part.area as f32
    }

    /// Whether a part surrounds another part that is large enough to be a digit; it is then the
    /// outline of a sheet.
    fn is_outline(&self, part: &Part, others: &[&Part]) -> bool {
        others.iter().any(|inner| {
            let large = 5 * inner.extent.longer() >= part.extent.longer();
            large
                && part.number != inner.number
                && part.extent.contains(&inner.extent)
                && self.surrounds(part, &inner.extent)
        })
    }

    /// Whether rays from the middle of the rectangle hit the part in all four directions.
    fn surrounds(&self, part: &Part, inner: &Extent) -> bool {
        let width = self.contrast.width;
        let (x, y) = (usize::midpoint(inner.left, inner.right), usize::midpoint(inner.top, inner.bottom));
        let is = |x: usize, y: usize| self.numbers[y * width + x] == part.number;
        (0..x).any(|x| is(x, y))
            && (x..width).any(|x| is(x, y))
            && (0..y).any(|y| is(x, y))
            && (y..self.contrast.height).any(|y| is(x, y))
    }
}

/// The length of a mask's outline: the number of edges between differing pixels, corrected by the
/// factor 0.85 because slanting lines have too many edges.
fn edges(mask: &Plane) -> f64 {
    let along: usize =
        mask.values.chunks_exact(mask.width).map(|row| row.windows(2).filter(|w| w[0] != w[1]).count()).sum();
    let across: usize = (1..mask.height)
        .map(|y| {
            (0..mask.width)
                .filter(|x| mask.values[y * mask.width + x] != mask.values[(y - 1) * mask.width + x])
                .count()
        })
        .sum();
    0.85 * (along + across) as f64
}

/// The standard deviation of the noise, estimated from the median difference between pixels three
/// apart. It hardly depends on what is drawn: strokes and gaps are wider than that, and smoothing
/// correlates only nearer neighbours.
fn noise(plane: &Plane) -> f32 {
    let rows = plane.values.chunks_exact(plane.width);
    let differences = rows.flat_map(|row| row.iter().zip(row.iter().skip(3)).map(|(a, b)| (a - b).abs()));
    // For normal noise the median is 0.954 standard deviations.
    median(differences.collect()) / 0.954
}

/// The upper median, or 0 if there are no values.
fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}
