//! The action `ag-news embed`, which computes embedding vectors of texts with the pretrained
//! encoder.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::problem::{EncoderArgs, Vectors, encoder};
use crate::autodiff::Algebra as _;
use crate::console::print_line;
use crate::experiment::Error;
use crate::train::{Precision, save_weights};

/// Options of `ag-news embed`.
#[derive(Args, Clone, Debug)]
pub struct EmbedArgs {
    /// Texts, one for each argument
    #[arg(required = true, value_name = "TEXT")]
    pub texts: Vec<String>,
    /// Save the vectors as the tensor `embeddings` in a file in the safetensors format, instead of
    /// printing them
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Where the encoder is.
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

/// Prints the vector of each text on one line, or saves all vectors in a file.
///
/// The vectors are those of sentence-transformers 6.2 for the complete model, with `modules.json`: 256
/// tokens, norm 1. A folder without that file is another model there, with 512 tokens and vectors
/// that are not normalised.
///
/// # Errors
/// If the encoder cannot be loaded, or the file cannot be written.
pub fn embed(args: &EmbedArgs) -> Result<(), Error> {
    let vectors = encoder(&args.encoder.folder())?.embed(&args.texts)?;
    if let Some(file) = &args.save {
        save_weights(file, &Vectors(vectors), "{}", Precision::Single)?;
        return Ok(());
    }
    for i in 0..args.texts.len() {
        let mut line = String::new();
        for (j, x) in vectors.narrow(0, i, i + 1).as_slice().iter().enumerate() {
            let space = if j == 0 { "" } else { " " };
            write!(line, "{space}{x}").expect("a string takes everything");
        }
        print_line(&line);
    }
    Ok(())
}
