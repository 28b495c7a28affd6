//! Classifiers of oriented gradients whose weights are outer products of three vectors.

use super::fit::Scorer;
use super::hog::{DIRECTIONS, GRID, LENGTH};
use crate::assignments::mnist::problem::CLASSES;
use crate::autodiff::Algebra;
use crate::nn::{Pass, parameters};
use crate::random::Stream;
use crate::tensor::Tensor;

/// The factor of the features. Their mean square becomes 16 / 392.
const SCALE: f64 = 4.0;

/// A canonical polyadic decomposition (Hitchcock 1927) of weights over directions, rows and
/// columns.
///
/// Unit r has the weights w_r = o_r ⊗ y_r ⊗ x_r for the features x, `[n, 392]`, which are `[n, 8,
/// 7, 7]` flattened:
///
/// z_r = 4 sum over k, i, j of o_rk y_ri x_rj x_kij.
///
/// The logits are A z, or with phases A sin(z + b). There are 32 or 33 parameters for each unit.
/// Vectors are initialised from N(0, 0.7²), A from N(0, 0.3²), and b with 0.
#[derive(Clone, Debug)]
pub(crate) struct Factored<A = Tensor> {
    /// The vectors o: `[units, 8]`.
    directions: A,
    /// The vectors y: `[units, 7]`.
    rows: A,
    /// The vectors x: `[units, 7]`.
    columns: A,
    /// The phases b: `[units]`.
    phases: Option<A>,
    /// The output weights A: `[units, 10]`.
    output: A,
}

impl Factored {
    /// Linear units, without phases.
    pub fn linear(units: usize, stream: &mut Stream) -> Self {
        let mut draw = |columns: usize, deviation: f64| {
            Tensor::from_fn(&[units, columns], || (deviation * stream.normal()) as f32)
        };
        Self {
            directions: draw(DIRECTIONS, 0.7),
            rows: draw(GRID, 0.7),
            columns: draw(GRID, 0.7),
            output: draw(CLASSES, 0.3),
            phases: None,
        }
    }

    /// Sine units, with phases.
    pub fn sines(units: usize, stream: &mut Stream) -> Self {
        Self { phases: Some(Tensor::zeros(&[units])), ..Self::linear(units, stream) }
    }
}

parameters!(Factored { directions, rows, columns, phases, output });

impl Scorer for Factored {
    fn logits<A: Algebra<Elem = f32>>(head: &Factored<A>, x: &A, _: &Pass<A>) -> A {
        let units = head.output.shape()[0];
        let grid = head.rows.reshape(&[units, GRID, 1]) * &head.columns.reshape(&[units, 1, GRID]);
        let weights = head.directions.reshape(&[units, DIRECTIONS, 1])
            * SCALE
            * &grid.reshape(&[units, 1, GRID * GRID]);
        let z = x.product(&weights.reshape(&[units, LENGTH]), false, true);
        match &head.phases {
            Some(phases) => (z + phases).sin().matmul(&head.output),
            None => z.matmul(&head.output),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fit::check_reach;
    use super::*;
    use crate::nn::Parameters as _;
    use crate::random::Purpose;

    fn descriptions() -> Tensor {
        let mut stream = Stream::new(1, Purpose::Data);
        Tensor::from_fn(&[40, LENGTH], || stream.uniform() as f32 - 0.5)
    }

    #[test]
    fn a_unit_is_a_product_of_three_vectors() {
        let head = Factored::linear(2, &mut Stream::new(0, Purpose::Init));
        let x = descriptions();
        let logits = Factored::logits(&head, &x, &Pass::inference());
        let of = |t: &Tensor, r: usize, i: usize| t.as_slice()[r * t.shape()[1] + i];
        for (n, x) in x.as_slice().chunks_exact(LENGTH).enumerate() {
            let z = |r: usize| -> f32 {
                let terms = x.iter().enumerate().map(|(i, x)| {
                    let (k, row, column) = (i / 49, i / 7 % 7, i % 7);
                    x * of(&head.directions, r, k) * of(&head.rows, r, row) * of(&head.columns, r, column)
                });
                4.0 * terms.sum::<f32>()
            };
            let expected = z(0) * of(&head.output, 0, 3) + z(1) * of(&head.output, 1, 3);
            assert!((of(&logits, n, 3) - expected).abs() < 1e-4);
        }
    }

    #[test]
    fn every_parameter_gets_a_gradient_and_is_counted() {
        let stream = &mut Stream::new(0, Purpose::Init);
        for (head, count) in [(Factored::linear(5, stream), 160), (Factored::sines(21, stream), 693)] {
            assert_eq!(head.count::<f32>(), count);
            check_reach(&head, &descriptions());
        }
    }
}
