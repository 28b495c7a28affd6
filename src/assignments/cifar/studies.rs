//! The ablation of assignment 4: one technique added or removed at a time.

use super::Cifar;
use crate::experiment::classification::ablation::{Plan, compare};
use crate::experiment::{Error, RunArgs, variants};

/// The number of seeds of each variant.
const SEEDS: u64 = 3;

/// Variants that lack one technique or have one more.
const VARIANTS: [(&str, &str); 23] = [
    ("SGD instead of Muon, rate 0.1", "optimizer=nesterov learning_rate=0.1 vector_rate=1.0"),
    ("SGD instead of Muon, rate 0.3", "optimizer=nesterov learning_rate=0.3 vector_rate=1.0"),
    ("AdamW instead of Muon, rate 0.003", "optimizer=adamw learning_rate=0.003 weight_decay=0.05"),
    ("stride instead of max pooling", "downsampling=stride"),
    ("no weight standardisation", "standardised=false"),
    ("post-activation blocks", "residual=post-activation"),
    ("no residual blocks", "residual=none"),
    ("one group (layer normalisation)", "norm_groups=1"),
    ("2 groups", "norm_groups=2"),
    ("last scale of blocks starts at 0", "last_scale=0.0"),
    ("squeeze-and-excitation, ratio 8", "squeeze=8"),
    ("stochastic depth 0.1", "stochastic_depth=0.1"),
    ("global max pooling at the end", "head=max"),
    ("no running average of weights", "average=none"),
    ("no label smoothing", "label_smoothing=0.0"),
    ("random flips", "flip=random"),
    ("no flips", "flip=none"),
    ("no translation", "shift=0"),
    ("mixup 0.2", "mixup=0.2"),
    ("CutMix 1", "cutmix=1.0"),
    ("colour jitter 0.2", "jitter=0.2"),
    ("batch size 256", "batch_size=256"),
    ("batch size 64", "batch_size=64"),
];
/// The position of the variant with or without cutout in the list.
const CUTOUT: usize = 19;

/// Trains the configuration, without networks of earlier runs, and its variants with three seeds
/// each. Prints and draws their accuracy on the validation examples, and writes it to
/// `ablation.csv`. The test set is not read.
///
/// # Errors
/// If data are missing, training fails, or a file cannot be read or written.
pub fn ablation(config: &Cifar, args: &RunArgs, resume: bool) -> Result<(), Error> {
    // Networks of earlier runs were trained on examples that other seeds hold out.
    let config = Cifar { start_from: None, proxy: None, ..config.clone() };
    let cutout =
        if config.cutout.0.is_none() { ("cutout 8", "cutout=8") } else { ("no cutout", "cutout=none") };
    let mut changes = VARIANTS.to_vec();
    changes.insert(CUTOUT - 1, cutout);
    compare(
        Plan { variants: variants(&config, &changes), base: config, seeds: SEEDS, every: 1 },
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
        check_variants::<Cifar>(&VARIANTS);
    }
}
