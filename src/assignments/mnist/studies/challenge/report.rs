//! The table and the figure of the challenge.

use super::fit::Scores;
use crate::plot::{Axis, Chart, Color, Figure, Marker, Rule, Series, palette};
use crate::table::Table;

/// The kind of information that a classifier holds besides its learned parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// Features designed by hand, and discrete choices.
    Designed,
    /// Features taken from training pictures without their labels.
    Unlabelled,
    /// Stored training pictures with their labels, or means of them.
    Stored,
}

impl Account {
    const ALL: [Self; 3] = [Self::Designed, Self::Unlabelled, Self::Stored];

    fn letter(self) -> char {
        match self {
            Self::Designed => 'a',
            Self::Unlabelled => 'b',
            Self::Stored => 'c',
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Designed => "(a) designed features",
            Self::Unlabelled => "(b) unlabelled data",
            Self::Stored => "(c) labelled data",
        }
    }

    fn marker(self) -> Marker {
        match self {
            Self::Designed => Marker::Circle,
            Self::Unlabelled => Marker::Square,
            Self::Stored => Marker::Triangle,
        }
    }
}

/// A classifier of the challenge.
pub(crate) struct Entry {
    /// The kind of information that it holds.
    pub account: Account,
    /// Its name.
    pub name: &'static str,
    /// The choices in its design, which are not learned parameters.
    pub chosen: &'static str,
    /// The number of discrete choices that were found by search with training labels: terms of
    /// coordinates, zeros, and coordinates of fixed prototypes.
    pub choices: usize,
    /// The number of stored values that come from training pictures.
    pub constants: usize,
    /// Its results.
    pub scores: Scores,
}

impl Entry {
    fn validation(&self) -> f64 {
        mean(&self.scores.validation)
    }

    fn test(&self) -> f64 {
        mean(&self.scores.test)
    }

    fn worst(&self) -> f64 {
        self.scores.test.iter().copied().fold(1.0, f64::min)
    }

    fn cells(&self) -> [String; 8] {
        [
            self.account.letter().to_string(),
            self.name.to_owned(),
            self.scores.learned.to_string(),
            self.constants.to_string(),
            self.choices.to_string(),
            format!("{:.4}", self.validation()),
            format!("{:.4}", self.test()),
            format!("{:.4}", self.worst()),
        ]
    }
}

/// The headings of the columns.
const HEADS: [&str; 8] = ["account", "name", "learned", "stored", "searched", "validation", "test", "worst"];

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The lines of the table. The choices in the design are the last column.
pub(crate) fn table(entries: &[Entry]) -> Vec<String> {
    let mut rows = vec![(HEADS.map(str::to_owned), "chosen")];
    rows.extend(entries.iter().map(|entry| (entry.cells(), entry.chosen)));
    let width =
        |column: usize| rows.iter().map(|(cells, _)| cells[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; HEADS.len()] = std::array::from_fn(width);
    let line = |(cells, chosen): &([String; 8], &str)| {
        let cells = cells.iter().zip(widths).enumerate().map(|(i, (cell, width))| {
            if i < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.chain([(*chosen).to_owned()]).collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect()
}

/// The contents of `challenge.csv`.
pub(crate) fn csv(entries: &[Entry]) -> String {
    let mut table = Table::new(HEADS.into_iter().chain(["chosen"]));
    for entry in entries {
        table.push(entry.cells().into_iter().chain([entry.chosen.to_owned()]));
    }
    table.text()
}

/// Published networks: name, number of parameters, test accuracy.
const PUBLISHED: [(&str, f64, f64); 2] = [("575", 575.0, 0.98), ("697", 697.0, 0.99)];
const GREY: Color = [150, 150, 150];

/// The figure of the accuracy over the number of learned parameters.
pub(crate) fn figure(entries: &[Entry]) -> Figure {
    let points = PUBLISHED.iter().map(|(_, numbers, accuracy)| (*numbers, *accuracy)).collect();
    let labels = PUBLISHED.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let published = Series::points(points, GREY, Marker::Circle).named("published").labelled(labels);
    let mut series = vec![published];
    for (i, account) in Account::ALL.into_iter().enumerate() {
        let entries: Vec<&Entry> = entries.iter().filter(|entry| entry.account == account).collect();
        let points = entries.iter().map(|entry| (entry.scores.learned as f64, entry.test())).collect();
        let labels = entries.iter().map(|entry| entry.name.to_owned()).collect();
        let series_of = Series::points(points, palette(i), account.marker());
        series.push(series_of.named(account.name()).labelled(labels));
    }
    Figure::from(Chart {
        title: "Test accuracy by number of learned parameters".into(),
        x: Axis::new("learned parameters").logarithmic().from_to(0.7, 6000.0),
        y: Axis::new("test accuracy, mean of five seeds").from_to(0.78, 1.01),
        series,
        rules: [0.80, 0.95, 0.99].map(|y| Rule::AtY(y, format!("{y:.2}"))).to_vec(),
        ..Chart::default()
    })
}
