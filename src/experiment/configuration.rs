//! The settings of an assignment. Each is declared once, with name, type, default, range and help.

use std::fmt::Display;
use std::ops::RangeInclusive;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::Serialize;
use serde_json::Value;

use crate::choice::Choice;
use crate::data::CifarKind;
use crate::nn::{Activation, BasisKind, Downsampling, Updated};

/// The settings of an assignment: a struct that `configuration!` declares.
pub trait Configuration {
    /// The seed of all randomness.
    fn seed(&self) -> u64;

    /// The same settings with another seed.
    #[must_use]
    fn with_seed(&self, seed: u64) -> Self;

    /// Checks that each setting is inside its range.
    ///
    /// # Errors
    /// Names the first setting that is out of range, its value and its range.
    fn check_ranges(&self) -> Result<(), String>;

    /// The names of the settings that have a range, and the ranges as help texts show them.
    fn ranges() -> Vec<(&'static str, String)>;
}

/// Declares the settings of an assignment: the help text, name, type and default of each, and
/// optionally its range, which includes both ends.
///
/// ```ignore
/// configuration! {
///     /// Description of the assignment
///     pub struct Example {
///         /// Number of units in each hidden layer
///         width: usize = 64, 1..=10_000;
///         /// Activation function after each hidden layer
///         activation: Activation = Activation::Relu;
///     }
/// }
/// ```
///
/// The struct gets a public field for each setting, and `seed` before them. On the command line the
/// setting `hidden_layers` is the option `--hidden-layers`; in `config.json` it is the key
/// `"hidden_layers"`. The range of a list or an optional value applies to each value in it. A
/// setting may have further attributes of clap and serde.
macro_rules! configuration {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $( $(#[$attribute:meta])* $field:ident: $type:ty = $default:expr $(, $range:expr)?; )+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, clap::Args, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        #[group(skip)]
        pub struct $name {
            /// Seed of all randomness
            #[arg(short, long, value_name = "N", default_value_t = 472)]
            pub seed: u64,
            $(
                $(#[$attribute])*
                #[arg(long, default_value = $crate::experiment::configuration::default_text::<$type>(&($default)))]
                pub $field: $type,
            )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { seed: 472, $( $field: $default, )+ }
            }
        }

        impl $crate::experiment::Configuration for $name {
            fn seed(&self) -> u64 {
                self.seed
            }

            fn with_seed(&self, seed: u64) -> Self {
                Self { seed, ..self.clone() }
            }

            fn check_ranges(&self) -> Result<(), String> {
                $( $( $crate::experiment::configuration::check(stringify!($field), &self.$field, &$range)?; )? )+
                Ok(())
            }

            fn ranges() -> Vec<(&'static str, String)> {
                vec![ $( $( (stringify!($field), $crate::experiment::configuration::range_text(&$range)), )? )+ ]
            }
        }
    };
}
pub(crate) use configuration;

/// A setting that can have a range: a number, a list of numbers, or an optional number.
pub trait Ranged<T> {
    /// The numbers that the range applies to.
    fn numbers(&self) -> &[T];
}

macro_rules! numbers {
    ($($type:ty),+) => { $(
        impl Ranged<$type> for $type {
            fn numbers(&self) -> &[$type] {
                std::slice::from_ref(self)
            }
        }
    )+ };
}
numbers!(f64, u32, u64, usize);

impl<T> Ranged<T> for Vec<T> {
    fn numbers(&self) -> &[T] {
        self
    }
}

impl<T> Ranged<T> for Option<T> {
    fn numbers(&self) -> &[T] {
        self.as_slice()
    }
}

/// Checks that the setting `name` is inside `range`. NaN is outside of every range.
///
/// # Errors
/// Names the setting, its value and the range.
pub fn check<T: PartialOrd + Display>(
    name: &str,
    setting: &impl Ranged<T>,
    range: &RangeInclusive<T>,
) -> Result<(), String> {
    match setting.numbers().iter().find(|number| !range.contains(number)) {
        None => Ok(()),
        Some(number) => Err(format!(
            "--{} {number} is not from {} to {}",
            name.replace('_', "-"),
            range.start(),
            range.end()
        )),
    }
}

/// A range as help texts show it.
pub fn range_text<T: Display>(range: &RangeInclusive<T>) -> String {
    format!("{} to {}", range.start(), range.end())
}

/// A default as it is typed on the command line; `None` if there is none.
///
/// clap requires a `'static` text, so it is never freed: a few bytes for each setting.
pub fn default_text<T: Serialize>(default: &T) -> Option<&'static str> {
    let value = serde_json::to_value(default).expect("settings are plain data");
    (!value.is_null()).then(|| &*as_typed(&value).leak())
}

/// A value as it is typed on the command line.
pub fn as_typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(as_typed).collect::<Vec<_>>().join(","),
        Value::Null => "none".into(),
        _ => value.to_string(),
    }
}

/// Lets the value of an option be a [`Choice`]. `--help` then lists its names and help texts.
macro_rules! options_of {
    ($($choice:ty),+) => { $(
        impl ValueEnum for $choice {
            fn value_variants<'a>() -> &'a [Self] {
                Self::ALL
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(PossibleValue::new(self.name()).help(self.help()))
            }
        }
    )+ };
}
options_of!(Activation, BasisKind, CifarKind, Downsampling, Updated);
