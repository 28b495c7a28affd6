//! One setting changed at a time.

use super::super::ablation::{Variant, write};
use super::super::classification::judge;
use super::super::{Assignment as _, Error, RunArgs};
use super::Mnist;
use crate::train::{RunOptions, Settings, train};

/// How many seeds each variant is trained with.
const SEEDS: u64 = 2;
/// Every so many training examples one is used: with few examples it shows best what keeps a network
/// from learning them by heart.
const EVERY: usize = 11;

/// The configuration, and others that differ from it in one thing.
fn variants(base: &Mnist) -> Vec<(String, Mnist)> {
    let base = || base.clone();
    let still =
        |config: Mnist| Mnist { shift: 0.0, rotation: 0.0, scaling: 0.0, shear: 0.0, elastic: 0.0, ..config };
    let layers = |depths: &[usize], strides: &[usize]| Mnist {
        layer_depths: depths.to_vec(),
        layer_kernel_sizes: vec![3; depths.len()],
        layer_strides: strides.to_vec(),
        ..base()
    };
    vec![
        ("as it is".into(), base()),
        ("no augmentation".into(), still(base())),
        ("no dropout".into(), Mnist { dropout: 0.0, ..base() }),
        ("dropout 0.6".into(), Mnist { dropout: 0.6, ..base() }),
        ("no penalty".into(), Mnist { l2: 0.0, ..base() }),
        ("penalty 0.001".into(), Mnist { l2: 1e-3, ..base() }),
        ("no augmentation, dropout or penalty".into(), still(Mnist { dropout: 0.0, l2: 0.0, ..base() })),
        ("no convolution".into(), layers(&[], &[])),
        ("one convolution, stride 4".into(), layers(&[64], &[4])),
        ("two convolutions".into(), layers(&[32, 64], &[2, 2])),
        ("six convolutions".into(), layers(&[32, 32, 32, 64, 64, 64], &[1, 1, 2, 1, 1, 2])),
        ("half as many channels".into(), layers(&[16, 16, 32, 32], &[1, 2, 1, 2])),
        ("label smoothing 0.1".into(), Mnist { label_smoothing: 0.1, ..base() }),
    ]
}

/// Trains on a part of the training examples, and judges by the validation examples.
fn accuracy_of(config: &Mnist, args: &RunArgs) -> Result<f64, Error> {
    let mut problem = config.problem(&args.data())?;
    problem.training = problem.training.into_iter().step_by(EVERY).collect();
    let settings = config.settings(&problem);
    let settings = Settings { log_every: settings.steps, ..settings };
    let (model, _) = train(&problem, &config.model(), settings, config.seed, &RunOptions::default())?;
    Ok(judge(&model, &problem.pictures, &problem.validation).1)
}

/// Trains the configuration and its variants with seeds 0 and 1 on a part of the training examples, prints
/// and draws their accuracy on the validation examples, and writes it to `ablation.csv`. The test set is
/// not read.
///
/// # Errors
/// If data are missing, training fails, or a file cannot be written.
pub fn ablation(config: &Mnist, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    let mut csv =
        String::from("variant,validation_accuracy_min,validation_accuracy_mean,validation_accuracy_max\n");
    let mut measured = Vec::new();
    args.say(&format!("{:<38} {:>8} {:>8} {:>8}", "validation accuracy", "lowest", "mean", "highest"));
    for (name, variant) in variants(config) {
        let mut accuracies = Vec::new();
        for seed in 0..SEEDS {
            accuracies.push(accuracy_of(&variant.with_seed(seed), args)?);
        }
        accuracies.sort_by(f64::total_cmp);
        let (lowest, highest) = (accuracies[0], accuracies[accuracies.len() - 1]);
        let middle = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
        args.say(&format!("{name:<38} {lowest:>8.4} {middle:>8.4} {highest:>8.4}"));
        csv += &format!("\"{name}\",{lowest},{middle},{highest}\n");
        measured.push(Variant { name, middle, lowest, highest });
    }
    let title = format!("One setting changed at a time: mean and range of {SEEDS} seeds");
    write(&args.output(Mnist::COMMAND), &csv, (title, "validation accuracy"), measured)
}
