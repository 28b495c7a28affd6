//! A multilayer perceptron on one's own table: `cargo run --release --example mlp`.
//!
//! moons.csv, next to this file, holds 200 points (x, y) and their classes, 0 or 1. For a table of
//! your own, change its path, the numbers of columns and the number of classes.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use std::error::Error;

use ece472::nn::loss::{cross_entropy, one_hot};
use ece472::nn::{Mlp, MlpConfig, Module as _, Pass};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{RunOptions, Settings, Supervised, train};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/moons.csv");

fn main() -> Result<(), Box<dyn Error>> {
    let (mut inputs, mut labels) = (Vec::new(), Vec::new());
    for record in csv::Reader::from_path(TABLE)?.deserialize() {
        let (x, y, class): (f32, f32, usize) = record?;
        inputs.push([x, y]);
        labels.push(class);
    }
    // The first 150 rows are for training, and the others for a test.
    let train_inputs = Tensor::from_rows(&inputs[..150])?; // [150, 2]
    let test_inputs = Tensor::from_rows(&inputs[150..])?; // [50, 2]
    let targets = one_hot(&labels[..150], 2, 0.0); // [150, 2]

    let config = MlpConfig { num_inputs: 2, num_outputs: 2, ..MlpConfig::default() };
    let model = Mlp::new(config, &mut Stream::new(472, Purpose::Init));
    let objective = Supervised::new(train_inputs, targets, |logits, t| cross_entropy(logits, t))?;
    let settings = Settings::new(300, 50, 0.01);
    let (model, history) = train(&objective, &model, settings, 472, &RunOptions::default())?;

    let classes = model.forward(&test_inputs, &mut Pass::inference()).argmax(1);
    let right = classes.iter().zip(&labels[150..]).filter(|(class, label)| class == label).count();
    println!("{}", history.to_csv());
    println!("{right} of {} test points are classified correctly", classes.len());
    assert!(right >= 47, "the network has not learned the classes");
    Ok(())
}
