//! Words and parts of words.

use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;
use tokenizers::{Tokenizer, TruncationParams};

use super::TextError;
use crate::files;

/// A tokenizer from a `tokenizer.json`: it splits a text into words, and words that are not in its vocabulary into
/// the longest pieces that are (WordPiece; Wu et al. 2016, section 4.1; Devlin et al. 2019).
///
/// The file says what is normalised (case, accents) and which special tokens stand around a text; how long
/// a text may be, and that it is not padded, is ours to say.
pub struct WordPiece(Tokenizer);

/// A token and the part of the text that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The token.
    pub token: usize,
    /// Its bytes in the text; none for special tokens.
    pub bytes: Range<usize>,
}

impl WordPiece {
    /// A tokenizer that cuts texts after `longest` tokens, special ones included.
    ///
    /// # Errors
    /// If the file cannot be read, or is not a tokenizer's.
    pub fn read(path: &Path, longest: usize) -> Result<Self, TextError> {
        let fail = |message: String| TextError::Format { path: path.into(), message };
        let not_one = |e| fail(format!("not the description of a tokenizer: {e}"));
        let mut tokenizer = Tokenizer::from_bytes(files::read(path)?).map_err(not_one)?;
        let truncation = TruncationParams { max_length: longest, ..TruncationParams::default() };
        tokenizer.with_truncation(Some(truncation)).map_err(|e| fail(e.to_string()))?;
        tokenizer.with_padding(None);
        let tokenizer = Self(tokenizer);
        // A description can be well-formed and yet fail at work, by a missing token for what is unknown.
        tokenizer.try_pieces("a text \u{1f600}").map_err(|e| fail(format!("it cannot tokenize: {e}")))?;
        Ok(tokenizer)
    }

    /// The number of different tokens.
    pub fn vocabulary(&self) -> usize {
        self.0.get_vocab_size(true)
    }

    /// The tokens of a text.
    pub fn pieces(&self, text: &str) -> Vec<Piece> {
        self.try_pieces(text).expect("it has tokenized before")
    }

    fn try_pieces(&self, text: &str) -> tokenizers::Result<Vec<Piece>> {
        let encoding = self.0.encode(text, true)?;
        let pieces = encoding.get_ids().iter().zip(encoding.get_offsets());
        Ok(pieces.map(|(&token, &(start, end))| Piece { token: token as usize, bytes: start..end }).collect())
    }

    /// The tokens of texts, without what they stand for.
    pub fn tokens(&self, texts: &[String]) -> Vec<Vec<usize>> {
        let tokens = |text: &String| self.pieces(text).into_iter().map(|piece| piece.token).collect();
        texts.par_iter().map(tokens).collect()
    }
}
