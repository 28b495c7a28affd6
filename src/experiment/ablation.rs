//! How much each setting matters: what ablations write.

use serde_json::Value;

use super::output::Output;
use super::{Assignment, Error};
use crate::plot::{Axis, Figure, Ranking, Row};
use crate::table::Table;

/// What a variant of the configuration reaches with several seeds.
pub(crate) struct Variant {
    pub name: String,
    /// The median or the mean.
    pub middle: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// The configuration as it is, and others by name, each with some settings changed: `dropout=0.2 l2=0`.
/// Values are those of `config.json`; a text needs no quotes.
///
/// # Panics
/// If there is no such setting, or the value is none of its values.
pub(crate) fn variants<A: Assignment>(base: &A, changes: &[(&str, &str)]) -> Vec<(String, A)> {
    let with = |&(name, changes): &(&str, &str)| {
        let mut settings = serde_json::to_value(base).expect("plain data");
        for change in changes.split_whitespace() {
            let (setting, value) = change.split_once('=').expect("setting=value");
            let place = settings.get_mut(setting).unwrap_or_else(|| panic!("no setting {setting}"));
            *place = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        }
        (name.to_owned(), serde_json::from_value(settings).expect("values of the settings"))
    };
    [("as it is", "")].iter().chain(changes).map(with).collect()
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
