//! One setting changed at a time.

use crate::assignments::mnist::Mnist;
use crate::experiment::classification::ablation::{Plan, compare};
use crate::experiment::{Error, RunArgs};

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

/// Trains the configuration and its variants with seeds 0 and 1 on a part of the training examples, prints
/// and draws their accuracy on the validation examples, and writes it to `ablation.csv`. The test set is
/// not read.
///
/// # Errors
/// If data are missing, training fails, or a file cannot be read or written.
pub fn ablation(config: &Mnist, args: &RunArgs, resume: bool) -> Result<(), Error> {
    compare(
        Plan { base: config.clone(), variants: variants(config), seeds: SEEDS, every: EVERY },
        args,
        resume,
    )
}
