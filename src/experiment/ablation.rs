//! Ablations: variants of a configuration, and the files that compare them.

use serde_json::Value;

use super::output::Output;
use super::{Assignment, Error};
use crate::plot::{Axis, Figure, Ranking, Row};
use crate::table::Table;

/// The results of a variant of the configuration over several seeds.
pub(crate) struct Variant {
    pub name: String,
    /// The median or the mean.
    pub middle: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// The unchanged configuration and its variants, by name. Each change lists settings and their
/// values as in `config.json`, for example `dropout=0.2 l2=0`; texts need no quotes.
///
/// # Panics
/// If there is no such setting, or the value is invalid.
pub(crate) fn variants<A: Assignment>(base: &A, changes: &[(&str, &str)]) -> Vec<(String, A)> {
    let with = |&(name, changes): &(&str, &str)| {
        let mut settings = serde_json::to_value(base).expect("plain data");
        for change in changes.split_whitespace() {
            let (setting, value) = change.split_once('=').expect("setting=value");
            let current = settings.get_mut(setting).unwrap_or_else(|| panic!("no setting {setting}"));
            *current = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        }
        (name.to_owned(), serde_json::from_value(settings).expect("values of the settings"))
    };
    [("baseline", "")].iter().chain(changes).map(with).collect()
}

/// Writes `ablation.csv` and the figure `ablation`, which compares all variants with the first.
pub(crate) fn write(
    output: &Output,
    table: &mut Table,
    (title, metric): (String, &str),
    variants: Vec<Variant>,
) -> Result<(), Error> {
    output.write("ablation.csv", table.text())?;
    let rows = variants.into_iter().enumerate().map(|(i, variant)| {
        let Variant { name, middle, lowest, highest } = variant;
        Row { name, middle, spread: (lowest, highest), highlighted: i == 0 }
    });
    let ranking = Ranking { title, axis: Axis::new(metric), rows: rows.collect() };
    output.figure("ablation", &Figure::from(ranking))
}

/// Checks that the variants of the default configuration are valid, and that no two are the same.
#[cfg(test)]
pub(crate) fn check_variants<A: Assignment + PartialEq>(changes: &[(&str, &str)]) {
    let all = variants(&A::default(), changes);
    for (i, (name, config)) in all.iter().enumerate() {
        assert_eq!(config.validate(), Ok(()), "{name}");
        assert!(all[..i].iter().all(|(_, other)| other != config), "{name}");
    }
}
