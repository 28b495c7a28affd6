//! One technique taken away at a time.

use super::{Blocks, Cifar, Flipping, Pooling};
use crate::experiment::classification::ablation::{Plan, compare};
use crate::experiment::{Error, OptimizerKind, OrNone, RunArgs};
use crate::nn::Downsampling;

/// How many seeds each variant is trained with.
const SEEDS: u64 = 3;

/// The configuration, and others that lack one thing or have one more.
fn variants(base: &Cifar) -> Vec<(String, Cifar)> {
    let with = |name: &str, change: &dyn Fn(&mut Cifar)| {
        let mut config = base.clone();
        change(&mut config);
        (name.to_owned(), config)
    };
    vec![
        with("as it is", &|_| ()),
        with("SGD instead of Muon, rate 0.1", &|c| {
            (c.optimizer, c.learning_rate, c.vector_rate) = (OptimizerKind::Nesterov, 0.1, 1.0);
        }),
        with("SGD instead of Muon, rate 0.3", &|c| {
            (c.optimizer, c.learning_rate, c.vector_rate) = (OptimizerKind::Nesterov, 0.3, 1.0);
        }),
        with("AdamW instead of Muon, rate 0.003", &|c| {
            (c.optimizer, c.learning_rate, c.weight_decay) = (OptimizerKind::Adamw, 0.003, 0.05);
        }),
        with("stride instead of max pooling", &|c| c.downsampling = Downsampling::Stride),
        with("no weight standardisation", &|c| c.standardised = false),
        with("post-activation blocks", &|c| c.residual = Blocks::PostActivation),
        with("no residual blocks", &|c| c.residual = Blocks::None),
        with("one group (layer normalisation)", &|c| c.norm_groups = OrNone(Some(1))),
        with("2 groups", &|c| c.norm_groups = OrNone(Some(2))),
        with("last scale of blocks from 0", &|c| c.last_scale = 0.0),
        with("squeeze-and-excitation by 8", &|c| c.squeeze = OrNone(Some(8))),
        with("stochastic depth 0.1", &|c| c.stochastic_depth = 0.1),
        with("global max pooling at the end", &|c| c.head = Pooling::Max),
        with("no running average of weights", &|c| c.average = OrNone(None)),
        with("no label smoothing", &|c| c.label_smoothing = 0.0),
        with("flips by chance", &|c| c.flip = Flipping::Random),
        with("no flips", &|c| c.flip = Flipping::None),
        with("no translation", &|c| c.translate = 0),
        match base.cutout.0 {
            None => with("cutout 8", &|c| c.cutout = OrNone(Some(8))),
            Some(_) => with("no cutout", &|c| c.cutout = OrNone(None)),
        },
        with("mixup 0.2", &|c| c.mixup = OrNone(Some(0.2))),
        with("CutMix 1", &|c| c.cutmix = OrNone(Some(1.0))),
        with("jitter 0.2", &|c| c.jitter = 0.2),
        with("batches of 256", &|c| c.batch_size = 256),
        with("batches of 64", &|c| c.batch_size = 64),
    ]
}

/// Trains the configuration, without networks of earlier runs, and its variants with three seeds each, prints
/// and draws their accuracy on the validation examples, and writes it to `ablation.csv`. The test set is not read.
///
/// # Errors
/// If data are missing, training fails, or a file cannot be read or written.
pub fn ablation(config: &Cifar, args: &RunArgs, resume: bool) -> Result<(), Error> {
    // Networks of earlier runs have learned from what other seeds hold out.
    let config = Cifar { start_from: None, proxy: None, ..config.clone() };
    compare(Plan { variants: variants(&config), base: config, seeds: SEEDS, every: 1 }, args, resume)
}
