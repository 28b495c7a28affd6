//! The ablation of assignment 2: one setting changed at a time.

use super::Spirals;
use crate::experiment::{
    Action, Assignment as _, Configuration as _, DataFolder, Error, Identity, RunArgs, Variant, metrics_of,
    variants, write_ablation,
};
use crate::metrics::median;
use crate::parallel;
use crate::table::{Table, row};

/// The number of seeds of each variant, from 0 on.
const SEEDS: usize = 10;

/// Variants that differ in one setting.
const VARIANTS: [(&str, &str); 21] = [
    ("no hidden layer", "hidden_layers=0"),
    ("1 hidden layer", "hidden_layers=1"),
    ("2 hidden layers", "hidden_layers=2"),
    ("5 hidden layers", "hidden_layers=5"),
    ("width 4", "width=4"),
    ("width 8", "width=8"),
    ("width 16", "width=16"),
    ("width 256", "width=256"),
    ("identity activation", "activation=identity"),
    ("sigmoid activation", "activation=sigmoid"),
    ("tanh activation", "activation=tanh"),
    ("ReLU activation", "activation=relu"),
    ("GELU activation", "activation=gelu"),
    ("no L2 penalty", "l2=0.0"),
    ("L2 penalty 0.001", "l2=0.001"),
    ("L2 penalty 0.01", "l2=0.01"),
    ("L2 penalty 0.1", "l2=0.1"),
    ("dropout 0.2", "dropout=0.2"),
    ("learning rate 0.0001", "learning_rate=0.0001"),
    ("learning rate 0.1", "learning_rate=0.1"),
    ("batch size 32", "batch_size=32"),
];

/// Runs every variant with ten seeds. Prints a row for each, and writes `ablation.csv` and a
/// figure.
///
/// # Errors
/// If training fails, or a file cannot be written.
pub fn ablation(base: &Spirals, args: &RunArgs) -> Result<(), Error> {
    base.validate().map_err(Error::Usage)?;
    let output = args.open(Spirals::COMMAND, "ablation")?;
    let mut table = Table::new([
        "variant",
        "train_accuracy_median",
        "all_training_points_right",
        "holdout_accuracy_min",
        "holdout_accuracy_median",
        "holdout_accuracy_max",
    ]);
    let title =
        format!("{:<22} {:>8} {:>9}   {:<24}", "variant", "train", "all right", "hold-out: min median max");
    args.say(&title);
    let mut measured = Vec::new();
    let at_once = parallel::threads().min(SEEDS);
    for (name, config) in variants(base, &VARIANTS) {
        let seeds = parallel::indices(SEEDS, |seed| {
            metrics_of(&config.with_seed(seed as u64), &DataFolder::default(), at_once)
        });
        let results: Vec<Vec<(&str, f64)>> = seeds.into_iter().collect::<Result<_, _>>()?;
        let sorted = |metric: usize| {
            let mut values: Vec<f64> = results.iter().map(|m| m[metric].1).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (train, holdout) = (sorted(0), sorted(1));
        let all_right = train.iter().filter(|a| **a >= 1.0).count();
        let (lowest, highest) = (holdout[0], holdout[holdout.len() - 1]);
        let (train, middle) = (median(&train), median(&holdout));
        args.say(&format!(
            "{name:<22} {train:>8.4} {all_right:>6}/{SEEDS}   {lowest:>8.4} {middle:.4} {highest:.4}"
        ));
        row!(table; name, train, all_right, lowest, middle, highest);
        measured.push(Variant { name, middle, lowest, highest });
    }
    output.begin(&Identity::new(base, Action::named("ablation"))?)?;
    write_ablation(&output, &mut table, ("hold-out accuracy", "median", SEEDS), measured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::ablation::check_variants;

    #[test]
    fn the_variants_are_valid_and_differ() {
        check_variants::<Spirals>(&VARIANTS);
    }
}
