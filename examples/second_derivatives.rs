//! Second derivatives: `cargo run --release --example second_derivatives`.
//!
//! A Hessian-vector product costs about two gradients. Products with the unit vectors give the
//! columns of the Hessian; its trace is the Laplacian, as in physics-informed networks.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use ece472::autodiff::{Algebra, Tape, Var, hvp};
use ece472::tensor::Tensor;

/// Rosenbrock's function (1 - x)² + 100 (y - x²)² of a vector of two elements.
fn rosenbrock(point: Var<'_, f64>) -> Var<'_, f64> {
    let (x, y) = (point.narrow(0, 0, 1), point.narrow(0, 1, 2));
    ((1.0 - x).powi(2) + 100.0 * (y - x.powi(2)).powi(2)).sum()
}

/// The Hessian, `[n, n]`, of a function of a vector of n elements.
fn hessian(f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>, x: &Tensor<f64>) -> Tensor<f64> {
    let n = x.len();
    let column = |j: usize| {
        let mut unit = Tensor::zeros(&[n]);
        unit.as_mut_slice()[j] = 1.0;
        let [column] = hvp(|[x]| f(x), [x], [&unit]);
        column
    };
    // The Hessian is symmetric, so its columns are its rows.
    let columns: Vec<Tensor<f64>> = (0..n).map(column).collect();
    let rows: Vec<&[f64]> = columns.iter().map(Tensor::as_slice).collect();
    Tensor::from_rows(&rows).expect("columns of n elements")
}

/// The Laplacian at each of many points x: `[points, n]`, of a function of each point alone,
/// `[points, n]` to `[points, 1]`. One reverse sweep gives the gradients of all points, and one
/// more for each coordinate the second derivatives.
fn laplacian(f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>, x: &Tensor<f64>) -> Tensor<f64> {
    let tape = Tape::new();
    let points = tape.var(x.clone());
    let [gradient] = f(points).sum().grad([points]);
    let second = |i: usize| {
        let [row] = gradient.narrow(1, i, i + 1).sum().grad([points]);
        row.narrow(1, i, i + 1)
    };
    let terms = (0..x.shape()[1]).map(second).reduce(|sum, term| sum + term);
    terms.expect("points have coordinates").value()
}

fn main() {
    let minimum = Tensor::vector(&[1.0, 1.0]);
    let h = hessian(rosenbrock, &minimum);
    println!("the Hessian of Rosenbrock's function at its minimum:\n{h}");
    assert_eq!(h, Tensor::matrix(&[[802.0, -400.0], [-400.0, 200.0]]));

    // The Laplacian of x² y is 2 y, and sin(x) sinh(y) is harmonic: its Laplacian is 0.
    let x = Tensor::matrix(&[[0.3, 0.2], [1.0, -0.5], [2.0, 0.7]]);
    let curved = laplacian(|p| p.narrow(1, 0, 1).powi(2) * p.narrow(1, 1, 2), &x);
    println!("the Laplacian of x² y:\n{curved}");
    assert_eq!(curved, 2.0 * x.narrow(1, 1, 2));
    let harmonic = laplacian(
        |p| {
            let (x, y) = (p.narrow(1, 0, 1), p.narrow(1, 1, 2));
            x.sin() * (y.exp() - (-y).exp()) / 2.0
        },
        &x,
    );
    println!("the Laplacian of a harmonic function:\n{harmonic:.12}");
    assert!(harmonic.as_slice().iter().all(|x| x.abs() < 1e-12));
}
