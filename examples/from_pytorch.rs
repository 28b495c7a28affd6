//! Weights that PyTorch wrote: `cargo run --release --example from_pytorch`.
//!
//! from_pytorch.safetensors holds `torch.nn.Sequential(Linear(3, 3), Tanh(), Linear(3, 2))`; the
//! script that wrote it, from_pytorch.py, is next to it.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use std::error::Error;
use std::path::Path;

use ece472::nn::{Activation, Mlp, MlpConfig, Module as _, Parameters as _, Pass, parameters};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{Import, load_weights_with};

/// The inputs that the script saved, and PyTorch's outputs for them.
#[derive(Clone, Debug)]
struct Example<A = Tensor> {
    inputs: A,
    outputs: A,
}
parameters!(Example { inputs, outputs });

fn main() -> Result<(), Box<dyn Error>> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/from_pytorch.safetensors"));
    let config = MlpConfig {
        num_inputs: 3,
        num_outputs: 2,
        num_hidden_layers: 1,
        hidden_layer_width: 3,
        hidden_activation: Activation::Tanh,
        ..MlpConfig::default()
    };
    let model = Mlp::new(config, &mut Stream::new(0, Purpose::Init));

    // PyTorch numbers the modules of a Sequential; Tanh, number 1, has no parameters. Without
    // `partial`, the two tensors of the example, which are not part of the network, are an error.
    let import = Import::pytorch().name("hidden.0", "0").name("output", "2").partial();
    let imported = load_weights_with(path, &model, &import)?;
    println!("not used: {}", imported.unused.join(", "));
    // A partial import is worth a look at what is missing.
    assert!(imported.missing.is_empty());

    let example = Example { inputs: Tensor::zeros(&[4, 3]), outputs: Tensor::zeros(&[4, 2]) };
    let import = Import::same().name("inputs", "example.inputs").name("outputs", "example.outputs").partial();
    let example = load_weights_with(path, &example, &import)?.model;
    let outputs = imported.model.forward(&example.inputs, &mut Pass::inference());
    println!("PyTorch: {:.5}\nhere:    {outputs:.5}", example.outputs);
    let difference = (&outputs - &example.outputs).map(f32::abs);
    let largest = difference.as_slice().iter().fold(0.0, |a: f32, &b| a.max(b));
    assert!(largest < 1e-5, "the outputs differ by {largest}");
    println!("{} parameters, largest difference {largest:.0e}", imported.model.count());
    Ok(())
}
