//! Texts to classify.

use std::path::PathBuf;

use rayon::prelude::*;

use super::super::classification::top;
use super::model::{BagOfNgrams, hashed_ngrams};
use crate::autodiff::Algebra;
use crate::data::AgNews;
use crate::nn::Pass;
use crate::nn::loss::{cross_entropy, one_hot};
use crate::train::{Objective, Shard};

/// The number of texts that a thread computes probabilities of at a time.
const CHUNK: usize = 64;

/// Texts as n-grams, and their classes.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The n-grams of each text.
    pub ngrams: Vec<Vec<usize>>,
    /// The class of each text.
    pub labels: Vec<usize>,
}

impl Texts {
    /// The n-grams of news items, up to `longest` words, in a table of `places`.
    pub fn new(news: &AgNews, longest: usize, places: usize) -> Self {
        let ngrams = news.texts.par_iter().map(|text| hashed_ngrams(text, longest, places)).collect();
        Self { ngrams, labels: news.labels.clone() }
    }

    /// The probability of each class for some examples: `[examples, classes]` in row-major order.
    pub fn probabilities(&self, model: &BagOfNgrams, examples: &[usize]) -> Vec<f32> {
        let chunk = |examples: &[usize]| {
            model.logits(&self.of(examples), &mut Pass::inference()).softmax(1).as_slice().to_vec()
        };
        let chunks: Vec<Vec<f32>> = examples.par_chunks(CHUNK).map(chunk).collect();
        chunks.concat()
    }

    fn of(&self, examples: &[usize]) -> Vec<&[usize]> {
        examples.iter().map(|&i| &self.ngrams[i][..]).collect()
    }

    /// The classes of some examples.
    pub fn labels_of(&self, examples: &[usize]) -> Vec<usize> {
        examples.iter().map(|&i| self.labels[i]).collect()
    }
}

/// Texts to learn to classify, by cross-entropy.
#[derive(Clone, Debug)]
pub struct News {
    /// All texts of the training set.
    pub texts: Texts,
    /// Which of them are learned from.
    pub training: Vec<usize>,
    /// Which of them are held out.
    pub validation: Vec<usize>,
    /// The share of each target that goes to all classes alike.
    pub label_smoothing: f64,
    /// Where the test set is; it is read when all is done.
    pub folder: PathBuf,
}

impl News {
    /// The share of right answers on held-out texts.
    pub fn validation_accuracy(&self, model: &BagOfNgrams) -> f64 {
        let p = self.texts.probabilities(model, &self.validation);
        top(1, &p, AgNews::CLASSES.len(), &self.texts.labels_of(&self.validation))
    }
}

impl Objective for News {
    type Model = BagOfNgrams;

    fn examples(&self) -> usize {
        self.training.len()
    }

    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &BagOfNgrams<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A {
        let examples: Vec<usize> = shard.examples.iter().map(|&i| self.training[i]).collect();
        let logits = model.logits(&self.texts.of(&examples), pass);
        let labels = self.texts.labels_of(&examples);
        let targets = one_hot(&labels, AgNews::CLASSES.len(), self.label_smoothing);
        cross_entropy(&logits, &pass.constant(targets)).sum()
    }

    fn metrics(&self, model: &BagOfNgrams) -> Vec<(&'static str, f64)> {
        if self.validation.is_empty() {
            return Vec::new();
        }
        vec![("validation_accuracy", self.validation_accuracy(model))]
    }
}
