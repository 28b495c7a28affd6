//! A layer of one's own: `cargo run --release --example own_layer`.
//!
//! A gated linear unit (Dauphin et al. 2017): y = (x W + b) * sigmoid(x V + c). Its parameters are
//! declared by `parameters!`, its formula is written once for tensors and for tapes, and the
//! gradient checker compares its derivatives with differences.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use std::error::Error;

use ece472::autodiff::{Algebra, Var};
use ece472::nn::check::check_module;
use ece472::nn::loss::half_squared_error;
use ece472::nn::{Init, Linear, Module, Parameters, Pass, parameters};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{RunOptions, Settings, Supervised, train};

/// y = (x W + b) * sigmoid(x V + c), `[batch, inputs]` to `[batch, outputs]`.
#[derive(Clone, Debug)]
struct GatedLinear<A = Tensor> {
    value: Linear<A>,
    gate: Linear<A>,
}
parameters!(GatedLinear { value, gate });

impl GatedLinear {
    fn new(inputs: usize, outputs: usize, stream: &mut Stream) -> Self {
        let mut linear = || Linear::new(inputs, outputs, true, Init::GlorotUniform, stream);
        Self { value: linear(), gate: linear() }
    }
}

impl<A: Algebra> Module<A> for GatedLinear<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        self.value.forward(x, pass) * self.gate.forward(x, pass).sigmoid()
    }
}

/// A layer is used inside other modules like those of the library.
#[derive(Clone, Debug)]
struct Network<A = Tensor> {
    hidden: GatedLinear<A>,
    output: Linear<A>,
}
parameters!(Network { hidden, output });

impl<A: Algebra> Module<A> for Network<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        self.output.forward(&self.hidden.forward(x, pass), pass)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut stream = Stream::new(472, Purpose::Init);
    let layer = GatedLinear::new(2, 16, &mut stream);
    println!("parameters: {}", layer.names().join(", "));

    // Derivatives of order 1 and 2 against differences, in double precision.
    let x = Tensor::randn(&[5, 2], &mut stream);
    let report = check_module(&layer.cast::<f32, f64>(), &x, |layer, parameters, x: Var<'_, f64>| {
        layer.with(parameters).forward(&x, &mut Pass::on(x.context()))
    })?;
    println!("gradient check: {report}");

    // Trained on y = x_0 x_1.
    let x: Tensor = Tensor::randn(&[256, 2], &mut Stream::new(472, Purpose::Data));
    let y = x.narrow(1, 0, 1) * x.narrow(1, 1, 2);
    let output = Linear::new(16, 1, true, Init::GlorotUniform, &mut stream);
    let objective = Supervised::new(x, y, |p, t| half_squared_error(p, t))?;
    let network = Network { hidden: layer, output };
    let (_, history) =
        train(&objective, &network, Settings::new(1000, 64, 0.01), 472, &RunOptions::default())?;
    let loss = history.column("loss");
    println!("loss {:.4} at first, {:.4} at the end", loss[0], loss[loss.len() - 1]);
    assert!(loss[loss.len() - 1] < 0.01, "the layer has not learned the product");
    Ok(())
}
