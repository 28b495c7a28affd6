//! Digits drawn with a pen, by hands that differ slightly.

use ece472::random::{Purpose, Stream};

/// The coverage of a square picture by ink, from 0 to 1, row by row.
#[derive(Clone)]
pub struct Ink {
    pub side: usize,
    pub coverage: Vec<f32>,
}

/// The size and position of a digit on a picture.
#[derive(Clone, Copy)]
pub struct Writing {
    /// The height and width of the picture in pixels.
    pub side: usize,
    /// The digit's height, as a share of the side.
    pub height: f64,
    /// The pen's width, as a share of the digit's height.
    pub pen: f64,
    /// The clockwise rotation in degrees.
    pub turn: f64,
    /// The centre of the digit, as shares of the side.
    pub center: [f64; 2],
}

type Point = [f64; 2];

/// A stroke through points of the unit square, with y downwards.
enum Stroke {
    Curve(&'static [Point]),
    Lines(&'static [Point]),
}

use Stroke::{Curve, Lines};

const ZERO: &[Stroke] = &[Curve(&[
    [0.5, 0.0],
    [0.24, 0.14],
    [0.14, 0.5],
    [0.24, 0.88],
    [0.5, 1.0],
    [0.76, 0.86],
    [0.86, 0.5],
    [0.76, 0.14],
    [0.5, 0.0],
])];
const ONE: &[Stroke] = &[Lines(&[[0.52, 0.0], [0.48, 1.0]])];
const TWO: &[Stroke] = &[
    Curve(&[[0.16, 0.22], [0.28, 0.05], [0.52, 0.0], [0.74, 0.12], [0.72, 0.36], [0.46, 0.66], [0.14, 0.96]]),
    Lines(&[[0.14, 0.96], [0.86, 0.94]]),
];
const THREE: &[Stroke] = &[
    Curve(&[[0.18, 0.1], [0.44, 0.0], [0.72, 0.1], [0.7, 0.34], [0.42, 0.46]]),
    Curve(&[[0.42, 0.46], [0.7, 0.54], [0.8, 0.76], [0.58, 0.97], [0.16, 0.92]]),
];
const FOUR: &[Stroke] =
    &[Lines(&[[0.24, 0.02], [0.16, 0.54], [0.84, 0.52]]), Lines(&[[0.76, 0.04], [0.68, 1.0]])];
const FIVE: &[Stroke] = &[
    Lines(&[[0.8, 0.02], [0.3, 0.03], [0.24, 0.44]]),
    Curve(&[[0.24, 0.44], [0.52, 0.38], [0.8, 0.54], [0.76, 0.84], [0.46, 1.0], [0.14, 0.9]]),
];
const SIX: &[Stroke] = &[Curve(&[
    [0.66, 0.02],
    [0.38, 0.22],
    [0.2, 0.58],
    [0.26, 0.88],
    [0.52, 1.0],
    [0.78, 0.84],
    [0.72, 0.58],
    [0.48, 0.52],
    [0.24, 0.7],
])];
const SEVEN: &[Stroke] = &[Lines(&[[0.12, 0.06], [0.86, 0.05], [0.42, 1.0]])];
const EIGHT: &[Stroke] = &[Curve(&[
    [0.76, 0.14],
    [0.5, 0.0],
    [0.26, 0.14],
    [0.36, 0.38],
    [0.64, 0.56],
    [0.78, 0.8],
    [0.5, 1.0],
    [0.24, 0.82],
    [0.36, 0.58],
    [0.66, 0.36],
    [0.76, 0.14],
])];
const NINE: &[Stroke] = &[
    Curve(&[[0.76, 0.2], [0.52, 0.0], [0.24, 0.14], [0.28, 0.42], [0.54, 0.48], [0.76, 0.28], [0.76, 0.2]]),
    Lines(&[[0.76, 0.2], [0.7, 1.0]]),
];
const DIGITS: [&[Stroke]; 10] = [ZERO, ONE, TWO, THREE, FOUR, FIVE, SIX, SEVEN, EIGHT, NINE];

/// Draws a digit. Each hand has its own slant, proportions and unsteadiness.
pub fn draw(digit: usize, hand: u64, writing: &Writing) -> Ink {
    let mut stream = Stream::at(hand, Purpose::Data, 7, digit as u64);
    let width = 0.72 + 0.16 * stream.uniform();
    let slant = 0.2 * stream.uniform();
    let (sin, cos) = writing.turn.to_radians().sin_cos();
    let extent = writing.height * writing.side as f64;
    let mut paths: Vec<Vec<Point>> = Vec::new();
    for stroke in DIGITS[digit] {
        let (points, steps) = match stroke {
            Curve(points) => (points, 8),
            Lines(points) => (points, 1),
        };
        let ends = |i: usize| i == 0 || i + 1 == points.len();
        let moved: Vec<Point> = points
            .iter()
            .enumerate()
            .map(|(i, &[x, y])| {
                // Ends meet other strokes, so they are not moved.
                let shake = if ends(i) { 0.0 } else { 0.014 };
                let (x, y) = (x + shake * stream.normal(), y + shake * stream.normal());
                let (u, v) = ((x - 0.5) * width - slant * (y - 0.5), y - 0.5);
                [
                    writing.center[0] * writing.side as f64 + extent * (cos * u - sin * v),
                    writing.center[1] * writing.side as f64 + extent * (sin * u + cos * v),
                ]
            })
            .collect();
        paths.push(smooth(&moved, steps));
    }
    ink(&paths, writing.side, writing.pen * extent)
}

/// A Catmull-Rom curve through points, as short straight lines.
fn smooth(points: &[Point], steps: usize) -> Vec<Point> {
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    let mut path = Vec::new();
    for i in 0..points.len() as isize - 1 {
        let [p, q, r, s] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
        for step in 0..steps {
            let t = step as f64 / steps as f64;
            path.push(std::array::from_fn(|k| {
                let (a, b) = (r[k] - p[k], 2.0 * p[k] - 5.0 * q[k] + 4.0 * r[k] - s[k]);
                let c = 3.0 * (q[k] - r[k]) + s[k] - p[k];
                if steps == 1 { q[k] } else { q[k] + 0.5 * t * (a + t * (b + t * c)) }
            }));
        }
    }
    path.push(at(points.len() as isize));
    path
}

/// The ink of a round pen along paths. Its edge is blurred over one pixel.
pub fn ink(paths: &[Vec<Point>], side: usize, width: f64) -> Ink {
    let mut coverage = vec![0.0_f32; side * side];
    let reach = 0.5 * width + 1.0;
    for path in paths {
        for (a, b) in path.iter().zip(&path[1..]) {
            let range = |k: usize| {
                let (low, high) = (a[k].min(b[k]) - reach, a[k].max(b[k]) + reach);
                low.max(0.0) as usize..(high.max(0.0) as usize + 1).min(side)
            };
            for y in range(1) {
                for x in range(0) {
                    let distance = distance([x as f64 + 0.5, y as f64 + 0.5], *a, *b);
                    let covered = ((0.5 * width - distance + 0.5).clamp(0.0, 1.0) * width.min(1.0)) as f32;
                    let pixel = &mut coverage[y * side + x];
                    *pixel = pixel.max(covered);
                }
            }
        }
    }
    Ink { side, coverage }
}

fn distance(p: Point, a: Point, b: Point) -> f64 {
    let (d, e) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let square = d[0] * d[0] + d[1] * d[1];
    let t = if square > 0.0 { ((d[0] * e[0] + d[1] * e[1]) / square).clamp(0.0, 1.0) } else { 0.0 };
    ((e[0] - t * d[0]).powi(2) + (e[1] - t * d[1]).powi(2)).sqrt()
}

/// A digit of MNIST as ink on a larger picture.
pub fn enlarged(image: &[u8], side: usize, share: f64) -> Ink {
    let scale = 28.0 / (share * side as f64);
    let at = |y: isize, x: isize| {
        let inside = (0..28).contains(&x) && (0..28).contains(&y);
        if inside { f32::from(image[(y * 28 + x) as usize]) / 255.0 } else { 0.0 }
    };
    let coverage = (0..side * side).map(|i| {
        let source = |n: usize| (n as f64 + 0.5 - 0.5 * side as f64) * scale + 14.0 - 0.5;
        let (y, x) = (source(i / side), source(i % side));
        let (j, i) = (y.floor() as isize, x.floor() as isize);
        let (v, u) = ((y - y.floor()) as f32, (x - x.floor()) as f32);
        let row = |j| at(j, i) * (1.0 - u) + at(j, i + 1) * u;
        // Sharpen the edges, since a pen's edge is sharper than an enlarged picture's.
        ((row(j) * (1.0 - v) + row(j + 1) * v - 0.5) * 2.0 + 0.5).clamp(0.0, 1.0)
    });
    Ink { side, coverage: coverage.collect() }
}
