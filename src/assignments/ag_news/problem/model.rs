//! The classifiers of texts.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::assignments::ag_news::AgNews;
use crate::autodiff::Algebra;
use crate::data::NewsItems;
use crate::models::BagOfNgrams;
use crate::nn::{
    Activation, BlockConfig, Dropout, Frozen, Init, Linear, Mlp, MlpConfig, Module as _, NormOrder, Pass,
    PositionKind, Transformer, TransformerConfig, TransformerUpdate, parameters,
};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::text::SentenceEncoder;

/// The kind of classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// A linear model with a weight for each n-gram and class
    Linear,
    /// The sum of learned n-gram embeddings, and a multilayer perceptron (fastText, Joulin et al.
    /// 2017)
    Embeddings,
    /// A small transformer, trained from scratch, and a linear layer on its mean features
    Transformer,
    /// The embeddings of the pretrained encoder MiniLM, which stays fixed, and a multilayer
    /// perceptron
    MinilmFrozen,
    /// The pretrained encoder MiniLM, fine-tuned, and a linear layer on its mean features
    MinilmFinetuned,
}

impl ModelKind {
    /// Whether it uses the pretrained encoder.
    pub fn is_pretrained(self) -> bool {
        matches!(self, Self::MinilmFrozen | Self::MinilmFinetuned)
    }
}

/// A classifier of texts, from texts to logits `[texts, classes]`.
#[derive(Clone, Debug)]
pub enum TextClassifier<A = Tensor> {
    /// A bag of hashed n-grams.
    Bag(BagOfNgrams<A>),
    /// A perceptron on a vector for each text. The vectors are multiplied by the square root of
    /// their width, so that components are about 1.
    Vectors(Mlp<A>),
    /// A linear layer on the mean of a transformer's features.
    Tokens {
        /// The transformer, from tokens to features.
        encoder: Encoder<A>,
        /// The linear layer, from mean features to logits.
        head: Linear<A>,
        /// Dropout of the mean features in training.
        dropout: Dropout,
    },
}

/// A transformer, by its trainable parameters.
#[derive(Clone, Debug)]
pub enum Encoder<A = Tensor> {
    /// All parameters are trained.
    Whole(Transformer<A>),
    /// Low-rank updates of a pretrained transformer are trained, which itself is fixed (Hu et al.
    /// 2022).
    Updates {
        /// The updates.
        updates: TransformerUpdate<A>,
        /// The pretrained transformer; [`TextClassifier::onto`] sets it.
        base: Option<Frozen<Transformer>>,
    },
}

/// The inputs of a classifier for some texts.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// Lists of n-grams or tokens.
    Lists(&'a [&'a [usize]]),
    /// Vectors, `[texts, width]`.
    Vectors(&'a Tensor),
}

impl TextClassifier {
    /// The classifier that the settings describe, with random weights.
    pub(crate) fn new(config: &AgNews) -> Self {
        let &AgNews { width, hidden, .. } = config;
        let classes = NewsItems::CLASSES.len();
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
        let classes = NewsItems::CLASSES.len();
        let head = Linear::new(config.width, classes, true, Init::Normal(0.02), stream);
        Self::Tokens { encoder, head, dropout: Dropout::new(config.dropout) }
    }

    /// Sets the pretrained encoder that the updates belong to, if the classifier has updates.
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
    /// The configuration of the perceptron on the vectors of the frozen MiniLM.
    fn perceptron(&self) -> MlpConfig {
        MlpConfig {
            num_inputs: self.width,
            num_outputs: NewsItems::CLASSES.len(),
            num_hidden_layers: usize::from(self.hidden.0.is_some()),
            hidden_layer_width: self.hidden.0.unwrap_or(1),
            hidden_activation: Activation::Relu,
            output_activation: Activation::Identity,
            dropout: self.dropout,
        }
    }

    /// The number of elements of all trained parameters.
    pub(crate) fn count_parameters(&self) -> usize {
        let classes = NewsItems::CLASSES.len();
        let head = (self.width + 1) * classes;
        match self.model {
            // Each bucket has a vector (for linear: a weight for each class) and an importance.
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

    /// The configuration of the transformer: pre-norm if it is trained from scratch, BERT's if it
    /// is pretrained.
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
    /// If the classifier takes texts in another form, or the [encoder](TextClassifier::onto) that
    /// its updates belong to is not set.
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
