//! Texts: splitting them into tokens, and encoding tokens as vectors by a pretrained encoder.

mod bert;
mod sentence_encoder;
mod word_piece;

use std::path::PathBuf;

use thiserror::Error;

pub use sentence_encoder::SentenceEncoder;
pub use word_piece::{Piece, WordPiece};

use crate::data::DataError;
use crate::files::FileError;

/// Why a pretrained encoder cannot be read or used.
#[derive(Debug, Error)]
pub enum TextError {
    /// One of its files is missing.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is malformed or does not fit the other files.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        message: String,
    },
    /// The encoder computes a value that is not finite, so its files are damaged.
    #[error(
        "the vector of text {text} has an element that is {value}: the encoder's model.safetensors or config.json is damaged, \
         fetch them again"
    )]
    Vector {
        /// The number of the text, from 1.
        text: usize,
        /// The value.
        value: f32,
    },
}
