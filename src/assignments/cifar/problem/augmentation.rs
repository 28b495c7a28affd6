//! The augmentation of photographs in training, and test-time augmentation.

use crate::assignments::cifar::TestTime;
use crate::data::augment::{Border, Mix, Picture, Step, View};
use crate::data::{CifarKind, LabelledImages};
use crate::metrics::NoScore;
use crate::models::classification::in_chunks;
use crate::models::{Augment, Classifier};
use crate::nn::{Module as _, Pass};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::Shard;

/// The number of channels: red, green and blue.
pub(crate) const CHANNELS: usize = 3;
/// The number of values of a photograph.
pub(crate) const LENGTH: usize = CifarKind::SIZE[0] * CifarKind::SIZE[1] * CHANNELS;

/// The augmentation of training examples. Each change is a function of the seed, the epoch and the
/// example; mixing also depends on the shard's position in the batch.
#[derive(Clone, Debug, Default)]
pub struct Augmentation {
    /// The steps on colours from 0 to 1.
    pub colors: Vec<Step>,
    /// The steps on the network's inputs, whose mean is 0.
    pub inputs: Vec<Step>,
    /// The kinds of mixing. Each shard uses one of them at random.
    pub mixes: Vec<Mix>,
}

impl Augment for Augmentation {
    fn colors(&self, colors: &mut Tensor, examples: &[usize], shard: &Shard<'_>) {
        self.change_colors(colors, examples, view_in(shard));
    }

    fn inputs(&self, inputs: &mut Tensor, targets: &mut Tensor, examples: &[usize], shard: &Shard<'_>) {
        self.change_inputs(inputs, targets, examples, view_in(shard), &mut shard.stream(Purpose::Mix, 0));
    }
}

/// The view of each example in a shard.
fn view_in(shard: &Shard<'_>) -> impl Fn(usize) -> View {
    let (seed, epoch) = (shard.seed(), shard.epoch());
    move |example| View { seed, epoch, example: example as u64 }
}

impl Augmentation {
    pub(crate) fn change_colors(
        &self,
        colors: &mut Tensor,
        examples: &[usize],
        view: impl Fn(usize) -> View,
    ) {
        apply(&self.colors, colors, examples, view);
    }

    pub(crate) fn change_inputs(
        &self,
        inputs: &mut Tensor,
        targets: &mut Tensor,
        examples: &[usize],
        view: impl Fn(usize) -> View,
        stream: &mut Stream,
    ) {
        apply(&self.inputs, inputs, examples, view);
        if !self.mixes.is_empty() {
            let mix = self.mixes[stream.below(self.mixes.len())];
            mix.apply(inputs, targets, stream);
        }
    }
}

fn apply(steps: &[Step], pictures: &mut Tensor, examples: &[usize], view: impl Fn(usize) -> View) {
    if steps.is_empty() {
        return;
    }
    for (pixels, &example) in pictures.as_mut_slice().chunks_exact_mut(LENGTH).zip(examples) {
        Picture::new(pixels, CifarKind::SIZE, CHANNELS).augment(steps, view(example));
    }
}

/// The probabilities of the classes with test-time augmentation, the softmax of the weighted mean
/// of the logits of several views of each picture. For `FlipShift`, the weights are those of
/// airbench (Jordan 2024, arXiv 2404.00498, section 3.5): 1/4 for the picture and for its mirror
/// image, and 1/8 for each of the two shifted by a pixel to the upper left and to the lower right,
/// with reflected borders.
///
/// # Errors
/// If a probability is not finite.
pub(crate) fn probabilities_of_views(
    test_time: TestTime,
    model: &Classifier,
    pictures: &LabelledImages,
    examples: &[usize],
) -> Result<Vec<f32>, NoScore> {
    let shifts: &[(isize, f64)] = match test_time {
        TestTime::None | TestTime::Flip => &[(0, 1.0)],
        TestTime::FlipShift => &[(0, 0.5), (-1, 0.25), (1, 0.25)],
    };
    let sides: &[bool] = if test_time == TestTime::None { &[false] } else { &[false, true] };
    let view = |inputs: &Tensor, shift: isize, mirrored: bool| {
        let mut view = inputs.clone();
        for pixels in view.as_mut_slice().chunks_exact_mut(LENGTH) {
            let mut picture = Picture::new(pixels, CifarKind::SIZE, CHANNELS);
            picture.translate([shift; 2], Border::Reflect);
            if mirrored {
                picture.flip();
            }
        }
        view
    };
    in_chunks(pictures, examples, |inputs| {
        let views = shifts.iter().flat_map(|shift| sides.iter().map(move |&mirrored| (shift, mirrored)));
        let logits = views.map(|(&(shift, weight), mirrored)| {
            let logits = model.forward(&view(inputs, shift, mirrored), &mut Pass::inference());
            logits * (weight / sides.len() as f64)
        });
        logits.reduce(|sum, logits| sum + &logits).expect("at least one view")
    })
}
