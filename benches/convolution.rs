//! Benchmark of the convolutions of the `mnist` and `cifar` workloads on one thread: time, GFLOP/s,
//! and speed relative to the machine's own matrix product, which is measured in between.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::time::{Duration, Instant};

use ece472::autodiff::{Algebra as _, Pictures as _};
use ece472::random::{Purpose, Stream};
use ece472::tensor::{Tensor, Window};

/// The number of pictures in a batch: a shard of the training step.
const BATCH: usize = 16;
/// The number of rows and columns of the matrices in the reference product.
const SQUARE: usize = 768;
/// The duration of one measurement; there are `ROUNDS` of them.
const SLICE: Duration = Duration::from_millis(60);
const ROUNDS: usize = 9;

fn normal(shape: &[usize], stream: &mut Stream) -> Tensor {
    Tensor::from_fn(shape, || stream.normal() as f32)
}

/// The mean seconds per call during one measurement.
fn time(work: &dyn Fn()) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < SLICE {
        work();
        calls += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let stream = &mut Stream::new(0, Purpose::Data);
    let (a, b) = (normal(&[SQUARE, SQUARE], stream), normal(&[SQUARE, SQUARE], stream));
    let square = || drop(a.matmul(&b));
    let square_flops = 2.0 * (SQUARE as f64).powi(3);
    println!("{:<34} {:>9} {:>9} {:>15}", "16 pictures, one thread", "ms", "GFLOP/s", "of matmul");
    for (size, inputs, outputs, stride) in [
        (28, 1, 32, 1),
        (28, 32, 32, 2),
        (14, 32, 64, 1),
        (14, 64, 64, 2),
        (32, 3, 64, 1),
        (32, 64, 64, 1),
        (32, 64, 128, 2),
        (16, 128, 128, 1),
        (8, 256, 256, 1),
    ] {
        let window = Window::new([3, 3]).same().step(stride);
        let (x, w) = (normal(&[BATCH, size, size, inputs], stream), normal(&[3, 3, inputs, outputs], stream));
        let y = x.conv2d(&w, None, &window, 1);
        let flops = 2.0 * (y.len() * 9 * inputs) as f64;
        let forward = || drop(x.conv2d(&w, None, &window, 1));
        let transposed = || drop(y.conv2d_transpose(&w, &window, 1, [size, size]));
        let kernel = || drop(x.conv2d_kernel(&y, &window, 1));
        let jobs: [(&str, &dyn Fn()); 3] =
            [("forward", &forward), ("input", &transposed), ("kernel", &kernel)];
        for (what, work) in jobs {
            // The measurements alternate, so that both see the same state of the machine.
            let pairs: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (time(work), time(&square))).collect();
            let seconds = median(pairs.iter().map(|p| p.0).collect());
            let share =
                median(pairs.iter().map(|(own, peak)| (flops / own) / (square_flops / peak)).collect());
            println!(
                "{:<34} {:>9.3} {:>9.1} {:>14.0}%",
                format!("{size}x{size} {inputs}-{outputs} stride {stride} {what}"),
                1e3 * seconds,
                flops / seconds / 1e9,
                100.0 * share
            );
        }
    }
    let seconds = median((0..ROUNDS).map(|_| time(&square)).collect());
    println!(
        "{:<34} {:>9.3} {:>9.1}",
        format!("matmul {SQUARE}"),
        1e3 * seconds,
        square_flops / seconds / 1e9
    );
}
