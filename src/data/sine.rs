//! Synthetic data for regression: a noisy sine.

use std::f64::consts::TAU;

use crate::random::Stream;
use crate::tensor::Tensor;

/// Points of a noisy sine: x is uniform on [0, 1], y = sin(2 pi x) + N(0, noise²).
#[derive(Clone, Debug)]
pub struct SinePoints {
    /// x, `[points, 1]`.
    pub x: Tensor,
    /// y, `[points, 1]`.
    pub y: Tensor,
}

impl SinePoints {
    /// Draws `points` points with a standard deviation of `noise`.
    pub fn draw(points: usize, noise: f64, stream: &mut Stream) -> Self {
        let mut y = Vec::with_capacity(points);
        let x = Tensor::from_fn(&[points, 1], || {
            let x = stream.uniform();
            y.push((Self::clean(x) + noise * stream.normal()) as f32);
            x as f32
        });
        let mut y = y.into_iter();
        Self { x, y: Tensor::from_fn(&[points, 1], || y.next().expect("a y for each x")) }
    }

    /// The curve without noise, sin(2 pi x).
    pub fn clean(x: f64) -> f64 {
        libm::sin(TAU * x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn draw(points: usize, noise: f64, seed: u64) -> SinePoints {
        SinePoints::draw(points, noise, &mut Stream::new(seed, Purpose::Data))
    }

    #[test]
    fn residuals_have_the_standard_deviation_and_x_is_uniform() {
        let data = draw(20_000, 0.1, 3);
        let pairs = data.x.as_slice().iter().zip(data.y.as_slice());
        let residuals: Vec<f64> =
            pairs.map(|(&x, &y)| f64::from(y) - SinePoints::clean(f64::from(x))).collect();
        let mean = residuals.iter().sum::<f64>() / 2e4;
        let variance = residuals.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 2e4;
        assert!(mean.abs() < 0.003 && (variance.sqrt() - 0.1).abs() < 0.002, "{mean} {variance}");
        let x_mean = data.x.as_slice().iter().sum::<f32>() / 2e4;
        assert!((x_mean - 0.5).abs() < 0.01 && data.x.as_slice().iter().all(|x| (0.0..=1.0).contains(x)));
    }

    #[test]
    fn points_are_a_function_of_the_seed_and_without_noise_on_the_sine() {
        assert_eq!(draw(50, 0.1, 1).y, draw(50, 0.1, 1).y);
        assert_ne!(draw(50, 0.1, 1).y, draw(50, 0.1, 2).y);
        assert!((SinePoints::clean(0.25) - 1.0).abs() < 1e-15 && SinePoints::clean(0.5).abs() < 1e-15);
        let data = draw(10, 0.0, 1);
        for (&x, &y) in data.x.as_slice().iter().zip(data.y.as_slice()) {
            assert!((f64::from(y) - SinePoints::clean(f64::from(x))).abs() < 1e-6);
        }
    }
}
