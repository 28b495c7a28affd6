//! The table and the figure of the challenge.

use super::fit::Scores;
use crate::plot::{Axis, Chart, Color, Figure, Marker, Rule, Series, palette};
use crate::table::Table;

/// What a classifier is allowed to hold besides the numbers that it learns.
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
            Self::Designed => "(a) designed",
            Self::Unlabelled => "(b) without labels",
            Self::Stored => "(c) stored",
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

/// A classifier on the ladder.
pub(crate) struct Rung {
    /// What it may hold.
    pub account: Account,
    /// What it is called.
    pub name: &'static str,
    /// What it was chosen to be: information that is in no learned number.
    pub chosen: &'static str,
    /// The number of discrete choices that were made by search, with training labels: terms of coordinates,
    /// zeros, places.
    pub choices: usize,
    /// The number of stored numbers that come from training pictures.
    pub constants: usize,
    /// What it reaches.
    pub scores: Scores,
}

impl Rung {
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
            self.scores.numbers.to_string(),
            self.constants.to_string(),
            self.choices.to_string(),
            format!("{:.4}", self.validation()),
            format!("{:.4}", self.test()),
            format!("{:.4}", self.worst()),
        ]
    }
}

/// The heads of the columns.
const HEADS: [&str; 8] = ["account", "name", "learned", "stored", "searched", "validation", "test", "worst"];

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The lines of the table; what was chosen stands last.
pub(crate) fn table(rungs: &[Rung]) -> Vec<String> {
    let mut rows = vec![(HEADS.map(str::to_owned), "chosen")];
    rows.extend(rungs.iter().map(|rung| (rung.cells(), rung.chosen)));
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

/// `challenge.csv`
pub(crate) fn csv(rungs: &[Rung]) -> String {
    let mut table = Table::new(HEADS.into_iter().chain(["chosen"]));
    for rung in rungs {
        table.push(rung.cells().into_iter().chain([rung.chosen.to_owned()]));
    }
    table.text()
}

/// Networks that were published: name, learned numbers, test accuracy.
const PUBLISHED: [(&str, f64, f64); 2] = [("575", 575.0, 0.98), ("697", 697.0, 0.99)];
const GREY: Color = [150, 150, 150];

/// Accuracy against the number of learned numbers.
pub(crate) fn figure(rungs: &[Rung]) -> Figure {
    let points = PUBLISHED.iter().map(|(_, numbers, accuracy)| (*numbers, *accuracy)).collect();
    let labels = PUBLISHED.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let published = Series::points(points, GREY, Marker::Circle).named("published").labelled(labels);
    let mut series = vec![published];
    for (i, account) in Account::ALL.into_iter().enumerate() {
        let rungs: Vec<&Rung> = rungs.iter().filter(|rung| rung.account == account).collect();
        let points = rungs.iter().map(|rung| (rung.scores.numbers as f64, rung.test())).collect();
        let labels = rungs.iter().map(|rung| rung.name.to_owned()).collect();
        let series_of = Series::points(points, palette(i), account.marker());
        series.push(series_of.named(account.name()).labelled(labels));
    }
    Figure::from(Chart {
        title: "How few learned numbers tell digits apart".into(),
        x: Axis::new("learned numbers").logarithmic().from_to(0.7, 6000.0),
        y: Axis::new("share of test examples right, mean of five seeds").from_to(0.78, 1.01),
        series,
        rules: [0.80, 0.95, 0.99].map(|y| Rule::AtY(y, format!("{y:.2}"))).to_vec(),
        ..Chart::default()
    })
}
