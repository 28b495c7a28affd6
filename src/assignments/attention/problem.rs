//! Five transformers that are trained at the same time, each on its own sequences.

mod heads;
mod task;
pub(super) mod text;

pub(super) use heads::{HeadWeights, heads};
pub use task::{Questions, Sequence, Task};

use super::Attention;
use crate::autodiff::Algebra;
use crate::metrics::{NoScore, most_probable};
use crate::models::LanguageModel;
use crate::nn::loss::{cross_entropy, one_hot};
use crate::nn::{Pass, parameters};
use crate::parallel;
use crate::random::Purpose;
use crate::tensor::Tensor;
use crate::train::{Objective, Shard};

/// A transformer for each task, and one for text.
#[derive(Clone, Debug)]
pub struct Learners<A = Tensor> {
    /// The transformers of the tasks, in the order of [`Task::ALL`].
    pub tasks: [LanguageModel<A>; 4],
    /// The transformer that writes text.
    pub text: LanguageModel<A>,
}

parameters!(Learners { tasks as [induction, reversal, sorting, addition], text });

/// The training objective of the five transformers. Each step draws new sequences of every task,
/// and excerpts of the text.
///
/// The "examples" of a step are indices of its sequences: first those of text, then those of the
/// tasks, one task after the other. All sequences of a shard belong to the same task. In the first
/// steps, the sequences of a shard have a random shorter length (a curriculum, Bengio et al. 2009).
pub struct Lessons {
    steps: u64,
    text_length: usize,
    /// Held-out sequences of the trained lengths.
    holdout: [Vec<Sequence>; 4],
    /// The questions of the held-out sequences, which training does not draw.
    unseen: [Questions; 4],
    /// The tokens of the text for training, and those for evaluation.
    characters: [Vec<usize>; 2],
}

impl Lessons {
    /// The number of sequences in a shard.
    pub const SHARD: usize = 4;
    /// The number of sequences of text in a step.
    const TEXTS: usize = 4;
    /// The share of the steps, at the beginning, in which sequences may be shorter.
    const BEGINNING: f64 = 0.4;

    /// The objective that the settings describe.
    pub fn new(&Attention { seed, steps, text_length, holdout, .. }: &Attention) -> Self {
        let holdout = Task::ALL.map(|task| task.holdout(task.length(), holdout, seed));
        let (training, evaluation) = text::split();
        Self {
            steps,
            text_length,
            unseen: [0, 1, 2, 3].map(|i| Task::questions(&holdout[i])),
            holdout,
            characters: [training, evaluation],
        }
    }

    /// The number of sequences in a step, including those of text.
    pub fn batch(&self) -> usize {
        Self::TEXTS + Task::ALL.map(Task::batch).iter().sum::<usize>()
    }

    /// The task of the sequence at an index; `None` for text.
    fn task_at(index: usize) -> Option<Task> {
        let mut index = index.checked_sub(Self::TEXTS)?;
        Task::ALL.into_iter().find(|task| {
            let found = index < task.batch();
            index = index.saturating_sub(task.batch());
            found
        })
    }

    /// New random sequences of equal length for a shard.
    fn sequences(&self, task: Task, shard: &Shard<'_>) -> Vec<Sequence> {
        // A step contains all examples, so each epoch is one step.
        let beginning = (shard.epoch() as f64) < Self::BEGINNING * self.steps as f64;
        let shorter = if beginning { task.length() - task.shortest() } else { 0 };
        let length = task.length() - shard.stream(Purpose::Mix, 0).below(shorter + 1);
        let unseen = &self.unseen[task as usize];
        let draw = |i| task.draw_other(length, unseen, &mut shard.stream(Purpose::Data, i));
        (0..shard.examples.len()).map(draw).collect()
    }

    /// The share of held-out sequences of the trained length whose whole answer is right.
    ///
    /// # Errors
    /// If a score is not finite.
    pub fn holdout_accuracy(&self, task: Task, model: &LanguageModel) -> Result<f64, NoScore> {
        accuracy(model, &self.holdout[task as usize])
    }

    /// The first held-out sequences of a task.
    pub fn examples_of(&self, task: Task, count: usize) -> &[Sequence] {
        &self.holdout[task as usize][..count]
    }

    /// The mean loss on the text for evaluation, in nats per character, over `windows` excerpts.
    pub fn text_loss(&self, model: &LanguageModel, windows: usize) -> f64 {
        let characters = &self.characters[1];
        let step = (characters.len() - self.text_length - 1) / windows;
        let shards: Vec<usize> = (0..windows).collect();
        let sums = parallel::chunks(&shards, Self::SHARD, |shard| {
            let windows =
                shard.iter().map(|i| characters[i * step..][..=self.text_length].to_vec()).collect();
            let pass = &mut Pass::inference();
            f64::from(next_losses(model, &Windows { sequences: windows, first: 0 }, pass).sum().item())
        });
        sums.iter().sum::<f64>() / (windows * self.text_length) as f64
    }
}

/// Sequences of equal length. Predictions count from the token after index `first` on.
struct Windows {
    sequences: Vec<Vec<usize>>,
    first: usize,
}

impl Windows {
    fn of(sequences: Vec<Sequence>) -> Self {
        let first = sequences[0].answer - 1;
        Self { sequences: sequences.into_iter().map(|sequence| sequence.tokens).collect(), first }
    }

    /// All tokens except the last of each sequence.
    fn inputs(&self) -> Vec<usize> {
        self.sequences.iter().flat_map(|tokens| &tokens[..tokens.len() - 1]).copied().collect()
    }

    /// The tokens that must be predicted.
    fn targets(&self) -> Vec<usize> {
        self.sequences.iter().flat_map(|tokens| &tokens[self.first + 1..]).copied().collect()
    }
}

/// The cross-entropy of each token that must be predicted.
fn next_losses<A: Algebra<Elem = f32>>(model: &LanguageModel<A>, windows: &Windows, pass: &mut Pass<A>) -> A {
    let scores = model.scores(windows.inputs(), windows.sequences.len(), windows.first, pass);
    let targets = one_hot(&windows.targets(), scores.shape()[1], 0.0);
    cross_entropy(&scores, &pass.constant(targets))
}

/// The share of sequences whose answer is right in every token, where the model predicts the most
/// probable token after the right ones before. This equals the share of right answers in greedy
/// generation.
///
/// # Errors
/// If a score is not finite.
pub(crate) fn accuracy(model: &LanguageModel, sequences: &[Sequence]) -> Result<f64, NoScore> {
    let right = parallel::chunks(sequences, 64, |shard| {
        let windows = Windows::of(shard.to_vec());
        let scores = model.scores(windows.inputs(), shard.len(), windows.first, &mut Pass::inference());
        let vocabulary = scores.shape()[1];
        let said = most_probable(scores.as_slice(), vocabulary)?;
        let targets = windows.targets();
        let length = said.len() / shard.len();
        let answers = said.chunks_exact(length).zip(targets.chunks_exact(length));
        Ok(answers.filter(|(said, targets)| said == targets).count())
    });
    let right = right.into_iter().sum::<Result<usize, _>>()?;
    Ok(right as f64 / sequences.len() as f64)
}

impl Objective for Lessons {
    type Model = Learners;

    fn examples(&self) -> usize {
        self.batch()
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Learners<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
        // The shards of text come first because they take the longest, so no thread ends late.
        let (model, windows) = if let Some(task) = Self::task_at(shard.examples[0]) {
            (&model.tasks[task as usize], Windows::of(self.sequences(task, shard)))
        } else {
            let characters = &self.characters[0];
            let window = |i| {
                let first = shard.stream(Purpose::Data, i).below(characters.len() - self.text_length);
                characters[first..][..=self.text_length].to_vec()
            };
            let sequences = (0..shard.examples.len()).map(window).collect();
            (&model.text, Windows { sequences, first: 0 })
        };
        let losses = next_losses(model, &windows, pass);
        let count = losses.shape()[0] / shard.examples.len();
        losses.sum() * (1.0 / count as f64)
    }

    fn metrics(&self, model: &Learners) -> Vec<(&'static str, f64)> {
        let mut metrics = Vec::new();
        for (task, model) in Task::ALL.into_iter().zip(&model.tasks) {
            let windows = Windows::of(self.examples_of(task, 32).to_vec());
            let loss = next_losses(model, &windows, &mut Pass::inference()).mean();
            metrics.push((task.loss_name(), f64::from(loss.item())));
        }
        metrics.push(("text_loss", self.text_loss(&model.text, 16)));
        metrics.push(("induction_score", heads::induction_score(self, &model.tasks[0])));
        metrics
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::experiment::Assignment as _;
    use crate::metrics::argmax;

    #[derive(Parser)]
    struct Options {
        #[command(flatten)]
        config: Attention,
    }

    fn lessons() -> Lessons {
        Lessons::new(&Options::parse_from(["attention", "--holdout", "100"]).config)
    }

    #[test]
    fn all_sequences_of_a_shard_belong_to_one_task() {
        let lessons = lessons();
        let tasks: Vec<Option<Task>> = (0..lessons.batch()).map(Lessons::task_at).collect();
        assert_eq!(tasks.iter().filter(|task| task.is_none()).count(), Lessons::TEXTS);
        for task in Task::ALL {
            assert_eq!(tasks.iter().filter(|found| **found == Some(task)).count(), task.batch());
        }
        for shard in tasks.chunks(Lessons::SHARD) {
            assert!(shard.len() == Lessons::SHARD && shard.iter().all(|task| *task == shard[0]), "{shard:?}");
        }
    }

    #[test]
    fn greedy_generation_is_right_by_the_accuracy() {
        let lessons = lessons();
        let model = Options::parse_from(["attention"]).config.network();
        let sequences = lessons.examples_of(Task::Sorting, 4).to_vec();
        // The model's own greedy answers must count as right.
        let said = |sequence: &Sequence| {
            let (question, count) =
                (&sequence.tokens[..sequence.answer], sequence.tokens.len() - sequence.answer);
            let best = |scores: &[f32]| argmax(scores).unwrap();
            let tokens = model.tasks[Task::Sorting as usize].generate(question, count, best);
            Sequence { tokens, answer: sequence.answer }
        };
        let mut answers: Vec<Sequence> = sequences.iter().map(said).collect();
        let model = &model.tasks[Task::Sorting as usize];
        assert_eq!(accuracy(model, &answers), Ok(1.0));
        let last = answers[0].tokens.last_mut().unwrap();
        *last = (*last + 1) % 26;
        assert_eq!(accuracy(model, &answers), Ok(0.75));
        let mut spoilt = model.clone();
        spoilt.head.bias.as_mut().unwrap().as_mut_slice()[3] = f32::NAN;
        assert!(accuracy(&spoilt, &answers).is_err());
    }
}
