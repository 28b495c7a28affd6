//! Assignment 5: classification of news items (AG News).

mod embed;
mod predict;
mod problem;
mod report;
mod settings;
mod studies;

pub use embed::{EmbedArgs, embed};
pub use predict::{PredictArgs, predict};
pub use problem::{Batch, Encoder, EncoderArgs, Inputs, ModelKind, News, TextClassifier, Texts};
pub use settings::AgNews;
pub use studies::{CrossValidationArgs, collect, compare, cross_validate, learning_curve};

use crate::autodiff::Algebra as _;
use crate::experiment::{Assignment, DataFolder, Error, Goal, Preset, Report};
use crate::models::{BagOfNgrams, importances};
use crate::nn::{Parameters as _, Positions};
use crate::optim::Schedule;
use crate::train::{History, Objective as _, Precision, Sampling, Settings};

use problem::{SHARD, TOKENS_SHARD};

impl Assignment for AgNews {
    const COMMAND: &'static str = "ag-news";
    const HEADINGS: &[(&str, &str)] =
        &[("preset", "Preset and data"), ("ngrams", "Model"), ("start_from", "Training")];
    const READS_DATA: bool = true;
    const PRECISION: Precision = Precision::Half;
    const JUDGED_BY: &'static [&'static str] = &["with"];
    const FILES: &'static [&'static str] = &["start_from", "with"];
    const RENAMED: &'static [(&'static str, &'static str)] = &[("places", "buckets"), ("beside", "with")];
    type Problem = News;

    fn check_together(&self) -> Result<(), String> {
        if self.preset == Preset::Record {
            return Err("--preset record: ag-news has quick and standard".into());
        }
        let is_transformer = matches!(self.model, ModelKind::Transformer | ModelKind::MinilmFinetuned);
        if is_transformer {
            if self.hidden.0.is_none() {
                return Err(
                    "--hidden none is for linear, embeddings and minilm-frozen: a transformer has hidden units"
                        .into(),
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
        if self.with.is_some() {
            return Err(Error::Usage("--with is for evaluate: training does not use it".into()));
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
                let importance = importances(problem.training_lists(), self.buckets);
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
            // Smaller shards keep the activations of a transformer in the cache.
            shard_size: if is_bag || self.model == ModelKind::MinilmFrozen { SHARD } else { TOKENS_SHARD },
            sampling: Sampling::Epochs,
            learning_rate: self.learning_rate,
            schedule: Schedule::Linear { warmup: self.warmup, last: 0.0 },
            method: self.method(),
            max_gradient_norm: (!is_bag).then_some(1.0),
            average: self.average.0,
            log_every: epoch.div_ceil(10),
            // Writing a checkpoint of a bag of n-grams takes longer than many of its steps.
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
        report::report(self, data, model, history)
    }
}
