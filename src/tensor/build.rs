//! Tensors from rows and from random numbers, and the index of the largest element.

use super::{Float, ShapeError, Tensor};
use crate::random::Stream;

impl<F: Float> Tensor<F> {
    /// A tensor of rank 2 from its rows, such as the records of a table that was read.
    ///
    /// ```
    /// use ece472::tensor::Tensor;
    ///
    /// let x = Tensor::from_rows(&[vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 6.0]]).unwrap();
    /// assert_eq!(x.shape(), [3, 2]);
    /// let error = Tensor::from_rows(&[vec![1.0, 2.0], vec![3.0]]).unwrap_err();
    /// assert_eq!(error.to_string(), "tensor: row 1 has 1 elements, row 0 has 2");
    /// ```
    ///
    /// # Errors
    /// If the rows differ in length. Without rows the shape is `[0, 0]`.
    pub fn from_rows<R: AsRef<[F]>>(rows: &[R]) -> Result<Self, ShapeError> {
        let width = rows.first().map_or(0, |row| row.as_ref().len());
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.as_ref().len() != width) {
            let message = format!("row {i} has {} elements, row 0 has {width}", row.as_ref().len());
            return Err(ShapeError::new("tensor", message));
        }
        let values = rows.iter().flat_map(AsRef::as_ref).copied().collect();
        Self::from_vec(&[rows.len(), width], values)
    }

    /// A tensor of independent standard normal numbers, N(0, 1), drawn in row-major order.
    ///
    /// ```
    /// use ece472::random::{Purpose, Stream};
    /// use ece472::tensor::Tensor;
    ///
    /// let x: Tensor = Tensor::randn(&[2, 3], &mut Stream::new(472, Purpose::Data));
    /// assert_eq!(x, Tensor::randn(&[2, 3], &mut Stream::new(472, Purpose::Data)));
    /// ```
    pub fn randn(shape: &[usize], stream: &mut Stream) -> Self {
        Self::from_fn(shape, || F::from_f64(stream.normal()))
    }

    /// A tensor of independent numbers that are uniform on [0, 1), drawn in row-major order.
    pub fn rand(shape: &[usize], stream: &mut Stream) -> Self {
        // A number just below 1 can be rounded to 1 in `f32`; it is drawn again.
        let mut draw = || F::from_f64(stream.uniform());
        Self::from_fn(shape, || {
            loop {
                let x = draw();
                if x < F::ONE {
                    return x;
                }
            }
        })
    }

    /// The index of the largest element along an axis, for each index of the other axes in
    /// row-major order. The first of equal elements counts, and NaN as larger than any number.
    ///
    /// ```
    /// use ece472::tensor::Tensor;
    ///
    /// let logits = Tensor::matrix(&[[0.1, 2.0, -1.0], [3.0, 0.0, 3.0]]);
    /// assert_eq!(logits.argmax(1), [1, 0]);
    /// assert_eq!(logits.argmax(0), [1, 0, 1]);
    /// ```
    ///
    /// # Panics
    /// If there is no such axis, or its extent is 0.
    #[track_caller]
    pub fn argmax(&self, axis: usize) -> Vec<usize> {
        let shape = self.shape();
        assert!(axis < shape.len(), "argmax: {shape:?} has no axis {axis}");
        assert!(shape[axis] > 0, "argmax: {shape:?}: axis {axis} has no elements");
        let (extent, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
        let blocks = self.as_slice().chunks_exact((extent * inner).max(1));
        let columns = blocks.flat_map(|block| (0..inner).map(move |i| &block[i..]));
        columns.map(|column| first_largest(column.iter().step_by(inner).take(extent))).collect()
    }
}

/// The index of the first largest number; NaN counts as larger than any other.
fn first_largest<'a, F: Float>(values: impl Iterator<Item = &'a F>) -> usize {
    #[expect(clippy::eq_op, reason = "NaN is not equal to itself")]
    let is_nan = |x: F| x != x;
    let mut best: Option<(usize, F)> = None;
    for (i, &x) in values.enumerate() {
        if best.is_none_or(|(_, largest)| x > largest || (is_nan(x) && !is_nan(largest))) {
            best = Some((i, x));
        }
    }
    best.map_or(0, |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn argmax_agrees_with_a_search_along_every_axis() {
        let x: Tensor = Tensor::randn(&[2, 3, 4], &mut Stream::new(1, Purpose::Data));
        let view = x.view();
        for axis in 0..3 {
            let search = |lane: ndarray::ArrayView1<'_, f32>| {
                (0..lane.len()).max_by(|&i, &j| lane[i].total_cmp(&lane[j])).unwrap()
            };
            let lanes = view.lanes(ndarray::Axis(axis)).into_iter().map(search);
            assert_eq!(x.argmax(axis), lanes.collect::<Vec<_>>(), "axis {axis}");
        }
    }

    #[test]
    fn argmax_takes_the_first_of_equals_and_nan_over_numbers() {
        let x = Tensor::matrix(&[[1.0, 1.0, 0.0], [0.0, f64::NAN, f64::INFINITY]]);
        assert_eq!(x.argmax(1), [0, 1]);
        assert!(Tensor::<f32>::zeros(&[0, 3]).argmax(1).is_empty());
    }

    #[test]
    fn random_tensors_have_their_distributions() {
        let mut stream = Stream::new(3, Purpose::Data);
        let mean = |x: &Tensor<f64>| x.as_slice().iter().sum::<f64>() / x.len() as f64;
        let normal: Tensor<f64> = Tensor::randn(&[100, 100], &mut stream);
        let squares = Tensor::vector(normal.as_slice());
        assert!(mean(&normal).abs() < 0.04 && (mean(&(&squares * &squares)) - 1.0).abs() < 0.06);
        let uniform: Tensor<f64> = Tensor::rand(&[100, 100], &mut stream);
        assert!((mean(&uniform) - 0.5).abs() < 0.012);
        assert!(uniform.as_slice().iter().all(|x| (0.0..1.0).contains(x)));
    }
}
