//! A film of the way into a picture: a network has a colour at every place, not only at pixels.

use super::demonstration::Demonstration;
use crate::assignments::siren::problem::colors;
use crate::assignments::siren::{Network, report};
use crate::experiment::Error;
use crate::metrics::{NoScore, psnr};
use crate::tensor::Tensor;

/// How near the film comes.
const NEAREST: f64 = 16.0;
/// Frames on the way there; the film goes back the same way.
const FRAMES: u32 = 40;
/// Frames in a second.
const RATE: u16 = 16;
/// Where it goes.
const GOAL: [f64; 2] = [0.18, -0.12];
/// How near the figure's pictures are.
const STEPS: [f64; 4] = [1.0, 4.0, 8.0, 16.0];

/// Writes the film `zoom.png`, an animated PNG, and a figure of the network's picture beside the pixels themselves.
pub(crate) fn zoom(demo: &mut Demonstration<'_>, network: &Network) -> Result<(), Error> {
    let size = demo.picture.size;
    let seen = |nearness: f64| colors(network, &places(&demo.picture.places, nearness));
    let way = |t: u32| NEAREST.powf(f64::from(t) / f64::from(FRAMES - 1));
    let frame = |t| Ok(seen(way(t))?.into_iter().map(byte).collect());
    let there: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect::<Result<_, NoScore>>()?;
    let back = there[1..there.len() - 1].iter().rev();
    let frames: Vec<&[u8]> = there.iter().chain(back).map(Vec::as_slice).collect();
    let film = film(&frames, size).map_err(|e| Error::Check(format!("zoom.png: {e}")))?;
    demo.write("zoom.png", &film)?;

    let mut tiles = Vec::new();
    for nearness in STEPS {
        tiles.push((format!("× {nearness}"), seen(nearness)?));
    }
    tiles.extend(STEPS.map(|nearness| {
        let places = places(&demo.picture.places, nearness);
        (String::new(), nearest_pixels(&demo.truth, size, &places))
    }));
    let ratio = psnr(&colors(network, &demo.picture.places)?, &demo.truth);
    demo.measured("psnr_db", ratio);
    demo.measured("nearest", NEAREST);
    demo.save("zoom-steps", &report::rows("Between the pixels", size, &tiles, &["network", "pixels"]))
}

fn byte(value: f32) -> u8 {
    (255.0 * value.clamp(0.0, 1.0)).round() as u8
}

/// The places of the film's frame that is so near, as many as there are pixels: the frame's middle is such that the goal
/// moves straight over the screen.
fn places(whole: &Tensor, nearness: f64) -> Tensor {
    let way = (1.0 - 1.0 / nearness) / (1.0 - 1.0 / NEAREST);
    let at = |(i, x): (usize, &f32)| (way * GOAL[i % 2] + f64::from(*x) / nearness) as f32;
    let values = whole.as_slice().iter().enumerate().map(at).collect();
    Tensor::from_vec(whole.shape(), values).expect("all places")
}

/// The colours of the pixels that are nearest to some places.
fn nearest_pixels(truth: &[f32], [width, height]: [usize; 2], places: &Tensor) -> Vec<f32> {
    let channels = truth.len() / (width * height);
    let longer = (width.max(height).max(2) - 1) as f64;
    let pixel = |x: f32, extent: usize| {
        let last = (extent - 1) as f64;
        f64::midpoint(f64::from(x) * longer, last).round().clamp(0.0, last) as usize
    };
    let places = places.as_slice().chunks_exact(2);
    places
        .flat_map(|at| {
            let first = channels * (pixel(at[1], height) * width + pixel(at[0], width));
            truth[first..first + channels].to_vec()
        })
        .collect()
}

/// An animated PNG of frames of bytes, one or three a pixel, that runs for ever.
fn film(frames: &[&[u8]], [width, height]: [usize; 2]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    let is_grey = frames[0].len() == width * height;
    encoder.set_color(if is_grey { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_animated(frames.len() as u32, 0)?;
    encoder.set_frame_delay(1, RATE)?;
    let mut writer = encoder.write_header()?;
    for frame in frames {
        writer.write_image_data(frame)?;
    }
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_film_begins_with_the_whole_picture_and_ends_at_its_goal() {
        let whole = crate::assignments::siren::places([5, 5]);
        assert_eq!(places(&whole, 1.0).as_slice(), whole.as_slice());
        let last = places(&whole, NEAREST);
        let middle = &last.as_slice()[2 * 12..][..2];
        assert!(middle.iter().zip(GOAL).all(|(x, goal)| (f64::from(*x) - goal).abs() < 1e-6));
        assert!((last.as_slice()[8] - last.as_slice()[0] - 2.0 / 16.0).abs() < 1e-6);
    }

    #[test]
    fn pixels_lie_at_their_own_places() {
        let truth: Vec<f32> = (0..3 * 15).map(|i| i as f32).collect();
        assert_eq!(nearest_pixels(&truth, [5, 3], &crate::assignments::siren::places([5, 3])), truth);
    }

    #[test]
    fn a_film_has_all_its_frames() {
        let (a, b) = ([0; 6], [200; 6]);
        let bytes = film(&[&a, &b, &a], [3, 2]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        assert_eq!(reader.info().animation_control().unwrap().num_frames, 3);
        let mut frame = [1; 6];
        for expected in [a, b, a] {
            reader.next_frame(&mut frame).unwrap();
            assert_eq!(frame, expected);
        }
    }
}
