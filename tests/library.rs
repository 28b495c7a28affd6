//! The library as others use it: the examples run, and a training step takes little memory.
//!
//! The memory is that of the whole process, so other tests would count. The examples do not: they
//! run in processes of their own.

use std::env;
use std::fs;
use std::process::Command;

use ece472::autodiff::Algebra;
use ece472::nn::{Embedding, Pass};
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
    let weights = trainer.parameters();
    assert!(weights[0].as_slice().iter().all(|w| (w - 0.5).abs() < 1e-3), "{}", weights[0].as_slice()[0]);
    if let Some(peak) = peak() {
        assert!(peak < 300, "{peak} MiB for gradients of 1 MiB");
    }
}

/// Runs an example, whose assertions hold. `cargo test` builds the examples into a folder next to
/// that of the test programs.
fn run_example(name: &str) {
    let test = env::current_exe().expect("the path of this test program");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let example = profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let path = example.display();
    assert!(example.is_file(), "{path} is missing: run `cargo build --examples` first");
    let output = Command::new(&example).output().unwrap_or_else(|e| panic!("cannot run {path}: {e}"));
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_network_learns_from_a_table() {
    run_example("mlp");
}

#[test]
fn an_own_layer_is_checked_and_trained() {
    run_example("own_layer");
}

#[test]
fn an_own_operation_is_checked() {
    run_example("own_op");
}

#[test]
fn second_derivatives_are_exact() {
    run_example("second_derivatives");
}

#[test]
fn a_sweep_finds_a_learning_rate() {
    run_example("sweep");
}

#[test]
fn weights_of_pytorch_give_its_outputs() {
    run_example("from_pytorch");
}
