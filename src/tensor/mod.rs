//! Tensors, and the kernels that compute with them.

mod build;
mod display;
mod error;
mod float;
pub mod kernels;
mod mask;
mod pool;
mod shape;
pub(crate) mod window;

use std::fmt;
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, IxDyn};

pub use error::ShapeError;
pub use float::Float;
pub use kernels::math::Elementary;
pub use mask::Mask;
pub use shape::{MAX_RANK, Shape};
pub use window::Window;

/// A warning for the user if the processor computes the same bits, but slowly.
pub fn slow_processor() -> Option<&'static str> {
    (!kernels::dispatch::fuses()).then_some(
        "this processor lacks AVX2 and FMA: results are the same to the bit, but many times slower",
    )
}

/// A shared, copy-on-write array of any rank up to [`MAX_RANK`], in row-major order.
///
/// Cloning and reshaping share the elements; writing to shared elements copies them first. `F` is
/// `f32` for training and `f64` for checks. Arithmetic is in [`Algebra`](crate::autodiff::Algebra),
/// which tensors and the variables of a tape share. [`Tensor::view`] and `From<ArrayD<F>>` convert
/// to and from `ndarray`.
#[derive(Clone)]
pub struct Tensor<F: Float = f32> {
    shape: Shape,
    buffer: Arc<Buffer<F>>,
}

/// Elements that go back to the pool when the last tensor that shares them is dropped. The buffer
/// may be longer than the tensor.
struct Buffer<F: Float>(Vec<F>);

impl<F: Float> Drop for Buffer<F> {
    fn drop(&mut self) {
        pool::give(std::mem::take(&mut self.0));
    }
}

impl<F: Float> Tensor<F> {
    /// A tensor whose elements `write` puts into a slice.
    ///
    /// The slice holds unspecified values at first (NaN in debug builds), so `write` has to set
    /// all.
    pub(crate) fn build(shape: &[usize], write: impl FnOnce(&mut [F])) -> Self {
        let len = shape.iter().product();
        let mut values = pool::take(len);
        write(&mut values[..len]);
        Self { shape: shape.into(), buffer: Arc::new(Buffer(values)) }
    }

    /// A tensor of the given shape from its elements in row-major order.
    ///
    /// # Errors
    /// If the number of elements is not the product of the extents, or there are more than
    /// [`MAX_RANK`] axes.
    pub fn from_vec(shape: &[usize], values: Vec<F>) -> Result<Self, ShapeError> {
        if shape.len() > MAX_RANK {
            let message = format!("the shape {shape:?} has {} axes, more than {MAX_RANK}", shape.len());
            return Err(ShapeError::new("tensor", message));
        }
        let product = shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent));
        if product != Some(values.len()) {
            let message = format!("{} values do not fill the shape {shape:?}", values.len());
            return Err(ShapeError::new("tensor", message));
        }
        Ok(Self { shape: shape.into(), buffer: Arc::new(Buffer(values)) })
    }

    /// A tensor of rank 1.
    pub fn vector(values: &[F]) -> Self {
        Self::build(&[values.len()], |out| out.copy_from_slice(values))
    }

    /// A tensor of rank 2 from its rows.
    ///
    /// # Panics
    /// If the rows differ in length.
    #[track_caller]
    pub fn matrix<const N: usize>(rows: &[[F; N]]) -> Self {
        Self::build(&[rows.len(), N], |out| out.copy_from_slice(rows.as_flattened()))
    }

    /// A tensor of rank 0.
    pub fn scalar(value: F) -> Self {
        Self::full(&[], value)
    }

    /// A tensor with the same value everywhere.
    pub fn full(shape: &[usize], value: F) -> Self {
        Self::build(shape, |out| out.fill(value))
    }

    /// A tensor of zeros.
    pub fn zeros(shape: &[usize]) -> Self {
        Self::full(shape, F::ZERO)
    }

    /// A tensor of ones.
    pub fn ones(shape: &[usize]) -> Self {
        Self::full(shape, F::ONE)
    }

    /// A tensor whose elements are drawn or computed one after another, in row-major order.
    pub fn from_fn(shape: &[usize], mut f: impl FnMut() -> F) -> Self {
        Self::build(shape, |out| out.fill_with(&mut f))
    }

    /// The extent along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in row-major order.
    pub fn as_slice(&self) -> &[F] {
        &self.buffer.0[..self.len()]
    }

    /// The elements in row-major order, to change. Copies them first if another tensor shares them.
    pub fn as_mut_slice(&mut self) -> &mut [F] {
        let len = self.len();
        if Arc::get_mut(&mut self.buffer).is_none() {
            *self = Self::build(&self.shape, |out| out.copy_from_slice(self.as_slice()));
        }
        let buffer = Arc::get_mut(&mut self.buffer).expect("a buffer that was just made has one owner");
        &mut buffer.0[..len]
    }

    /// The value of a tensor that has just one element.
    ///
    /// # Panics
    /// If it has another number of elements.
    #[track_caller]
    pub fn item(&self) -> F {
        assert!(self.len() == 1, "item: a tensor of shape {:?} is not a single number", self.shape);
        self.buffer.0[0]
    }

    /// The tensor as an `ndarray` view.
    pub fn view(&self) -> ArrayViewD<'_, F> {
        ArrayViewD::from_shape(IxDyn(&self.shape), self.as_slice()).expect("rows follow one another")
    }

    /// f of each element.
    pub fn map(&self, f: impl Fn(F) -> F) -> Self {
        kernels::elementwise::map(self, f)
    }

    /// The same elements in another element type, rounded to nearest.
    pub fn cast<G: Float>(&self) -> Tensor<G> {
        Tensor::build(&self.shape, |out| {
            for (y, x) in out.iter_mut().zip(self.as_slice()) {
                *y = G::from_f64(x.to_f64());
            }
        })
    }

    /// The same elements in another shape. The caller has checked that it fits.
    pub(crate) fn reshaped(&self, shape: &[usize]) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), self.len());
        Self { shape: shape.into(), buffer: Arc::clone(&self.buffer) }
    }

    /// The index along each axis of an element, given its index in row-major order.
    pub(crate) fn index_of(&self, mut element: usize) -> Vec<usize> {
        let mut index = vec![0; self.rank()];
        for (i, &n) in index.iter_mut().zip(self.shape()).rev() {
            (*i, element) = (element % n, element / n);
        }
        index
    }

    /// Whether every element is finite.
    pub fn is_finite(&self) -> bool {
        kernels::reduce::all_finite(self.as_slice())
    }
}

impl<F: Float> From<ArrayD<F>> for Tensor<F> {
    fn from(array: ArrayD<F>) -> Self {
        let shape = array.shape().into();
        let values = array.as_standard_layout().into_owned().into_raw_vec_and_offset().0;
        Self { shape, buffer: Arc::new(Buffer(values)) }
    }
}

impl<F: Float> PartialEq for Tensor<F> {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.as_slice() == other.as_slice()
    }
}

impl<F: Float> fmt::Debug for Tensor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor {:?}", self.view())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_to_a_clone_leaves_the_original() {
        let a = Tensor::vector(&[1.0_f32, 2.0]);
        let mut b = a.clone();
        assert_eq!(a.as_slice().as_ptr(), b.as_slice().as_ptr(), "a clone shares its elements");
        b.as_mut_slice()[0] = 5.0;
        assert_eq!((a.as_slice(), b.as_slice()), (&[1.0, 2.0][..], &[5.0, 2.0][..]));
        let address = b.as_slice().as_ptr();
        assert_eq!(b.as_mut_slice().as_ptr(), address, "a sole owner writes in place");
    }

    #[test]
    fn ndarray_there_and_back() {
        let array = ArrayD::from_shape_fn(IxDyn(&[2, 3]), |i| (10 * i[0] + i[1]) as f32);
        let tensor = Tensor::from(array.clone().permuted_axes(IxDyn(&[1, 0])));
        assert_eq!(tensor.as_slice(), [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
        assert_eq!(tensor.view(), array.t());
    }

    #[test]
    fn a_wrong_number_of_values_is_an_error() {
        let error = Tensor::from_vec(&[2, 2], vec![1.0_f32; 3]).unwrap_err();
        assert_eq!(error.to_string(), "tensor: 3 values do not fill the shape [2, 2]");
    }

    #[test]
    fn impossible_shapes_are_errors() {
        let message = |shape: &[usize]| Tensor::from_vec(shape, vec![1.0_f32]).unwrap_err().to_string();
        assert_eq!(
            message(&[1; MAX_RANK + 1]),
            "tensor: the shape [1, 1, 1, 1, 1, 1, 1] has 7 axes, more than 6"
        );
        // The product of these is 1 if it wraps around.
        let odd = usize::MAX;
        assert!(message(&[odd, odd]).contains("1 values do not fill the shape"));
        assert_eq!(Tensor::<f32>::from_vec(&[1; MAX_RANK], vec![2.0]).unwrap().item(), 2.0);
    }

    #[test]
    fn empty_tensors_and_scalars_exist() {
        assert_eq!(Tensor::<f32>::zeros(&[0, 3]).len(), 0);
        assert_eq!(Tensor::scalar(2.5_f64).item(), 2.5);
    }
}
