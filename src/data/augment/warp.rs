//! Random shifts, rotations, scalings, shears and elastic distortions of grey pictures.

use crate::random::Stream;

/// The largest distortions of a picture. All zeros leave it unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// The largest shift in pixels, along each axis.
    pub shift: f64,
    /// The largest rotation in degrees, either way.
    pub rotation: f64,
    /// The largest relative change of size; drawn separately for height and width.
    pub scaling: f64,
    /// The largest shear: pixels across for each pixel down.
    pub shear: f64,
    /// The standard deviation, in pixels, of the displacements of control points [`SPACING`] pixels
    /// apart, which bend the picture (Simard et al. 2003, section 2; on a coarse grid: Ronneberger
    /// et al. 2015, section 3.1).
    pub elastic: f64,
}

/// The distance between control points, in pixels.
pub const SPACING: usize = 7;

impl Augmentation {
    /// Whether pictures are unchanged.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Distorts a picture of one channel. `out[y][x]` is `picture` at the source position of (x,
    /// y): a random affine map about the centre plus a random elastic displacement. Values between
    /// pixels are interpolated bilinearly; outside the picture they are 0.
    ///
    /// # Panics
    /// If either slice does not have `height * width` values.
    pub fn apply(&self, picture: &[f32], [height, width]: [usize; 2], stream: &mut Stream, out: &mut [f32]) {
        assert!(
            picture.len() == height * width && out.len() == height * width,
            "augmentation: {} and {} values for {height} x {width} pixels",
            picture.len(),
            out.len()
        );
        if self.is_none() {
            out.copy_from_slice(picture);
            return;
        }
        let mut within = |bound: f64| bound * (2.0 * stream.uniform() - 1.0);
        let turn = within(self.rotation).to_radians();
        let (sin, cos) = (libm::sin(turn), libm::cos(turn));
        let [down, across] = [1.0 + within(self.scaling), 1.0 + within(self.scaling)];
        let shear = within(self.shear);
        let [shift_y, shift_x] = [within(self.shift), within(self.shift)];
        let bend = (self.elastic > 0.0).then(|| Bend::draw([height, width], self.elastic, stream));
        let (middle_y, middle_x) = ((height - 1) as f64 / 2.0, (width - 1) as f64 / 2.0);
        for y in 0..height {
            for x in 0..width {
                let (v, u) = ((y as f64 - middle_y) * down, (x as f64 - middle_x) * across);
                let u = u + shear * v;
                let (mut from_y, mut from_x) =
                    (middle_y + sin * u + cos * v + shift_y, middle_x + cos * u - sin * v + shift_x);
                if let Some(bend) = &bend {
                    let [dy, dx] = bend.at(y, x);
                    (from_y, from_x) = (from_y + dy, from_x + dx);
                }
                out[y * width + x] = sample(picture, [height, width], from_y, from_x);
            }
        }
    }
}

/// The bilinear interpolation of a picture; 0 outside.
fn sample(picture: &[f32], [height, width]: [usize; 2], y: f64, x: f64) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    let (share_y, share_x) = ((y - top) as f32, (x - left) as f32);
    let (top, left) = (top as isize, left as isize);
    let at = |y: isize, x: isize| {
        let inside = y >= 0 && x >= 0 && (y as usize) < height && (x as usize) < width;
        if inside { picture[y as usize * width + x as usize] } else { 0.0 }
    };
    let upper = at(top, left) * (1.0 - share_x) + at(top, left + 1) * share_x;
    let lower = at(top + 1, left) * (1.0 - share_x) + at(top + 1, left + 1) * share_x;
    upper * (1.0 - share_y) + lower * share_y
}

/// Displacements at control points, interpolated by cubic B-splines.
struct Bend {
    columns: usize,
    /// The displacement (down, across) of each control point.
    points: Vec<[f64; 2]>,
}

impl Bend {
    fn draw([height, width]: [usize; 2], deviation: f64, stream: &mut Stream) -> Self {
        // One control point before the first pixel's cell and two after the last one's.
        let [rows, columns] = [height, width].map(|n| (n - 1) / SPACING + 4);
        let points = (0..rows * columns).map(|_| [deviation * stream.normal(), deviation * stream.normal()]);
        Self { columns, points: points.collect() }
    }

    fn at(&self, y: usize, x: usize) -> [f64; 2] {
        let (rows, columns) = (b_spline(y), b_spline(x));
        let first = y / SPACING * self.columns + x / SPACING;
        let mut sum = [0.0; 2];
        for (i, row) in rows.iter().enumerate() {
            for (j, column) in columns.iter().enumerate() {
                let [dy, dx] = self.points[first + i * self.columns + j];
                sum = [sum[0] + row * column * dy, sum[1] + row * column * dx];
            }
        }
        sum
    }
}

/// The values at a pixel of the four uniform cubic B-splines that are not zero there.
fn b_spline(pixel: usize) -> [f64; 4] {
    let t = (pixel % SPACING) as f64 / SPACING as f64;
    let s = 1.0 - t;
    [
        s * s * s / 6.0,
        (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
        (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0,
        t * t * t / 6.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn stream(item: u64) -> Stream {
        Stream::at(1, Purpose::Augment, 0, item)
    }

    /// A Gaussian spot centred at (y, x).
    fn spot(y: f64, x: f64) -> Vec<f32> {
        let at = |i: usize| ((i / 28) as f64 - y).powi(2) + ((i % 28) as f64 - x).powi(2);
        (0..28 * 28).map(|i| (-at(i) / 18.0).exp() as f32).collect()
    }

    fn augmented(augmentation: Augmentation, picture: &[f32], item: u64) -> Vec<f32> {
        let mut out = vec![f32::NAN; 28 * 28];
        augmentation.apply(picture, [28, 28], &mut stream(item), &mut out);
        out
    }

    /// The centre of mass, (down, across).
    fn centre(picture: &[f32]) -> (f64, f64) {
        let sum: f64 = picture.iter().map(|&p| f64::from(p)).sum();
        let mean = |f: &dyn Fn(usize) -> usize| {
            picture.iter().enumerate().map(|(i, &p)| f64::from(p) * f(i) as f64).sum::<f64>() / sum
        };
        (mean(&|i| i / 28), mean(&|i| i % 28))
    }

    #[test]
    fn zero_augmentation_changes_nothing() {
        let picture = spot(10.0, 17.0);
        assert_eq!(augmented(Augmentation::default(), &picture, 0), picture);
    }

    #[test]
    fn the_picture_is_a_function_of_the_stream() {
        let strong = Augmentation { shift: 2.0, rotation: 15.0, scaling: 0.1, shear: 0.2, elastic: 1.0 };
        let picture = spot(10.0, 17.0);
        assert_eq!(augmented(strong, &picture, 3), augmented(strong, &picture, 3));
        assert_ne!(augmented(strong, &picture, 3), augmented(strong, &picture, 4));
        assert!(augmented(strong, &picture, 3).iter().all(|p| (0.0..=1.0).contains(p)));
    }

    #[test]
    fn each_distortion_stays_within_its_bound() {
        let picture = spot(13.5, 19.5);
        for item in 0..40 {
            let moved = centre(&augmented(Augmentation { shift: 2.0, ..Default::default() }, &picture, item));
            assert!((moved.0 - 13.5).abs() < 2.05 && (moved.1 - 19.5).abs() < 2.05, "{moved:?}");
            // The spot is six pixels from the centre of rotation, whatever the angle.
            let turned =
                centre(&augmented(Augmentation { rotation: 20.0, ..Default::default() }, &picture, item));
            let (down, across) = (turned.0 - 13.5, turned.1 - 13.5);
            assert!((down.hypot(across) - 6.0).abs() < 0.1, "{turned:?}");
            assert!(down.atan2(across).abs().to_degrees() < 20.5, "{turned:?}");
            let bent =
                centre(&augmented(Augmentation { elastic: 1.0, ..Default::default() }, &picture, item));
            assert!((bent.0 - 13.5).hypot(bent.1 - 19.5) < 3.0, "{bent:?}");
        }
    }

    #[test]
    fn splines_sum_to_one() {
        for pixel in 0..20 {
            assert!((b_spline(pixel).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
