//! A sweep of the learning rate: `cargo run --release --example sweep`.
//!
//! Trainings from several learning rates and seeds, which run at the same time, and a table of the
//! last losses. A training that diverges is an error that says so, and not a row of NaN.
#![allow(clippy::print_stdout, reason = "an example prints its results")]

use std::error::Error;

use ece472::nn::loss::half_squared_error;
use ece472::nn::{Mlp, MlpConfig};
use ece472::optim::{Method, Schedule};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{RunOptions, Settings, Supervised, TrainError, train};

const RATES: [f64; 5] = [1e-4, 1e-3, 1e-2, 1e-1, 10.0];
const SEEDS: [u64; 3] = [0, 1, 2];

/// The last loss of a network that learns a sine with this learning rate.
fn last_loss(learning_rate: f64, seed: u64) -> Result<f64, TrainError> {
    let mut data = Stream::new(seed, Purpose::Data);
    let x: Tensor = Tensor::rand(&[200, 1], &mut data);
    let y = (6.0 * &x).map(f32::sin) + 0.1 * Tensor::randn(&[200, 1], &mut data);
    let model = Mlp::new(MlpConfig::default(), &mut Stream::new(seed, Purpose::Init));
    let objective =
        Supervised::new(x, y, |p, t| half_squared_error(p, t)).expect("as many inputs as targets");
    let settings = Settings {
        method: Method::sgd(0.9, true),
        schedule: Schedule::Cosine { warmup: 0.1, last: 0.0 },
        max_gradient_norm: None,
        ..Settings::new(300, 50, learning_rate)
    };
    let (_, history) = train(&objective, &model, settings, seed, &RunOptions::default())?;
    Ok(history.column("loss")[9])
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut best = (f64::INFINITY, 0.0);
    println!("learning rate   last loss of each seed");
    for rate in RATES {
        let runs: Vec<_> = std::thread::scope(|scope| {
            let threads = SEEDS.map(|seed| scope.spawn(move || last_loss(rate, seed)));
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let mut cells = Vec::new();
        let mut sum = 0.0;
        for run in runs {
            match run {
                Ok(loss) => {
                    sum += loss;
                    cells.push(format!("{loss:.4}"));
                }
                Err(error) if error.is_divergence() => {
                    sum = f64::INFINITY;
                    cells.push("diverged".to_owned());
                }
                Err(error) => return Err(error.into()),
            }
        }
        println!("{rate:<13}   {}", cells.join("  "));
        if sum < best.0 {
            best = (sum, rate);
        }
    }
    println!("the best learning rate is {}", best.1);
    assert!(RATES[1..4].contains(&best.1), "the best rate is at an end of the range");
    Ok(())
}
