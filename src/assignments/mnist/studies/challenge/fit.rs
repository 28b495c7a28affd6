//! Training a head on fixed features, and measuring its accuracy.

use std::marker::PhantomData;

use crate::assignments::mnist::problem::CLASSES;
use crate::autodiff::Algebra;
use crate::experiment::Error;
use crate::metrics::{NoScore, most_probable};
use crate::nn::loss::{cross_entropy, one_hot};
use crate::nn::{Parameters, Pass};
use crate::optim::{Method, Schedule};
use crate::parallel;
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{Objective, RunOptions, Sampling, Settings, Shard, train};

/// The number of seeds of an entry.
const SEEDS: usize = 5;
/// The number of examples that a thread classifies at a time.
const CHUNK: usize = 200;

/// The learned part of a classifier: from features to logits.
pub(crate) trait Scorer: Parameters<Tensor, Of<Tensor> = Self> + Send + Sync {
    /// The logits of a batch: features `[n, ..]` to `[n, 10]`.
    fn logits<A: Algebra<Elem = f32>>(head: &Self::Of<A>, x: &A, pass: &Pass<A>) -> A;
}

/// A function from the indices of examples to their features.
type Gather<'d> = dyn Fn(&[usize]) -> Tensor + Sync + 'd;

/// Features and labels. The features may be computed on demand, to save memory.
pub(crate) struct Examples<'d> {
    features: Box<Gather<'d>>,
    labels: &'d [usize],
}

impl<'d> Examples<'d> {
    /// Features that are the rows of a table.
    pub fn of(table: &'d Tensor, labels: &'d [usize]) -> Self {
        Self::made(|examples| table.gather(0, examples), labels)
    }

    /// Features that a function computes for some examples.
    pub fn made(features: impl Fn(&[usize]) -> Tensor + Sync + 'd, labels: &'d [usize]) -> Self {
        Self { features: Box::new(features), labels }
    }
}

/// The three parts of the data.
pub(crate) struct Parts<'d> {
    /// The examples for training.
    pub training: Examples<'d>,
    /// The examples for choosing between classifiers.
    pub validation: Examples<'d>,
    /// The examples for reporting only.
    pub test: Examples<'d>,
}

/// The length and speed of training with Adam. The learning rate falls to 0 along half a cosine.
#[derive(Clone, Copy)]
pub(crate) struct Recipe {
    /// The number of steps.
    pub steps: u64,
    /// The number of examples in a step.
    pub batch: usize,
    /// The initial learning rate.
    pub rate: f64,
}

/// The results of an entry.
pub(crate) struct Scores {
    /// The number of learned parameters of the head.
    pub learned: usize,
    /// The validation accuracy for each seed.
    pub validation: Vec<f64>,
    /// The test accuracy for each seed.
    pub test: Vec<f64>,
}

/// The training objective: the cross-entropy of a head's logits.
struct Fit<'d, H> {
    examples: &'d Examples<'d>,
    head: PhantomData<fn() -> H>,
}

impl<H: Scorer> Objective for Fit<'_, H> {
    type Model = H;

    fn examples(&self) -> usize {
        self.examples.labels.len()
    }

    fn loss<A: Algebra<Elem = f32>>(&self, head: &H::Of<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        let labels: Vec<usize> = shard.examples.iter().map(|&i| self.examples.labels[i]).collect();
        let x = pass.constant((self.examples.features)(shard.examples));
        let targets = pass.constant(one_hot(&labels, CLASSES, 0.0));
        cross_entropy(&H::logits(head, &x, pass), &targets).sum()
    }
}

/// Trains a head from `start` with each of the seeds 0 to 4, and measures all of them.
pub(crate) fn train_seeds<H: Scorer>(
    parts: &Parts<'_>,
    recipe: Recipe,
    start: impl Fn(&mut Stream) -> H + Sync,
) -> Result<Scores, Error> {
    let settings = Settings {
        steps: recipe.steps,
        batch_size: recipe.batch,
        shard_size: recipe.batch,
        sampling: Sampling::WithReplacement,
        learning_rate: recipe.rate,
        schedule: Schedule::Cosine { warmup: 0.0, last: 0.0 },
        method: Method::Adam,
        max_gradient_norm: None,
        average: None,
        log_every: recipe.steps,
        checkpoint_every: recipe.steps,
    };
    let heads = parallel::indices(SEEDS, |seed| {
        let objective = Fit { examples: &parts.training, head: PhantomData };
        let head = start(&mut Stream::new(seed as u64, Purpose::Init));
        train(&objective, &head, settings, seed as u64, &RunOptions::default()).map(|(head, _)| head)
    });
    let heads = heads.into_iter().collect::<Result<Vec<H>, _>>()?;
    Ok(Scores {
        learned: heads[0].count(),
        validation: accuracies(&heads, &parts.validation)?,
        test: accuracies(&heads, &parts.test)?,
    })
}

/// The accuracy of each head.
///
/// # Errors
/// If a logit is not finite.
fn accuracies<H: Scorer>(heads: &[H], examples: &Examples<'_>) -> Result<Vec<f64>, NoScore> {
    let all: Vec<usize> = (0..examples.labels.len()).collect();
    let right = |chunk: &[usize]| -> Result<Vec<usize>, NoScore> {
        let x = (examples.features)(chunk);
        let right = |head: &H| {
            let answers = most_probable(H::logits(head, &x, &Pass::inference()).as_slice(), CLASSES)?;
            Ok(answers.iter().zip(chunk).filter(|(answer, i)| **answer == examples.labels[**i]).count())
        };
        heads.iter().map(right).collect()
    };
    let counts = parallel::chunks(&all, CHUNK, right).into_iter().collect::<Result<Vec<_>, _>>()?;
    let total = |h: usize| counts.iter().map(|count| count[h]).sum::<usize>() as f64;
    Ok((0..heads.len()).map(|h| total(h) / all.len() as f64).collect())
}

/// Checks that every parameter of a head gets a gradient that is not zero, for random features.
#[cfg(test)]
pub(super) fn check_reach<H: Scorer>(head: &H, x: &Tensor) {
    use crate::autodiff::Tape;
    let tape = Tape::default();
    let vars: Vec<_> = head.parameters().iter().map(|p| tape.var(p.clone())).collect();
    let pass = Pass::on(&tape);
    let logits = H::logits(&head.with(&vars), &pass.constant(x.clone()), &pass);
    let weights = Tensor::from_fn(&logits.shape(), {
        let mut i = 0.0;
        move || {
            i += 0.7;
            libm::sinf(i * i)
        }
    });
    let gradients = (logits * pass.constant(weights)).sum().pull_back(&vars, Tensor::scalar(1.0));
    for (name, gradient) in head.names().iter().zip(gradients) {
        let gradient = gradient.unwrap_or_else(|| panic!("{name} is not reached"));
        assert!(gradient.as_slice().iter().all(|g| g.is_finite() && *g != 0.0), "{name}: {gradient:?}");
    }
}
