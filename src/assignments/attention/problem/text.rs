//! The training text of the language model: Rust source code, one token per character.

use crate::metrics::{NoScore, check_finite};
use crate::models::LanguageModel;
use crate::random::{Purpose, Stream};

/// The number of different tokens: the line break and the printable characters of ASCII.
pub const VOCABULARY: usize = 96;

/// 17 source files of this crate as of 2026-11-30, separated by form feeds. They are a copy, so
/// that the text model does not change when the crate does.
const CORPUS: &str = include_str!("../corpus.txt");

/// The files of the corpus, in order.
fn sources() -> impl Iterator<Item = &'static str> {
    CORPUS.split('\u{c}')
}

/// Converts a text to tokens. Other characters become question marks.
pub fn encode(text: &str) -> Vec<usize> {
    text.chars()
        .map(|character| match character {
            '\n' => 0,
            ' '..='~' => character as usize - 31,
            _ => '?' as usize - 31,
        })
        .collect()
}

/// Converts tokens to a text.
pub fn decode(tokens: &[usize]) -> String {
    let character = |&token: &usize| if token == 0 { '\n' } else { char::from(31 + token as u8) };
    tokens.iter().map(character).collect()
}

/// The tokens for training and for evaluation. The last tenth of each file is for evaluation.
pub fn split() -> (Vec<usize>, Vec<usize>) {
    let (mut training, mut evaluation) = (Vec::new(), Vec::new());
    for source in sources() {
        let tokens = encode(source);
        let (first, last) = tokens.split_at(tokens.len() / 10 * 9);
        training.extend_from_slice(first);
        evaluation.extend_from_slice(last);
    }
    (training, evaluation)
}

/// The beginnings of the samples.
const PROMPTS: [&str; 3] = ["/// The gradient of ", "impl<A: Algebra> ", "    pub fn "];

/// A text of `length` characters for each prompt, sampled with the temperature 0.7.
///
/// # Errors
/// If the logit of a character is not finite.
pub fn samples(model: &LanguageModel, length: usize, seed: u64) -> Result<String, NoScore> {
    let mut sound = Ok(());
    let mut texts = String::new();
    for (i, prompt) in PROMPTS.into_iter().enumerate() {
        let mut stream = Stream::at(seed, Purpose::Holdout, 1, i as u64);
        let tokens = model.generate(&encode(prompt), length.saturating_sub(prompt.len()), |scores| {
            sound = sound.and(check_finite(scores, scores.len()));
            draw(scores, 0.7, &mut stream)
        });
        sound?;
        texts += &format!("{}\n\n", decode(&tokens));
    }
    Ok(texts)
}

/// A random index with the probabilities softmax(scores / temperature).
fn draw(scores: &[f32], temperature: f64, stream: &mut Stream) -> usize {
    let max = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |score: f32| libm::exp(f64::from(score - max) / temperature);
    let mut left = stream.uniform() * scores.iter().map(|&score| weight(score)).sum::<f64>();
    for (i, &score) in scores.iter().enumerate() {
        left -= weight(score);
        if left < 0.0 {
            return i;
        }
    }
    scores.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_inverts_encoding() {
        let text = "fn f(x: &[u8]) -> String {\n    ~x\n}";
        assert_eq!(decode(&encode(text)), text);
        assert_eq!(decode(&encode("x ∈ R")), "x ? R");
        assert!(encode(CORPUS).iter().all(|&token| token < VOCABULARY));
    }

    #[test]
    fn a_tenth_of_the_text_is_for_evaluation() {
        let (training, evaluation) = split();
        assert!(training.len() > 8 * evaluation.len() && evaluation.len() > 10_000);
    }
}
