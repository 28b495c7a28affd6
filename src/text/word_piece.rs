//! Words and parts of words.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tokenizers::{PostProcessor as _, Tokenizer, TruncationParams};

use super::TextError;
use crate::contain::contain;
use crate::files;

/// A tokenizer from a `tokenizer.json`: it splits a text into words, and words that are not in its vocabulary into
/// the longest pieces that are (WordPiece; Wu et al. 2016, section 4.1; Devlin et al. 2019).
///
/// The file says what is normalised (case, accents) and which special tokens stand around a text; how long
/// a text may be, and that it is not padded, is ours to say.
///
/// The library that does this panics on some damaged files; such a panic is an error that names the file.
pub struct WordPiece {
    tokenizer: Tokenizer,
    path: PathBuf,
    longest: usize,
    vocabulary: usize,
}

/// A token and the part of the text that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The token.
    pub token: usize,
    /// Its bytes in the text; none for special tokens.
    pub bytes: Range<usize>,
}

impl WordPiece {
    /// A tokenizer that cuts texts after `longest` tokens, special ones included, for a model of `vocabulary` tokens.
    ///
    /// # Errors
    /// If the file cannot be read, is not a tokenizer's, or gives a token an index that the model does not have.
    pub fn read(path: &Path, longest: usize, vocabulary: usize) -> Result<Self, TextError> {
        let fail = |message: String| TextError::Format { path: path.into(), message };
        let bytes = files::read(path)?;
        let not_one = |e| fail(format!("not the description of a tokenizer: {e}"));
        let mut tokenizer = contain("tokenizers", || Tokenizer::from_bytes(&bytes)).map_err(not_one)?;
        let special =
            contain("tokenizers", || Ok(tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(false))));
        let special = special.map_err(fail)?;
        if special >= longest {
            return Err(fail(format!(
                "it adds {special} special tokens to a text, which has at most {longest}"
            )));
        }
        let truncation = TruncationParams { max_length: longest, ..TruncationParams::default() };
        contain("tokenizers", || tokenizer.with_truncation(Some(truncation)).map(|_| ())).map_err(fail)?;
        tokenizer.with_padding(None);
        let largest =
            contain("tokenizers", || Ok(tokenizer.get_vocab(true).into_values().max())).map_err(fail)?;
        if let Some(largest) = largest.filter(|&index| index as usize >= vocabulary) {
            return Err(fail(format!(
                "it has a token with the index {largest}, the model {vocabulary} tokens"
            )));
        }
        let tokenizer = Self { tokenizer, path: path.into(), longest, vocabulary };
        // A description can be well-formed and yet fail at work, by a missing token for what is unknown.
        tokenizer.pieces("a text \u{1f600}")?;
        Ok(tokenizer)
    }

    /// The tokens of a text, of which there is at least one.
    ///
    /// # Errors
    /// If the file does not say how to make tokens of this text, or makes such that the model does not have.
    pub fn pieces(&self, text: &str) -> Result<Vec<Piece>, TextError> {
        self.try_pieces(text).map_err(|message| {
            let (start, dots) = match text.char_indices().nth(40) {
                Some((end, _)) => (&text[..end], "..."),
                None => (text, ""),
            };
            let message = format!("it cannot tokenize the text {start:?}{dots}: {message}");
            TextError::Format { path: self.path.clone(), message }
        })
    }

    fn try_pieces(&self, text: &str) -> Result<Vec<Piece>, String> {
        let encoding = contain("tokenizers", || self.tokenizer.encode(text, true))?;
        let (ids, offsets) = (encoding.get_ids(), encoding.get_offsets());
        let &Self { longest, vocabulary, .. } = self;
        if ids.is_empty() {
            return Err("it has no tokens".into());
        }
        if ids.len() > longest {
            return Err(format!("with its special tokens it has {}, more than {longest}", ids.len()));
        }
        if let Some(id) = ids.iter().find(|&&id| id as usize >= vocabulary) {
            return Err(format!("it has a token with the index {id}, the model {vocabulary} tokens"));
        }
        let pieces = ids.iter().zip(offsets).map(|(&id, &(start, end))| {
            let piece = Piece { token: id as usize, bytes: start..end };
            text.get(start..end)
                .map(|_| piece)
                .ok_or_else(|| format!("a token is at its bytes {start} to {end}"))
        });
        pieces.collect()
    }

    /// The tokens of texts, without the parts of the texts that they stand for.
    ///
    /// # Errors
    /// As [`pieces`](Self::pieces), for the first such text.
    pub fn tokens(&self, texts: &[String]) -> Result<Vec<Vec<usize>>, TextError> {
        let tokens = |text: &String| {
            let pieces = self.pieces(text)?;
            Ok(pieces.into_iter().map(|piece| piece.token).collect())
        };
        // All of them, so that the error does not depend on which thread is the fastest.
        let all: Vec<Result<_, _>> = texts.par_iter().map(tokens).collect();
        all.into_iter().collect()
    }
}
