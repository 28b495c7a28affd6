//! Estimates the memory of a training, and checks that it is available.

use std::fs;

use super::{Assignment, Error};
use crate::parallel;
use crate::train::{Settings, WAVE};

/// An error: training needs more memory than is available.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq)]
#[error(
    "training takes about {needed:.1} GiB of memory, and {available:.1} GiB are available: it holds {parameters} \
     parameters, their gradients, the optimizer's state and the checkpoint, and {activations} values for each shard \
     of examples; choose a smaller model or batch"
)]
pub struct MemoryError {
    parameters: usize,
    activations: usize,
    /// In GiB.
    needed: f64,
    /// In GiB.
    available: f64,
}

/// Checks that `at_once` simultaneous trainings on a number of examples fit into the available
/// memory. The estimate counts the parameters, the values that are kept for each of them, and the
/// activations of the shards that are computed at a time. Nothing is checked if the system does not
/// report its memory.
///
/// # Errors
/// If they do not fit. The message contains the estimate.
pub(crate) fn check<A: Assignment>(
    config: &A,
    settings: &Settings,
    examples: usize,
    at_once: usize,
) -> Result<(), Error> {
    let Some(available) = available() else { return Ok(()) };
    let parameters = (config.parameter_count(), at_once * values_per_parameter(settings, examples));
    let threads = parallel::threads().min(at_once * shards(settings, examples));
    Ok(fits(parameters, (config.activation_count(), threads), available)?)
}

/// The number of shards of a step.
fn shards(settings: &Settings, examples: usize) -> usize {
    settings.batch_size.min(examples).div_ceil(settings.shard_size.max(1))
}

/// The largest number of values that a training holds at a time for each element of the parameters.
fn values_per_parameter(settings: &Settings, examples: usize) -> usize {
    let state = settings.method.memory() + usize::from(settings.average.is_some());
    // The initial and the current parameters.
    let held = 2 + state;
    let gradients = 1 + shards(settings, examples).min(WAVE);
    // The tensors as bytes, and again joined into a file.
    let checkpoint = 2 * (1 + state);
    held + gradients.max(checkpoint)
}

/// Checks that parameters and activations fit into the available bytes. Each is given as a count
/// and a multiplicity: the number of values per parameter, and the number of threads.
fn fits(
    (parameters, of_each): (usize, usize),
    (activations, threads): (usize, usize),
    available: u64,
) -> Result<(), MemoryError> {
    const GIB: f64 = (1_u64 << 30) as f64;
    let values = (parameters as u128 * of_each as u128).saturating_add(activations as u128 * threads as u128);
    let bytes = values.saturating_mul(size_of::<f32>() as u128);
    if bytes <= u128::from(available) {
        return Ok(());
    }
    let (needed, available) = (bytes as f64 / GIB, available as f64 / GIB);
    Err(MemoryError { parameters, activations, needed, available })
}

/// The memory in bytes that is available without swapping, if the system reports it.
fn available() -> Option<u64> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(1024 * line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::assignments::ag_news::AgNews;
    use crate::assignments::attention::Attention;
    use crate::assignments::cifar::Cifar;
    use crate::assignments::mnist::Mnist;
    use crate::assignments::sine_regression::SineRegression;
    use crate::assignments::siren::PictureFit;
    use crate::assignments::spirals::Spirals;
    use crate::nn::Parameters as _;
    use crate::tensor::Tensor;

    #[derive(Parser)]
    struct Options<A: Assignment> {
        #[command(flatten)]
        config: A,
    }

    fn config<A: Assignment>(arguments: &str) -> A {
        let config = Options::<A>::parse_from(format!("test {arguments}").split_whitespace()).config;
        config.validate().unwrap();
        config
    }

    /// Compares the count with the parameters of the network, for several argument lists.
    fn check_counts<A: Assignment>(all: &[&str]) {
        for arguments in all {
            let config: A = config(arguments);
            let mut count = 0;
            config.network().map(crate::nn::ParameterPath::ROOT, &mut |_, p: &Tensor| count += p.len());
            assert_eq!(config.parameter_count(), count, "{} {arguments}", A::COMMAND);
        }
    }

    #[test]
    fn parameters_are_counted_without_a_model() {
        check_counts::<SineRegression>(&["", "--basis-functions 11"]);
        check_counts::<Spirals>(&["", "--hidden-layers 0", "--hidden-layers 1 --width 5", "--width 9"]);
        check_counts::<Mnist>(&[
            "",
            "--norm-groups 4",
            "--layer-depths 3,5 --layer-kernel-sizes 2,28 --layer-strides 3,1",
        ]);
        for layers in ["", "--layer-depths 8,8,12,12 --layer-strides 1,1,2,1 --layer-kernel-sizes 3,1,3,2"] {
            let groups = "--norm-groups 4";
            for blocks in ["none", "pre-activation", "post-activation"] {
                for more in ["", "--squeeze 3", "--head flat", "--dataset cifar100 --downsampling stride"] {
                    check_counts::<Cifar>(&[&format!("--residual {blocks} {layers} {more} {groups}")]);
                }
            }
        }
        check_counts::<Cifar>(&[
            "--residual none --norm-groups none --layer-depths 8 --layer-kernel-sizes 3 \
                                 --layer-strides 2",
        ]);
        let small = "--buckets 50 --width 8 --longest 7";
        for more in [
            "linear",
            "embeddings",
            "embeddings --hidden 5",
            "transformer --hidden 6 --heads 2 --blocks 3",
            "minilm-frozen",
            "minilm-frozen --hidden 6",
            "minilm-finetuned --hidden 6 --rank none",
            "minilm-finetuned --hidden 6 --rank 3",
            "minilm-finetuned --hidden 6 --updated query-value",
            "minilm-finetuned --hidden 6 --updated attention",
            "minilm-finetuned --hidden 6 --updated with-embedding",
        ] {
            check_counts::<AgNews>(&[&format!("{small} --model {more}")]);
        }
        check_counts::<Attention>(&["", "--width 16 --blocks 1 --text-width 24 --text-blocks 3"]);
        for more in ["sine --color", "relu", "tanh --hidden-layers 1", "fourier --width 7"] {
            check_counts::<PictureFit>(&[&format!("--network {more}")]);
        }
    }

    #[test]
    fn a_training_that_does_not_fit_is_an_error_with_the_estimate() {
        let settings = |method| Settings {
            steps: 1,
            batch_size: 100,
            shard_size: 100,
            sampling: crate::train::Sampling::Epochs,
            learning_rate: 0.1,
            schedule: crate::optim::Schedule::Cosine { warmup: 0.0, last: 0.0 },
            method,
            max_gradient_norm: None,
            average: None,
            log_every: 1,
            checkpoint_every: 1,
        };
        let adam = settings(crate::optim::Method::Adam);
        assert_eq!(values_per_parameter(&adam, 50), 2 + 2 + 6);
        assert_eq!(values_per_parameter(&Settings { shard_size: 1, ..adam }, 50), 2 + 2 + 51);
        assert_eq!(values_per_parameter(&Settings { shard_size: 1, ..adam }, 500), 2 + 2 + 65);
        assert_eq!(values_per_parameter(&Settings { average: Some(0.9), ..adam }, 50), 2 + 3 + 8);
        let plain = settings(crate::optim::Method::sgd(0.0, false));
        assert_eq!(values_per_parameter(&plain, 50), 2 + 2);
        assert_eq!(fits((1000, 10), (500, 2), 44_000), Ok(()));
        assert!(fits((1000, 10), (500, 2), 43_999).is_err());
        let message = fits((1 << 40, 10), (7, 2), 3 << 29).unwrap_err().to_string();
        assert!(message.contains("about 40960.0 GiB of memory, and 1.5 GiB are available"), "{message}");
        assert!(message.contains("1099511627776 parameters") && message.contains("7 values"), "{message}");
        assert!(fits((usize::MAX, usize::MAX), (usize::MAX, usize::MAX), u64::MAX).is_err());
    }

    #[test]
    fn activations_of_a_shard_are_counted() {
        assert_eq!(
            config::<SineRegression>("--basis-functions 5 --batch-size 10").activation_count(),
            10 * 5
        );
        let spirals = config::<Spirals>("--hidden-layers 3 --width 7 --batch-size 10");
        assert_eq!(spirals.activation_count(), 10 * 3 * 7);
        assert_eq!(config::<PictureFit>("--width 8 --hidden-layers 2").activation_count(), 1024 * 2 * 8);
        let layers = "--layer-depths 4,8 --layer-kernel-sizes 3,3 --layer-strides 1,2";
        let mnist = config::<Mnist>(&format!("{layers} --batch-size 3"));
        assert_eq!(mnist.activation_count(), 3 * (28 * 28 * 4 + 14 * 14 * 8));
        let cifar = config::<Cifar>(&format!("{layers} --norm-groups 4 --shard-size 500 --batch-size 400"));
        assert_eq!(cifar.activation_count(), 400 * (32 * 32 * 4 + 16 * 16 * 8));
        let news = "--model transformer --width 8 --hidden 6 --heads 2 --blocks 3 --longest 7";
        assert_eq!(config::<AgNews>(news).activation_count(), 8 * 7 * 3 * (4 * 8 + 6));
        assert!(config::<AgNews>("").activation_count() > 0);
        let text = "--heads 2 --text-width 8 --text-blocks 3 --text-length 7";
        assert_eq!(config::<Attention>(text).activation_count(), 4 * 7 * 3 * (4 * 8 + 32));
    }
}
