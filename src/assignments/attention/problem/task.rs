//! The tasks: sequences whose second part, the answer, is determined by the first.

use std::collections::BTreeSet;

use crate::nn::PositionKind;
use crate::random::{Purpose, Stream};

/// A task for a causal transformer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// Repeatedly output the symbol that followed the last occurrence of the current symbol.
    Induction,
    /// Output letters in reverse order.
    Reversal,
    /// Output letters in alphabetical order.
    Sorting,
    /// Add two numbers. The sum starts with its lowest digit, in the order of addition by hand.
    Addition,
}

/// A sequence of tokens. Those from index `answer` on are determined by those before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// The tokens, which are indices of symbols.
    pub tokens: Vec<usize>,
    /// The index of the answer's first token.
    pub answer: usize,
}

impl Sequence {
    fn question(&self) -> &[usize] {
        &self.tokens[..self.answer]
    }
}

/// A set of questions.
pub type Questions = BTreeSet<Vec<usize>>;

impl Task {
    /// All tasks.
    pub const ALL: [Self; 4] = [Self::Induction, Self::Reversal, Self::Sorting, Self::Addition];

    /// The name of the task.
    pub fn name(self) -> &'static str {
        match self {
            Self::Induction => "induction",
            Self::Reversal => "reversal",
            Self::Sorting => "sorting",
            Self::Addition => "addition",
        }
    }

    /// The names of the metrics of sequence accuracy, at the trained length and at twice that
    /// length.
    pub fn accuracy_names(self) -> [&'static str; 2] {
        match self {
            Self::Induction => ["copy_accuracy", "copy_accuracy_twice_as_long"],
            Self::Reversal => ["reversal_accuracy", "reversal_accuracy_twice_as_long"],
            Self::Sorting => ["sorting_accuracy", "sorting_accuracy_twice_as_long"],
            Self::Addition => ["addition_accuracy", "addition_accuracy_twice_as_long"],
        }
    }

    /// The name of the history's column with the loss on held-out answers.
    pub fn loss_name(self) -> &'static str {
        match self {
            Self::Induction => "induction_loss",
            Self::Reversal => "reversal_loss",
            Self::Sorting => "sorting_loss",
            Self::Addition => "addition_loss",
        }
    }

    /// The position encoding of the task's transformer: relative, absolute, or none where order
    /// does not matter.
    pub fn positions(self) -> PositionKind {
        match self {
            Self::Induction => PositionKind::Rotary,
            Self::Reversal | Self::Addition => PositionKind::Sinusoidal,
            Self::Sorting => PositionKind::None,
        }
    }

    /// The symbols of the tokens, in order.
    pub fn symbols(self) -> &'static str {
        match self {
            Self::Induction => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-",
            Self::Reversal | Self::Sorting => "abcdefghijklmnopqrstuvwxyz=",
            Self::Addition => "0123456789+=",
        }
    }

    /// The trained length: the number of symbols before the first repetition, of letters, or of
    /// digits of each number.
    pub fn length(self) -> usize {
        match self {
            Self::Induction | Self::Reversal => 16,
            Self::Sorting => 12,
            Self::Addition => 4,
        }
    }

    /// The shortest length in the first part of training. A transformer that has learned to add
    /// single digits first learns to add long numbers within a few hundred steps; otherwise, it
    /// often never does.
    pub fn shortest(self) -> usize {
        match self {
            Self::Induction | Self::Reversal => 8,
            Self::Sorting => 6,
            Self::Addition => 1,
        }
    }

    /// The number of sequences in a training step. Harder tasks have more.
    pub fn batch(self) -> usize {
        match self {
            Self::Induction => 16,
            Self::Reversal => 8,
            Self::Sorting | Self::Addition => 28,
        }
    }

    /// A random sequence of the given length.
    pub fn draw(self, length: usize, stream: &mut Stream) -> Sequence {
        let letters = |stream: &mut Stream| (0..length).map(|_| stream.below(26)).collect::<Vec<_>>();
        let answered = |question: Vec<usize>, answer: Vec<usize>| Sequence {
            answer: question.len() + 1,
            tokens: [question, vec![26], answer].concat(),
        };
        match self {
            Self::Induction => {
                let mut tokens = stream.permutation(self.symbols().len());
                tokens.truncate(length);
                tokens.push(tokens[stream.below(length)]);
                for _ in 0..length {
                    let (last, before) = tokens.split_last().expect("the sequence has begun");
                    let at = before.iter().rposition(|token| token == last).expect("it repeats itself");
                    tokens.push(tokens[at + 1]);
                }
                Sequence { tokens, answer: length + 1 }
            }
            Self::Reversal => {
                let question = letters(stream);
                let answer = question.iter().rev().copied().collect();
                answered(question, answer)
            }
            Self::Sorting => {
                let question = letters(stream);
                let mut answer = question.clone();
                answer.sort_unstable();
                answered(question, answer)
            }
            Self::Addition => {
                let numbers = [0, 1].map(|_| (0..length).map(|_| stream.below(10)).collect::<Vec<_>>());
                let [a, b] = &numbers;
                let (mut sum, mut carry) = (Vec::new(), 0);
                for (a, b) in a.iter().zip(b).rev() {
                    sum.push((a + b + carry) % 10);
                    carry = (a + b + carry) / 10;
                }
                sum.push(carry);
                let tokens = [a, &[10][..], b, &[11], &sum].concat();
                Sequence { tokens, answer: 2 * length + 2 }
            }
        }
    }

    /// `count` random sequences of a length with different questions, for evaluation.
    ///
    /// # Panics
    /// If too few different questions of this length exist.
    pub fn holdout(self, length: usize, count: usize, seed: u64) -> Vec<Sequence> {
        let mut seen = Questions::new();
        let mut sequences = Vec::with_capacity(count);
        for attempt in 0.. {
            if sequences.len() == count {
                break;
            }
            assert!(attempt < 10 * count + 100, "{}: too few sequences of length {length}", self.name());
            let mut stream =
                Stream::at(seed, Purpose::Holdout, (self as u64) << 32 | length as u64, attempt as u64);
            let sequence = self.draw(length, &mut stream);
            if seen.insert(sequence.question().to_vec()) {
                sequences.push(sequence);
            }
        }
        sequences
    }

    /// A random sequence of the given length whose question is not in `unseen`.
    pub fn draw_other(self, length: usize, unseen: &Questions, stream: &mut Stream) -> Sequence {
        loop {
            let sequence = self.draw(length, stream);
            if !unseen.contains(sequence.question()) {
                return sequence;
            }
        }
    }

    /// The questions of sequences.
    pub fn questions(sequences: &[Sequence]) -> Questions {
        sequences.iter().map(|sequence| sequence.question().to_vec()).collect()
    }

    /// The tokens as a text of symbols.
    pub fn text(self, tokens: &[usize]) -> String {
        let symbols: Vec<char> = self.symbols().chars().collect();
        tokens.iter().map(|&token| symbols[token]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(task: Task, length: usize) -> Sequence {
        task.draw(length, &mut Stream::new(3, Purpose::Check))
    }

    #[test]
    fn drawn_answers_are_right() {
        for seed in 0..50 {
            let draw = |task: Task| task.draw(7, &mut Stream::new(seed, Purpose::Check));
            let Sequence { tokens, answer } = draw(Task::Induction);
            for i in answer..tokens.len() {
                let last = (0..i - 1).rev().find(|&j| tokens[j] == tokens[i - 1]).unwrap();
                assert_eq!(tokens[i], tokens[last + 1]);
            }
            for task in [Task::Reversal, Task::Sorting] {
                let Sequence { tokens, answer } = draw(task);
                let mut question = tokens[..answer - 1].to_vec();
                if task == Task::Reversal {
                    question.reverse();
                } else {
                    question.sort_unstable();
                }
                assert_eq!((tokens[answer - 1], &tokens[answer..]), (26, &question[..]));
            }
            let Sequence { tokens, answer } = draw(Task::Addition);
            let number = |digits: &[usize]| digits.iter().fold(0, |n, d| 10 * n + d);
            let mut sum = tokens[answer..].to_vec();
            sum.reverse();
            assert_eq!(number(&tokens[..7]) + number(&tokens[8..15]), number(&sum));
            assert_eq!((tokens[7], tokens[15]), (10, 11));
        }
    }

    #[test]
    fn sequences_can_be_read() {
        let sequence = drawn(Task::Addition, 3);
        let text = Task::Addition.text(&sequence.tokens);
        assert_eq!((text.len(), &text[3..4], &text[7..8]), (12, "+", "="));
    }

    #[test]
    fn training_never_draws_what_is_held_out() {
        // Half of the 10,000 sums of two numbers with two digits.
        let held_out = Task::Addition.holdout(2, 5000, 1);
        let unseen = Task::questions(&held_out);
        assert_eq!(unseen.len(), 5000);
        for task in Task::ALL {
            let unseen = Task::questions(&task.holdout(task.length(), 100, 1));
            let mut stream = Stream::new(1, Purpose::Data);
            for _ in 0..100 {
                assert!(!unseen.contains(task.draw_other(task.length(), &unseen, &mut stream).question()));
            }
        }
    }
}
