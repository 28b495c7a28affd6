//! A picture compressed as the rounded weights of a small network (COIN, Dupont et al. 2021),
//! compared with JPEG.

use half::f16;
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;

use super::demonstration::Demonstration;
use crate::assignments::siren::problem::colors;
use crate::assignments::siren::{Network, PictureFit, report};
use crate::experiment::Error;
use crate::metrics::psnr;
use crate::nn::Parameters as _;
use crate::table::{Table, row};
use crate::tensor::Tensor;

/// The widths of the networks, and their names.
const WIDTHS: [(usize, &str); 6] = [
    (16, "width 16"),
    (24, "width 24"),
    (32, "width 32"),
    (48, "width 48"),
    (64, "width 64"),
    (96, "width 96"),
];
/// The numbers of bits of a weight.
const BITS: [u32; 3] = [16, 8, 6];
/// The quality settings of JPEG.
const QUALITIES: [u8; 10] = [2, 5, 10, 20, 30, 40, 50, 65, 80, 90];
/// Sizes in bits per pixel, and the metrics of the best networks and the best JPEG files up to that
/// size.
const BUDGETS: [(f64, &str, &str); 2] = [
    (0.5, "psnr_network_half_bit_db", "psnr_jpeg_half_bit_db"),
    (1.0, "psnr_network_one_bit_db", "psnr_jpeg_one_bit_db"),
];

/// A size in bits per pixel, and a signal-to-noise ratio in decibels.
type Rate = (f64, f64);

/// Trains small networks, rounds their weights, and compares their sizes and signal-to-noise ratios
/// with those of JPEG, in a figure and in `compression.csv`.
pub(crate) fn compression(demo: &mut Demonstration<'_>) -> Result<(), Error> {
    let pixels = demo.picture.coordinates.shape()[0] as f64;
    let mut table = Table::new(["codec", "setting", "bits", "bits_per_pixel", "psnr_db"]);
    let mut networks = BITS.map(|bits| (format!("SIREN, {bits}-bit weights"), Vec::new()));
    for (width, name) in WIDTHS {
        let config = PictureFit { width, ..demo.config.clone() };
        let (network, _) = demo.train(name, &config, &demo.picture)?;
        for (bits, (_, curve)) in BITS.into_iter().zip(&mut networks) {
            let (rounded, size) = rounded(&network, bits);
            let rate =
                (size as f64 / pixels, psnr(&colors(&rounded, &demo.picture.coordinates)?, &demo.truth));
            row!(table; "network", width, bits, format!("{:.4}", rate.0), format!("{:.3}", rate.1));
            curve.push(rate);
        }
    }
    let mut jpeg = Vec::new();
    for quality in QUALITIES {
        let (size, decoded) = jpeg_of(&demo.truth, demo.picture.size, quality)?;
        let rate = (8.0 * size as f64 / pixels, psnr(&decoded, &demo.truth));
        row!(table; "jpeg", quality, "", format!("{:.4}", rate.0), format!("{:.3}", rate.1));
        jpeg.push(rate);
    }
    let best = |rates: &mut dyn Iterator<Item = &Rate>, budget: f64| {
        rates.filter(|rate| rate.0 <= budget).map(|rate| rate.1).reduce(f64::max)
    };
    for (budget, by_network, by_jpeg) in BUDGETS {
        let found = [
            (by_network, best(&mut networks.iter().flat_map(|(_, curve)| curve), budget)),
            (by_jpeg, best(&mut jpeg.iter(), budget)),
        ];
        for (metric, ratio) in found {
            if let Some(ratio) = ratio {
                demo.measured(metric, ratio);
            }
        }
    }
    demo.write("compression.csv", table.text().as_bytes())?;
    demo.save("compression", &report::rates(networks.into(), jpeg))
}

/// A network with its weights rounded to a number of bits, and its total size in bits. With 16
/// bits, weights are half-precision numbers. With fewer, they are integers from -(2^(bits - 1) - 1)
/// to 2^(bits - 1) - 1 times a step; each output of a layer has a step in half precision.
fn rounded(network: &Network, bits: u32) -> (Network, usize) {
    let mut size = 0;
    let parameters: Vec<Tensor> = network
        .parameters()
        .iter()
        .map(|p: &Tensor| {
            size += bits as usize * p.len();
            if bits == 16 {
                let mut values = p.as_slice().iter().map(|&w| f16::from_f32(w).to_f32());
                return Tensor::from_fn(p.shape(), || values.next().expect("all weights"));
            }
            // A bias vector has a single step.
            let columns = if p.rank() == 2 { p.shape()[1] } else { 1 };
            size += 16 * columns;
            let levels = (1_u32 << (bits - 1)) - 1;
            let mut largest = vec![0.0_f32; columns];
            for (i, &w) in p.as_slice().iter().enumerate() {
                largest[i % columns] = largest[i % columns].max(w.abs());
            }
            let step = |i: usize| {
                let step = f16::from_f32(largest[i % columns] / levels as f32);
                step.max(f16::MIN_POSITIVE).to_f32()
            };
            let bound = levels as f32;
            let at = |(i, &w): (usize, &f32)| step(i) * (w / step(i)).round().clamp(-bound, bound);
            let values = p.as_slice().iter().enumerate().map(at).collect();
            Tensor::from_vec(p.shape(), values).expect("all weights")
        })
        .collect();
    (network.with(&parameters), size)
}

/// The size in bytes of a picture as JPEG, and the decoded picture.
fn jpeg_of(truth: &[f32], size: [usize; 2], quality: u8) -> Result<(usize, Vec<f32>), Error> {
    let failed = |e: image::ImageError| Error::Check(format!("JPEG: {e}"));
    let [width, height] = size.map(|extent| extent as u32);
    let pixels: Vec<u8> = truth.iter().map(|y| (255.0 * y).round() as u8).collect();
    let is_grey = pixels.len() == size[0] * size[1];
    let kind = if is_grey { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode(&pixels, width, height, kind)
        .map_err(failed)?;
    let decoded = image::load_from_memory(&bytes).map_err(failed)?;
    let decoded = if is_grey { decoded.into_luma8().into_raw() } else { decoded.into_rgb8().into_raw() };
    Ok((bytes.len(), decoded.into_iter().map(|y| f32::from(y) / 255.0).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Siren, SirenConfig};
    use crate::random::{Purpose, Stream};

    #[test]
    fn fewer_bits_give_larger_errors_and_smaller_sizes() {
        let config = SirenConfig {
            num_inputs: 2,
            num_outputs: 1,
            num_hidden_layers: 2,
            hidden_layer_width: 8,
            omega: 30.0,
        };
        let network = Network::Siren(Siren::new(config, &mut Stream::new(1, Purpose::Init)));
        let count = 3 * 8 + 9 * 8 + 9;
        let distance = |bits: u32| {
            let (other, size) = rounded(&network, bits);
            let steps = if bits == 16 { 0 } else { 16 * (8 + 1 + 8 + 1 + 1 + 1) };
            assert_eq!(size, bits as usize * count + steps);
            let pairs = network.parameters().into_iter().zip(other.parameters());
            let worst = |(a, b): (Tensor, Tensor)| {
                let largest = a.as_slice().iter().fold(0.0_f32, |max, x| max.max(x.abs())).max(1e-9);
                a.as_slice().iter().zip(b.as_slice()).fold(0.0_f32, |max, (a, b)| max.max((a - b).abs()))
                    / largest
            };
            pairs.map(worst).fold(0.0, f32::max)
        };
        let [half, eight, six] = BITS.map(distance);
        assert!(half < 1e-3 && half < eight && eight < 0.51 / 127.0 * 1.01, "{half} {eight}");
        assert!(eight < six && six < 0.51 / 31.0 * 1.01, "{six}");
    }

    #[test]
    fn larger_jpeg_files_are_better() {
        let truth: Vec<f32> =
            (0..64 * 48).map(|k| ((k % 64 / 8 + k / 64 / 8) % 2) as f32 * 0.6 + 0.2).collect();
        let [(small, coarse), (large, fine)] = [10, 90].map(|q| jpeg_of(&truth, [64, 48], q).unwrap());
        assert!(small < large && psnr(&coarse, &truth) < psnr(&fine, &truth));
        assert!(psnr(&fine, &truth) > 30.0);
    }
}
