//! The figure of the receptive fields.

use std::ops::Range;

use crate::autodiff::{Algebra as _, Tape};
use crate::data::LabelledImages;
use crate::experiment::classification::figures::picture;
use crate::models::Classifier;
use crate::nn::{Module as _, Parameters, Pass, receptive_field};
use crate::plot::{Color, Figure, Gallery, Key, Tile, sequence};
use crate::tensor::{Tensor, Window};

/// The number of pictures whose gradients are averaged.
const PICTURES: usize = 32;
/// The colour scale of gradients spans this many powers of ten below the largest gradient.
const DECADES: f64 = 3.0;

/// The figure of the receptive field of the middle pixel of each layer. The first row shows the
/// part of a photograph that the layer's windows reach, by the closed formula. The second row shows
/// the effective receptive field (Luo et al. 2016), the mean over pictures of
///
/// sum over input channels of |d sum over output channels of h(middle) / d x|.
///
/// A normalisation takes means over all pixels, so a little of the gradient lies beyond the
/// windows. The captions say how much lies within.
pub(crate) fn figure(model: &Classifier, test: &LabelledImages) -> Figure {
    let layers = model.layers.len();
    let windows: Vec<Vec<&Window>> = model.layers.iter().map(|layer| layer.windows().collect()).collect();
    let examples: Vec<usize> = (0..PICTURES.min(test.examples())).collect();
    let inputs = test.inputs(&examples);
    let (mut reaches, mut gradients) = (Vec::new(), Vec::new());
    for count in 1..=layers {
        let windows: Vec<&Window> = windows[..count].iter().flatten().copied().collect();
        let extent = receptive_field(windows.iter().copied());
        let [rows, columns] = [0, 1].map(|axis| field(&windows, axis, test.size[axis]));
        let caption = vec![format!("layer {count}: {} × {}", extent[0], extent[1])];
        reaches.push(Tile { caption, ..pale_outside(test, &rows, &columns) });

        let seen = gradient(model, count, &inputs);
        let inside: f64 = rows.flat_map(|row| &seen[row * test.size[1]..][columns.clone()]).sum();
        let share = inside / seen.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        gradients.push(Tile {
            width: test.size[1],
            height: test.size[0],
            pixels: heat(&seen),
            caption: vec![format!("{:.1}% inside", 100.0 * share)],
            ..Tile::default()
        });
    }
    Figure::from(Gallery {
        title: "Receptive field of the central output of each layer".into(),
        tiles: [reaches, gradients].concat(),
        columns: layers,
        rows: vec!["theoretical".into(), "effective".into()],
        scale: 96.0,
        key: vec![Key::range("mean |gradient| / maximum, 0.001 to 1 (log scale)", sequence)],
    })
}

/// The range of input pixels that the middle output of the windows depends on. The input has
/// `pixels` pixels along the axis.
fn field(windows: &[&Window], axis: usize, pixels: usize) -> Range<usize> {
    let (mut outputs, mut jump, mut start) = (pixels, 1, 0);
    for window in windows {
        start -= (window.padding[axis][0] * jump) as isize;
        jump *= window.stride[axis];
        outputs = outputs.div_ceil(window.stride[axis]);
    }
    let start = start + (outputs / 2 * jump) as isize;
    let end = start + receptive_field(windows.iter().copied())[axis] as isize;
    let inside = |pixel: isize| pixel.clamp(0, pixels as isize) as usize;
    inside(start)..inside(end)
}

/// A photograph that is pale outside of some rows and columns.
fn pale_outside(test: &LabelledImages, rows: &Range<usize>, columns: &Range<usize>) -> Tile {
    let mut tile = picture(test.size, test.image(0));
    for (i, pixel) in tile.pixels.iter_mut().enumerate() {
        if !(rows.contains(&(i / tile.width)) && columns.contains(&(i % tile.width))) {
            *pixel = pixel.map(|v| 204 + v / 5);
        }
    }
    tile
}

/// The absolute gradient of the middle output of the first layers, summed over channels and
/// pictures: `[height, width]`.
fn gradient(model: &Classifier, layers: usize, inputs: &Tensor) -> Vec<f64> {
    let &[_, height, width, channels] = inputs.shape() else { unreachable!("pictures have four axes") };
    let tape = Tape::new();
    let mut pass = Pass::on(&tape);
    let parameters: Vec<_> = model.parameters().into_iter().map(|p| pass.constant(p)).collect();
    let model = Parameters::<Tensor>::with(model, &parameters);
    let x = tape.var(inputs.clone());
    let h = model.layers[..layers].iter().fold(x, |h, layer| layer.forward(&h, &mut pass));
    let middle = [1, 2].map(|axis| h.shape()[axis] / 2);
    let seen = h.narrow(1, middle[0], middle[0] + 1).narrow(2, middle[1], middle[1] + 1).sum();
    let mut sums = vec![0.0; height * width];
    let gradients = seen.backward(&[x]).pop().flatten();
    for (i, g) in gradients.iter().flat_map(|g| g.as_slice().iter().enumerate()) {
        sums[i / channels % (height * width)] += f64::from(g.abs());
    }
    sums
}

/// The colours of values on a logarithmic scale.
fn heat(values: &[f64]) -> Vec<Color> {
    let largest = values.iter().fold(f64::MIN_POSITIVE, |max, &v| max.max(v));
    values.iter().map(|&v| sequence(1.0 + libm::log10(v / largest).max(-DECADES) / DECADES)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_centred_on_the_middle_output() {
        let same = |kernel: usize, stride: usize| Window::new([kernel; 2]).same().step(stride);
        let (three, halving) = (same(3, 1), same(3, 2));
        assert_eq!(field(&[], 0, 32), 16..17);
        assert_eq!(field(&[&three], 0, 32), 15..18);
        assert_eq!(field(&[&three, &three], 0, 32), 14..19);
        // Output 8 of 16 depends on pixels 15 to 17; the next layer adds one output on either side.
        assert_eq!(field(&[&halving], 0, 32), 15..18);
        assert_eq!(field(&[&halving, &three], 0, 32), 13..20);
        assert_eq!(field(&[&same(5, 1); 9], 0, 32), 0..32);
    }
}
