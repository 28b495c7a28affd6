//! Types of settings that several assignments share.

use std::str::FromStr;

use clap::ValueEnum;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::configuration::Ranged;
use crate::optim::{Method, MuonConfig};

/// How long to train. Each assignment defines the settings of its presets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// For a first look
    Quick,
    /// For the main results
    Standard,
    /// For the best results
    Record,
}

/// The optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Plain stochastic gradient descent
    Sgd,
    /// SGD with momentum 0.9
    Momentum,
    /// SGD with Nesterov's momentum 0.9
    Nesterov,
    /// Adam (Kingma & Ba 2015)
    Adam,
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019)
    Adamw,
    /// Orthogonalised momentum for matrices, Nesterov's momentum for the other parameters (Jordan
    /// et al. 2024)
    Muon,
}

impl OptimizerKind {
    /// The update rule with its constants. Muon uses all of them, SGD the weight decay and the
    /// factor of the learning rate for vectors, AdamW the weight decay, and Adam none.
    pub fn method(self, constants: MuonConfig) -> Method {
        let MuonConfig { weight_decay, vector_rate, .. } = constants;
        let sgd = |momentum, nesterov| Method::Sgd { momentum, nesterov, weight_decay, vector_rate };
        match self {
            Self::Sgd => sgd(0.0, false),
            Self::Momentum => sgd(0.9, false),
            Self::Nesterov => sgd(0.9, true),
            Self::Adam => Method::Adam,
            Self::Adamw => Method::AdamW { weight_decay },
            Self::Muon => Method::Muon(constants),
        }
    }
}

/// Declares a setting that is a value or a word. The word means `None` on the command line and in
/// JSON. In JSON, 0 also means `None`, since files of earlier versions hold it.
macro_rules! value_or_word {
    ($(#[$about:meta])* $name:ident, $word:literal) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name<T>(pub Option<T>);

        impl<T: FromStr> FromStr for $name<T> {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text.parse() {
                    _ if text == $word => Ok(Self(None)),
                    Ok(value) => Ok(Self(Some(value))),
                    Err(_) => Err(concat!("it is neither a valid number nor ", $word).into()),
                }
            }
        }

        impl<T: Serialize> Serialize for $name<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match &self.0 {
                    Some(value) => value.serialize(serializer),
                    None => $word.serialize(serializer),
                }
            }
        }

        impl<'de, T: Deserialize<'de> + Default + PartialEq> Deserialize<'de> for $name<T> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match Either::deserialize(deserializer)? {
                    Either::Value(value) => Ok(Self(Some(value).filter(|value| *value != T::default()))),
                    Either::Word(word) if word == $word => Ok(Self(None)),
                    Either::Word(word) => {
                        Err(D::Error::invalid_value(Unexpected::Str(&word), &concat!("a number or \"", $word, "\"")))
                    }
                }
            }
        }

        impl<T> Ranged<T> for $name<T> {
            fn numbers(&self) -> &[T] {
                self.0.as_slice()
            }
        }
    };
}

/// A value or a word in JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Either<T> {
    Value(T),
    Word(String),
}

value_or_word! {
    /// A setting that may be switched off: a value, or `none`.
    OrNone, "none"
}

value_or_word! {
    /// A number of examples or pixels, or `all`.
    OrAll, "all"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_word_switches_a_setting_off() {
        assert_eq!(("none".parse(), "3".parse()), (Ok(OrNone::<usize>(None)), Ok(OrNone(Some(3_usize)))));
        assert!("all".parse::<OrNone<usize>>().is_err());
        for setting in [OrAll(None), OrAll(Some(0.5))] {
            let json = serde_json::to_value(setting).unwrap();
            assert_eq!(serde_json::from_value::<OrAll<f64>>(json).unwrap(), setting);
        }
        assert_eq!(serde_json::to_value(OrAll::<u32>(None)).unwrap(), json!("all"));
        // Files of earlier versions hold 0.
        assert_eq!(serde_json::from_value::<OrNone<usize>>(json!(0)).unwrap(), OrNone(None));
        let error = serde_json::from_value::<OrNone<usize>>(json!("some")).unwrap_err().to_string();
        assert_eq!(error, r#"invalid value: string "some", expected a number or "none""#);
    }
}
