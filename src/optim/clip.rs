//! Gradient clipping.

use crate::tensor::Tensor;

/// Scales all gradients by one factor so that their joint Euclidean norm is at most `max_norm`
/// (Pascanu et al. 2013, algorithm 1), and returns the norm before. If the norm is not finite,
/// nothing is scaled, and the caller has to handle it.
pub fn clip_gradients(gradients: &mut [Tensor], max_norm: f64) -> f64 {
    let square = |g: &Tensor| g.as_slice().iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
    let norm = gradients.iter().map(square).sum::<f64>().sqrt();
    if norm.is_finite() && norm > max_norm {
        let scale = (max_norm / norm) as f32;
        for g in gradients {
            g.as_mut_slice().iter_mut().for_each(|x| *x *= scale);
        }
    }
    norm
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn a_long_gradient_is_shortened_and_a_short_one_left() {
        let mut g = [Tensor::vector(&[3.0, 0.0]), Tensor::vector(&[4.0])];
        assert_relative_eq!(clip_gradients(&mut g, 10.0), 5.0);
        assert_eq!(g[1].as_slice(), [4.0]);
        assert_relative_eq!(clip_gradients(&mut g, 1.0), 5.0);
        assert_relative_eq!(g[0].as_slice()[0], 0.6, max_relative = 1e-6);
        assert_relative_eq!(g[1].as_slice()[0], 0.8, max_relative = 1e-6);
    }

    #[test]
    fn nan_is_returned_and_does_not_spread() {
        let mut g = [Tensor::vector(&[f32::NAN, 1.0])];
        assert!(clip_gradients(&mut g, 0.1).is_nan());
        assert_eq!(g[0].as_slice()[1], 1.0);
    }
}
