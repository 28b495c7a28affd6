//! Assignment 5: what is this news item about?

mod beside;
mod comparison;
mod cross_validation;
mod embed;
mod figures;
mod folds;
mod learning_curve;
mod mistakes;
mod model;
mod news;
mod predict;
mod preset;
mod vectors;

use std::path::{Path, PathBuf};

pub use comparison::compare;
pub use cross_validation::{CrossValidationArgs, collect, cross_validate};
pub use embed::{EmbedArgs, embed};
pub use learning_curve::learning_curve;
pub use model::{Batch, Encoder, ModelKind, TextClassifier};
pub use news::{Inputs, News, Texts};
pub use predict::{PredictArgs, predict};

use crate::autodiff::Algebra as _;
use crate::data::{AgNews as Data, Part, ensure, sources};
use crate::experiment::classification::Answers;
use crate::experiment::{
    Assignment, DataFolder, Error, Goal, OrAll, OrNone, Preset, Report, configuration, load_as, parse_config,
    predictions_csv,
};
use crate::metrics::top;
use crate::models::{BagOfNgrams, Ngrams, importances};
use crate::nn::{Parameters as _, Positions, Updated};
use crate::optim::{Method, Schedule};
use crate::random::{Purpose, Stream};
use crate::text::SentenceEncoder;
use crate::train::{History, Objective as _, Precision, Sampling, Settings, load_metadata};

/// The number of texts that a thread learns from at a time, and that number for a transformer.
const SHARD: usize = 128;
const TOKENS_SHARD: usize = 8;

configuration! {
    /// What is this news item about? Classifiers of AG News
    pub struct AgNews {
        /// quick (a minute on two cores) or standard (what the model takes); other options override it
        preset: Preset = Preset::Standard;
        /// What a text is classified by; each model has settings of its own
        model: ModelKind = ModelKind::Embeddings;
        /// The number of texts to train on, drawn from the training set, or `all`
        examples: OrAll<usize> = OrAll(None), 1..=1_000_000_000;
        /// The most words in an n-gram; for linear and embeddings
        ngrams: usize = 2, 1..=10;
        /// The most characters in an n-gram inside a token between spaces, from three on, or `none`; for linear and embeddings
        #[serde(default)]
        subwords: OrNone<usize> = OrNone(Some(5)), 3..=20;
        /// The number of places that n-grams are hashed to, for transformer words; of MiniLM its tokens
        places: usize = 1 << 19, 1..=1 << 24;
        /// The number of features of an n-gram or token; of MiniLM those that it has
        width: usize = 8, 1..=4096;
        /// The number of hidden units, or `none`; in a transformer those of each feed-forward layer
        hidden: OrNone<usize> = OrNone(None), 1..=65_536;
        /// The number of a transformer's blocks
        blocks: usize = 2, 1..=100;
        /// The number of a transformer's heads
        heads: usize = 4, 1..=4096;
        /// The most tokens that a transformer sees of a text
        longest: usize = 128, 2..=SentenceEncoder::LONGEST;
        /// The probability that training drops an n-gram, a hidden unit of minilm-frozen, or a number of a transformer
        dropout: f64 = 0.0, 0.0..=0.99;
        /// Which matrices have low-rank updates; for minilm-finetuned
        updated: Updated = Updated::All;
        /// The rank of the updates, or `none` to train all parameters of MiniLM instead
        rank: OrNone<usize> = OrNone(Some(16)), 1..=4096;
        /// Updates are multiplied by this and divided by the rank
        alpha: f64 = 16.0, 0.0..=1e6;
        /// Weights of an earlier run of the same model to train further, instead of random ones
        #[arg(value_name = "FILE")]
        #[serde(default)]
        start_from: Option<PathBuf> = None;
        /// For evaluate: weights of a second model; further metrics tell how well both answer together
        #[arg(value_name = "FILE")]
        #[serde(default)]
        beside: Option<PathBuf> = None;
        /// The share of each target that goes to all classes alike
        label_smoothing: f64 = 0.1, 0.0..=0.99;
        /// The highest learning rate: of SGD with momentum for linear, else of AdamW
        learning_rate: f64 = 0.05, 0.0..=1e6;
        /// By how much weights shrink at each step, as a share of the learning rate
        weight_decay: f64 = 0.7, 0.0..=1e6;
        /// The share of all steps in which the learning rate rises, before it falls linearly to 0
        warmup: f64 = 0.1, 0.0..=1.0;
        /// The share of earlier steps in the running average of the weights that is evaluated, or `none`
        average: OrNone<f64> = OrNone(None), 1e-6..=0.999_999;
        /// The number of times that each training text is seen
        epochs: u64 = 6, 1..=1_000_000;
        /// The number of texts in a step
        batch_size: usize = 256, 1..=1_000_000;
    }
}

impl AgNews {
    /// The pretrained encoder, if the model stands on it.
    fn encoder(&self, data: &DataFolder) -> Result<Option<SentenceEncoder>, Error> {
        if !self.model.is_pretrained() {
            return Ok(None);
        }
        let encoder = embed::encoder(data)?;
        let transformer = &encoder.transformer;
        let block = &transformer.blocks[0];
        let mut settings = vec![("width", self.width, encoder.width())];
        if self.model == ModelKind::MinilmFinetuned {
            settings.extend([
                ("places", self.places, transformer.embedding.table.shape()[0]),
                ("blocks", self.blocks, transformer.blocks.len()),
                ("hidden", self.hidden.0.unwrap_or(0), block.expand.weight.shape()[1]),
                ("heads", self.heads, block.attention.config().heads),
            ]);
        }
        match settings.into_iter().find(|(_, own, found)| own != found) {
            Some((name, own, found)) => {
                Err(Error::Usage(format!("--{name} {own} is not the encoder's {found}")))
            }
            None => Ok(Some(encoder)),
        }
    }

    /// The items of the training set, and a problem in which all of them are for training.
    fn news(&self, data: &DataFolder) -> Result<(Data, News), Error> {
        let encoder = self.encoder(data)?;
        if data.download {
            ensure(&sources::AG_NEWS, &data.path, data.quiet)?;
        }
        let items = Data::read(&data.path, Part::Train)?;
        let news = News {
            texts: self.texts(&items, encoder.as_ref(), ("training texts", data))?,
            training: (0..items.examples()).collect(),
            validation: Vec::new(),
            label_smoothing: self.label_smoothing,
            encoder,
        };
        Ok((items, news))
    }

    /// Earlier weights have seen texts that are to be held out.
    fn check_that_none_is_seen(&self) -> Result<(), String> {
        let seen = [("start-from", &self.start_from), ("beside", &self.beside)];
        match seen.iter().find(|(_, weights)| weights.is_some()) {
            Some((name, _)) => {
                Err(format!("--{name} has learned from texts that would be held out: leave it away"))
            }
            None => Ok(()),
        }
    }

    /// The parameters of an earlier run of the same model.
    fn earlier(&self, path: &Path) -> Result<TextClassifier, Error> {
        let earlier: Self = parse_config(Self::COMMAND, &load_metadata(path)?, path)?;
        let ngrams = |c: &Self| (!c.model.is_pretrained()).then_some((c.ngrams, c.subwords));
        let texts = |c: &Self| (c.model, ngrams(c), c.places, c.longest);
        let shape = |c: &Self| (c.width, c.hidden, c.blocks, c.heads, c.updated, c.rank, c.alpha);
        if texts(&earlier) != texts(self) || shape(&earlier) != shape(self) {
            let message = "weights of another model than the settings speak of".into();
            return Err(Error::Config { path: path.into(), message });
        }
        load_as(path, self)
    }

    /// What a text is cut into: n-grams, or for a transformer words.
    fn cut(&self) -> Ngrams {
        let places = self.places;
        match self.model {
            ModelKind::Transformer => Ngrams { words: 1, characters: 0, places },
            _ => Ngrams { words: self.ngrams, characters: self.subwords.0.unwrap_or(0), places },
        }
    }

    fn texts(
        &self,
        items: &Data,
        encoder: Option<&SentenceEncoder>,
        named: (&'static str, &DataFolder),
    ) -> Result<Texts, Error> {
        // Markup says where an item comes from, and so what it is about, to models that learn it; a frozen encoder is used to prose.
        let learns_markup = self.is_bag() || self.model == ModelKind::MinilmFinetuned;
        let texts = if learns_markup { &items.rows } else { &items.texts };
        let inputs = Inputs::new(self, texts, encoder, named)?;
        Ok(Texts { inputs, labels: items.labels.clone() })
    }

    /// Whether n-grams are classified without their order.
    fn is_bag(&self) -> bool {
        matches!(self.model, ModelKind::Linear | ModelKind::Embeddings)
    }

    /// How the model learns. Adam divides each weight's step by the usual size of its gradients, so that the few texts of a rare
    /// n-gram move its weights as far as thousands move a frequent one's. A strong weight decay takes them back. The linear model
    /// does better without, and learns along the gradient itself.
    fn method(&self) -> Method {
        let weight_decay = self.weight_decay;
        match self.model {
            ModelKind::Linear => {
                Method::Sgd { momentum: 0.9, nesterov: true, weight_decay, vector_rate: 0.1 }
            }
            _ => Method::AdamW { weight_decay },
        }
    }

    /// As many of the training examples as the settings say, the first ones of an order that is drawn.
    fn drawn(&self, mut training: Vec<usize>) -> Vec<usize> {
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

impl Assignment for AgNews {
    const COMMAND: &'static str = "ag-news";
    const PRECISION: Precision = Precision::Half;
    const JUDGED_BY: &'static [&'static str] = &["beside"];
    const FILES: &'static [&'static str] = &["start_from", "beside"];
    type Problem = News;

    fn check_together(&self) -> Result<(), String> {
        if self.preset == Preset::Record {
            return Err("--preset record: ag-news has quick and standard".into());
        }
        let is_transformer = matches!(self.model, ModelKind::Transformer | ModelKind::MinilmFinetuned);
        if is_transformer {
            if self.hidden.0.is_none() {
                return Err(
                    "--hidden none is for bags and minilm-frozen: a transformer has hidden units".into()
                );
            }
            self.transformer().block.attention.check()?;
        }
        Ok(())
    }

    fn preset(&self) -> Option<Self> {
        Some(Self::of_preset(self.preset, self.model))
    }

    fn problem(&self, data: &DataFolder) -> Result<News, Error> {
        if self.beside.is_some() {
            return Err(Error::Usage("--beside is for evaluate: training does not use it".into()));
        }
        let (_, news) = self.news(data)?;
        Ok(News { training: self.drawn(news.training), ..news })
    }

    fn parameter_count(&self) -> usize {
        self.count_parameters()
    }

    fn activation_count(&self) -> usize {
        match self.model {
            ModelKind::Transformer | ModelKind::MinilmFinetuned => {
                TOKENS_SHARD * self.transformer().activation_count(self.longest)
            }
            _ => self.batch_size.min(SHARD) * (self.width + self.hidden.0.unwrap_or(0)),
        }
    }

    fn network(&self) -> TextClassifier {
        TextClassifier::new(self)
    }

    fn model(&self, problem: &News) -> Result<TextClassifier, Error> {
        let encoder = problem.encoder.as_ref();
        if let Some(path) = &self.start_from {
            return Ok(self.earlier(path)?.onto(encoder));
        }
        Ok(match (self.network(), encoder) {
            (TextClassifier::Tokens { encoder: Encoder::Whole(random), head, dropout }, Some(pretrained)) => {
                let mut whole = random.with(&pretrained.transformer.parameters());
                if let Positions::Learned(table) = &mut whole.positions {
                    *table = table.narrow(0, 0, self.longest);
                }
                TextClassifier::Tokens { encoder: Encoder::Whole(whole), head, dropout }
            }
            (TextClassifier::Bag(bag), _) => {
                let importance = importances(problem.training_lists(), self.places);
                TextClassifier::Bag(BagOfNgrams { importance, ..bag })
            }
            (model, encoder) => model.onto(encoder),
        })
    }

    fn settings(&self, problem: &News) -> Settings {
        let epoch = (problem.examples() / self.batch_size.min(problem.examples())) as u64;
        let is_bag = self.is_bag();
        Settings {
            steps: self.epochs * epoch,
            batch_size: self.batch_size,
            // A transformer's shard is to stay in cache.
            shard_size: if is_bag || self.model == ModelKind::MinilmFrozen { SHARD } else { TOKENS_SHARD },
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::Linear { warmup: self.warmup, last: 0.0 },
            method: self.method(),
            max_gradient_norm: (!is_bag).then_some(1.0),
            average: self.average.0,
            log_every: epoch.div_ceil(10),
            // A bag's checkpoint takes longer to write than its steps.
            checkpoint_every: epoch.div_ceil(if is_bag { 1 } else { 10 }),
        }
    }

    fn goals(&self) -> Vec<Goal> {
        self.goals_of_preset()
    }

    fn report(
        &self,
        data: &DataFolder,
        model: &TextClassifier,
        history: Option<&History>,
    ) -> Result<Report, Error> {
        let encoder = self.encoder(data)?;
        let model = &model.clone().onto(encoder.as_ref());
        if data.download {
            ensure(&sources::AG_NEWS, &data.path, data.quiet)?;
        }
        let items = Data::read(&data.path, Part::Test)?;
        let test = self.texts(&items, encoder.as_ref(), ("test texts", data))?;
        let examples: Vec<usize> = (0..test.labels.len()).collect();
        let p = test.probabilities(model, &examples)?;
        let answers = Answers::new(test.labels.clone(), &Data::CLASSES, &p)?;
        let accuracy = |p: &[f32]| top(1, p, answers.classes(), &answers.truth);
        let mut metrics = vec![("test_accuracy", accuracy(&p)?), ("parameters", model.count() as f64)];
        if let Some(weights) = &self.beside {
            let other = beside::probabilities(weights, &items, data)?;
            metrics.extend([
                ("test_accuracy_beside", accuracy(&other)?),
                ("test_accuracy_together", accuracy(&beside::together(&p, &other, answers.classes()))?),
            ]);
        }
        Ok(Report {
            metrics,
            figures: figures::all(model, (&test, &answers), history)?,
            files: vec![
                predictions_csv(&answers.truth, &answers.best),
                ("mistakes.csv", mistakes::mistakes(&answers, &items.texts)),
            ],
        })
    }
}
