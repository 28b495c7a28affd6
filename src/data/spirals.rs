//! Synthetic data for classification: two spirals.

use std::f64::consts::{FRAC_PI_4, PI, TAU};

use crate::random::Stream;
use crate::tensor::Tensor;

/// Two interleaved spirals, one class each, in Cartesian coordinates.
///
/// The arms are Archimedean: r = theta, so the radius in the plane's units is the angle in radians.
/// The second arm is the first one turned by half a turn, so away from the centre neighbouring arms
/// are pi apart. The angle begins at pi/4: nearer to the centre the arms come so close that noise
/// would mix the classes. It ends `laps` turns later. The length of an arm grows as theta²/2, so
/// theta² is drawn uniformly, which makes the points (nearly) uniform along the arm. Uniform angles
/// would crowd the centre and thin out the rim. Normal noise with standard deviation `noise` is
/// added to both coordinates.
#[derive(Clone, Debug)]
pub struct SpiralPoints {
    /// The coordinates, `[2 points, 2]`; the classes alternate.
    pub points: Tensor,
    /// The class of each point, 0 or 1.
    pub labels: Vec<usize>,
}

/// The angle at which the arms begin, in radians.
const FIRST_ANGLE: f64 = FRAC_PI_4;

impl SpiralPoints {
    /// Draws `points` points of each class.
    pub fn draw(points: usize, laps: f64, noise: f64, stream: &mut Stream) -> Self {
        let labels: Vec<usize> = (0..2 * points).map(|i| i % 2).collect();
        let last_angle = Self::reach(laps);
        let mut coordinates = Vec::with_capacity(4 * points);
        for &label in &labels {
            let (first, last) = (FIRST_ANGLE * FIRST_ANGLE, last_angle * last_angle);
            let theta = (first + (last - first) * stream.uniform()).sqrt();
            let angle = theta + PI * label as f64;
            coordinates.push((theta * libm::cos(angle) + noise * stream.normal()) as f32);
            coordinates.push((theta * libm::sin(angle) + noise * stream.normal()) as f32);
        }
        let points = Tensor::from_vec(&[2 * points, 2], coordinates).expect("two coordinates a point");
        Self { points, labels }
    }

    /// The radius at which the arms end, without noise.
    pub fn reach(laps: f64) -> f64 {
        FIRST_ANGLE + TAU * laps
    }

    /// The labels as `[2 points, 1]`.
    pub fn targets(&self) -> Tensor {
        let mut labels = self.labels.iter();
        Tensor::from_fn(&[self.labels.len(), 1], || *labels.next().expect("one a point") as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn draw(points: usize, laps: f64, noise: f64) -> SpiralPoints {
        SpiralPoints::draw(points, laps, noise, &mut Stream::new(1, Purpose::Data))
    }

    fn polar(point: &[f32]) -> (f64, f64) {
        let (x, y) = (f64::from(point[0]), f64::from(point[1]));
        (libm::hypot(x, y), libm::atan2(y, x))
    }

    #[test]
    fn without_noise_the_radius_is_the_angle() {
        let data = draw(500, 2.0, 0.0);
        for (point, &label) in data.points.as_slice().chunks_exact(2).zip(&data.labels) {
            let (r, angle) = polar(point);
            let turns = (r + PI * label as f64 - angle) / TAU;
            assert!((turns - turns.round()).abs() < 1e-6, "{point:?} is off its arm");
            assert!((FIRST_ANGLE - 1e-6..SpiralPoints::reach(2.0) + 1e-6).contains(&r));
        }
    }

    #[test]
    fn noise_moves_points_off_their_arm_by_its_standard_deviation() {
        // Only the deviation across the arm is measured: for large r it is almost the change of the
        // radius.
        let data = draw(20_000, 2.0, 0.1);
        let mut squares = (0.0, 0.0);
        for (point, &label) in data.points.as_slice().chunks_exact(2).zip(&data.labels) {
            let (r, angle) = polar(point);
            if r > 6.0 {
                let turns = (r + PI * label as f64 - angle) / TAU;
                squares = (squares.0 + (TAU * (turns - turns.round())).powi(2), squares.1 + 1.0);
            }
        }
        let deviation = f64::sqrt(squares.0 / squares.1);
        assert!((deviation - 0.1).abs() < 0.005, "{deviation}");
    }

    #[test]
    fn points_are_uniform_along_the_arm() {
        // theta² is halfway at r = sqrt((first² + last²) / 2).
        let data = draw(5000, 3.0, 0.0);
        let (first, last) = (FIRST_ANGLE, SpiralPoints::reach(3.0));
        let middle = f64::midpoint(first * first, last * last).sqrt();
        let inside = data.points.as_slice().chunks_exact(2).filter(|p| polar(p).0 < middle).count();
        assert!((4700..5300).contains(&inside), "{inside}");
    }

    #[test]
    fn the_classes_are_equally_frequent() {
        let data = draw(37, 2.0, 0.1);
        assert_eq!((data.points.shape(), data.labels.len()), (&[74, 2][..], 74));
        assert_eq!(data.labels.iter().sum::<usize>(), 37);
        assert_eq!(data.targets().as_slice()[..4], [0.0, 1.0, 0.0, 1.0]);
    }
}
