//! Text classification by bags of n-grams.

use std::ops::Range;
use std::sync::Arc;

use crate::autodiff::Algebra;
use crate::data::ag_news::words;
use crate::nn::{Activation, Embedding, Mlp, MlpConfig, Module as _, Pass, parameters};
use crate::random::Stream;
use crate::tensor::{Float as _, Tensor};

/// The lengths of the n-grams of a text, and the number of buckets that they are hashed into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ngrams {
    /// The largest number of words in a word n-gram.
    pub words: usize,
    /// The largest number of characters in a character n-gram. Below [`Ngrams::FEWEST`], there are
    /// none.
    pub characters: usize,
    /// The number of buckets.
    pub buckets: usize,
}

/// An n-gram of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ngram {
    /// Its hash bucket, an index into the tables of the model.
    pub bucket: usize,
    /// The indices of the tokens (texts between spaces) that it is made of, or of the token it is
    /// in.
    pub tokens: Range<usize>,
}

/// The kind of an n-gram.
#[derive(Clone, Copy)]
enum Kind {
    /// Consecutive words.
    Words,
    /// Consecutive characters inside a token.
    Characters,
}

impl Ngrams {
    /// The smallest number of characters in a character n-gram, as in fastText.
    pub const FEWEST: usize = 3;

    /// The n-grams of a text. Word n-grams are consecutive words. Character n-grams are consecutive
    /// characters of a token between spaces, in lower case with `<` and `>` at its ends
    /// ("subwords", Bojanowski et al. 2017, section 3.2).
    ///
    /// Each n-gram is hashed into a bucket (Weinberger et al. 2009, "Feature hashing"). Different
    /// n-grams of the same kind may share a bucket. Word n-grams have the first buckets: three
    /// quarters of them if there are character n-grams, else all.
    pub fn of(self, text: &str) -> Vec<Ngram> {
        let tokens: Vec<&str> = text.split_whitespace().collect();
        let own = |(i, token): (usize, &&str)| words(token).into_iter().map(move |word| (word, i));
        let words: Vec<(String, usize)> = tokens.iter().enumerate().flat_map(own).collect();
        let borders = self.borders();
        let mut all = Vec::new();
        let mut add = |kind: Kind, hash: u64, tokens| {
            let [first, end] = borders[kind as usize];
            let bucket = first + (hash % (end - first) as u64) as usize;
            all.push(Ngram { bucket, tokens });
        };
        for n in 1..=self.words {
            for ngram in words.windows(n) {
                // A byte 0 after each word separates the words.
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

    /// The number of buckets for word n-grams, which are the first ones. The others are for
    /// character n-grams.
    pub fn word_buckets(self) -> usize {
        if self.characters >= Self::FEWEST { self.buckets - self.buckets / 4 } else { self.buckets }
    }

    /// The range of the buckets of each kind: the first one, and one past the last.
    fn borders(self) -> [[usize; 2]; 2] {
        let border = self.word_buckets();
        // With a single bucket, both kinds share it.
        [[0, border], [border.min(self.buckets - 1), self.buckets]]
    }

    /// The buckets of a text's n-grams, in the order of [`of`](Self::of).
    pub fn buckets_of(self, text: &str) -> Vec<usize> {
        self.of(text).into_iter().map(|ngram| ngram.bucket).collect()
    }

    /// The buckets of a text's n-grams, in increasing order.
    pub fn bag_of(self, text: &str) -> Vec<usize> {
        let mut buckets = self.buckets_of(text);
        buckets.sort_unstable();
        buckets
    }
}

/// The hash FNV-1a (Fowler, Noll, Vo; RFC 9923).
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.fold(0xcbf2_9ce4_8422_2325, step)
}

/// A classifier of bags of n-grams. If the n-gram j, with the vector v_j and the importance s_j,
/// occurs n_j times in a text, then x_j = (1 + ln n_j) s_j, and the vector of the text is
///
/// e = sum over kinds of n-grams k of (sum over j in k of x_j v_j) / sqrt(sum over j in k of x_j²).
///
/// The logits are e + b for the linear model, else mlp(e). A text without words has e = 0.
///
/// Importances are learned. They start from [inverse document frequencies](importances), so that
/// the initial weights are those of the vector space model (Salton & Buckley 1988, "Term-weighting
/// approaches in automatic text retrieval": term frequency, here its logarithm, inverse document
/// frequency, cosine normalisation). Each kind is normalised by itself, so that the many character
/// n-grams do not drown the word n-grams.
///
/// A list of buckets for each text to logits `[texts, classes]`. The linear model starts from
/// zeros, vectors from a normal distribution with the standard deviation 1 / sqrt(width).
#[derive(Clone, Debug)]
pub struct BagOfNgrams<A = Tensor> {
    /// A vector for each bucket: `[buckets, width]`.
    pub embedding: Embedding<A>,
    /// The importance of each bucket: `[buckets]`.
    pub importance: A,
    /// The function from e to the logits.
    pub head: BagReadout<A>,
    /// The probability that training leaves out an n-gram.
    pub dropout: f64,
    /// The number of buckets for word n-grams, which are the first ones.
    pub word_buckets: usize,
}

/// The smoothed inverse document frequencies of buckets, 1 + ln((1 + N) / (1 + n_j)), where n_j of
/// N texts have an n-gram in bucket j: `[buckets]`.
///
/// Each text is a list of buckets in increasing order.
///
/// # Panics
/// If a text has a bucket that is not below `buckets`.
pub fn importances<'a>(texts: impl Iterator<Item = &'a [usize]>, buckets: usize) -> Tensor {
    let mut having = vec![0_u32; buckets];
    let mut count = 0_u32;
    for text in texts {
        count += 1;
        text.chunk_by(|a, b| a == b).for_each(|run| having[run[0]] += 1);
    }
    let at = |n: u32| (1.0 + libm::log((1.0 + f64::from(count)) / (1.0 + f64::from(n)))) as f32;
    Tensor::from_vec(&[buckets], having.into_iter().map(at).collect()).expect("all buckets")
}

/// The function from the vector e of a text to the logits.
#[derive(Clone, Debug)]
pub enum BagReadout<A = Tensor> {
    /// A bias b, `[classes]`, which is added.
    Bias(A),
    /// A multilayer perceptron.
    Mlp(Mlp<A>),
}

impl BagOfNgrams {
    /// A linear model, with a weight for each bucket and class.
    pub fn linear(ngrams: Ngrams, classes: usize) -> Self {
        let table = Tensor::zeros(&[ngrams.buckets, classes]);
        Self::new(ngrams, Embedding::of(table), BagReadout::Bias(Tensor::zeros(&[classes])))
    }

    fn new(ngrams: Ngrams, embedding: Embedding, head: BagReadout) -> Self {
        let importance = Tensor::ones(&[ngrams.buckets]);
        Self { embedding, importance, head, dropout: 0.0, word_buckets: ngrams.word_buckets() }
    }

    /// A model with a vector of `width` features for each bucket, and a perceptron with one hidden
    /// layer of `hidden` units; with 0 units, it has no hidden layer.
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
        let embedding = Embedding::new(ngrams.buckets, width, (width as f64).sqrt().recip(), stream);
        Self::new(ngrams, embedding, BagReadout::Mlp(Mlp::new(config, stream)))
    }
}

impl<A> BagOfNgrams<A> {
    /// The same model, where training leaves out n-grams with this probability.
    pub fn with_dropout(self, dropout: f64) -> Self {
        Self { dropout, ..self }
    }
}

impl<A: Algebra> BagOfNgrams<A> {
    /// The vectors e of some texts, given by the buckets of their n-grams: `[texts, width]`. In
    /// training, each n-gram is left out with the probability `dropout`.
    ///
    /// # Panics
    /// If a bucket is not in the table.
    #[track_caller]
    pub fn sum(&self, texts: &[&[usize]], pass: &mut Pass<A>) -> A {
        let rate = self.dropout;
        let (mut buckets, mut owners, mut frequencies) = (Vec::new(), Vec::new(), Vec::new());
        for (i, text) in texts.iter().enumerate() {
            let mut text = match pass.noise().filter(|_| rate > 0.0) {
                Some(noise) => text.iter().copied().filter(|_| noise.uniform() >= rate).collect(),
                None => text.to_vec(),
            };
            text.sort_unstable();
            for run in text.chunk_by(|a, b| a == b) {
                buckets.push(run[0]);
                owners.push(i);
                frequencies.push(A::Elem::from_f64(1.0 + libm::log(run.len() as f64)));
            }
        }
        let frequencies = pass.constant(Tensor::from_vec(&[buckets.len()], frequencies).expect("as many"));
        self.sum_over(buckets, owners, &frequencies, texts.len())
    }

    /// The vectors e of a number of texts. For each n-gram they are given its bucket, the index of
    /// its text (`owners`), and 1 + ln n for its n occurrences.
    fn sum_over(&self, buckets: Vec<usize>, owners: Vec<usize>, frequencies: &A, texts: usize) -> A {
        let kind = |bucket: usize| usize::from(bucket >= self.word_buckets);
        let kinds: Vec<usize> = buckets.iter().zip(&owners).map(|(&p, owner)| 2 * owner + kind(p)).collect();
        let (kinds, buckets): (Arc<[usize]>, Arc<[usize]>) = (kinds.into(), buckets.into());
        let x = self.importance.gather(0, buckets.clone()) * frequencies;
        let squares = x.powi(2).scatter_add(0, kinds.clone(), 2 * texts);
        let shares = x / &squares.sqrt().gather(0, kinds);
        let rows = self.embedding.table.gather(0, buckets.clone()) * &shares.reshape(&[buckets.len(), 1]);
        rows.scatter_add(0, owners, texts)
    }

    /// The logits of texts with these vectors e: `[texts, classes]`.
    ///
    /// # Panics
    /// If the vectors have another width.
    #[track_caller]
    pub fn classify(&self, e: &A, pass: &mut Pass<A>) -> A {
        match &self.head {
            BagReadout::Bias(bias) => e.clone() + bias,
            BagReadout::Mlp(mlp) => mlp.forward(e, pass),
        }
    }
}

parameters!(BagOfNgrams { embedding, importance, head as _; dropout, word_buckets });
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
    fn word_ngrams_are_consecutive_words() {
        let ngrams = Ngrams { words: 2, characters: 0, buckets: 1 << 40 };
        let found = ngrams.of("Oil prices, oil prices!");
        let buckets: Vec<usize> = found.iter().map(|ngram| ngram.bucket).collect();
        assert_eq!(buckets.len(), 4 + 3);
        assert_eq!((buckets[0], buckets[1], buckets[4]), (buckets[2], buckets[3], buckets[6]));
        assert_ne!(buckets[4], buckets[5], "the order of words matters");
        assert_eq!((&found[3].tokens, &found[5].tokens), (&(3..4), &(1..3)));
        assert!(Ngrams { buckets: 7, ..ngrams }.buckets_of("one two").iter().all(|&bucket| bucket < 7));
        assert!(ngrams.buckets_of("...").is_empty());
    }

    #[test]
    fn character_ngrams_are_consecutive_characters_of_a_token() {
        let ngrams = Ngrams { words: 1, characters: 4, buckets: 1 << 40 };
        // <été> has three n-grams of three characters and two of four, <a> has one.
        let found = ngrams.of("Été a");
        assert_eq!(
            found.iter().map(|ngram| ngram.tokens.start).collect::<Vec<_>>(),
            [0, 1, 0, 0, 0, 0, 0, 1]
        );
        let prefix = |text: &str| ngrams.of(text)[1].bucket;
        assert_eq!(prefix("market"), prefix("marketing"), "both begin with <ma");
        assert_ne!(prefix("market"), prefix("supermarket"));
        let few = Ngrams { buckets: 16, ..ngrams }.of("words and their parts");
        // Punctuation between words has character n-grams, too.
        assert_eq!(ngrams.of("oil-price -").iter().filter(|ngram| ngram.tokens == (1..2)).count(), 1);
        assert!(few[..4].iter().all(|ngram| ngram.bucket < 12), "{few:?}");
        assert!(few[4..].iter().all(|ngram| (12..16).contains(&ngram.bucket)), "{few:?}");
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

    /// Four buckets: three for words, one for characters.
    const FEW: Ngrams = Ngrams { words: 1, characters: 3, buckets: 4 };

    #[test]
    fn logits_are_those_of_the_formula() {
        let mut model = BagOfNgrams::embeddings(FEW, 4, 5, 3, &mut Stream::new(1, Purpose::Init));
        model.importance = Tensor::vector(&[1.0, 2.0, 0.5, 3.0]);
        let pass = &mut Pass::inference();
        let logits = model.classify(&model.sum(&[&[0, 3, 1, 0], &[], &[2]], pass), pass);
        let BagReadout::Mlp(mlp) = &model.head else { unreachable!() };
        let row = |i: usize| model.embedding.table.narrow(0, i, i + 1);
        // Buckets 0 to 2 are for words, 3 is for characters; 0 occurs twice.
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
        // e does not depend on the bias, so any tensor will do.
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
