//! The similarity of two pictures.

/// The smallest mean squared difference in a signal-to-noise ratio: the square of 2^-24, which is
/// the spacing of 32-bit numbers just below 1.
const LEAST: f64 = 1.0 / (1_u64 << 48) as f64;

/// The peak signal-to-noise ratio in decibels of values from 0 to 1: -10 log10 of the mean squared
/// difference. A difference below 2^-48, as of equal pictures, counts as 2^-48, so the ratio is at
/// most
/// 144.5 dB.
pub fn psnr(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
    ratio(squares.sum::<f64>() / a.len() as f64)
}

/// The peak signal-to-noise ratio in decibels for a mean squared difference; NaN for NaN.
pub(crate) fn ratio(mean_square: f64) -> f64 {
    -10.0 * libm::log10(if mean_square < LEAST { LEAST } else { mean_square })
}

/// The side in pixels of the Gaussian window, and its standard deviation.
const WINDOW: usize = 11;
const DEVIATION: f64 = 1.5;

/// The mean structural similarity of two pictures with values from 0 to 1 (Wang et al. 2004,
/// equation 13, with their constants). It is the mean, over all positions of a Gaussian window and
/// all channels, of
///
/// (2 m_a m_b + c_1) (2 s_ab + c_2) / ((m_a² + m_b² + c_1) (s_a² + s_b² + c_2)),
///
/// with the means m, variances s² and covariance s_ab in the window. It is 1 for equal pictures,
/// and `None` for pictures smaller than the window. Values are in row-major order,
/// `[height, width, channels]`.
pub fn ssim(a: &[f32], b: &[f32], [width, height]: [usize; 2], channels: usize) -> Option<f64> {
    let (c1, c2) = (0.01 * 0.01, 0.03 * 0.03);
    let mut sum = 0.0;
    let mut count = 0_u32;
    for channel in 0..channels {
        let plane =
            |x: &[f32]| x.iter().skip(channel).step_by(channels).map(|&x| f64::from(x)).collect::<Vec<_>>();
        let (a, b) = (plane(a), plane(b));
        let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).collect::<Vec<_>>();
        let blurred = |x: &[f64]| blur(x, width, height);
        let (mean_a, mean_b) = (blurred(&a), blurred(&b));
        let (aa, bb, ab) = (blurred(&product(&a, &a)), blurred(&product(&b, &b)), blurred(&product(&a, &b)));
        for i in 0..mean_a.len() {
            let (ma, mb) = (mean_a[i], mean_b[i]);
            let (va, vb, cov) = (aa[i] - ma * ma, bb[i] - mb * mb, ab[i] - ma * mb);
            sum += (2.0 * ma * mb + c1) * (2.0 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
            count += 1;
        }
    }
    (count > 0).then(|| sum / f64::from(count))
}

/// The means in a Gaussian window, at all positions where it fits.
fn blur(x: &[f64], width: usize, height: usize) -> Vec<f64> {
    if width < WINDOW || height < WINDOW {
        return Vec::new();
    }
    let middle = (WINDOW / 2) as f64;
    let weight = |i: usize| libm::exp(-0.5 * ((i as f64 - middle) / DEVIATION).powi(2));
    let total: f64 = (0..WINDOW).map(weight).sum();
    let weights: Vec<f64> = (0..WINDOW).map(|i| weight(i) / total).collect();
    let columns = width - WINDOW + 1;
    let mut rows = Vec::with_capacity(columns * height);
    for row in x.chunks_exact(width) {
        rows.extend(
            row.windows(WINDOW).map(|part| part.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>()),
        );
    }
    let at = |j: usize, i: usize| (0..WINDOW).map(|k| weights[k] * rows[(j + k) * columns + i]).sum();
    (0..=height - WINDOW).flat_map(|j| (0..columns).map(move |i| (j, i))).map(|(j, i)| at(j, i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(f: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        (0..16 * 20).map(|i| f(i % 16, i / 16)).collect()
    }

    #[test]
    fn a_difference_of_a_tenth_everywhere_is_twenty_decibels() {
        assert!((psnr(&[0.5, 0.3], &[0.6, 0.2]) - 20.0).abs() < 1e-5);
        let most = psnr(&[0.5], &[0.5]);
        assert!((most - 144.494).abs() < 1e-3, "equal pictures have a finite ratio: {most}");
        assert!(psnr(&[0.5], &[0.5 + 1e-6]) < most);
        assert!(psnr(&[f32::NAN], &[0.5]).is_nan());
    }

    #[test]
    fn similarity_is_one_for_equal_pictures_and_follows_the_formula_for_constants() {
        let a = picture(|i, j| ((i * 7 + j * 3) % 10) as f32 / 10.0);
        let found = |a: &[f32], b: &[f32], size, channels| ssim(a, b, size, channels).expect("large enough");
        assert!((found(&a, &a, [16, 20], 1) - 1.0).abs() < 1e-12);
        // Without variance only the means count.
        let (a, b) = (picture(|_, _| 0.2), picture(|_, _| 0.6));
        let expected = (2.0 * 0.2 * 0.6 + 1e-4) / (0.04 + 0.36 + 1e-4);
        assert!((found(&a, &b, [16, 20], 1) - expected).abs() < 1e-6);
        // A picture and its negative have a similarity near -1.
        let (stripes, negative) = (picture(|i, _| (i % 2) as f32), picture(|i, _| 1.0 - (i % 2) as f32));
        assert!(found(&stripes, &negative, [16, 20], 1) < -0.9);
        let two: Vec<f32> = a.iter().zip(&b).flat_map(|(&a, &b)| [a, b]).collect();
        assert!((found(&two, &two, [16, 20], 2) - 1.0).abs() < 1e-12);
        assert_eq!(ssim(&a[..4], &b[..4], [2, 2], 1), None);
    }
}
