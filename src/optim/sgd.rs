//! Stochastic gradient descent.

use super::{Optimizer, State, StateError, pairs, zeros_like};
use crate::tensor::Tensor;
use crate::tensor::kernels::dispatch::vectorised;

/// Stochastic gradient descent, optionally with momentum (Polyak 1964) or Nesterov's momentum.
///
/// With learning rate η, momentum μ, gradient g and velocity v, at first 0:
/// - plain: p ← p - η g
/// - momentum: v ← μ v + g, p ← p - η v
/// - Nesterov: v ← μ v + g, p ← p - η (g + μ v), the form of Sutskever et al. 2013 (equations 3
///   and 4) in which the parameters are those of the look-ahead point.
///
/// Weight decay is decoupled: η λ p is also subtracted from p (Loshchilov & Hutter 2019, algorithm
/// 1, SGDW). As in [`Adam`](super::Adam), only parameters of two or more axes decay. The learning
/// rate of the others, biases and scales, may have another factor.
#[derive(Clone, Debug)]
pub struct Sgd {
    momentum: f64,
    nesterov: bool,
    weight_decay: f64,
    vector_rate: f64,
    steps: u64,
    velocity: Vec<Tensor>,
}

impl Sgd {
    /// An optimizer before its first step, without weight decay and with one learning rate.
    pub fn new(momentum: f64, nesterov: bool) -> Self {
        Self { momentum, nesterov, weight_decay: 0.0, vector_rate: 1.0, steps: 0, velocity: Vec::new() }
    }

    /// The same optimizer with a weight decay λ.
    pub fn with_weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// The same optimizer with a factor of the learning rate for parameters with fewer than two
    /// axes.
    pub fn with_vector_rate(self, vector_rate: f64) -> Self {
        Self { vector_rate, ..self }
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, learning_rate: f64, parameters: &mut [Tensor], gradients: &[Tensor]) {
        self.steps += 1;
        if self.velocity.is_empty() && self.momentum != 0.0 {
            self.velocity = zeros_like(parameters);
        }
        let descent = |rank: usize| {
            let vector = rank < 2;
            let decay = if vector { 0.0 } else { learning_rate * self.weight_decay };
            Descent {
                rate: (if vector { learning_rate * self.vector_rate } else { learning_rate }) as f32,
                keep: (1.0 - decay) as f32,
                momentum: self.momentum as f32,
                nesterov: self.nesterov,
            }
        };
        if self.momentum == 0.0 {
            pairs(parameters, gradients).for_each(|(p, g)| descent(p.rank()).plain(p, g));
        } else {
            for ((p, g), v) in pairs(parameters, gradients).zip(&mut self.velocity) {
                descent(p.rank()).step(p, g, v);
            }
        }
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

/// A step of one parameter.
pub(super) struct Descent {
    /// η
    pub rate: f32,
    /// 1 - η λ
    pub keep: f32,
    /// μ
    pub momentum: f32,
    pub nesterov: bool,
}

impl Descent {
    /// A step without momentum.
    fn plain(&self, p: &mut Tensor, g: &[f32]) {
        let (rate, keep, p) = (self.rate, self.keep, p.as_mut_slice());
        vectorised(
            #[inline(always)]
            || p.iter_mut().zip(g).for_each(|(p, g)| *p = (-rate).mul_add(*g, keep * *p)),
        );
    }

    /// A step with momentum; `v` is the velocity.
    pub fn step(&self, p: &mut Tensor, g: &[f32], v: &mut Tensor) {
        let Self { rate, keep, momentum, nesterov } = *self;
        // Nesterov's step is η g + η μ v, momentum's 0 g + η v.
        let (of_g, of_v) = if nesterov { (rate, rate * momentum) } else { (0.0, rate) };
        let (p, v) = (p.as_mut_slice(), v.as_mut_slice());
        vectorised(
            #[inline(always)]
            || {
                for ((p, &g), v) in p.iter_mut().zip(g).zip(v) {
                    *v = momentum.mul_add(*v, g);
                    *p = keep.mul_add(*p, -of_v.mul_add(*v, of_g * g));
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The trajectory of x under a/2 x², whose gradient is a x.
    fn trajectory(mut optimizer: Sgd, rate: f64, a: f32, steps: usize) -> Vec<f64> {
        let mut p = [Tensor::scalar(1.0)];
        let mut step = || {
            let g = [Tensor::scalar(a * p[0].item())];
            optimizer.step(rate, &mut p, &g);
            f64::from(p[0].item())
        };
        (0..steps).map(|_| step()).collect()
    }

    #[test]
    fn two_steps_by_hand() {
        // p = 1, g = 2 and then 1, η = 1/4, μ = 1/2, all exact in binary.
        let two = |mut optimizer: Sgd| {
            let mut p = [Tensor::vector(&[1.0])];
            optimizer.step(0.25, &mut p, &[Tensor::vector(&[2.0])]);
            let first = p[0].item();
            optimizer.step(0.25, &mut p, &[Tensor::vector(&[1.0])]);
            (first, p[0].item())
        };
        assert_eq!(two(Sgd::new(0.0, false)), (0.5, 0.25));
        // v = 2, and then 2/2 + 1 = 2.
        assert_eq!(two(Sgd::new(0.5, false)), (0.5, 0.0));
        // 1 - (2 + 2/2)/4 = 1/4, and then 1/4 - (1 + 2/2)/4.
        assert_eq!(two(Sgd::new(0.5, true)), (0.25, -0.25));
    }

    #[test]
    fn on_a_parabola_the_distance_shrinks_by_a_constant_factor() {
        for (t, x) in trajectory(Sgd::new(0.0, false), 0.1, 3.0, 30).iter().enumerate() {
            assert!((x - 0.7_f64.powi(t as i32 + 1)).abs() < 1e-6);
        }
    }

    #[test]
    fn momentum_on_a_parabola_follows_the_roots_of_its_recurrence() {
        // x_{t+1} = (1 + μ - η a) x_t - μ x_{t-1}: x_t = c_1 z_1^t + c_2 z_2^t with the roots z of
        // z² - (1 + μ - η a) z + μ = 0, here real; x_0 = 1, x_1 = 1 - η a.
        let (rate, a, mu) = (0.1, 0.1_f64, 0.5);
        let sum = 1.0 + mu - rate * a;
        let root = (sum * sum / 4.0 - mu).sqrt();
        let (z1, z2) = (sum / 2.0 + root, sum / 2.0 - root);
        let c1 = (1.0 - rate * a - z2) / (z1 - z2);
        for (t, x) in trajectory(Sgd::new(mu, false), rate, a as f32, 40).iter().enumerate() {
            let t = t as i32 + 1;
            assert!((x - (c1 * z1.powi(t) + (1.0 - c1) * z2.powi(t))).abs() < 1e-6);
        }
    }

    #[test]
    fn nesterov_damps_the_oscillation_of_momentum() {
        // With η a = 1 the roots of momentum's recurrence are complex with modulus sqrt(μ).
        // Nesterov's look-ahead point is then at the minimum of the parabola after one step,
        // x_1 = 1 - (1 + μ), and after that |x| shrinks faster.
        let last = |nesterov| trajectory(Sgd::new(0.9, nesterov), 0.5, 1.0, 60).last().unwrap().abs();
        assert!(last(true) < 1e-3 * last(false));
    }

    #[test]
    fn decay_is_decoupled_and_for_weights_only() {
        for (momentum, nesterov) in [(0.0, false), (0.5, false), (0.5, true)] {
            let mut p = [Tensor::full(&[2, 2], 1.0), Tensor::full(&[2], 1.0)];
            let mut sgd = Sgd::new(momentum, nesterov).with_weight_decay(0.5);
            for _ in 0..2 {
                sgd.step(0.25, &mut p, &[Tensor::zeros(&[2, 2]), Tensor::zeros(&[2])]);
            }
            assert_eq!(p[0].as_slice(), [0.875 * 0.875; 4], "(1 - 0.25 * 0.5)², and it adds no velocity");
            assert_eq!(p[1].as_slice(), [1.0; 2]);
        }
    }

    #[test]
    fn vectors_have_their_own_learning_rate() {
        let gradients = |t: usize| [Tensor::full(&[2, 1], t as f32), Tensor::vector(&[0.5, t as f32])];
        let run = |mut sgd: Sgd, rate: f64| {
            let mut p = [Tensor::zeros(&[2, 1]), Tensor::zeros(&[2])];
            (0..5).for_each(|t| sgd.step(rate, &mut p, &gradients(t)));
            p
        };
        for momentum in [0.0, 0.9] {
            let [weight, vector] = run(Sgd::new(momentum, true).with_vector_rate(8.0), 0.25);
            assert_eq!(weight, run(Sgd::new(momentum, true), 0.25)[0]);
            assert_eq!(vector, run(Sgd::new(momentum, true), 2.0)[1]);
        }
    }
}
