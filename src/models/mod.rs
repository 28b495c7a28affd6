//! Whole networks that assignments build on, and their training objectives.

pub mod bag_of_ngrams;
pub mod classification;
pub mod classifier;
pub mod language_model;

pub use bag_of_ngrams::{BagOfNgrams, Ngram, Ngrams, importances};
pub use classification::{Augment, ImageClassification, Proxy};
pub use classifier::{Classifier, ClassifierConfig, Residual};
pub use language_model::{LanguageModel, LanguageModelConfig};
