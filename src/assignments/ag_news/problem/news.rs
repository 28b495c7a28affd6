//! The texts, and the training objective.

use super::model::{Batch, ModelKind, TextClassifier};
use super::vectors::vectors;
use crate::assignments::ag_news::AgNews;
use crate::autodiff::Algebra;
use crate::data::NewsItems;
use crate::experiment::{DataFolder, Error};
use crate::metrics::{NoScore, check_finite, top};
use crate::nn::Pass;
use crate::nn::inference::by_length;
use crate::nn::loss::{cross_entropy, one_hot};
use crate::parallel;
use crate::tensor::Tensor;
use crate::text::SentenceEncoder;
use crate::train::{Objective, Shard};

/// Texts in the form that a classifier takes, and their classes.
pub struct Texts {
    /// The texts.
    pub inputs: Inputs,
    /// The class of each text.
    pub labels: Vec<usize>,
}

/// Texts in the form that a classifier takes.
pub enum Inputs {
    /// For each text, the buckets of its n-grams in increasing order, or its tokens in the order of
    /// the text.
    Lists(Vec<Vec<usize>>),
    /// Vectors, `[texts, width]`.
    Vectors(Tensor),
}

impl Inputs {
    /// The inputs of the classifier that the settings describe. Progress is shown under `name`.
    ///
    /// # Errors
    /// If cached vectors cannot be used, or a text cannot be tokenised.
    pub(crate) fn new(
        config: &AgNews,
        texts: &[String],
        encoder: Option<&SentenceEncoder>,
        (name, data): (&'static str, &DataFolder),
    ) -> Result<Self, Error> {
        let cut = |mut tokens: Vec<usize>| {
            tokens.truncate(config.longest);
            tokens
        };
        Ok(match (config.model, encoder) {
            (ModelKind::MinilmFrozen, Some(encoder)) => Self::Vectors(vectors(encoder, texts, name, data)?),
            (ModelKind::MinilmFinetuned, Some(encoder)) => {
                Self::Lists(encoder.tokenizer.tokens(texts)?.into_iter().map(cut).collect())
            }
            (model, _) => {
                let ngrams = config.cut();
                Self::Lists(match model {
                    ModelKind::Transformer => parallel::map(texts, |t| cut(ngrams.buckets_of(t))),
                    _ => parallel::map(texts, |t| ngrams.bag_of(t)),
                })
            }
        })
    }

    /// Calls a function with some of the texts.
    pub(crate) fn with<R>(&self, examples: &[usize], f: impl FnOnce(Batch<'_>) -> R) -> R {
        match self {
            Self::Lists(lists) => {
                let lists: Vec<&[usize]> = examples.iter().map(|&i| &lists[i][..]).collect();
                f(Batch::Lists(&lists))
            }
            Self::Vectors(vectors) => f(Batch::Vectors(&vectors.gather(0, examples))),
        }
    }

    /// The length of a text in n-grams or tokens.
    fn length(&self, example: usize) -> usize {
        match self {
            Self::Lists(lists) => lists[example].len(),
            Self::Vectors(_) => 1,
        }
    }
}

impl Texts {
    /// The probability of each class for each example: `[examples, classes]` in row-major order.
    ///
    /// # Errors
    /// If a probability is not finite.
    pub fn probabilities(&self, model: &TextClassifier, examples: &[usize]) -> Result<Vec<f32>, NoScore> {
        let p = |texts: Batch<'_>| model.logits(texts, &mut Pass::inference()).softmax(1);
        self.in_chunks(model, examples, p)
    }

    /// The [features](TextClassifier::features) of some examples: `[examples, width]` in row-major
    /// order.
    ///
    /// # Errors
    /// If a feature is not finite.
    pub fn features(&self, model: &TextClassifier, examples: &[usize]) -> Result<Vec<f32>, NoScore> {
        self.in_chunks(model, examples, |texts| model.features(texts, &mut Pass::inference()))
    }

    /// Computes rows by `f` in parallel, and returns them in the order of the examples.
    fn in_chunks(
        &self,
        model: &TextClassifier,
        examples: &[usize],
        f: impl Fn(Batch<'_>) -> Tensor + Sync,
    ) -> Result<Vec<f32>, NoScore> {
        let lengths: Vec<usize> = examples.iter().map(|&i| self.inputs.length(i)).collect();
        let size = if matches!(model, TextClassifier::Tokens { .. }) { 8 } else { 64 };
        let all = by_length(&lengths, size, |chunk| {
            let examples: Vec<usize> = chunk.iter().map(|&k| examples[k]).collect();
            self.inputs.with(&examples, &f)
        });
        check_finite(&all, all.len() / examples.len().max(1))?;
        Ok(all)
    }

    /// The classes of some examples.
    pub fn labels_of(&self, examples: &[usize]) -> Vec<usize> {
        examples.iter().map(|&i| self.labels[i]).collect()
    }
}

/// The training objective: the cross-entropy of news items.
pub struct News {
    /// All texts of the training set.
    pub texts: Texts,
    /// The indices of the training texts.
    pub training: Vec<usize>,
    /// The indices of the held-out texts.
    pub validation: Vec<usize>,
    /// The share of each target that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// The pretrained encoder, if the model uses it.
    pub encoder: Option<SentenceEncoder>,
}

impl News {
    /// The buckets of the n-grams of each training text.
    ///
    /// # Panics
    /// If the texts are vectors.
    pub(crate) fn training_lists(&self) -> impl Iterator<Item = &[usize]> {
        let Inputs::Lists(lists) = &self.texts.inputs else { panic!("texts are vectors") };
        self.training.iter().map(|&i| &lists[i][..])
    }

    /// The accuracy on held-out texts.
    ///
    /// # Errors
    /// If a probability is not finite.
    pub fn validation_accuracy(&self, model: &TextClassifier) -> Result<f64, NoScore> {
        let p = self.texts.probabilities(model, &self.validation)?;
        top(1, &p, NewsItems::CLASSES.len(), &self.texts.labels_of(&self.validation))
    }
}

impl Objective for News {
    type Model = TextClassifier;

    fn examples(&self) -> usize {
        self.training.len()
    }

    fn arrange(&self, batch: &Shard<'_>) -> Vec<usize> {
        let mut examples = batch.examples.to_vec();
        examples.sort_by_key(|&i| std::cmp::Reverse(self.texts.inputs.length(self.training[i])));
        examples
    }

    fn loss<A: Algebra<Elem = f32>>(
        &self,
        model: &TextClassifier<A>,
        shard: &Shard<'_>,
        pass: &mut Pass<A>,
    ) -> A {
        let examples: Vec<usize> = shard.examples.iter().map(|&i| self.training[i]).collect();
        let logits = self.texts.inputs.with(&examples, |texts| model.logits(texts, pass));
        let labels = self.texts.labels_of(&examples);
        let targets = one_hot(&labels, NewsItems::CLASSES.len(), self.label_smoothing);
        cross_entropy(&logits, &pass.constant(targets)).sum()
    }

    fn metrics(&self, model: &TextClassifier) -> Vec<(&'static str, f64)> {
        if self.validation.is_empty() {
            return Vec::new();
        }
        vec![("validation_accuracy", self.validation_accuracy(model).unwrap_or(f64::NAN))]
    }
}
