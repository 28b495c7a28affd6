//! Reproducible randomness: ChaCha streams, one per purpose.
//!
//! A draw depends only on (seed, purpose, step, item). It does not depend on the number of threads,
//! or on earlier draws for another purpose. A resumed run therefore draws the same numbers as an
//! uninterrupted one. The four numbers are the ChaCha key, so different tuples give independent
//! streams (Bernstein 2008, "ChaCha, a variant of Salsa20").

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, UnitDisc};

/// The purpose of a stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// Drawing synthetic data.
    Data = 1,
    /// Initial values of parameters.
    Init = 2,
    /// The order of the training examples.
    Shuffle = 3,
    /// Augmentation of training examples.
    Augment = 4,
    /// Dropout and other noise inside a network.
    Dropout = 5,
    /// Splitting data into parts: folds, training and validation.
    Split = 6,
    /// Fresh data for evaluation, disjoint from `Data`.
    Holdout = 7,
    /// Inputs and directions of gradient checks.
    Check = 8,
    /// Mixing training examples with one another.
    Mix = 9,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `seed` for one purpose.
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        Self::at(seed, purpose, 0, 0)
    }

    /// The stream of `seed` for one purpose at one step and item (an epoch, an example, a shard).
    pub fn at(seed: u64, purpose: Purpose, step: u64, item: u64) -> Self {
        let mut key = [0; 32];
        for (bytes, number) in key.chunks_exact_mut(8).zip([seed, purpose as u64, step, item]) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// One of 2^64 branches, which begins at its start wherever this stream is. All branches have
    /// the same key and different nonces, so they are independent. Branch 0 is the stream itself.
    pub fn branch(&self, number: u64) -> Self {
        let mut branch = ChaCha8Rng::from_seed(self.0.get_seed());
        branch.set_stream(number);
        Self(branch)
    }

    /// Uniform on [0, 1), in steps of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    /// Standard normal, N(0, 1), by the polar method (Marsaglia & Bray 1964).
    ///
    /// The logarithm is the one of `libm` in pure Rust, so the bits do not depend on the platform.
    pub fn normal(&mut self) -> f64 {
        loop {
            let [x, y]: [f64; 2] = UnitDisc.sample(&mut self.0);
            let s = x * x + y * y;
            if s > 0.0 && s < 1.0 {
                return x * (-2.0 * libm::log(s) / s).sqrt();
            }
        }
    }

    /// Beta(alpha, alpha) on [0, 1], as X / (X + Y) for two variates X and Y of Gamma(alpha, 1).
    ///
    /// # Panics
    /// Unless alpha is from 1e-9 to 1e9.
    pub fn beta(&mut self, alpha: f64) -> f64 {
        assert!((1e-9..=1e9).contains(&alpha), "beta: alpha = {alpha} is not from 1e-9 to 1e9");
        let [x, y] = [self.ln_gamma(alpha), self.ln_gamma(alpha)];
        1.0 / (1.0 + libm::exp(y - x))
    }

    /// The logarithm of a variate of Gamma(shape, 1). Unlike the variate, it does not underflow for
    /// small shapes (Marsaglia & Tsang 2000, "A simple method for generating gamma variables").
    fn ln_gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return libm::log(self.positive()) / shape + self.ln_gamma(shape + 1.0);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let t = 1.0 + c * x;
            let v = t * t * t;
            if v > 0.0 && libm::log(self.positive()) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
                return libm::log(d * v);
            }
        }
    }

    /// Uniform on (0, 1].
    fn positive(&mut self) -> f64 {
        1.0 - self.uniform()
    }

    /// A uniformly random integer in 0..bound.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound as u64) as usize
    }

    /// Brings `items` into a uniformly random order (Fisher & Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// The integers 0..n in a uniformly random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    fn moments(draws: &[f64]) -> (f64, f64) {
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        (mean, draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n)
    }

    #[test]
    fn a_stream_is_a_function_of_its_four_numbers() {
        let draw = |seed, purpose, step, item| Stream::at(seed, purpose, step, item).uniform();
        let first = draw(1, Purpose::Data, 2, 3);
        assert_eq!(first, draw(1, Purpose::Data, 2, 3));
        assert_ne!(first, draw(2, Purpose::Data, 2, 3));
        assert_ne!(first, draw(1, Purpose::Init, 2, 3));
        assert_ne!(first, draw(1, Purpose::Data, 3, 3));
        assert_ne!(first, draw(1, Purpose::Data, 2, 4));
    }

    #[test]
    fn uniform_has_its_moments_and_range() {
        let mut stream = Stream::new(0, Purpose::Data);
        let draws: Vec<f64> = (0..100_000).map(|_| stream.uniform()).collect();
        let (mean, variance) = moments(&draws);
        assert!((mean - 0.5).abs() < 4e-3 && (variance - 1.0 / 12.0).abs() < 2e-3);
        assert!(draws.iter().all(|x| (0.0..1.0).contains(x)));
    }

    #[test]
    fn normal_has_its_moments_and_tails() {
        let mut stream = Stream::new(0, Purpose::Data);
        let draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let (mean, variance) = moments(&draws);
        assert!(mean.abs() < 0.012 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let beyond = |t: f64| draws.iter().filter(|x| x.abs() > t).count() as f64 / 1e5;
        assert!((beyond(1.0) - 0.3173).abs() < 0.006 && (beyond(3.0) - 0.0027).abs() < 0.0007);
    }

    #[test]
    fn branches_differ_and_begin_at_their_start() {
        let mut stream = Stream::new(0, Purpose::Data);
        let before = stream.branch(3).uniform();
        let first = stream.uniform();
        assert_eq!((stream.branch(3).uniform(), stream.branch(0).uniform()), (before, first));
        assert_ne!(before, first);
        assert_ne!(before, stream.branch(4).uniform());
    }

    #[test]
    fn beta_has_its_moments_and_range() {
        for alpha in [0.2, 0.5, 1.0, 3.0, 50.0] {
            let mut stream = Stream::new(0, Purpose::Data);
            let draws: Vec<f64> = (0..100_000).map(|_| stream.beta(alpha)).collect();
            let (mean, variance) = moments(&draws);
            let expected = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 4.0 * (expected / 1e5_f64).sqrt(), "{alpha}: {mean}");
            assert!((variance / expected - 1.0).abs() < 0.02, "{alpha}: {variance}");
            assert!(draws.iter().all(|x| (0.0..=1.0).contains(x)));
        }
        // Beta(1, 1) is uniform, and Beta(1/2, 1/2) is the arcsine distribution.
        let below = |alpha: f64, bound: f64| {
            let mut stream = Stream::new(1, Purpose::Data);
            (0..100_000).filter(|_| stream.beta(alpha) < bound).count() as f64 / 1e5
        };
        assert!((below(1.0, 0.1) - 0.1).abs() < 0.004);
        assert!((below(0.5, 0.1) - 2.0 / PI * 0.1_f64.sqrt().asin()).abs() < 0.006);
        // In the limit of small alpha the values are 0 or 1.
        assert!((below(1e-9, 0.5) - 0.5).abs() < 0.006 && below(1e-9, 1e-3) == below(1e-9, 0.999));
    }

    #[test]
    fn permutation_is_a_bijection_and_changes_the_order() {
        let mut order = Stream::new(7, Purpose::Shuffle).permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }
}
