//! The memory of a training step. This is a separate test program, so that other tests do not
//! count.

use std::fs;

use ece472::autodiff::Algebra;
use ece472::nn::{Embedding, Parameters, Pass};
use ece472::optim::{Method, Schedule};
use ece472::tensor::Tensor;
use ece472::train::{Objective, Sampling, Settings, Shard, Trainer};

/// Many examples; each is a shard with a gradient of 1 MiB.
struct Many;

const EXAMPLES: usize = 600;

impl Objective for Many {
    type Model = Embedding;

    fn examples(&self) -> usize {
        EXAMPLES
    }

    fn loss<A: Algebra<Elem = f32>>(&self, model: &Embedding<A>, _: &Shard<'_>, _: &mut Pass<A>) -> A {
        model.table.powi(2).sum()
    }
}

/// The peak memory of this process in MiB, if the system reports it.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? >> 10)
}

#[test]
fn a_step_of_many_shards_holds_few_gradients() {
    let settings = Settings {
        steps: 1,
        batch_size: EXAMPLES,
        shard_size: 1,
        sampling: Sampling::Epochs,
        learning_rate: 0.25,
        schedule: Schedule::Cosine { warmup: 0.0, last: 1.0 },
        method: Method::sgd(0.0, false),
        max_gradient_norm: None,
        average: None,
        log_every: 1,
        checkpoint_every: 1,
    };
    let model = Embedding::of(Tensor::ones(&[512, 512]));
    let mut trainer = Trainer::new(&Many, &model, settings, 1);
    trainer.step().unwrap();
    // The mean of equal gradients 2 w is 2 w, so a step at rate 0.25 halves the weights.
    let weights: Vec<Tensor> = trainer.model().parameters();
    assert!(weights[0].as_slice().iter().all(|w| (w - 0.5).abs() < 1e-3), "{}", weights[0].as_slice()[0]);
    if let Some(peak) = peak() {
        assert!(peak < 300, "{peak} MiB for gradients of 1 MiB");
    }
}
