//! What did not work: one setting changed at a time.

use rayon::prelude::*;

use super::Spirals;
use crate::experiment::{
    Action, Assignment as _, Configuration as _, DataFolder, Error, Identity, OrAll, RunArgs, Variant,
    metrics_of, write_ablation,
};
use crate::metrics::median;
use crate::nn::Activation;

/// Each variant is run with the seeds from 0 to one less than this.
const SEEDS: u64 = 10;

fn variants(base: &Spirals) -> Vec<(String, Spirals)> {
    let with = |name: &str, change: &dyn Fn(&mut Spirals)| {
        let mut config = base.clone();
        change(&mut config);
        (name.to_owned(), config)
    };
    let mut variants = vec![with("as it is", &|_| ())];
    for layers in [0, 1, 2, 5] {
        let name = match layers {
            0 => "no hidden layer".to_owned(),
            1 => "1 hidden layer".to_owned(),
            n => format!("{n} hidden layers"),
        };
        variants.push(with(&name, &|c| c.hidden_layers = layers));
    }
    for width in [4, 8, 16, 256] {
        variants.push(with(&format!("width {width}"), &|c| c.width = width));
    }
    for (name, activation) in [
        ("identity", Activation::Identity),
        ("sigmoid", Activation::Sigmoid),
        ("tanh", Activation::Tanh),
        ("ReLU", Activation::Relu),
        ("GELU", Activation::Gelu),
    ] {
        variants.push(with(name, &|c| c.activation = activation));
    }
    for l2 in [0.0, 1e-3, 1e-2, 1e-1] {
        let name = if l2 == 0.0 { "no penalty".to_owned() } else { format!("penalty {l2}") };
        variants.push(with(&name, &|c| c.l2 = l2));
    }
    variants.push(with("dropout 0.2", &|c| c.dropout = 0.2));
    for rate in [1e-4, 1e-1] {
        variants.push(with(&format!("learning rate {rate}"), &|c| c.learning_rate = rate));
    }
    variants.push(with("batches of 32", &|c| c.batch_size = OrAll(Some(32))));
    variants
}

/// Runs every variant with ten seeds; prints a row for each, and writes `ablation.csv` and a figure.
///
/// # Errors
/// If training fails, or a file cannot be written.
pub fn ablation(base: &Spirals, args: &RunArgs) -> Result<(), Error> {
    base.validate().map_err(Error::Usage)?;
    let output = args.open(Spirals::COMMAND, "ablation")?;
    let mut csv = String::from(
        "variant,train_accuracy_median,all_training_points_right,holdout_accuracy_min,holdout_accuracy_median,holdout_accuracy_max\n",
    );
    let title =
        format!("{:<22} {:>8} {:>9}   {:<24}", "variant", "train", "all right", "hold-out: min median max");
    args.say(&title);
    let mut measured = Vec::new();
    let at_once = rayon::current_num_threads().min(SEEDS as usize);
    for (name, config) in variants(base) {
        let results: Vec<Vec<(&str, f64)>> = (0..SEEDS)
            .into_par_iter()
            .map(|seed| metrics_of(&config.with_seed(seed), &DataFolder::default(), at_once))
            .collect::<Result<_, _>>()?;
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
        csv += &format!("{name},{train},{all_right},{lowest},{middle},{highest}\n");
        measured.push(Variant { name, middle, lowest, highest });
    }
    let title = format!("One setting changed at a time: median and range of {SEEDS} seeds");
    output.begin(&Identity::new(base, Action::named("ablation"))?)?;
    write_ablation(&output, &csv, (title, "hold-out accuracy"), measured)
}
