//! The data, the network and the loss of assignment 5.

mod model;
mod news;
mod vectors;

pub use model::{Batch, Encoder, ModelKind, TextClassifier};
pub use news::{Inputs, News, Texts};
pub use vectors::EncoderArgs;
pub(super) use vectors::{Vectors, encoder};

use std::path::Path;

use super::AgNews;
use crate::data::{NewsItems, Part, sources};
use crate::experiment::{Assignment as _, DataFolder, Error, load_as, parse_config};
use crate::models::Ngrams;
use crate::optim::Method;
use crate::random::{Purpose, Stream};
use crate::text::SentenceEncoder;
use crate::train::load_metadata;

/// The number of texts that a thread trains on at a time.
pub(super) const SHARD: usize = 128;
/// The number of texts that a thread trains a transformer on at a time.
pub(super) const TOKENS_SHARD: usize = 8;

impl AgNews {
    /// The pretrained encoder, if the model uses it.
    pub(super) fn encoder(&self, data: &DataFolder) -> Result<Option<SentenceEncoder>, Error> {
        if !self.model.is_pretrained() {
            return Ok(None);
        }
        let encoder = encoder(data)?;
        let transformer = &encoder.transformer;
        let block = &transformer.blocks[0];
        let mut settings = vec![("width", self.width, encoder.width())];
        if self.model == ModelKind::MinilmFinetuned {
            settings.extend([
                ("buckets", self.buckets, transformer.embedding.table.shape()[0]),
                ("blocks", self.blocks, transformer.blocks.len()),
                ("hidden", self.hidden.0.unwrap_or(0), block.expand.weight.shape()[1]),
                ("heads", self.heads, block.attention.config().heads),
            ]);
        }
        match settings.into_iter().find(|(_, own, found)| own != found) {
            Some((name, own, found)) => {
                Err(Error::Usage(format!("--{name} {own} must be {found}, as in the pretrained encoder")))
            }
            None => Ok(Some(encoder)),
        }
    }

    /// The items of the training set, and an objective in which all of them are for training.
    pub(super) fn news(&self, data: &DataFolder) -> Result<(NewsItems, News), Error> {
        let encoder = self.encoder(data)?;
        data.ensure(&sources::AG_NEWS)?;
        let items = NewsItems::read(&data.path, Part::Train)?;
        let news = News {
            texts: self.texts(&items, encoder.as_ref(), ("training texts", data))?,
            training: (0..items.examples()).collect(),
            validation: Vec::new(),
            label_smoothing: self.label_smoothing,
            encoder,
        };
        Ok((items, news))
    }

    /// Checks that no earlier weights are used, which were trained on texts that would be held out.
    pub(super) fn check_that_none_is_seen(&self) -> Result<(), String> {
        let seen = [("start-from", &self.start_from), ("with", &self.with)];
        match seen.iter().find(|(_, weights)| weights.is_some()) {
            Some((name, _)) => {
                Err(format!("--{name} was trained on texts that would be held out: leave it away"))
            }
            None => Ok(()),
        }
    }

    /// The classifier with the weights of an earlier run of the same model.
    pub(super) fn earlier(&self, path: &Path) -> Result<TextClassifier, Error> {
        let earlier: Self = parse_config(Self::COMMAND, &load_metadata(path)?, path)?;
        let ngrams = |c: &Self| (!c.model.is_pretrained()).then_some((c.ngrams, c.subwords));
        let texts = |c: &Self| (c.model, ngrams(c), c.buckets, c.longest);
        let shape = |c: &Self| (c.width, c.hidden, c.blocks, c.heads, c.updated, c.rank, c.alpha);
        if texts(&earlier) != texts(self) || shape(&earlier) != shape(self) {
            let message = "the weights are of another model than the settings describe".into();
            return Err(Error::Config { path: path.into(), message });
        }
        load_as(path, self)
    }

    /// The n-grams that a text is cut into; for a transformer, single words.
    pub(super) fn cut(&self) -> Ngrams {
        let buckets = self.buckets;
        match self.model {
            ModelKind::Transformer => Ngrams { words: 1, characters: 0, buckets },
            _ => Ngrams { words: self.ngrams, characters: self.subwords.0.unwrap_or(0), buckets },
        }
    }

    pub(super) fn texts(
        &self,
        items: &NewsItems,
        encoder: Option<&SentenceEncoder>,
        named: (&'static str, &DataFolder),
    ) -> Result<Texts, Error> {
        // Markup shows the source of an item, and so its topic, to models that can learn it. A
        // frozen encoder was trained on prose.
        let learns_markup = self.is_bag() || self.model == ModelKind::MinilmFinetuned;
        let texts = if learns_markup { &items.rows } else { &items.texts };
        let inputs = Inputs::new(self, texts, encoder, named)?;
        Ok(Texts { inputs, labels: items.labels.clone() })
    }

    /// Whether the model is a bag of n-grams, which ignores their order.
    pub(super) fn is_bag(&self) -> bool {
        matches!(self.model, ModelKind::Linear | ModelKind::Embeddings)
    }

    /// The optimizer. Adam divides each weight's step by the usual size of its gradients, so the
    /// few texts with a rare n-gram move its weights as far as thousands of texts move those of a
    /// frequent one. A strong weight decay compensates for this. The linear model is more accurate
    /// with SGD and without decay.
    pub(super) fn method(&self) -> Method {
        let weight_decay = self.weight_decay;
        match self.model {
            ModelKind::Linear => {
                Method::Sgd { momentum: 0.9, nesterov: true, weight_decay, vector_rate: 0.1 }
            }
            _ => Method::AdamW { weight_decay },
        }
    }

    /// A random sample of the training examples, of the size in the settings; or all of them.
    pub(super) fn drawn(&self, mut training: Vec<usize>) -> Vec<usize> {
        if let Some(count) = self.examples.0
            && count < training.len()
        {
            let mut stream = Stream::at(self.seed, Purpose::Split, 1, 0);
            let order = stream.permutation(training.len());
            training = order[..count].iter().map(|&i| training[i]).collect();
        }
        training
    }
}
