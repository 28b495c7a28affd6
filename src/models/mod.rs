//! Networks that are more than a layer and less than an assignment, and what they learn to do.

pub mod bag_of_ngrams;
pub mod classification;
pub mod classifier;
pub mod language_model;

pub use bag_of_ngrams::{BagOfNgrams, Ngram, Ngrams, importances};
pub use classification::{Augment, ImageClassification, Proxy};
pub use classifier::{Classifier, ClassifierConfig, Residual};
pub use language_model::{LanguageModel, LanguageModelConfig};
