//! Five transformers that learn side by side, each from its own sequences.

use rayon::prelude::*;

use super::task::{Questions, Sequence, Task};
use super::{HOLDOUT, LanguageModel, text};
use crate::autodiff::Algebra;
use crate::nn::loss::{cross_entropy, one_hot};
use crate::nn::{Parameters, Pass, Path};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// A transformer for each task, and one for text.
#[derive(Clone, Debug)]
pub struct Learners<A = Tensor> {
    /// In the order of [`Task::ALL`].
    pub tasks: [LanguageModel<A>; 4],
    /// The one that writes.
    pub text: LanguageModel<A>,
}

impl<A> Parameters<A> for Learners<A> {
    type Of<B> = Learners<B>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> Learners<B> {
        let [induction, reversal, sorting, addition] = &self.tasks;
        Learners {
            tasks: [
                induction.map(path.field("induction"), f),
                reversal.map(path.field("reversal"), f),
                sorting.map(path.field("sorting"), f),
                addition.map(path.field("addition"), f),
            ],
            text: self.text.map(path.field("text"), f),
        }
    }
}

/// What is learned: in each step, every task has as many fresh sequences, and so many letters are read.
///
/// The "examples" of a step are its places: first those for text, then those of the tasks, one task after the other.
/// A shard is a part of one of them.
pub struct Lessons {
    per_task: usize,
    text_length: usize,
    /// Fresh sequences of the trained lengths, and their questions, which training does not draw.
    holdout: [Vec<Sequence>; 4],
    unseen: [Questions; 4],
    /// Letters to learn from, and others.
    letters: [Vec<usize>; 2],
}

impl Lessons {
    /// Sequences in a shard.
    pub const SHARD: usize = 8;
    /// Sequences of text in a step.
    const TEXTS: usize = 16;

    /// Lessons in which each task has about `batch` sequences a step.
    pub fn new(seed: u64, batch: usize, text_length: usize) -> Self {
        let holdout = Task::ALL.map(|task| task.holdout(task.length(), HOLDOUT, seed));
        let (training, evaluation) = text::split();
        Self {
            per_task: batch.next_multiple_of(Self::SHARD),
            text_length,
            unseen: [0, 1, 2, 3].map(|i| Task::questions(&holdout[i])),
            holdout,
            letters: [training, evaluation],
        }
    }

    /// The number of sequences in a step, of text too.
    pub fn batch(&self) -> usize {
        4 * self.per_task + Self::TEXTS
    }

    /// The share of held-out sequences of the trained length that are answered without a fault.
    pub fn holdout_accuracy(&self, task: Task, model: &LanguageModel) -> f64 {
        accuracy(model, &self.holdout[task as usize])
    }

    /// The first held-out sequences of a task.
    pub fn examples_of(&self, task: Task, count: usize) -> &[Sequence] {
        &self.holdout[task as usize][..count]
    }

    /// The mean loss on letters that are not learned from, in nats a letter.
    pub fn text_loss(&self, model: &LanguageModel, windows: usize) -> f64 {
        let letters = &self.letters[1];
        let step = (letters.len() - self.text_length - 1) / windows;
        let shards: Vec<usize> = (0..windows).collect();
        let sums: Vec<f64> = shards
            .par_chunks(Self::SHARD)
            .map(|shard| {
                let windows =
                    shard.iter().map(|i| letters[i * step..][..=self.text_length].to_vec()).collect();
                let pass = &mut Pass::inference();
                f64::from(next_losses(model, &Windows { sequences: windows, first: 0 }, pass).sum().item())
            })
            .collect();
        sums.iter().sum::<f64>() / (windows * self.text_length) as f64
    }
}

/// Sequences of equal length, and the index of the token after which predictions count.
struct Windows {
    sequences: Vec<Vec<usize>>,
    first: usize,
}

impl Windows {
    fn of(sequences: Vec<Sequence>) -> Self {
        let first = sequences[0].answer - 1;
        Self { sequences: sequences.into_iter().map(|sequence| sequence.tokens).collect(), first }
    }

    /// All tokens but the last of each sequence.
    fn inputs(&self) -> Vec<usize> {
        self.sequences.iter().flat_map(|tokens| &tokens[..tokens.len() - 1]).copied().collect()
    }

    /// The tokens that are to be predicted.
    fn targets(&self) -> Vec<usize> {
        self.sequences.iter().flat_map(|tokens| &tokens[self.first + 1..]).copied().collect()
    }
}

/// -ln of the probability of each token that is to be predicted.
fn next_losses<A: Algebra<Elem = f32>>(model: &LanguageModel<A>, windows: &Windows, pass: &mut Pass<A>) -> A {
    let scores = model.scores(windows.inputs(), windows.sequences.len(), windows.first, pass);
    let targets = one_hot(&windows.targets(), scores.shape()[1], 0.0);
    cross_entropy(&scores, &pass.constant(targets))
}

/// The share of sequences whose whole answer is what the model thinks likeliest, token by token: what it would
/// say if it were given the question.
pub(super) fn accuracy(model: &LanguageModel, sequences: &[Sequence]) -> f64 {
    let right: Vec<usize> = sequences
        .par_chunks(64)
        .map(|shard| {
            let windows = Windows::of(shard.to_vec());
            let scores = model.scores(windows.inputs(), shard.len(), windows.first, &mut Pass::inference());
            let vocabulary = scores.shape()[1];
            let best = |row: &[f32]| row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| i);
            let hits: Vec<bool> = scores
                .as_slice()
                .chunks_exact(vocabulary)
                .zip(windows.targets())
                .map(|(row, target)| best(row) == Some(target))
                .collect();
            hits.chunks_exact(hits.len() / shard.len()).filter(|hits| hits.iter().all(|hit| *hit)).count()
        })
        .collect();
    right.iter().sum::<usize>() as f64 / sequences.len() as f64
}

impl Objective for Lessons {
    type Model = Learners;

    fn examples(&self) -> usize {
        self.batch()
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Learners<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        // Text comes first: its shards take the longest, and none should be left for the end.
        let subject = shard.examples[0].checked_sub(Self::TEXTS).map(|place| place / self.per_task);
        let streams = (0..shard.examples.len()).map(|i| shard.stream(Purpose::Data, i));
        let (model, windows) = if let Some(subject) = subject {
            let task = Task::ALL[subject];
            let draw = |mut stream: Stream| task.draw_other(&self.unseen[subject], &mut stream);
            (&model.tasks[subject], Windows::of(streams.map(draw).collect()))
        } else {
            let letters = &self.letters[0];
            let window = |mut stream: Stream| {
                letters[stream.below(letters.len() - self.text_length)..][..=self.text_length].to_vec()
            };
            (&model.text, Windows { sequences: streams.map(window).collect(), first: 0 })
        };
        let losses = next_losses(model, &windows, pass);
        let count = losses.shape()[0] / shard.examples.len();
        losses.sum() * (1.0 / count as f64)
    }

    fn metrics(&self, model: &Learners) -> Vec<(&'static str, f64)> {
        let mut metrics = Vec::new();
        for (task, model) in Task::ALL.into_iter().zip(&model.tasks) {
            let windows = Windows::of(self.examples_of(task, 64).to_vec());
            let loss = next_losses(model, &windows, &mut Pass::inference()).mean();
            metrics.push((task.loss_name(), f64::from(loss.item())));
        }
        metrics.push(("text_loss", self.text_loss(&model.text, 16)));
        metrics.push(("induction_score", super::figures::induction_score(self, &model.tasks[0])));
        metrics
    }
}
