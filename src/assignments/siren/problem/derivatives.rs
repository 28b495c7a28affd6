//! The first and second derivatives of a picture, from its pixels and from networks.

use super::network::Network;
use crate::assignments::siren::PixelRegression;
use crate::assignments::siren::problem::SHARD;
use crate::autodiff::{Algebra as _, Tape};
use crate::nn::{Module as _, ParameterPath, Parameters as _, Pass};
use crate::parallel;
use crate::tensor::Tensor;

/// The derivatives of a grey picture at all pixels. Colours are from -1 to 1, and so are
/// coordinates along the longer side.
#[derive(Clone, Debug)]
pub(crate) struct Derivatives {
    /// The derivatives to the right and down: `[pixels, 2]`.
    pub gradient: Tensor,
    /// The sum of the second derivatives: `[pixels, 1]`.
    pub laplacian: Tensor,
}

impl Derivatives {
    /// The derivatives of pixels: the gradient by Sobel filters, the Laplacian by second
    /// differences.
    pub(crate) fn of_pixels(picture: &PixelRegression) -> Self {
        let density = (picture.size[0].max(picture.size[1]).max(2) - 1) as f64 / 2.0;
        let d = density / 8.0;
        let right = filtered(picture, [[-d, 0.0, d], [-2.0 * d, 0.0, 2.0 * d], [-d, 0.0, d]]);
        let down = filtered(picture, [[-d, -2.0 * d, -d], [0.0; 3], [d, 2.0 * d, d]]);
        let both = right.iter().zip(&down).flat_map(|(&x, &y)| [x, y]).collect();
        let d = density.powi(2);
        let second = filtered(picture, [[0.0, d, 0.0], [d, -4.0 * d, d], [0.0, d, 0.0]]);
        let pixels = second.len();
        let tensor = |columns, values| Tensor::from_vec(&[pixels, columns], values).expect("all pixels");
        Self { gradient: tensor(2, both), laplacian: tensor(1, second) }
    }

    /// The exact derivatives of a network with one output, by differentiating it twice with the
    /// tape.
    pub(crate) fn of_network(network: &Network, coordinates: &Tensor) -> Self {
        let count = coordinates.shape()[0];
        let chunk = |first: usize| {
            let tape = Tape::default();
            let x = tape.var(coordinates.narrow(0, first, (first + SHARD).min(count)));
            let network = network.map(ParameterPath::ROOT, &mut |_, p: &Tensor| tape.var(p.clone()));
            let [gradient] = network.forward(&x, &mut Pass::on(&tape)).sum().grad([x]);
            let second = |i| gradient.narrow(1, i, i + 1).sum().grad([x])[0].narrow(1, i, i + 1);
            (gradient.value(), (second(0) + second(1)).value())
        };
        let starts: Vec<usize> = (0..count).step_by(SHARD).collect();
        let (gradients, laplacians): (Vec<_>, Vec<_>) =
            parallel::map(&starts, |&first| chunk(first)).into_iter().unzip();
        let whole = |parts: Vec<Tensor>| Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0);
        Self { gradient: whole(gradients), laplacian: whole(laplacians) }
    }

    /// The norm of the gradient at each pixel.
    pub(crate) fn steepness(&self) -> Vec<f32> {
        self.gradient.as_slice().chunks_exact(2).map(|d| d[0].hypot(d[1])).collect()
    }
}

/// Applies a filter of 3 x 3 pixels to a grey picture, which is padded by its edge pixels.
fn filtered(picture: &PixelRegression, filter: [[f64; 3]; 3]) -> Vec<f32> {
    let [width, height] = picture.size;
    let values = picture.colors.as_slice();
    let at = |i: usize, di: usize, extent: usize| (i + di).saturating_sub(1).min(extent - 1);
    let pixel = |k: usize| {
        let (i, j) = (k % width, k / width);
        let mut sum = 0.0;
        for (dj, row) in filter.iter().enumerate() {
            for (di, weight) in row.iter().enumerate() {
                sum += weight * f64::from(values[at(j, dj, height) * width + at(i, di, width)]);
            }
        }
        sum as f32
    };
    (0..width * height).map(pixel).collect()
}

/// Pearson's correlation of two lists of values; 0 if one of them is constant.
pub(crate) fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let n = a.len() as f64;
    let mean = |x: &[f32]| x.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a) - ma, f64::from(b) - mb);
        (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Siren, SirenConfig};
    use crate::random::{Purpose, Stream};

    /// A picture of a function of the coordinates.
    fn picture(f: impl Fn(f32, f32) -> f32) -> PixelRegression {
        let coordinates = crate::assignments::siren::pixel_coordinates([9, 7]);
        let values = coordinates.as_slice().chunks_exact(2).map(|p| f(p[0], p[1])).collect();
        PixelRegression { size: [9, 7], colors: Tensor::from_vec(&[63, 1], values).unwrap(), coordinates }
    }

    #[test]
    fn filters_are_exact_for_linear_and_quadratic_functions() {
        let inside = 3 * 9 + 4;
        let plane = Derivatives::of_pixels(&picture(|x, y| 0.5 * x - 0.25 * y));
        let slopes = &plane.gradient.as_slice()[2 * inside..][..2];
        assert!((slopes[0] - 0.5).abs() < 1e-5 && (slopes[1] + 0.25).abs() < 1e-5, "{slopes:?}");
        assert!((plane.steepness()[inside] - 0.3125_f32.sqrt()).abs() < 1e-5);
        let bowl = Derivatives::of_pixels(&picture(|x, y| 0.5 * x * x + 0.25 * y * y));
        assert!((bowl.laplacian.as_slice()[inside] - 1.5).abs() < 1e-4);
    }

    #[test]
    fn the_tape_and_the_jet_give_the_same_derivatives() {
        let config = SirenConfig {
            num_inputs: 2,
            num_outputs: 1,
            num_hidden_layers: 2,
            hidden_layer_width: 8,
            omega: 3.0,
        };
        let siren = Siren::new(config, &mut Stream::new(1, Purpose::Init));
        let coordinates = crate::assignments::siren::pixel_coordinates([50, 40]);
        let jet = siren.jet(&coordinates, &mut Pass::inference());
        let (value, slopes) = siren.value_and_gradient(&coordinates, &mut Pass::inference());
        assert_eq!(value.as_slice(), jet.value.as_slice());
        let found = Derivatives::of_network(&Network::Siren(siren), &coordinates);
        let close = |a: &Tensor, b: &Tensor| {
            assert_eq!(a.shape(), b.shape());
            assert!(
                a.as_slice().iter().zip(b.as_slice()).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + a.abs()))
            );
        };
        for (i, slope) in slopes.iter().enumerate() {
            close(&found.gradient.narrow(1, i, i + 1), slope);
            close(slope, &jet.gradient[i]);
        }
        close(&found.laplacian, &jet.laplacian);
    }

    #[test]
    fn correlation_does_not_depend_on_scale_or_offset() {
        assert!((correlation(&[1.0, 2.0, 4.0], &[-3.0, -5.0, -9.0]) + 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 2.0], &[5.0, 5.0]), 0.0);
    }
}
