//! Bags of n-grams.

use std::ops::Range;

use crate::autodiff::Algebra;
use crate::data::ag_news::words;
use crate::nn::{Activation, Embedding, Mlp, MlpConfig, Module as _, Parameters, Pass, Path};
use crate::random::Stream;
use crate::tensor::{Float as _, Tensor};

/// Which n-grams a text is cut into, and how many places they are hashed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ngrams {
    /// The most words in a row.
    pub words: usize,
    /// The most characters in a row inside a word, from [`Ngrams::FEWEST`] on; with less, none.
    pub characters: usize,
    /// The number of places.
    pub places: usize,
}

/// An n-gram of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ngram {
    /// Its place in the table.
    pub place: usize,
    /// The words that it is made of, or the one that it is inside of, by number.
    pub words: Range<usize>,
}

impl Ngrams {
    /// The fewest characters in a row, as in fastText.
    pub const FEWEST: usize = 3;

    /// The n-grams of a text's words: words in a row, and inside each word with marks at its ends characters in a row
    /// ("subwords", Bojanowski et al. 2017, section 3.2). Each is given by its place in a table, a hash (Weinberger et al. 2009, "Feature
    /// hashing"), so that different ones may meet in one place.
    pub fn of(self, words: &[String]) -> Vec<Ngram> {
        let mut all = Vec::new();
        let mut add =
            |hash: u64, words| all.push(Ngram { place: (hash % self.places as u64) as usize, words });
        for n in 1..=self.words {
            for (i, ngram) in words.windows(n).enumerate() {
                // A byte 0 behind each word.
                add(fnv1a(ngram.iter().flat_map(|word| word.bytes().chain([0]))), i..i + n);
            }
        }
        for (i, word) in words.iter().enumerate() {
            let marked: Vec<char> = format!("<{word}>").chars().collect();
            for n in Self::FEWEST..=self.characters.min(marked.len()) {
                for ngram in marked.windows(n) {
                    let text: String = ngram.iter().collect();
                    add(fnv1a(text.bytes()), i..i + 1);
                }
            }
        }
        all
    }

    /// The places of a text's n-grams.
    pub fn places_of(self, text: &str) -> Vec<usize> {
        self.of(&words(text)).into_iter().map(|ngram| ngram.place).collect()
    }
}

/// FNV-1a (Fowler, Noll, Vo; RFC 9923).
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.fold(0xcbf2_9ce4_8422_2325, step)
}

/// A classifier of bags of n-grams: with the mean e of the vectors of a text's n-grams, logits are e + b for the linear model,
/// else mlp(e). A text without words has e = 0.
///
/// `texts` lists of places to `[texts, classes]`. The linear model starts from 0, vectors from a normal distribution of
/// the deviation 1 / sqrt(width).
#[derive(Clone, Debug)]
pub struct BagOfNgrams<A = Tensor> {
    /// A vector for each place.
    pub embedding: Embedding<A>,
    /// What follows their mean.
    pub head: Head<A>,
    /// The probability that training leaves out an n-gram.
    pub dropout: f64,
}

/// What follows the mean of the vectors.
#[derive(Clone, Debug)]
pub enum Head<A = Tensor> {
    /// b: `[classes]`.
    Bias(A),
    /// A network.
    Mlp(Mlp<A>),
}

impl BagOfNgrams {
    /// A weight for each place and class.
    pub fn linear(places: usize, classes: usize) -> Self {
        let table = Tensor::zeros(&[places, classes]);
        Self { embedding: Embedding { table }, head: Head::Bias(Tensor::zeros(&[classes])), dropout: 0.0 }
    }

    /// Vectors of a width for each place, and a network with one hidden layer, or without hidden units none.
    pub fn embeddings(
        places: usize,
        width: usize,
        hidden: usize,
        classes: usize,
        stream: &mut Stream,
    ) -> Self {
        let config = MlpConfig {
            num_inputs: width,
            num_outputs: classes,
            num_hidden_layers: usize::from(hidden > 0),
            hidden_layer_width: hidden.max(1),
            hidden_activation: Activation::Relu,
            output_activation: Activation::Identity,
            dropout: 0.0,
        };
        Self {
            embedding: Embedding::new(places, width, (width as f64).sqrt().recip(), stream),
            head: Head::Mlp(Mlp::new(config, stream)),
            dropout: 0.0,
        }
    }
}

impl<A> BagOfNgrams<A> {
    /// The same with n-grams left out in training.
    pub fn with_dropout(self, dropout: f64) -> Self {
        Self { dropout, ..self }
    }
}

impl<A: Algebra> BagOfNgrams<A> {
    /// The mean vectors of some texts, given by their n-grams: `[texts, width]`. In training each n-gram is left out with
    /// the probability `dropout`.
    ///
    /// # Panics
    /// If a place is not in the table.
    #[track_caller]
    pub fn mean(&self, texts: &[&[usize]], pass: &mut Pass<A>) -> A {
        let rate = self.dropout;
        let (mut places, mut owners, mut shares) = (Vec::new(), Vec::new(), Vec::with_capacity(texts.len()));
        for (i, text) in texts.iter().enumerate() {
            let before = places.len();
            match pass.noise().filter(|_| rate > 0.0) {
                Some(noise) => places.extend(text.iter().filter(|_| noise.uniform() >= rate)),
                None => places.extend_from_slice(text),
            }
            let count = places.len() - before;
            owners.extend(std::iter::repeat_n(i, count));
            shares.push(A::Elem::from_f64(1.0 / count.max(1) as f64));
        }
        let shares = Tensor::from_vec(&[texts.len(), 1], shares).expect("there are so many texts");
        let sums = self.embedding.table.gather(0, places).scatter_add(0, owners, texts.len());
        sums * &pass.constant(shares)
    }

    /// The logits of texts with these mean vectors: `[texts, classes]`.
    ///
    /// # Panics
    /// If they have another width.
    #[track_caller]
    pub fn classify(&self, mean: &A, pass: &mut Pass<A>) -> A {
        match &self.head {
            Head::Bias(bias) => mean.clone() + bias,
            Head::Mlp(mlp) => mlp.forward(mean, pass),
        }
    }
}

impl<A> Parameters<A> for BagOfNgrams<A> {
    type Of<B> = BagOfNgrams<B>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> BagOfNgrams<B> {
        BagOfNgrams {
            embedding: self.embedding.map(path.field("embedding"), f),
            head: match &self.head {
                Head::Bias(bias) => Head::Bias(f(path.field("bias"), bias)),
                Head::Mlp(mlp) => Head::Mlp(mlp.map(path.field("mlp"), f)),
            },
            dropout: self.dropout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn ngrams_are_words_in_a_row() {
        let ngrams = Ngrams { words: 2, characters: 0, places: 1 << 40 };
        let found = ngrams.of(&words("Oil prices, oil prices!"));
        let places: Vec<usize> = found.iter().map(|ngram| ngram.place).collect();
        assert_eq!(places.len(), 4 + 3);
        assert_eq!((places[0], places[1], places[4]), (places[2], places[3], places[6]));
        assert_ne!(places[4], places[5], "the order of words matters");
        assert_eq!((&found[3].words, &found[5].words), (&(3..4), &(1..3)));
        assert!(Ngrams { places: 7, ..ngrams }.places_of("one two").iter().all(|&place| place < 7));
        assert!(ngrams.places_of("...").is_empty());
    }

    #[test]
    fn inside_a_word_ngrams_are_characters_in_a_row() {
        let ngrams = Ngrams { words: 1, characters: 4, places: 1 << 40 };
        // <été> has three of three characters and two of four; of <a> there is one.
        let found = ngrams.of(&words("Été a"));
        assert_eq!(found.iter().map(|ngram| ngram.words.start).collect::<Vec<_>>(), [0, 1, 0, 0, 0, 0, 0, 1]);
        let prefix = |text: &str| ngrams.of(&words(text))[1].place;
        assert_eq!(prefix("market"), prefix("marketing"), "both begin with <ma");
        assert_ne!(prefix("market"), prefix("supermarket"));
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        // The published values of the empty text, of "a" and of "foobar".
        for (text, hash) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(fnv1a(text.bytes()), hash, "{text}");
        }
    }

    #[test]
    fn logits_are_those_of_the_mean_vector() {
        let model = BagOfNgrams::embeddings(10, 4, 5, 3, &mut Stream::new(1, Purpose::Init));
        let pass = &mut Pass::inference();
        let logits = model.classify(&model.mean(&[&[1, 2, 2], &[], &[7]], pass), pass);
        let Head::Mlp(mlp) = &model.head else { unreachable!() };
        let row = |i: usize| model.embedding.table.narrow(0, i, i + 1);
        let mean = (row(1) + &(row(2) * 2.0)) * (1.0 / 3.0);
        for (i, e) in [mean, Tensor::zeros(&[1, 4]), row(7)].iter().enumerate() {
            let (ours, theirs) = (logits.narrow(0, i, i + 1), mlp.forward(e, pass));
            for (a, b) in ours.as_slice().iter().zip(theirs.as_slice()) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    #[test]
    fn the_linear_model_adds_up_over_texts_in_mean() {
        let mut model = BagOfNgrams::linear(4, 2);
        model.embedding.table = Tensor::matrix(&[[1.0, 0.0], [0.0, 3.0], [2.0, 2.0], [0.0, 0.0]]);
        let pass = &mut Pass::inference();
        let logits = model.classify(&model.mean(&[&[0, 1], &[2]], pass), pass);
        assert_eq!(logits.as_slice(), [0.5, 1.5, 2.0, 2.0]);
    }
}
