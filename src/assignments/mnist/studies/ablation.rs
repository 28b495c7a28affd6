//! The ablation of assignment 3: one setting changed at a time.

use crate::assignments::mnist::Mnist;
use crate::experiment::classification::ablation::{Plan, compare};
use crate::experiment::{Error, RunArgs, variants};

/// The number of seeds of each variant.
const SEEDS: u64 = 2;
/// One of every `EVERY` training examples is used. The effect of regularisation is largest with few
/// examples.
const EVERY: usize = 11;

/// The variants: names and changed settings.
const VARIANTS: [(&str, &str); 12] = [
    ("no augmentation", "shift=0.0 rotation=0.0 scaling=0.0 shear=0.0 elastic=0.0"),
    ("no dropout", "dropout=0.0"),
    ("dropout 0.6", "dropout=0.6"),
    ("no L2 penalty", "l2=0.0"),
    ("L2 penalty 0.001", "l2=0.001"),
    (
        "no augmentation, dropout or L2 penalty",
        "shift=0.0 rotation=0.0 scaling=0.0 shear=0.0 elastic=0.0 dropout=0.0 l2=0.0",
    ),
    ("no convolution", "layer_depths=[] layer_kernel_sizes=[] layer_strides=[]"),
    ("one convolution, stride 4", "layer_depths=[64] layer_kernel_sizes=[3] layer_strides=[4]"),
    ("two convolutions", "layer_depths=[32,64] layer_kernel_sizes=[3,3] layer_strides=[2,2]"),
    (
        "six convolutions",
        "layer_depths=[32,32,32,64,64,64] layer_kernel_sizes=[3,3,3,3,3,3] layer_strides=[1,1,2,1,1,2]",
    ),
    ("half the channels", "layer_depths=[16,16,32,32] layer_kernel_sizes=[3,3,3,3] layer_strides=[1,2,1,2]"),
    ("label smoothing 0.1", "label_smoothing=0.1"),
];

/// Trains the configuration and its variants with seeds 0 and 1 on a part of the training examples.
/// Prints and draws their accuracy on the validation examples, and writes it to `ablation.csv`. The
/// test set is not read.
///
/// # Errors
/// If data are missing, training fails, or a file cannot be read or written.
pub fn ablation(config: &Mnist, args: &RunArgs, resume: bool) -> Result<(), Error> {
    compare(
        Plan { base: config.clone(), variants: variants(config, &VARIANTS), seeds: SEEDS, every: EVERY },
        args,
        resume,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::ablation::check_variants;

    #[test]
    fn the_variants_are_valid_and_differ() {
        check_variants::<Mnist>(&VARIANTS);
    }
}
