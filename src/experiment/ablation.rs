//! How much each setting matters: what ablations write.

use super::Error;
use super::output::Output;
use crate::plot::{Axis, Figure, Ranking, Row};

/// What a variant of the configuration reaches with several seeds.
pub(crate) struct Variant {
    pub name: String,
    /// The median or the mean.
    pub middle: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// Writes `ablation.csv` and the figure `ablation`, which compares all variants with the first.
pub(crate) fn write(
    output: &Output,
    csv: &str,
    (title, metric): (String, &str),
    variants: Vec<Variant>,
) -> Result<(), Error> {
    output.write("ablation.csv", csv)?;
    let rows = variants.into_iter().enumerate().map(|(i, variant)| {
        let Variant { name, middle, lowest, highest } = variant;
        Row { name, middle, spread: (lowest, highest), highlighted: i == 0 }
    });
    let ranking = Ranking { title, axis: Axis::new(metric), rows: rows.collect() };
    output.figure("ablation", &Figure::from(ranking))
}
