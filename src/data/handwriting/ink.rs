//! Which pixels are ink.

use super::parts::{Extent, Part, parts};
use super::plane::Plane;

/// Strokes are narrower than twice this share of the mean of the picture's height and width.
const REACH: f64 = 0.16;
/// Ink differs from paper by this many standard deviations of the noise at least, and by this much.
const DEVIATIONS: f32 = 6.0;
const LEAST_CONTRAST: f32 = 0.012;
/// Paper that is darker than this share of the lightest paper is taken for that dark: noise in black is no ink.
const DARKEST: f32 = 0.15;
/// What counts as ink has this share of the darkest ink's contrast.
const SHARE: f32 = 0.45;
/// Pictures with this many pixels each way are smoothed.
const SMOOTHED: usize = 100;
/// A stroke belongs to a digit if it has this share of the ink of the digit's largest one.
const STROKE: f64 = 0.03;
/// A digit beside another has this share of its ink and of its height.
const SECOND: f64 = 0.25;
const SECOND_HEIGHT: f64 = 0.55;
/// All ink of a digit has at least this share of the ink that there is.
const MAIN: f64 = 0.5;

/// Ink that does not touch the border has this share of the largest part's at least, or the digit is cut by the border.
const INNER: f64 = 0.2;

/// A digit has this share of the mean of the picture's height and width at least: what is smaller are specks.
const LEAST: f64 = 0.06;
/// Of the digits of MNIST's training set, 1 in 1,000 has strokes longer than 3.6 times its height, and 1 in 1,000 has three
/// holes. Holes have this share of the digit's rectangle.
const HOLE: f64 = 0.003;
const MOST_HOLES: usize = 3;
const LONGEST: f64 = 4.0;
/// A stroke is narrower than this share of its length, or it is a blot.
const BOLDEST: f64 = 0.42;

/// Why there is no digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No ink stands out from the paper.
    Blank,
    /// There is more than one.
    Several,
    /// What there is has not the shape of a digit.
    Shapeless,
}

/// The ink of a digit.
pub(super) struct Ink {
    /// From 0, paper, to 1. What belongs to anything else is 0.
    pub plane: Plane,
    /// Where the digit is.
    pub extent: Extent,
    /// The mean width of its strokes, in pixels.
    pub stroke: f64,
}

/// What differs from its surroundings one way, darker or lighter.
struct Layer {
    /// From 0, as its surroundings, to 1, ink.
    contrast: Plane,
    parts: Vec<Part>,
    numbers: Vec<u32>,
    /// How much the surroundings vary from pixel to pixel, in all.
    variation: f32,
}

/// Finds the ink of one digit.
pub(super) fn find(gray: &Plane) -> Result<Ink, Fault> {
    let shorter = gray.width.min(gray.height);
    let smooth = if shorter >= SMOOTHED { gray.smoothed() } else { gray.clone() };
    // Light ink on a dark ground is dark ink on a light ground, negated.
    let radius = ((REACH * 0.5 * (gray.width + gray.height) as f64) as usize).max(2);
    let layers = [smooth.clone(), smooth.map(|v| 1.0 - v)]
        .map(|gray| Layer::new(&gray, Some(radius)).map(|layer| (gray, layer)));
    match choose(&smooth, &layers) {
        Some((gray, layer)) => {
            let ink = layer.digit(false)?;
            // The narrower the strokes, the better their surroundings are known.
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

/// Dark ink or light? Where both are, one is ink and the other is paper between strokes, or between ink and a shadow or
/// the table. None if all of it touches the picture's border.
fn choose<'a>(gray: &Plane, layers: &'a [Option<(Plane, Layer)>; 2]) -> Option<&'a (Plane, Layer)> {
    let inner = |layer: &'a Option<(Plane, Layer)>| {
        let layer = &layer.as_ref()?.1;
        let main = layer.parts.iter().find(|part| part.is_inside())?;
        (main.mass >= INNER * layer.parts[0].mass).then_some((layer, main))
    };
    let [dark, light] = layers;
    let dark_is_ink = match (inner(dark), inner(light)) {
        // Ink on a sheet that is surrounded by a table, or a light digit's hole: there is more paper than ink.
        (Some((dark, d)), Some((light, l))) if l.extent.contains(&d.extent) => {
            let around = l.extent.grown(0.1, gray);
            median(gray.cropped(&around).values) >= 0.5 * (dark.mean(gray, d) + light.mean(gray, l))
        }
        (None, None) => return None,
        // Without its ink paper has hardly a shape, without its paper ink has.
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

/// The ink of a digit that fills the picture up to its border: of dark and light, what hangs together better.
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
    /// What is darker than its surroundings, which are as light as the lightest paper within `radius`, or anywhere.
    fn new(gray: &Plane, radius: Option<usize>) -> Option<Self> {
        let lightest = gray.values.iter().copied().fold(0.0, f32::max);
        let paper = match radius {
            Some(radius) => gray.closed(radius),
            None => gray.map(|_| lightest),
        };
        let contrast = gray.zip(&paper, |v, paper| (paper - v) / paper.max(DARKEST * lightest).max(1e-6));
        let mut sorted = contrast.values.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        // Less than half of a picture that shows nothing else may be paper.
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

    /// The parts that are one digit; those at the border only if it `fills` the picture.
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
        // A stroke's edge is as soft as a pixel is wide.
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

    /// 1 in some parts, 0 elsewhere.
    fn mask(&self, kept: &[&Part]) -> Plane {
        let mut is_kept = vec![0.0; self.parts.len() + 1];
        kept.iter().for_each(|part| is_kept[part.number as usize] = 1.0);
        let values = self.numbers.iter().map(|&number| is_kept[number as usize]).collect();
        Plane { values, ..self.contrast }
    }

    /// The area and the length of the outline of some parts. Of a line the latter is twice its length.
    fn measured(&self, parts: &[&Part]) -> (f64, f64) {
        let area: usize = parts.iter().map(|part| part.area).sum();
        (area as f64, edges(&self.mask(parts)).max(1.0))
    }

    /// The mean of a picture over a part.
    fn mean(&self, gray: &Plane, part: &Part) -> f32 {
        let of_part = self.numbers.iter().zip(&gray.values).filter(|(number, _)| **number == part.number);
        of_part.map(|(_, v)| v).sum::<f32>() / part.area as f32
    }

    /// Whether a part surrounds a smaller one that is large enough for a digit: a sheet's outline.
    fn is_outline(&self, part: &Part, others: &[&Part]) -> bool {
        others.iter().any(|inner| {
            let large = 5 * inner.extent.longer() >= part.extent.longer();
            large
                && part.number != inner.number
                && part.extent.contains(&inner.extent)
                && self.surrounds(part, &inner.extent)
        })
    }

    /// Whether a part is met from the middle of a rectangle in all four directions.
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

/// The length of a mask's outline: the number of its pixels' free sides, of which a slanting line has too many.
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

/// The standard deviation of the noise, from the median difference between pixels three apart, which hardly depends on
/// what is drawn: strokes and gaps are wider, and neighbours have been averaged.
fn noise(plane: &Plane) -> f32 {
    let rows = plane.values.chunks_exact(plane.width);
    let differences = rows.flat_map(|row| row.iter().zip(row.iter().skip(3)).map(|(a, b)| (a - b).abs()));
    // For normal noise the median is 0.954 standard deviations.
    median(differences.collect()) / 0.954
}

/// The middle value, or 0 of none.
fn median(mut values: Vec<f32>) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}
