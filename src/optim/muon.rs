//! Muon.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::sgd::Descent;
use super::{Optimizer, State, StateError, pairs, zeros_like};
use crate::autodiff::Algebra;
use crate::parallel;
use crate::tensor::kernels::dispatch::vectorised;
use crate::tensor::{Float, Tensor};

/// The constants of [`Muon`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MuonConfig {
    /// μ: the share of the last step's velocity that is kept.
    pub momentum: f64,
    /// λ: at each step weights shrink by λ times the learning rate.
    pub weight_decay: f64,
    /// Whether each matrix is scaled to the norm sqrt(outputs) before each step.
    pub normalised: bool,
    /// The factor of the learning rate for parameters with fewer than two axes.
    pub vector_rate: f64,
    /// The factor of the learning rate for the last matrix, the weights of a network's last layer.
    /// With it, this matrix is updated by SGD like the vectors; without it, like the other
    /// matrices.
    pub last_rate: Option<f64>,
}

impl Default for MuonConfig {
    /// μ = 0.95, as in the source; no weight decay, and one learning rate.
    fn default() -> Self {
        Self { momentum: 0.95, weight_decay: 0.0, normalised: false, vector_rate: 1.0, last_rate: None }
    }
}

/// Momentum, orthogonalised by Newton-Schulz iterations (Jordan et al. 2024, "Muon: An optimizer
/// for hidden layers in neural networks", <https://kellerjordan.github.io/posts/muon/>): a step of
/// equal length in all directions of a matrix.
///
/// A parameter of two or more axes is treated as a matrix with one column for each output: a linear
/// layer's weights are `[inputs, outputs]`, a kernel `[height, width, inputs, outputs]` is
/// `[height width inputs, outputs]`. With learning rate η, momentum μ, gradient g, velocity v, at
/// first 0, and [`orthogonalise`] O:
/// - v ← μ v + g
/// - p ← p - η λ p - η s O(g + μ v), with s = sqrt(max(1, columns / rows)) (muon.py of
///   KellerJordan/Muon)
///
/// The other parameters are updated by SGD with Nesterov's momentum, and so is the last matrix if
/// `last_rate` is set. Vectors do not decay. `normalised` sets p ← p sqrt(columns) / |p| first. It
/// is for weights whose scale has no effect because a normalisation follows; then η alone
/// determines how fast they rotate (airbench94_muon.py of KellerJordan/cifar10-airbench, which uses
/// μ = 0.6 and η = 0.24).
///
/// Each parameter is updated by one thread, so the result does not depend on the number of threads.
#[derive(Clone, Debug)]
pub struct Muon {
    config: MuonConfig,
    steps: u64,
    velocity: Vec<Tensor>,
}

impl Muon {
    /// An optimizer before its first step.
    pub fn new(config: MuonConfig) -> Self {
        Self { config, steps: 0, velocity: Vec::new() }
    }
}

impl Optimizer for Muon {
    fn step(&mut self, learning_rate: f64, parameters: &mut [Tensor], gradients: &[Tensor]) {
        let Self { config, steps, velocity } = self;
        if velocity.is_empty() {
            *velocity = zeros_like(parameters);
        }
        *steps += 1;
        let last = config.last_rate.zip(parameters.iter().rposition(|p| p.rank() >= 2));
        let parts: Vec<_> = pairs(parameters, gradients).zip(velocity).map(Mutex::new).collect();
        parallel::for_each(parts.len(), &|i| {
            let ((p, g), v) = &mut *parts[i].lock().expect("each parameter has its own lock");
            let own = last.filter(|&(_, index)| index == i).map(|(factor, _)| factor);
            let factor = if p.rank() < 2 { Some(config.vector_rate) } else { own };
            let rate = learning_rate * factor.unwrap_or(1.0);
            let decay = if p.rank() < 2 { 0.0 } else { rate * config.weight_decay };
            let (keep, momentum) = (1.0 - decay, config.momentum as f32);
            if factor.is_some() {
                Descent { rate: rate as f32, keep: keep as f32, momentum, nesterov: true }.step(p, g, v);
            } else {
                let columns = p.shape()[p.rank() - 1];
                let norm = if config.normalised { norm(p) } else { 0.0 };
                let keep = if norm > 0.0 { keep * (columns as f64).sqrt() / norm } else { keep };
                orthogonal_step(p, g, v, momentum, rate, keep as f32);
            }
        });
    }

    fn state(&self) -> State {
        State { steps: self.steps, slots: vec![("velocity", self.velocity.clone())] }
    }

    fn restore(&mut self, state: State, parameters: &[Tensor]) -> Result<(), StateError> {
        self.steps = state.steps;
        [self.velocity] = state.take(["velocity"], parameters)?;
        Ok(())
    }
}

/// The step of a matrix: v ← μ v + g, p ← keep p - η s O(g + μ v).
fn orthogonal_step(p: &mut Tensor, g: &[f32], v: &mut Tensor, momentum: f32, rate: f64, keep: f32) {
    let columns = p.shape()[p.rank() - 1];
    let rows = p.len() / columns.max(1);
    let velocity = v.as_mut_slice();
    let ahead = Tensor::build(&[rows, columns], |ahead| {
        vectorised(
            #[inline(always)]
            || {
                for ((a, v), &g) in ahead.iter_mut().zip(velocity).zip(g) {
                    *v = momentum.mul_add(*v, g);
                    *a = momentum.mul_add(*v, g);
                }
            },
        );
    });
    let direction = orthogonalise(&ahead);
    let scale = (columns as f64 / rows.max(1) as f64).max(1.0).sqrt();
    let (rate, p) = ((rate * scale) as f32, p.as_mut_slice());
    vectorised(
        #[inline(always)]
        || {
            for (p, &o) in p.iter_mut().zip(direction.as_slice()) {
                *p = (-rate).mul_add(o, keep * *p);
            }
        },
    );
}

/// Approximately U Vᵀ for a matrix with the singular value decomposition U S Vᵀ: the nearest matrix
/// whose singular values are all 1. It takes five steps X ← a X + (b A + c A²) X, with A = X Xᵀ,
/// from X = M / |M|, with (a, b, c) = (3.4445, -4.7750, 2.0315) (Jordan et al. 2024; the iteration
/// with other constants: Bernstein & Newhouse 2024).
///
/// Each singular value x becomes a x + b x³ + c x⁵. It grows fast from 0 to about 1, then stays
/// between 0.68 and 1.14 without converging. A matrix with more rows than columns is multiplied by
/// polynomials of Xᵀ X from the right instead, since Xᵀ X is then the smaller matrix. Zero stays
/// zero.
///
/// # Panics
/// If the tensor is not a matrix.
#[track_caller]
pub fn orthogonalise<F: Float>(matrix: &Tensor<F>) -> Tensor<F> {
    let &[rows, columns] = matrix.shape() else {
        panic!("orthogonalise: {:?} is not [rows, columns]", matrix.shape())
    };
    let norm = norm(matrix);
    if norm == 0.0 {
        return matrix.clone();
    }
    let wide = rows <= columns;
    let mut elements = matrix.as_slice().iter();
    let mut x = Tensor::from_fn(&[rows, columns], || {
        F::from_f64(elements.next().expect("one for each element").to_f64() / norm)
    });
    for _ in 0..5 {
        let a = x.product(&x, !wide, wide);
        let b = a.clone() * -4.7750 + &(a.matmul(&a) * 2.0315);
        x = x.clone() * 3.4445 + &(if wide { b.matmul(&x) } else { x.matmul(&b) });
    }
    x
}

/// The square root of the sum of all squares.
fn norm<F: Float>(x: &Tensor<F>) -> f64 {
    x.as_slice().iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;
    use crate::random::{Purpose, Stream};

    fn normal<F: Float>(shape: &[usize], seed: u64) -> Tensor<F> {
        let mut stream = Stream::new(seed, Purpose::Data);
        Tensor::from_fn(shape, || F::from_f64(stream.normal()))
    }

    /// An orthogonal matrix: the product of the reflections 1 - 2 u uᵀ / uᵀu of two vectors.
    fn rotation(n: usize, seed: u64) -> Tensor<f64> {
        let reflection = |seed| {
            let u = normal::<f64>(&[n, 1], seed);
            let identity = Tensor::from(ndarray::Array2::eye(n).into_dyn());
            identity - &(u.product(&u, false, true) * (2.0 / norm(&u).powi(2)))
        };
        reflection(seed).matmul(&reflection(seed + 1))
    }

    fn diagonal(rows: usize, columns: usize, values: &[f64]) -> Tensor<f64> {
        let mut matrix = Tensor::zeros(&[rows, columns]);
        for (i, &value) in values.iter().enumerate() {
            matrix.as_mut_slice()[i * columns + i] = value;
        }
        matrix
    }

    fn assert_close(a: &Tensor<f64>, b: &Tensor<f64>) {
        assert_eq!(a.shape(), b.shape());
        for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
            assert_relative_eq!(*a, *b, epsilon = 1e-9);
        }
    }

    proptest! {
        #[test]
        fn singular_vectors_stay_and_singular_values_approach_one(
            values in prop::collection::vec(0.01_f64..1.0, 1..6),
            (more_rows, more_columns) in (0_usize..4, 0_usize..4),
            scale in 1e-6_f64..1e6,
            seed in 0_u64..1000,
        ) {
            let (rows, columns) = (values.len() + more_rows, values.len() + more_columns);
            let (u, v) = (rotation(rows, seed), rotation(columns, seed + 7));
            let matrix = u.matmul(&diagonal(rows, columns, &values)).product(&v, false, true) * scale;
            // With the factors U and V removed, each singular value is a polynomial of the old one.
            let left = u.product(&orthogonalise(&matrix), true, false).matmul(&v);
            let length = values.iter().map(|x| x * x).sum::<f64>().sqrt();
            let image = |x: &f64| {
                (0..5).fold(x / length, |x, _| 3.4445 * x - 4.7750 * x.powi(3) + 2.0315 * x.powi(5))
            };
            let images: Vec<f64> = values.iter().map(image).collect();
            prop_assert!(images.iter().all(|x| (0.68..1.14).contains(x)), "{images:?}");
            assert_close(&left, &diagonal(rows, columns, &images));
        }

        #[test]
        fn transposing_commutes_with_orthogonalising(rows in 1_usize..9, columns in 1_usize..9, seed in 0_u64..1000) {
            let matrix = normal::<f64>(&[rows, columns], seed);
            let transposed = orthogonalise(&matrix.transpose()).transpose();
            assert_close(&orthogonalise(&matrix), &transposed);
        }
    }

    #[test]
    fn a_rotation_is_only_scaled() {
        let rotation = rotation(7, 3);
        let image = orthogonalise(&(rotation.clone() * 40.0));
        let factor = norm(&image) / 7.0_f64.sqrt();
        assert!((0.68..1.14).contains(&factor), "{factor}");
        assert_close(&image, &(rotation * factor));
    }

    #[test]
    fn a_zero_gradient_changes_nothing() {
        for normalised in [false, true] {
            let mut p = [Tensor::zeros(&[3, 2]), Tensor::vector(&[1.0])];
            let before = p.clone();
            let config = MuonConfig { normalised, ..MuonConfig::default() };
            Muon::new(config).step(0.1, &mut p, &[Tensor::zeros(&[3, 2]), Tensor::zeros(&[1])]);
            assert_eq!(p, before);
        }
        let tiny = orthogonalise(&(normal::<f32>(&[3, 4], 1) * 1e-42));
        assert!(tiny.is_finite() && norm(&tiny) > 1.0, "even a tiny gradient has a direction");
    }

    /// The distance |P - T| after descent on ½ |P - T|², whose gradient is P - T, for |T| of about
    /// 4.
    fn distance(config: MuonConfig, steps: u64) -> f64 {
        let target = normal::<f32>(&[2, 2, 4], 1);
        let mut p = [Tensor::zeros(&[2, 2, 4])];
        let mut muon = Muon::new(config);
        for t in 0..steps {
            let rate = 0.2 * (1.0 - t as f64 / steps as f64);
            let gradient = p[0].clone() - &target;
            muon.step(rate, &mut p, &[gradient]);
        }
        norm(&(p[0].clone() - &target))
    }

    #[test]
    fn finds_the_minimum_of_a_quadratic_form() {
        assert!(distance(MuonConfig { momentum: 0.6, ..MuonConfig::default() }, 200) < 0.01);
    }

    #[test]
    fn the_length_of_a_step_and_of_the_matrix() {
        // Orthogonal gradients: all singular values are equal, so O is a multiple of the gradient.
        let step = |rows: usize, columns: usize, normalised: bool| {
            let mut p = [normal::<f32>(&[rows, columns], 2)];
            let before = p[0].clone();
            let gradient = diagonal(rows, columns, &[1.0, 1.0]).cast();
            let config = MuonConfig { weight_decay: 0.5, normalised, ..MuonConfig::default() };
            Muon::new(config).step(0.1, &mut p, &[gradient]);
            let scale = if normalised { (columns as f64).sqrt() / norm(&before) } else { 1.0 };
            norm(&(p[0].clone() - &(before * (0.95 * scale)))) / 0.1
        };
        let image = norm(&orthogonalise(&diagonal(2, 2, &[1.0, 1.0])));
        for normalised in [false, true] {
            assert_relative_eq!(step(8, 2, normalised), image, max_relative = 1e-5);
            assert_relative_eq!(step(2, 8, normalised), 2.0 * image, max_relative = 1e-5);
        }
    }

    fn parameters() -> [Tensor; 4] {
        let shapes: [&[usize]; 4] = [&[3, 3, 2, 4], &[4], &[4, 3], &[3]];
        std::array::from_fn(|i| normal(shapes[i], i as u64))
    }

    fn gradients(t: u64) -> [Tensor; 4] {
        parameters().map(|p| normal(p.shape(), 100 + t))
    }

    fn run(muon: &mut Muon, p: &mut [Tensor; 4], steps: std::ops::Range<u64>) {
        steps.for_each(|t| muon.step(0.05, p, &gradients(t)));
    }

    #[test]
    fn vectors_and_the_last_matrix_are_updated_by_sgd() {
        let config = MuonConfig { vector_rate: 0.5, last_rate: Some(2.0), ..MuonConfig::default() };
        let mut p = parameters();
        run(&mut Muon::new(config), &mut p, 0..3);
        let sgd = |rate: f64, i: usize| {
            let mut p = parameters();
            let mut sgd = super::super::Sgd::new(0.95, true);
            (0..3).for_each(|t| sgd.step(rate, &mut p, &gradients(t)));
            p[i].clone()
        };
        assert_eq!([&p[1], &p[3], &p[2]], [&sgd(0.025, 1), &sgd(0.025, 3), &sgd(0.1, 2)]);
        assert_ne!(p[0], sgd(0.05, 0));
    }

    #[test]
    fn bits_depend_neither_on_threads_nor_on_a_pause() {
        let config = MuonConfig { weight_decay: 0.1, normalised: true, ..MuonConfig::default() };
        let whole = |threads: usize| {
            let (mut muon, mut p) = (Muon::new(config), parameters());
            parallel::on_threads(threads, || run(&mut muon, &mut p, 0..6)).unwrap();
            (muon.state(), p)
        };
        let one = whole(1);
        assert_eq!(one, whole(2));
        assert_eq!(one, whole(5));

        let (mut first, mut p) = (Muon::new(config), parameters());
        run(&mut first, &mut p, 0..2);
        let mut second = Muon::new(config);
        second.restore(first.state(), &p).unwrap();
        run(&mut second, &mut p, 2..6);
        assert_eq!(one, (second.state(), p));
    }
}
