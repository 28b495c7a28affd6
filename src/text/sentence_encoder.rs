//! Encoding sentences as vectors.

use std::path::Path;

use super::{TextError, WordPiece, bert};
use crate::autodiff::Algebra;
use crate::data::sources::MINILM;
use crate::nn::inference::by_length;
use crate::nn::{Pass, Transformer};
use crate::tensor::Tensor;

/// The number of texts that a thread encodes at a time.
const CHUNK: usize = 8;

/// The sentence encoder all-MiniLM-L6-v2 (Wang et al. 2020, "MiniLM"; fine-tuned as in Reimers &
/// Gurevych 2019). BERT's encoder is applied to the tokens of a text, including special tokens. The
/// vector of the text is the mean of the last layer's features, divided by its norm. Texts with
/// similar meanings have a large inner product.
pub struct SentenceEncoder {
    /// Splits texts into tokens.
    pub tokenizer: WordPiece,
    /// Maps tokens to features.
    pub transformer: Transformer,
}

impl SentenceEncoder {
    /// The most tokens of a text. Longer texts are truncated, as in sentence-transformers.
    pub const LONGEST: usize = 256;

    /// Reads the encoder from its folder inside `data_dir`.
    ///
    /// # Errors
    /// If a file is missing or malformed; the message names the file and what to do.
    pub fn read(data_dir: &Path) -> Result<Self, TextError> {
        let locate = |name: &str| {
            let file = MINILM.files().find(|file| file.name == name).expect("a file of the catalogue");
            MINILM.locate(file, data_dir)
        };
        let path = locate("tokenizer.json")?;
        let transformer = bert::read(&locate("config.json")?, &locate("model.safetensors")?)?;
        let [vocabulary, _] = transformer.embedding.table.shape()[..] else {
            unreachable!("a table has two axes")
        };
        Ok(Self { tokenizer: WordPiece::read(&path, Self::LONGEST, vocabulary)?, transformer })
    }

    /// The number of features of a text's vector.
    pub fn width(&self) -> usize {
        self.transformer.embedding.table.shape()[1]
    }

    /// The vectors of texts, each with norm 1: `[texts, width]`.
    ///
    /// # Errors
    /// If a text cannot be split into tokens or has none, or an element of a vector is not finite.
    pub fn embed(&self, texts: &[String]) -> Result<Tensor, TextError> {
        self.embed_tokens(&self.tokenizer.tokens(texts)?)
    }

    /// The vectors of texts that have been split into tokens: `[texts, width]`, each with norm 1.
    ///
    /// # Errors
    /// If an element of a vector is not finite.
    pub fn embed_tokens(&self, texts: &[Vec<usize>]) -> Result<Tensor, TextError> {
        let width = self.width();
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        let all = by_length(&lengths, CHUNK, |examples| {
            let texts: Vec<&[usize]> = examples.iter().map(|&i| &texts[i][..]).collect();
            unit(&self.transformer.mean_features(&texts, &mut Pass::inference()))
        });
        if let Some(i) = all.iter().position(|x| !x.is_finite()) {
            return Err(TextError::Vector { text: i / width + 1, value: all[i] });
        }
        Ok(Tensor::from_vec(&[texts.len(), width], all).expect("a row for each text"))
    }
}

/// Divides each row of x by its Euclidean norm.
fn unit<A: Algebra>(x: &A) -> A {
    x.clone() / &x.powi(2).sum_keeping(&[1]).sqrt()
}
