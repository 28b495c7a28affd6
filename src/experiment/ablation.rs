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

/// Writes `ablation.csv` and the figure `ablation`, which compares the error rates of all variants
/// with that of the first. `accuracy` is what was measured, and `middle` says which central value.
pub(crate) fn write(
    output: &Output,
    table: &mut Table,
    (accuracy, middle, seeds): (&str, &str, usize),
    variants: Vec<Variant>,
) -> Result<(), Error> {
    output.write("ablation.csv", table.text())?;
    let rows = variants.into_iter().enumerate().map(|(i, variant)| {
        let Variant { name, middle, lowest, highest } = variant;
        // Accuracies near 1 would be indistinguishable.
        Row { name, middle: 1.0 - middle, spread: (1.0 - highest, 1.0 - lowest), highlighted: i == 0 }
    });
    let title = format!("One setting changed at a time: {middle} and range of {seeds} seeds");
    let rows: Vec<Row> = rows.collect();
    let axis = error_axis(accuracy, &rows);
    output.figure("ablation", &Figure::from(Ranking { title, axis, heading: middle.into(), rows }))
}

/// The axis of error rates, which is logarithmic if they differ by a factor of ten or more.
fn error_axis(accuracy: &str, rows: &[Row]) -> Axis {
    let label = format!("error rate, 1 − {accuracy}");
    let errors = || rows.iter().flat_map(|row| [row.middle, row.spread.0, row.spread.1]);
    let smallest = errors().filter(|error| *error > 0.0).fold(f64::INFINITY, f64::min);
    let largest = errors().fold(0.0, f64::max);
    if largest < 10.0 * smallest {
        return Axis::new(&label);
    }
    let zero = if errors().any(|error| error <= 0.0) { "; 0 is at the left end" } else { "" };
    Axis::new(&(label + zero)).logarithmic().from_to(smallest / 2.0, 1.1 * largest)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_rates_of_different_magnitude_have_a_logarithmic_axis() {
        let row = |middle: f64, low: f64| Row {
            name: String::new(),
            middle,
            spread: (low, middle),
            highlighted: false,
        };
        let axis = error_axis("accuracy", &[row(0.2, 0.15), row(0.4, 0.3)]);
        assert!(!axis.logarithmic && axis.label == "error rate, 1 − accuracy");
        let axis = error_axis("accuracy", &[row(0.01, 0.0), row(0.4, 0.3)]);
        assert!(axis.logarithmic && axis.label.ends_with("accuracy; 0 is at the left end"));
        assert_eq!(axis.range.map(|range| range.0), Some(0.005));
    }
}
