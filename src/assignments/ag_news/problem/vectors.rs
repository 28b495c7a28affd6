//! The vectors that the pretrained encoder gives many texts, kept as they come.

use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::data::{ensure, sources};
use crate::experiment::{DataFolder, Error};
use crate::nn::{Parameters, parameters};
use crate::progress::{Progress, Unit};
use crate::tensor::Tensor;
use crate::text::SentenceEncoder;
use crate::train::{Precision, load_metadata, load_weights, save_weights};

/// How many texts are encoded from one look at the clock to the next.
const PIECE: usize = 256;
/// How many pieces are encoded from one time that the vectors are kept to the next: a minute or two.
const KEEP_EVERY: usize = 32;

/// Vectors, a row for each text, as a file holds them.
pub(crate) struct Vectors<A = Tensor>(pub A);

parameters!(Vectors { 0 as embeddings });

/// The vectors of texts: `[texts, width]`. With a folder for what is computed from data, they are kept there under a name that
/// stands for texts and encoder, and whoever needs them again goes on from there.
///
/// # Errors
/// If a file there cannot be read or written, a text cannot be made tokens, or a vector is not finite.
pub(crate) fn vectors(
    encoder: &SentenceEncoder,
    texts: &[String],
    name: &'static str,
    data: &DataFolder,
) -> Result<Tensor, Error> {
    let tokens = encoder.tokenizer.tokens(texts)?;
    let width = encoder.width();
    let file = data.kept.as_ref().map(|folder| file(encoder, &tokens, folder));
    let (mut all, mut done) = (Tensor::zeros(&[texts.len(), width]), 0);
    if let Some(file) = file.as_ref().filter(|file| file.is_file()) {
        let wrong =
            |message: &str| Error::Config { path: file.clone(), message: format!("{message}: delete it") };
        done = load_metadata(file)?.parse().map_err(|_| wrong("it does not say how far it has come"))?;
        if done > texts.len() {
            return Err(wrong("it has more vectors than there are texts"));
        }
        Vectors(all) = load_weights(file, &Vectors(all))?;
    }
    let mut progress =
        Progress::new((!data.quiet).then_some(name), Unit::Count("text"), done as u64, texts.len() as u64);
    let mut pieces = 0;
    while done < texts.len() {
        let end = (done + PIECE).min(texts.len());
        let piece = encoder.embed_tokens(&tokens[done..end])?;
        all.as_mut_slice()[done * width..end * width].copy_from_slice(piece.as_slice());
        (done, pieces) = (end, pieces + 1);
        progress.at(done as u64, || "encoding".into());
        if let Some(file) = &file
            && (pieces % KEEP_EVERY == 0 || done == texts.len())
        {
            save_weights(file, &Vectors(all.clone()), &done.to_string(), Precision::Single)?;
        }
    }
    Ok(all)
}

/// The file for the vectors of these tokens by this encoder.
fn file(encoder: &SentenceEncoder, tokens: &[Vec<usize>], folder: &std::path::Path) -> PathBuf {
    let mut hasher = Sha256::new();
    for text in tokens {
        hasher.update((text.len() as u64).to_le_bytes());
        text.iter().for_each(|&token| hasher.update((token as u64).to_le_bytes()));
    }
    for parameter in Parameters::<Tensor>::parameters(&encoder.transformer) {
        parameter.as_slice().iter().for_each(|x| hasher.update(x.to_le_bytes()));
    }
    let sum = u64::from_be_bytes(hasher.finalize()[..8].try_into().expect("eight bytes"));
    folder.join(format!("vectors-{sum:016x}.safetensors"))
}

/// The pretrained encoder, downloaded first if that is asked for.
pub(crate) fn encoder(data: &DataFolder) -> Result<SentenceEncoder, Error> {
    if data.download {
        ensure(&sources::MINILM, &data.path, data.quiet)?;
    }
    Ok(SentenceEncoder::read(&data.path)?)
}
