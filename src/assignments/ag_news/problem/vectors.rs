//! The embedding vectors of many texts by the pretrained encoder, with a cache.

use std::path::PathBuf;

use clap::Args;
use sha2::{Digest as _, Sha256};

use crate::data::sources;
use crate::experiment::{DataFolder, Error};
use crate::nn::{Parameters, parameters};
use crate::progress::{Progress, Unit};
use crate::tensor::Tensor;
use crate::text::SentenceEncoder;
use crate::train::{Precision, load_metadata, load_weights, save_weights};

/// The number of texts that are encoded between two updates of the progress.
const PIECE: usize = 256;
/// The number of pieces between two saves of the cache, which takes a minute or two.
const KEEP_EVERY: usize = 32;

/// The vectors in a file, a row for each text.
pub(crate) struct Vectors<A = Tensor>(pub A);

parameters!(Vectors { 0 as embeddings });

/// The vectors of texts: `[texts, width]`. If `data` has a cache folder, they are saved there under
/// a name that identifies the texts and the encoder, and a later call continues from the saved
/// ones.
///
/// # Errors
/// If a cached file cannot be read or written, a text cannot be tokenised, or a vector is not
/// finite.
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
        done = load_metadata(file)?.parse().map_err(|_| wrong("it does not hold the number of vectors"))?;
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

/// The path of the cached vectors of these tokens by this encoder.
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

/// Options of actions that read nothing but the pretrained encoder.
#[derive(Args, Clone, Debug)]
pub struct EncoderArgs {
    /// Folder with the data sets, where the encoder MiniLM is
    #[arg(long, value_name = "DIR", env = "ECE472_DATA", default_value = "data")]
    pub data_dir: PathBuf,
    /// Download the encoder if it is missing
    #[arg(long)]
    pub download: bool,
}

impl EncoderArgs {
    /// The folder that the options describe.
    pub fn folder(&self) -> DataFolder {
        DataFolder { path: self.data_dir.clone(), download: self.download, quiet: true, kept: None }
    }
}

/// The pretrained encoder, downloaded first if that is asked for.
pub(crate) fn encoder(data: &DataFolder) -> Result<SentenceEncoder, Error> {
    data.ensure(&sources::MINILM)?;
    Ok(SentenceEncoder::read(&data.path)?)
}
