//! Image classification, shared by assignments 3 and 4: labelled pictures, and the training
//! objective.

mod proxy;

pub use proxy::Proxy;

use super::classifier::Classifier;
use crate::autodiff::Algebra;
use crate::data::LabelledImages;
use crate::metrics::{NoScore, check_finite, top};
use crate::nn::loss::{cross_entropy, l2_penalty, one_hot};
use crate::nn::{Module as _, Pass, inference};
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// The number of pictures that a thread classifies at a time.
const CHUNK: usize = 16;

/// Random augmentation of training examples.
///
/// If a [`Proxy`] selects examples, the changes must not depend on the index of an example in its
/// batch, because the selection changes the indices.
pub trait Augment: Sync {
    /// Changes the colours of a shard's pictures, from 0 to 1, `[examples, height, width,
    /// channels]`. `examples` are their indices among all examples, including those that are held
    /// out.
    fn colors(&self, colors: &mut Tensor, examples: &[usize], shard: &Shard<'_>);

    /// Changes the network's inputs, which are the normalized colours, and their targets.
    fn inputs(&self, _inputs: &mut Tensor, _targets: &mut Tensor, _examples: &[usize], _shard: &Shard<'_>) {}
}

/// The training objective: cross-entropy of labelled pictures, and an L2 penalty.
pub struct ImageClassification<G> {
    /// The pictures for training and validation.
    pub pictures: LabelledImages,
    /// The indices of the training examples.
    pub training: Vec<usize>,
    /// The indices of the validation examples.
    pub validation: Vec<usize>,
    /// The augmentation of training examples.
    pub augmentation: G,
    /// The share of each target that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// The factor of the L2 penalty, half the sum of the squared weights.
    pub l2: f64,
    /// The proxy that selects the examples of each step; without one, all are used.
    pub proxy: Option<Proxy>,
    /// The name of the validation accuracy in the history.
    pub accuracy: &'static str,
}

impl<G: Default> ImageClassification<G> {
    /// An objective with all pictures for training, without augmentation, smoothing or penalty.
    pub fn new(pictures: LabelledImages) -> Self {
        Self {
            training: (0..pictures.examples()).collect(),
            validation: Vec::new(),
            pictures,
            augmentation: G::default(),
            label_smoothing: 0.0,
            l2: 0.0,
            proxy: None,
            accuracy: "validation_accuracy",
        }
    }
}

impl<G: Augment> ImageClassification<G> {
    /// The augmented inputs and targets of a shard.
    fn augmented(&self, shard: &Shard<'_>) -> (Tensor, Tensor) {
        let examples: Vec<usize> = shard.examples.iter().map(|&i| self.training[i]).collect();
        let mut x = self.pictures.colors(&examples);
        self.augmentation.colors(&mut x, &examples, shard);
        self.pictures.normalize(&mut x);
        let labels = self.pictures.labels_of(&examples);
        let mut targets = one_hot(&labels, self.pictures.classes, self.label_smoothing);
        self.augmentation.inputs(&mut x, &mut targets, &examples, shard);
        (x, targets)
    }
}

impl<G: Augment> Objective for ImageClassification<G> {
    type Model = Classifier;

    fn examples(&self) -> usize {
        self.training.len()
    }

    fn arrange(&self, batch: &Shard<'_>) -> Vec<usize> {
        match &self.proxy {
            Some(proxy) => proxy.choose(batch, |shard| self.augmented(shard)),
            None => batch.examples.to_vec(),
        }
    }

    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &Classifier<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A {
        let (x, targets) = self.augmented(shard);
        let logits = model.forward(&pass.constant(x), pass);
        cross_entropy(&logits, &pass.constant(targets)).sum()
    }

    fn penalty<A: Algebra<Elem = f32>>(&self, model: &Classifier<A>) -> Option<A> {
        (self.l2 > 0.0).then(|| l2_penalty(model.weights()) * self.l2)
    }

    fn metrics(&self, model: &Classifier) -> Vec<(&'static str, f64)> {
        let judged = judge(model, &self.pictures, &self.validation);
        let (loss, accuracy) = judged.unwrap_or((f64::NAN, f64::NAN));
        vec![("validation_loss", loss), (self.accuracy, accuracy)]
    }
}

/// Checks that the lists of a classifier's layers have equal lengths, and that groups divide the
/// channels.
///
/// # Errors
/// Names the option that is wrong.
pub(crate) fn check_layers(
    depths: &[usize],
    kernel_sizes: &[usize],
    strides: &[usize],
    norm_groups: Option<usize>,
) -> Result<(), String> {
    for (name, list) in [("layer-kernel-sizes", kernel_sizes), ("layer-strides", strides)] {
        if list.len() != depths.len() {
            return Err(format!("--{name} has {} values, but --layer-depths {}", list.len(), depths.len()));
        }
    }
    match depths.iter().find(|depth| !depth.is_multiple_of(norm_groups.unwrap_or(1))) {
        Some(depth) => {
            Err(format!("--norm-groups {} does not divide the depth {depth}", norm_groups.unwrap_or(1)))
        }
        None => Ok(()),
    }
}

/// The probability of each class for each example: `[examples, classes]` in row-major order.
///
/// # Errors
/// If a probability is not finite.
pub(crate) fn probabilities(
    model: &Classifier,
    pictures: &LabelledImages,
    examples: &[usize],
) -> Result<Vec<f32>, NoScore> {
    in_chunks(pictures, examples, |inputs| model.forward(inputs, &mut Pass::inference()))
}

/// The softmax of the logits that `logits` computes for the inputs of each example.
///
/// # Errors
/// If a probability is not finite.
pub(crate) fn in_chunks(
    pictures: &LabelledImages,
    examples: &[usize],
    logits: impl Fn(&Tensor) -> Tensor + Sync,
) -> Result<Vec<f32>, NoScore> {
    let of_chunk = |examples: &[usize]| logits(&pictures.inputs(examples)).softmax(1);
    let probabilities = inference::in_chunks(examples, CHUNK, of_chunk);
    check_finite(&probabilities, pictures.classes)?;
    Ok(probabilities)
}

/// The mean cross-entropy and the accuracy of a model on some examples.
///
/// # Errors
/// If a probability is not finite.
pub(crate) fn judge(
    model: &Classifier,
    pictures: &LabelledImages,
    examples: &[usize],
) -> Result<(f64, f64), NoScore> {
    let (p, labels) = (probabilities(model, pictures, examples)?, pictures.labels_of(examples));
    let of_label = p.chunks_exact(pictures.classes).zip(&labels).map(|(p, &label)| f64::from(p[label]));
    let loss: f64 = of_label.map(|p| -libm::log(p.max(f64::from(f32::MIN_POSITIVE)))).sum();
    Ok((loss / labels.len().max(1) as f64, top(1, &p, pictures.classes, &labels)?))
}
