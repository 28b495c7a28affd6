//! An animated zoom into a picture: a network has a colour at all coordinates, not only at pixels.

use super::demonstration::Demonstration;
use crate::assignments::siren::problem::colors;
use crate::assignments::siren::{Network, report};
use crate::experiment::Error;
use crate::metrics::{NoScore, psnr};
use crate::tensor::Tensor;

/// The largest zoom factor.
const LARGEST: f64 = 16.0;
/// The number of frames that zoom in; the same frames in reverse order zoom out.
const FRAMES: u32 = 40;
/// The number of frames per second.
const RATE: u16 = 16;
/// The coordinates of the point that the animation zooms in on.
const GOAL: [f64; 2] = [0.18, -0.12];
/// The zoom factors of the pictures in the figure.
const STEPS: [f64; 4] = [1.0, 4.0, 8.0, 16.0];

/// Writes `zoom.png`, an animated PNG, and a figure that compares the network's picture with the
/// enlarged pixels.
pub(crate) fn zoom(demo: &mut Demonstration<'_>, network: &Network) -> Result<(), Error> {
    let size = demo.picture.size;
    let zoomed = |factor: f64| colors(network, &frame_coordinates(&demo.picture.coordinates, factor));
    let factor = |t: u32| LARGEST.powf(f64::from(t) / f64::from(FRAMES - 1));
    let frame = |t| Ok(zoomed(factor(t))?.into_iter().map(byte).collect());
    let there: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect::<Result<_, NoScore>>()?;
    let back = there[1..there.len() - 1].iter().rev();
    let frames: Vec<&[u8]> = there.iter().chain(back).map(Vec::as_slice).collect();
    let film = film(&frames, size).map_err(|e| Error::Check(format!("zoom.png: {e}")))?;
    demo.write("zoom.png", &film)?;

    let mut tiles = Vec::new();
    for factor in STEPS {
        tiles.push((format!("× {factor}"), zoomed(factor)?));
    }
    tiles.extend(STEPS.map(|factor| {
        let coordinates = frame_coordinates(&demo.picture.coordinates, factor);
        (String::new(), nearest_pixels(&demo.truth, size, &coordinates))
    }));
    let ratio = psnr(&colors(network, &demo.picture.coordinates)?, &demo.truth);
    demo.measured("psnr_db", ratio);
    demo.measured("nearest", LARGEST);
    demo.save(
        "zoom-steps",
        &report::rows("Zoom: SIREN and nearest-neighbour interpolation", size, &tiles, &["SIREN", "nearest"]),
    )
}

fn byte(value: f32) -> u8 {
    (255.0 * value.clamp(0.0, 1.0)).round() as u8
}

/// The coordinates of the pixels of a frame with a zoom factor. `whole` are those of the whole
/// picture. The centre of the frame is chosen so that the goal moves over the screen in a straight
/// line.
fn frame_coordinates(whole: &Tensor, factor: f64) -> Tensor {
    let share = (1.0 - 1.0 / factor) / (1.0 - 1.0 / LARGEST);
    let at = |(i, x): (usize, &f32)| (share * GOAL[i % 2] + f64::from(*x) / factor) as f32;
    let values = whole.as_slice().iter().enumerate().map(at).collect();
    Tensor::from_vec(whole.shape(), values).expect("all coordinates")
}

/// The colours of the pixels nearest to some coordinates.
fn nearest_pixels(truth: &[f32], [width, height]: [usize; 2], coordinates: &Tensor) -> Vec<f32> {
    let channels = truth.len() / (width * height);
    let longer = (width.max(height).max(2) - 1) as f64;
    let pixel = |x: f32, extent: usize| {
        let last = (extent - 1) as f64;
        f64::midpoint(f64::from(x) * longer, last).round().clamp(0.0, last) as usize
    };
    let coordinates = coordinates.as_slice().chunks_exact(2);
    coordinates
        .flat_map(|at| {
            let first = channels * (pixel(at[1], height) * width + pixel(at[0], width));
            truth[first..first + channels].to_vec()
        })
        .collect()
}

/// An animated PNG that repeats for ever. Frames have one or three bytes per pixel.
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
    fn the_animation_starts_with_the_whole_picture_and_ends_at_its_goal() {
        let whole = crate::assignments::siren::pixel_coordinates([5, 5]);
        assert_eq!(frame_coordinates(&whole, 1.0).as_slice(), whole.as_slice());
        let last = frame_coordinates(&whole, LARGEST);
        let middle = &last.as_slice()[2 * 12..][..2];
        assert!(middle.iter().zip(GOAL).all(|(x, goal)| (f64::from(*x) - goal).abs() < 1e-6));
        assert!((last.as_slice()[8] - last.as_slice()[0] - 2.0 / 16.0).abs() < 1e-6);
    }

    #[test]
    fn each_pixel_is_nearest_to_its_own_coordinates() {
        let truth: Vec<f32> = (0..3 * 15).map(|i| i as f32).collect();
        assert_eq!(
            nearest_pixels(&truth, [5, 3], &crate::assignments::siren::pixel_coordinates([5, 3])),
            truth
        );
    }

    #[test]
    fn an_animation_has_all_its_frames() {
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
