//! What texts are classified by.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::assignments::ag_news::AgNews;
use crate::autodiff::Algebra;
use crate::data::AgNews as Data;
use crate::models::BagOfNgrams;
use crate::nn::{
    Activation, BlockConfig, Dropout, Frozen, Init, Linear, Mlp, MlpConfig, Module as _, NormOrder, Pass,
    PositionKind, Transformer, TransformerConfig, TransformerUpdate, parameters,
};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::text::SentenceEncoder;

/// What a text is classified by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// A weight for each n-gram and class
    Linear,
    /// Learned vectors of the n-grams, summed up, and a multilayer perceptron (Joulin et al. 2017, fastText)
    Embeddings,
    /// The mean of a small transformer's features, trained from scratch
    Transformer,
    /// The vectors that the pretrained encoder MiniLM gives, and a multilayer perceptron
    MinilmFrozen,
    /// The encoder MiniLM, trained further
    MinilmFinetuned,
}

impl ModelKind {
    /// Whether it stands on the pretrained encoder.
    pub fn is_pretrained(self) -> bool {
        matches!(self, Self::MinilmFrozen | Self::MinilmFinetuned)
    }
}

/// A classifier of texts, of any kind: from some texts to `[texts, classes]` logits.
#[derive(Clone, Debug)]
pub enum TextClassifier<A = Tensor> {
    /// By hashed n-grams.
    Bag(BagOfNgrams<A>),
    /// By a vector for each text, times the square root of its width so that a component is about 1.
    Vectors(Mlp<A>),
    /// By the mean of a transformer's features.
    Tokens {
        /// From tokens to features.
        encoder: Encoder<A>,
        /// From features to logits.
        head: Linear<A>,
        /// Of the mean features in training.
        dropout: Dropout,
    },
}

/// What of a transformer is learned.
#[derive(Clone, Debug)]
pub enum Encoder<A = Tensor> {
    /// All of it.
    Whole(Transformer<A>),
    /// Updates of a pretrained transformer that stays as it is (Hu et al. 2022).
    Updates {
        /// What is learned.
        updates: TransformerUpdate<A>,
        /// What is updated; [`TextClassifier::onto`] puts it there.
        base: Option<Frozen<Transformer>>,
    },
}

/// Some texts as a classifier sees them.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// As lists of n-grams or tokens.
    Lists(&'a [&'a [usize]]),
    /// As vectors, `[texts, width]`.
    Vectors(&'a Tensor),
}

impl TextClassifier {
    /// The classifier that the settings speak of, with random weights.
    pub(crate) fn new(config: &AgNews) -> Self {
        let &AgNews { width, hidden, .. } = config;
        let classes = Data::CLASSES.len();
        let stream = &mut Stream::new(config.seed, Purpose::Init);
        match config.model {
            ModelKind::Linear => {
                Self::Bag(BagOfNgrams::linear(config.cut(), classes).with_dropout(config.dropout))
            }
            ModelKind::Embeddings => {
                let bag =
                    BagOfNgrams::embeddings(config.cut(), width, hidden.0.unwrap_or(0), classes, stream);
                Self::Bag(bag.with_dropout(config.dropout))
            }
            ModelKind::MinilmFrozen => Self::Vectors(Mlp::new(config.perceptron(), stream)),
            ModelKind::Transformer => {
                let encoder = Encoder::Whole(Transformer::new(&config.transformer(), stream));
                Self::tokens(encoder, config, stream)
            }
            ModelKind::MinilmFinetuned => {
                let &AgNews { updated, rank, alpha, .. } = config;
                let Some(rank) = rank.0 else {
                    let encoder = Encoder::Whole(Transformer::new(&config.transformer(), stream));
                    return Self::tokens(encoder, config, stream);
                };
                let updates = TransformerUpdate::new(&config.transformer(), updated, rank, alpha, stream);
                Self::tokens(Encoder::Updates { updates, base: None }, config, stream)
            }
        }
    }

    fn tokens(encoder: Encoder, config: &AgNews, stream: &mut Stream) -> Self {
        let classes = Data::CLASSES.len();
        let head = Linear::new(config.width, classes, true, Init::Normal(0.02), stream);
        Self::Tokens { encoder, head, dropout: Dropout::new(config.dropout) }
    }

    /// The classifier with the pretrained encoder that its updates belong to, if it has updates.
    pub fn onto(mut self, pretrained: Option<&SentenceEncoder>) -> Self {
        if let (Self::Tokens { encoder: Encoder::Updates { base, .. }, .. }, Some(encoder)) =
            (&mut self, pretrained)
        {
            *base = Some(Frozen::new(encoder.transformer.clone()));
        }
        self
    }
}

impl AgNews {
    /// The perceptron on the vectors of frozen MiniLM.
    fn perceptron(&self) -> MlpConfig {
        MlpConfig {
            num_inputs: self.width,
            num_outputs: Data::CLASSES.len(),
            num_hidden_layers: usize::from(self.hidden.0.is_some()),
            hidden_layer_width: self.hidden.0.unwrap_or(1),
            hidden_activation: Activation::Relu,
            output_activation: Activation::Identity,
            dropout: self.dropout,
        }
    }

    /// The number of learned numbers of the classifier.
    pub(crate) fn count_parameters(&self) -> usize {
        let classes = Data::CLASSES.len();
        let head = (self.width + 1) * classes;
        match self.model {
            // A weight for each class, or a vector, and an importance for each place.
            ModelKind::Linear => (classes + 1) * self.buckets + classes,
            ModelKind::Embeddings => (self.width + 1) * self.buckets + self.perceptron().parameter_count(),
            ModelKind::MinilmFrozen => self.perceptron().parameter_count(),
            ModelKind::Transformer => self.transformer().parameter_count() + head,
            ModelKind::MinilmFinetuned => {
                let updates = self.rank.0.map(|rank| self.updated.parameter_count(&self.transformer(), rank));
                updates.unwrap_or_else(|| self.transformer().parameter_count()) + head
            }
        }
    }

    /// The transformer that the settings speak of: pre-norm from scratch, and BERT's shape where it is pretrained.
    pub(crate) fn transformer(&self) -> TransformerConfig {
        let pretrained = self.model.is_pretrained();
        let mut block = BlockConfig::new(self.width, self.heads);
        (block.hidden, block.dropout) = (self.hidden.0.unwrap_or(0), self.dropout);
        if pretrained {
            (block.order, block.eps) = (NormOrder::Post, 1e-12);
        }
        TransformerConfig {
            vocabulary: self.buckets,
            positions: PositionKind::Learned,
            longest: self.longest,
            embedding_norm: pretrained,
            blocks: self.blocks,
            block,
        }
    }
}

impl<A: Algebra<Elem = f32>> TextClassifier<A> {
    /// The features that the logits of texts are computed from, `[texts, width]`.
    ///
    /// # Panics
    /// If texts come in another form than the classifier takes, or updates lack the
    /// [encoder](TextClassifier::onto) that they belong to.
    #[track_caller]
    pub fn features(&self, texts: Batch<'_>, pass: &mut Pass<A>) -> A {
        match (self, texts) {
            (Self::Bag(bag), Batch::Lists(ngrams)) => bag.sum(ngrams, pass),
            (Self::Vectors(_), Batch::Vectors(vectors)) => {
                pass.constant(vectors.clone()) * (vectors.shape()[1] as f64).sqrt()
            }
            (Self::Tokens { encoder: Encoder::Whole(transformer), .. }, Batch::Lists(tokens)) => {
                transformer.mean_features(tokens, pass)
            }
            (Self::Tokens { encoder: Encoder::Updates { updates, base }, .. }, Batch::Lists(tokens)) => {
                let base = base.as_ref().expect("updates need the encoder that they update");
                base.on(pass).updated(updates).mean_features(tokens, pass)
            }
            _ => panic!("a text classifier takes texts in one form only, not {texts:?}"),
        }
    }

    /// The logits of some texts, `[texts, classes]`.
    ///
    /// # Panics
    /// As [`features`](Self::features).
    #[track_caller]
    pub fn logits(&self, texts: Batch<'_>, pass: &mut Pass<A>) -> A {
        let features = self.features(texts, pass);
        match self {
            Self::Bag(bag) => bag.classify(&features, pass),
            Self::Vectors(mlp) => mlp.forward(&features, pass),
            Self::Tokens { head, dropout, .. } => head.forward(&dropout.forward(&features, pass), pass),
        }
    }
}

parameters!(enum TextClassifier { Bag(bag as _), Vectors(mlp), Tokens { encoder, head; dropout } });

parameters!(enum Encoder { Whole(transformer as _), Updates { updates; base } });
