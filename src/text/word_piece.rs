//! Splitting texts into words and parts of words.

use std::ops::Range;
use std::path::{Path, PathBuf};

use tokenizers::{PostProcessor as _, Tokenizer, TruncationParams};

use super::TextError;
use crate::contain::contain;
use crate::files;
use crate::parallel;

/// A tokenizer from a `tokenizer.json`. It splits a text into words, and words that are not in its
/// vocabulary into the longest pieces that are (WordPiece; Wu et al. 2016, section 4.1; Devlin et
/// al. 2019).
///
/// The file defines the normalisation (case, accents) and the special tokens around a text. The
/// length limit is set here, and padding is switched off.
///
/// The tokenizers library panics on some damaged files; such a panic becomes an error that names
/// the file.
pub struct WordPiece {
    tokenizer: Tokenizer,
    path: PathBuf,
    longest: usize,
    vocabulary: usize,
}

/// A token and the part of the text that it represents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The token.
    pub token: usize,
    /// Its range of bytes in the text; empty for special tokens.
    pub bytes: Range<usize>,
}

impl WordPiece {
    /// Reads a tokenizer that truncates texts to `longest` tokens, including special tokens, for a
    /// model of `vocabulary` tokens.
    ///
    /// # Errors
    /// If the file cannot be read, does not describe a tokenizer, or contains a token whose index
    /// the model does not have.
    pub fn read(path: &Path, longest: usize, vocabulary: usize) -> Result<Self, TextError> {
        let fail = |message: String| TextError::Format { path: path.into(), message };
        let bytes = files::read(path)?;
        let not_a_tokenizer = |e| fail(format!("not the description of a tokenizer: {e}"));
        let mut tokenizer =
            contain("tokenizers", || Tokenizer::from_bytes(&bytes)).map_err(not_a_tokenizer)?;
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
                "it has a token with the index {largest}, but the model has {vocabulary} tokens"
            )));
        }
        let tokenizer = Self { tokenizer, path: path.into(), longest, vocabulary };
        // A well-formed description can still fail in use, for example without a token for unknown
        // words.
        tokenizer.pieces("a text \u{1f600}")?;
        Ok(tokenizer)
    }

    /// The tokens of a text; there is at least one.
    ///
    /// # Errors
    /// If the tokenizer fails on this text, or produces a token that the model does not have.
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
            return Err(format!("it has a token with the index {id}, but the model has {vocabulary} tokens"));
        }
        let pieces = ids.iter().zip(offsets).map(|(&id, &(start, end))| {
            let piece = Piece { token: id as usize, bytes: start..end };
            text.get(start..end)
                .map(|_| piece)
                .ok_or_else(|| format!("a token is at its bytes {start} to {end}"))
        });
        pieces.collect()
    }

    /// The tokens of texts, without their ranges of bytes.
    ///
    /// # Errors
    /// As [`pieces`](Self::pieces), for the first text that fails.
    pub fn tokens(&self, texts: &[String]) -> Result<Vec<Vec<usize>>, TextError> {
        let tokens = |text: &String| {
            let pieces = self.pieces(text)?;
            Ok(pieces.into_iter().map(|piece| piece.token).collect())
        };
        // All texts are processed, so that the error does not depend on which thread is the
        // fastest.
        parallel::map(texts, tokens).into_iter().collect()
    }
}
