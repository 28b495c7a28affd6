//! Texts: from characters to tokens, and from tokens to vectors by an encoder that others have trained.

mod bert;
mod sentence_encoder;
mod word_piece;

use std::path::PathBuf;

use thiserror::Error;

pub use sentence_encoder::SentenceEncoder;
pub use word_piece::{Piece, WordPiece};

use crate::data::DataError;
use crate::files::FileError;

/// A pretrained encoder that cannot be had.
#[derive(Debug, Error)]
pub enum TextError {
    /// One of its files is missing.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not what it should be.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        message: String,
    },
    /// An encoder that computes what is not a number.
    #[error(
        "the vector of text {text} has an element that is {value}: the encoder's model.safetensors or config.json is damaged, \
         fetch them again"
    )]
    Vector {
        /// The text, from 1.
        text: usize,
        /// The element.
        value: f32,
    },
}
