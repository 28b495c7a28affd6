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
    use super::*;

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
}
