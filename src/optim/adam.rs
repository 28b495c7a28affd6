//! Adam and AdamW.

use super::{Optimizer, State, StateError, pairs, zeros_like};
use crate::tensor::Tensor;
use crate::tensor::kernels::dispatch::vectorised;

/// Adam (Kingma & Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov & Hutter 2019,
/// algorithm 2, AdamW).
///
/// At step t, for each parameter p with gradient g, moments m and v, at first 0:
/// - m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g²
/// - p ← p - η m̂ / (sqrt(v̂) + ε) - η λ p, with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ)
///
/// β₁ = 0.9, β₂ = 0.999, ε = 1e-8, as in the paper. Only parameters of two or more axes decay:
/// weights do; biases, locations and scales do not.
#[derive(Clone, Debug)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    steps: u64,
    mean: Vec<Tensor>,
    square: Vec<Tensor>,
}

impl Adam {
    /// An optimizer before its first step. λ = 0 gives Adam, otherwise it is AdamW.
    pub fn new(weight_decay: f64) -> Self {
        let (mean, square) = (Vec::new(), Vec::new());
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay, steps: 0, mean, square }
    }

    /// The same optimizer with other decay rates of the moments.
    pub fn with_betas(self, beta1: f64, beta2: f64) -> Self {
        Self { beta1, beta2, ..self }
    }
}

impl Optimizer for Adam {
    fn step(&mut self, learning_rate: f64, parameters: &mut [Tensor], gradients: &[Tensor]) {
        if self.mean.is_empty() {
            self.mean = zeros_like(parameters);
            self.square = zeros_like(parameters);
        }
        self.steps += 1;
        let correction = |beta: f64| 1.0 - libm::pow(beta, self.steps as f64);
        // η m̂ / (sqrt(v̂) + ε) = rate m / (sqrt(v) + epsilon), so that the loop needs no
        // corrections.
        let root = correction(self.beta2).sqrt();
        let rate = (learning_rate * root / correction(self.beta1)) as f32;
        let epsilon = (self.epsilon * root) as f32;
        let (beta1, beta2) = (self.beta1 as f32, self.beta2 as f32);
        let (new1, new2) = ((1.0 - self.beta1) as f32, (1.0 - self.beta2) as f32);

        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((p, g), (m, v)) in pairs(parameters, gradients).zip(moments) {
            let decay = if p.rank() >= 2 { learning_rate * self.weight_decay } else { 0.0 };
            let keep = (1.0 - decay) as f32;
            let (p, m, v) = (p.as_mut_slice(), m.as_mut_slice(), v.as_mut_slice());
            vectorised(
                #[inline(always)]
                || {
                    for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
                        *m = beta1.mul_add(*m, new1 * g);
                        *v = beta2.mul_add(*v, new2 * g * g);
                        *p = keep.mul_add(*p, -rate * *m / (v.sqrt() + epsilon));
                    }
                },
            );
        }
    }

    fn state(&self) -> State {
        State { steps: self.steps, slots: vec![("mean", self.mean.clone()), ("square", self.square.clone())] }
    }

    fn restore(&mut self, state: State, parameters: &[Tensor]) -> Result<(), StateError> {
        self.steps = state.steps;
        [self.mean, self.square] = state.take(["mean", "square"], parameters)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    use super::*;

    /// The paper's algorithm, line by line, in f64.
    fn paper(p: &mut f64, gradients: &[f64], rate: f64, decay: f64) {
        let (mut m, mut v) = (0.0, 0.0);
        for (t, g) in (1..).zip(gradients) {
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (m_hat, v_hat) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
            *p -= rate * (m_hat / (v_hat.sqrt() + 1e-8) + decay * *p);
        }
    }

    proptest! {
        #[test]
        fn follows_the_paper(
            start in prop::collection::vec(-2.0_f64..2.0, 1..40),
            rate in 1e-4_f64..0.1,
            decay in 0.0_f64..0.5,
            steps in 1_usize..6,
        ) {
            let n = start.len();
            let gradient = |i: usize, t: usize| ((i * 7 + t * 3) % 11) as f64 / 4.0 - 1.1;
            let values: Vec<f32> = start.iter().map(|&x| x as f32).collect();
            let mut p = [Tensor::from_vec(&[n, 1], values).unwrap()];
            let mut adam = Adam::new(decay);
            for t in 0..steps {
                let g = (0..n).map(|i| gradient(i, t) as f32).collect();
                adam.step(rate, &mut p, &[Tensor::from_vec(&[n, 1], g).unwrap()]);
            }
            for (i, &want) in start.iter().enumerate() {
                let mut want = want;
                let g: Vec<f64> = (0..steps).map(|t| gradient(i, t)).collect();
                paper(&mut want, &g, rate, decay);
                prop_assert!((f64::from(p[0].as_slice()[i]) - want).abs() < 2e-6);
            }
        }
    }

    #[test]
    fn the_first_step_is_the_learning_rate_for_any_gradient() {
        for scale in [1e-3, 1.0, 1e3] {
            let mut p = [Tensor::vector(&[0.0, 0.0])];
            Adam::new(0.0).step(0.01, &mut p, &[Tensor::vector(&[scale, -2.0 * scale])]);
            assert_relative_eq!(p[0].as_slice()[0], -0.01, max_relative = 1e-4);
            assert_relative_eq!(p[0].as_slice()[1], 0.01, max_relative = 1e-4);
        }
    }

    #[test]
    fn decay_is_decoupled_and_for_weights_only() {
        let mut p = [Tensor::full(&[2, 2], 1.0), Tensor::full(&[2], 1.0)];
        let g = [Tensor::zeros(&[2, 2]), Tensor::zeros(&[2])];
        Adam::new(0.5).step(0.25, &mut p, &g);
        assert_eq!(p[0].as_slice(), [0.875; 4], "1 - 0.25 * 0.5, although the gradient is zero");
        assert_eq!(p[1].as_slice(), [1.0; 2]);
    }

    #[test]
    fn a_restored_optimizer_continues_to_the_same_bits() {
        let gradient = |t: u64| [Tensor::vector(&[(t % 5) as f32 - 1.5, 0.3])];
        let mut whole = (Adam::new(0.1), [Tensor::vector(&[1.0, 2.0])]);
        (0..10).for_each(|t| whole.0.step(0.1, &mut whole.1, &gradient(t)));

        let mut first = (Adam::new(0.1), [Tensor::vector(&[1.0, 2.0])]);
        (0..4).for_each(|t| first.0.step(0.1, &mut first.1, &gradient(t)));
        let mut second = Adam::new(0.1);
        second.restore(first.0.state(), &first.1).unwrap();
        (4..10).for_each(|t| second.step(0.1, &mut first.1, &gradient(t)));
        assert_eq!(whole.1, first.1);
        assert_eq!(whole.0.state(), second.state());
    }

    #[test]
    fn a_state_of_other_parameters_is_an_error() {
        let p = [Tensor::zeros(&[2])];
        let state = State { steps: 1, slots: vec![("mean", vec![Tensor::zeros(&[3])]), ("square", vec![])] };
        let error = Adam::new(0.0).restore(state, &p).unwrap_err();
        assert_eq!(error.to_string(), "optimizer state: the shapes of mean are not those of the parameters");
        assert!(Adam::new(0.0).restore(State::default(), &p).is_err());
    }
}
