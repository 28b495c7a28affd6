//! Nearest-prototype classifiers: each digit has a point, and the nearest one is the answer.

use std::sync::Arc;

use super::fit::Scorer;
use crate::assignments::mnist::problem::CLASSES;
use crate::autodiff::Algebra;
use crate::nn::{Pass, parameters};
use crate::random::Stream;
use crate::tensor::Tensor;

/// The logit as a function of the distance D to a prototype.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fall {
    /// -D²: a normal distribution around each prototype.
    Normal,
    /// -3 ln(1 + D²): Student's t-distribution, which is more tolerant of outliers.
    Student,
}

impl Fall {
    /// The logits for squared distances.
    fn of<A: Algebra>(self, squares: &A) -> A {
        match self {
            Self::Normal => -squares.clone(),
            Self::Student => (squares.clone() + 1.0).ln() * -3.0,
        }
    }
}

/// Learned prototypes c_k: `[10, d]`. Some of their coordinates may be fixed at zero.
///
/// The logit of class k depends on the distance |x - c_k|. `x: [n, d]`. Prototypes are initialised
/// from N(0, 0.1²).
#[derive(Clone, Debug)]
pub(crate) struct Prototypes<A = Tensor> {
    /// The learned coordinates.
    coordinates: A,
    /// The indices of the learned coordinates in c.
    free: Arc<[usize]>,
    dimensions: usize,
    fall: Fall,
}

impl Prototypes {
    /// Random prototypes. All coordinates are learned.
    pub fn new(dimensions: usize, fall: Fall, stream: &mut Stream) -> Self {
        Self::masked(&"1".repeat(CLASSES * dimensions), fall, stream)
    }

    /// Random prototypes. Coordinates are learned where the mask, class after class, has a 1.
    pub fn masked(mask: &str, fall: Fall, stream: &mut Stream) -> Self {
        let mask: Vec<char> = mask.chars().filter(|c| !c.is_whitespace()).collect();
        let free: Arc<[usize]> = (0..mask.len()).filter(|&i| mask[i] == '1').collect();
        let coordinates = Tensor::from_fn(&[free.len()], || (0.1 * stream.normal()) as f32);
        Self { coordinates, free, dimensions: mask.len() / CLASSES, fall }
    }
}

parameters!(Prototypes { coordinates; free, dimensions, fall });

impl Scorer for Prototypes {
    fn logits<A: Algebra<Elem = f32>>(head: &Prototypes<A>, x: &A, _: &Pass<A>) -> A {
        let c = head.coordinates.scatter_add(0, Arc::clone(&head.free), CLASSES * head.dimensions);
        head.fall.of(&squared_distances(x, &c.reshape(&[CLASSES, head.dimensions])))
    }
}

/// A learned scale s_j and offset o_j for each feature, with fixed prototypes c_k.
///
/// The logit of class k is -|s x + o - c_k|², where s x is the elementwise product. Scales are
/// initialised from N(1, 0.1²), offsets with 0.
#[derive(Clone, Debug)]
pub(crate) struct Scales<A = Tensor> {
    factors: A,
    offsets: A,
    prototypes: Tensor,
}

impl Scales {
    /// Random scales and zero offsets for prototypes `[10, d]`.
    pub fn new(prototypes: Tensor, stream: &mut Stream) -> Self {
        let d = prototypes.shape()[1];
        let factors = Tensor::from_fn(&[d], || (1.0 + 0.1 * stream.normal()) as f32);
        Self { factors, offsets: Tensor::zeros(&[d]), prototypes }
    }
}

parameters!(Scales { factors, offsets; prototypes });

impl Scorer for Scales {
    fn logits<A: Algebra<Elem = f32>>(head: &Scales<A>, x: &A, pass: &Pass<A>) -> A {
        let moved = x.clone() * &head.factors + &head.offsets;
        Fall::Normal.of(&squared_distances(&moved, &pass.constant(head.prototypes.clone())))
    }
}

/// The squared distances |x_i - c_k|²: `[n, d]` and `[10, d]` to `[n, 10]`.
fn squared_distances<A: Algebra>(x: &A, prototypes: &A) -> A {
    let (n, d) = (x.shape()[0], x.shape()[1]);
    (x.reshape(&[n, 1, d]) - &prototypes.reshape(&[1, CLASSES, d])).powi(2).sum_over(&[2])
}

#[cfg(test)]
mod tests {
    use super::super::fit::check_reach;
    use super::*;
    use crate::random::Purpose;

    fn stream() -> Stream {
        Stream::new(0, Purpose::Init)
    }

    fn points(n: usize, d: usize) -> Tensor {
        let mut stream = Stream::new(1, Purpose::Data);
        Tensor::from_fn(&[n, d], || stream.normal() as f32)
    }

    #[test]
    fn the_nearest_prototype_has_the_largest_logit() {
        let x = points(20, 3);
        for fall in [Fall::Normal, Fall::Student] {
            let head = Prototypes::new(3, fall, &mut stream());
            let logits = Prototypes::logits(&head, &x, &Pass::inference());
            let prototype = |k: usize| &head.coordinates.as_slice()[3 * k..][..3];
            for (x, logits) in x.as_slice().chunks_exact(3).zip(logits.as_slice().chunks_exact(CLASSES)) {
                let distance =
                    |k: usize| x.iter().zip(prototype(k)).map(|(x, c)| (x - c).powi(2)).sum::<f32>();
                let nearest = (0..CLASSES).min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
                assert_eq!(nearest, (0..CLASSES).max_by(|&a, &b| logits[a].total_cmp(&logits[b])));
            }
        }
    }

    #[test]
    fn a_masked_coordinate_is_zero() {
        let mask = "10 11 11 11 11 11 11 11 11 01";
        let head = Prototypes::masked(mask, Fall::Normal, &mut stream());
        assert_eq!(head.coordinates.len(), 18);
        // Of the first class only the first coordinate is learned: far along the second, the logit
        // is -y².
        let x = Tensor::matrix(&[[head.coordinates.as_slice()[0], 3.0]]);
        assert!((Prototypes::logits(&head, &x, &Pass::inference()).as_slice()[0] + 9.0).abs() < 1e-5);
    }

    #[test]
    fn every_parameter_gets_a_gradient() {
        check_reach(&Prototypes::new(3, Fall::Student, &mut stream()), &points(30, 3));
        check_reach(&Scales::new(points(CLASSES, 6), &mut stream()), &points(30, 6));
    }
}
