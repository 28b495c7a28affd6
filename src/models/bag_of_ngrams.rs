//! Bags of n-grams.

use std::ops::Range;
use std::sync::Arc;

use crate::autodiff::Algebra;
use crate::data::ag_news::words;
use crate::nn::{Activation, Embedding, Mlp, MlpConfig, Module as _, Pass, parameters};
use crate::random::Stream;
use crate::tensor::{Float as _, Tensor};

/// Which n-grams a text is cut into, and how many places they are hashed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ngrams {
    /// The most words in a row.
    pub words: usize,
    /// The most characters in a row inside a token, from [`Ngrams::FEWEST`] on; with less, none.
    pub characters: usize,
    /// The number of places.
    pub places: usize,
}

/// An n-gram of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ngram {
    /// Its place in the table.
    pub place: usize,
    /// The tokens between spaces that it is made of, or the one that it is inside of, by number.
    pub tokens: Range<usize>,
}

/// What an n-gram is made of.
#[derive(Clone, Copy)]
enum Kind {
    /// Words in a row.
    Words,
    /// Characters in a row inside a token.
    Characters,
}

impl Ngrams {
    /// The fewest characters in a row, as in fastText.
    pub const FEWEST: usize = 3;

    /// The n-grams of a text: words in a row, and of each token between spaces, in lower case with marks at its ends, characters
    /// in a row ("subwords", Bojanowski et al. 2017, section 3.2). Each is given by its place in a table, a hash (Weinberger et al.
    /// 2009, "Feature hashing"), so that different ones may meet in one place, but only of one kind: words have the first
    /// places, three in four if there are subwords.
    pub fn of(self, text: &str) -> Vec<Ngram> {
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let own = |(i, token): (usize, &&str)| words(token).into_iter().map(move |word| (word, i));
        let words: Vec<(String, usize)> = tokens.iter().enumerate().flat_map(own).collect();
        let borders = self.borders();
        let mut all = Vec::new();
        let mut add = |kind: Kind, hash: u64, tokens| {
            let [first, end] = borders[kind as usize];
            let place = first + (hash % (end - first) as u64) as usize;
            all.push(Ngram { place, tokens });
        };
        for n in 1..=self.words {
            for ngram in words.windows(n) {
                // A byte 0 behind each word.
                let bytes = ngram.iter().flat_map(|(word, _)| word.bytes().chain([0]));
                add(Kind::Words, fnv1a(bytes), ngram[0].1..ngram[n - 1].1 + 1);
            }
        }
        if self.characters >= Self::FEWEST {
            for (i, token) in tokens.iter().enumerate() {
                let marked: Vec<char> = format!("<{}>", token.to_lowercase()).chars().collect();
                for n in Self::FEWEST..=self.characters.min(marked.len()) {
                    for ngram in marked.windows(n) {
                        let text: String = ngram.iter().collect();
                        add(Kind::Characters, fnv1a(text.bytes()), i..i + 1);
                    }
                }
            }
        }
        all
    }

    /// The number of places for words in a row; those behind them are for characters.
    pub fn places_of_words(self) -> usize {
        if self.characters >= Self::FEWEST { self.places - self.places / 4 } else { self.places }
    }

    /// The first place of each kind, and the one behind its last.
    fn borders(self) -> [[usize; 2]; 2] {
        let border = self.places_of_words();
        // Very few places are shared.
        [[0, border], [border.min(self.places - 1), self.places]]
    }

    /// The places of a text's n-grams, in order of the text.
    pub fn places_of(self, text: &str) -> Vec<usize> {
        self.of(text).into_iter().map(|ngram| ngram.place).collect()
    }

    /// The places of a text's n-grams, in order of the places.
    pub fn bag_of(self, text: &str) -> Vec<usize> {
        let mut places = self.places_of(text);
        places.sort_unstable();
        places
    }
}

/// FNV-1a (Fowler, Noll, Vo; RFC 9923).
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.fold(0xcbf2_9ce4_8422_2325, step)
}

/// A classifier of bags of n-grams. With vectors v_j and importances s_j of a text's n-grams, which occur n_j times in it, and
/// x_j = (1 + ln n_j) s_j,
///
/// e = sum over kinds of n-grams k of (sum over j in k of x_j v_j) / sqrt(sum over j in k of x_j²),
///
/// and logits are e + b for the linear model, else mlp(e). A text without words has e = 0.
///
/// Importances are learned, from [how rare an n-gram is](importances), so that at first weights are those of the vector space
/// model (Salton & Buckley 1988, "Term-weighting approaches in automatic text retrieval": term frequency, here its
/// logarithm, inverse document frequency, cosine normalisation), for each kind by itself, so that the many n-grams of
/// characters do not drown words.
///
/// `texts` lists of places to `[texts, classes]`. The linear model starts from 0, vectors from a normal distribution of
/// the deviation 1 / sqrt(width).
#[derive(Clone, Debug)]
pub struct BagOfNgrams<A = Tensor> {
    /// A vector for each place.
    pub embedding: Embedding<A>,
    /// How much each place counts: `[places]`.
    pub importance: A,
    /// What follows the sum.
    pub head: BagReadout<A>,
    /// The probability that training leaves out an n-gram.
    pub dropout: f64,
    /// The number of places for words in a row; those behind them are for characters.
    pub places_of_words: usize,
}

/// Smoothed inverse document frequencies, 1 + ln((1 + N) / (1 + n_j)), of places that n_j of N texts have: `[places]`.
///
/// Each text is a list of places in order.
///
/// # Panics
/// If a text has a place that is not there.
pub fn importances<'a>(texts: impl Iterator<Item = &'a [usize]>, places: usize) -> Tensor {
    let mut having = vec![0_u32; places];
    let mut count = 0_u32;
    for text in texts {
        count += 1;
        text.chunk_by(|a, b| a == b).for_each(|run| having[run[0]] += 1);
    }
    let at = |n: u32| (1.0 + libm::log((1.0 + f64::from(count)) / (1.0 + f64::from(n)))) as f32;
    Tensor::from_vec(&[places], having.into_iter().map(at).collect()).expect("all places")
}

/// What follows the sum of the vectors.
#[derive(Clone, Debug)]
pub enum BagReadout<A = Tensor> {
    /// b: `[classes]`.
    Bias(A),
    /// A network.
    Mlp(Mlp<A>),
}

impl BagOfNgrams {
    /// A weight for each place and class.
    pub fn linear(ngrams: Ngrams, classes: usize) -> Self {
        let table = Tensor::zeros(&[ngrams.places, classes]);
        Self::new(ngrams, Embedding::of(table), BagReadout::Bias(Tensor::zeros(&[classes])))
    }

    fn new(ngrams: Ngrams, embedding: Embedding, head: BagReadout) -> Self {
        let importance = Tensor::ones(&[ngrams.places]);
        Self { embedding, importance, head, dropout: 0.0, places_of_words: ngrams.places_of_words() }
    }

    /// Vectors of a width for each place, and a network with one hidden layer, or without hidden units none.
    pub fn embeddings(
        ngrams: Ngrams,
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
        let embedding = Embedding::new(ngrams.places, width, (width as f64).sqrt().recip(), stream);
        Self::new(ngrams, embedding, BagReadout::Mlp(Mlp::new(config, stream)))
    }
}

impl<A> BagOfNgrams<A> {
    /// The same with n-grams left out in training.
    pub fn with_dropout(self, dropout: f64) -> Self {
        Self { dropout, ..self }
    }
}

impl<A: Algebra> BagOfNgrams<A> {
    /// The vectors e of some texts, given by their n-grams: `[texts, width]`. In training each n-gram is left out with
    /// the probability `dropout`.
    ///
    /// # Panics
    /// If a place is not in the table.
    #[track_caller]
    pub fn sum(&self, texts: &[&[usize]], pass: &mut Pass<A>) -> A {
        let rate = self.dropout;
        let (mut places, mut owners, mut frequencies) = (Vec::new(), Vec::new(), Vec::new());
        for (i, text) in texts.iter().enumerate() {
            let mut text = match pass.noise().filter(|_| rate > 0.0) {
                Some(noise) => text.iter().copied().filter(|_| noise.uniform() >= rate).collect(),
                None => text.to_vec(),
            };
            text.sort_unstable();
            for run in text.chunk_by(|a, b| a == b) {
                places.push(run[0]);
                owners.push(i);
                frequencies.push(A::Elem::from_f64(1.0 + libm::log(run.len() as f64)));
            }
        }
        let frequencies = pass.constant(Tensor::from_vec(&[places.len()], frequencies).expect("as many"));
        self.sum_over(places, owners, &frequencies, texts.len())
    }

    /// The vectors e of so many texts, given by places, which text has each of them, and 1 + ln n for how often.
    fn sum_over(&self, places: Vec<usize>, owners: Vec<usize>, frequencies: &A, texts: usize) -> A {
        let kind = |place: usize| usize::from(place >= self.places_of_words);
        let kinds: Vec<usize> = places.iter().zip(&owners).map(|(&p, owner)| 2 * owner + kind(p)).collect();
        let (kinds, places): (Arc<[usize]>, Arc<[usize]>) = (kinds.into(), places.into());
        let x = self.importance.gather(0, places.clone()) * frequencies;
        let squares = x.powi(2).scatter_add(0, kinds.clone(), 2 * texts);
        let shares = x / &squares.sqrt().gather(0, kinds);
        let rows = self.embedding.table.gather(0, places.clone()) * &shares.reshape(&[places.len(), 1]);
        rows.scatter_add(0, owners, texts)
    }

    /// The logits of texts with these vectors e: `[texts, classes]`.
    ///
    /// # Panics
    /// If they have another width.
    #[track_caller]
    pub fn classify(&self, e: &A, pass: &mut Pass<A>) -> A {
        match &self.head {
            BagReadout::Bias(bias) => e.clone() + bias,
            BagReadout::Mlp(mlp) => mlp.forward(e, pass),
        }
    }
}

parameters!(BagOfNgrams { embedding, importance, head as _; dropout, places_of_words });
parameters!(
    enum BagReadout {
        Bias(bias),
        Mlp(mlp),
    }
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autodiff::check;
    use crate::nn::Parameters as _;
    use crate::random::Purpose;

    #[test]
    fn ngrams_are_words_in_a_row() {
        let ngrams = Ngrams { words: 2, characters: 0, places: 1 << 40 };
        let found = ngrams.of("Oil prices, oil prices!");
        let places: Vec<usize> = found.iter().map(|ngram| ngram.place).collect();
        assert_eq!(places.len(), 4 + 3);
        assert_eq!((places[0], places[1], places[4]), (places[2], places[3], places[6]));
        assert_ne!(places[4], places[5], "the order of words matters");
        assert_eq!((&found[3].tokens, &found[5].tokens), (&(3..4), &(1..3)));
        assert!(Ngrams { places: 7, ..ngrams }.places_of("one two").iter().all(|&place| place < 7));
        assert!(ngrams.places_of("...").is_empty());
    }

    #[test]
    fn inside_a_word_ngrams_are_characters_in_a_row() {
        let ngrams = Ngrams { words: 1, characters: 4, places: 1 << 40 };
        // <été> has three of three characters and two of four; of <a> there is one.
        let found = ngrams.of("Été a");
        assert_eq!(
            found.iter().map(|ngram| ngram.tokens.start).collect::<Vec<_>>(),
            [0, 1, 0, 0, 0, 0, 0, 1]
        );
        let prefix = |text: &str| ngrams.of(text)[1].place;
        assert_eq!(prefix("market"), prefix("marketing"), "both begin with <ma");
        assert_ne!(prefix("market"), prefix("supermarket"));
        let few = Ngrams { places: 16, ..ngrams }.of("words and their parts");
        // What stands between words has characters, too.
        assert_eq!(ngrams.of("oil-price -").iter().filter(|ngram| ngram.tokens == (1..2)).count(), 1);
        assert!(few[..4].iter().all(|ngram| ngram.place < 12), "{few:?}");
        assert!(few[4..].iter().all(|ngram| (12..16).contains(&ngram.place)), "{few:?}");
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

    /// Two words of three places, and two n-grams of characters.
    const FEW: Ngrams = Ngrams { words: 1, characters: 3, places: 4 };

    #[test]
    fn logits_are_those_of_the_formula() {
        let mut model = BagOfNgrams::embeddings(FEW, 4, 5, 3, &mut Stream::new(1, Purpose::Init));
        model.importance = Tensor::vector(&[1.0, 2.0, 0.5, 3.0]);
        let pass = &mut Pass::inference();
        let logits = model.classify(&model.sum(&[&[0, 3, 1, 0], &[], &[2]], pass), pass);
        let BagReadout::Mlp(mlp) = &model.head else { unreachable!() };
        let row = |i: usize| model.embedding.table.narrow(0, i, i + 1);
        // Places 0 to 2 are of words, 3 is of characters; 0 occurs twice.
        let twice = 1.0 + 2.0_f64.ln();
        let sum = (row(0) * twice + &(row(1) * 2.0)) * (twice * twice + 4.0).sqrt().recip() + &row(3);
        for (i, e) in [sum, Tensor::zeros(&[1, 4]), row(2)].iter().enumerate() {
            let (ours, theirs) = (logits.narrow(0, i, i + 1), mlp.forward(e, pass));
            for (a, b) in ours.as_slice().iter().zip(theirs.as_slice()) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    #[test]
    fn neither_the_scale_of_importances_nor_the_order_of_ngrams_matters() {
        let mut model = BagOfNgrams::linear(FEW, 2);
        let mut stream = Stream::new(2, Purpose::Data);
        model.embedding.table = Tensor::from_fn(&[4, 2], || stream.normal() as f32);
        model.importance = Tensor::vector(&[1.0, 2.0, 0.5, 3.0]);
        let e = |model: &BagOfNgrams, text: &[usize]| model.sum(&[text], &mut Pass::inference());
        let mut scaled = model.clone();
        scaled.importance = model.importance.clone() * 8.0;
        assert_eq!(e(&model, &[0, 1, 3]).as_slice(), e(&scaled, &[0, 1, 3]).as_slice());
        let (one, other) = (e(&model, &[0, 1, 2]), e(&model, &[2, 1, 0]));
        assert!(one.as_slice().iter().zip(other.as_slice()).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn rare_ngrams_are_important() {
        let texts: [&[usize]; 3] = [&[0, 1], &[0, 0], &[0, 2]];
        let found = importances(texts.into_iter(), 4);
        let expected = [4.0, 2.0, 2.0, 1.0].map(|n: f64| 1.0 + (4.0 / n).ln());
        assert!(found.as_slice().iter().zip(expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6));
    }

    #[test]
    fn the_tape_differentiates_vectors_and_importances() {
        let model = BagOfNgrams::linear(FEW, 2);
        let mut stream = Stream::new(3, Purpose::Data);
        let table = Tensor::from_fn(&[4, 2], || stream.normal());
        let frequencies = Tensor::vector(&[1.0, 1.7, 1.0, 1.0, 2.1]);
        let inputs = [table, Tensor::vector(&[1.0, 2.0, 0.5, 3.0]), frequencies];
        // The bias, which e does not have, is given anything.
        check::gradients(
            |x| {
                let model = model.with(&[x[0], x[1], x[1]]);
                model.sum_over(vec![0, 1, 3, 1, 2], vec![0, 0, 0, 1, 1], &x[2], 2)
            },
            &inputs,
        )
        .unwrap();
    }
}
