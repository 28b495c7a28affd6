//! An operation of one's own: `cargo run --release --example own_op`.
//!
//! Softsign, y = x / (1 + |x|), with a value that is computed element by element and a pullback
//! that is written with the library's operations. So it has derivatives of every order.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use std::error::Error;

use ece472::autodiff::{Algebra, CustomOp, check, grad, hvp};
use ece472::tensor::{Float, Tensor};

/// y = x / (1 + |x|) and dL/dx = g / (1 + |x|)², with g = dL/dy.
fn softsign<F: Float>() -> CustomOp<F, 1> {
    CustomOp::<F, 1>::elementwise(
        "softsign",
        |[x]| x.map(|x| x / (F::ONE + x.abs())),
        |[x], _y, g| [g / (1.0 + x.abs()).powi(2)],
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let softsign = softsign();
    let x = Tensor::vector(&[-1.0, 0.5, 3.0]);
    println!("softsign  {}", softsign.apply([&x]));

    let (_, [dx]) = grad(|[x]| softsign.apply([&x]).sum(), [&x]);
    println!("gradient  {dx:.4}");

    // The second derivative, -2 sign(x) / (1 + |x|)³, as the Hessian times a vector of ones.
    let [ddx] = hvp(|[x]| softsign.apply([&x]).sum(), [&x], [&Tensor::ones(&[3])]);
    println!("curvature {ddx:.4}");
    assert!((ddx.as_slice()[0] - 0.25).abs() < 1e-12);

    // Differences confirm both, and find out a pullback that is wrong.
    println!("right: {}", check::gradients(|x| softsign.apply([&x[0]]), std::slice::from_ref(&x))?);
    let wrong = CustomOp::elementwise(
        "softsign",
        |[x]: [&Tensor<f64>; 1]| x.map(|x| x / (1.0 + x.abs())),
        |[x], _y, g| [g / (1.0 + x.abs())],
    );
    let failure = check::gradients(|x| wrong.apply([&x[0]]), &[x]).unwrap_err();
    println!("wrong: {failure}");
    Ok(())
}
