//! Matrix products.

use matrixmultiply::{dgemm, sgemm};

use super::dispatch::{fuses, vectorised};
use crate::tensor::{Float, Tensor};

/// A matrix in a slice: its extents, and the steps from row to row and from column to column.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, F> {
    values: &'a [F],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a, F> Matrix<'a, F> {
    /// A row-major matrix, or the transpose of one if `transposed`.
    fn new(values: &'a [F], rows: usize, columns: usize, transposed: bool) -> Self {
        assert_eq!(values.len(), rows * columns);
        let matrix = Self { values, rows, columns, row_step: columns, column_step: 1 };
        if transposed { matrix.transposed() } else { matrix }
    }

    /// A matrix whose rows begin every `row_step` elements.
    pub(super) fn block(values: &'a [F], rows: usize, columns: usize, row_step: usize) -> Self {
        assert!(rows == 0 || (rows - 1) * row_step + columns <= values.len());
        Self { values, rows, columns, row_step, column_step: 1 }
    }

    /// The transpose.
    pub(super) fn transposed(self) -> Self {
        let Self { values, rows, columns, row_step, column_step } = self;
        Self { values, rows: columns, columns: rows, row_step: column_step, column_step: row_step }
    }

    fn row(&self, i: usize) -> &'a [F] {
        debug_assert_eq!(self.column_step, 1);
        &self.values[i * self.row_step..][..self.columns]
    }
}

/// Element types with a matrix product.
pub trait Gemm: Copy + Sized {
    /// c = a b + beta c, where the rows of c begin every `row_step` elements. If beta is 0, the old
    /// values of c are ignored.
    #[doc(hidden)]
    fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, beta: Self, c: &mut [Self], row_step: usize);
}

macro_rules! gemm {
    ($type:ty, $gemm:ident) => {
        impl Gemm for $type {
            #[expect(unsafe_code, reason = "the library's interface is raw pointers and strides")]
            fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, beta: Self, c: &mut [Self], row_step: usize) {
                assert_eq!(a.columns, b.rows);
                assert!(b.columns <= row_step);
                assert!(a.rows == 0 || (a.rows - 1) * row_step + b.columns <= c.len());
                if !fuses() {
                    return one_by_one(a, b, beta, c, row_step);
                }
                // SAFETY: extents and steps of each operand stay inside its slice. The constructors
                // of `Matrix` check this for the inputs, the assertions above for the result. `c`
                // is borrowed mutably, and its rows do not overlap.
                unsafe {
                    $gemm(
                        a.rows,
                        a.columns,
                        b.columns,
                        1.0,
                        a.values.as_ptr(),
                        a.row_step as isize,
                        a.column_step as isize,
                        b.values.as_ptr(),
                        b.row_step as isize,
                        b.column_step as isize,
                        beta,
                        c.as_mut_ptr(),
                        row_step as isize,
                        1,
                    );
                }
            }
        }
    };
}

/// a b + beta c with the bits that the library has on processors with fused multiply-add. Without
/// these instructions the library rounds twice. As in the library, blocks of [`DEEP`] terms are
/// summed in order, and then added.
fn one_by_one<F: Float>(a: Matrix<'_, F>, b: Matrix<'_, F>, beta: F, c: &mut [F], row_step: usize) {
    for i in 0..a.rows {
        for j in 0..b.columns {
            let c = &mut c[i * row_step + j];
            // 0 is added too, since it can change the sign of a zero, as in the library.
            let mut total = if beta == F::ZERO { F::ZERO } else { beta * *c };
            for block in (0..a.columns).step_by(DEEP) {
                let terms = block..a.columns.min(block + DEEP);
                let sum = terms.fold(F::ZERO, |sum, k| {
                    let a = a.values[i * a.row_step + k * a.column_step];
                    a.mul_add(b.values[k * b.row_step + j * b.column_step], sum)
                });
                total += sum;
            }
            *c = total;
        }
    }
}

gemm!(f32, sgemm);
gemm!(f64, dgemm);

/// Below this many multiplications, packing the operands costs more than it saves.
const SMALL: usize = 4096;
/// For up to this many terms the library adds the terms of a sum in order, as our own loops do. So
/// a row of the product has the same bits whichever loop computes it.
const DEEP: usize = 256;

/// One product. Only the shapes decide which loop runs, so only they decide the bits.
fn multiply<F: Float>(a: Matrix<'_, F>, b: Matrix<'_, F>, c: &mut [F]) {
    let (inner, columns) = (a.columns, b.columns);
    if inner == 0 {
        c.fill(F::ZERO);
    } else if columns == 1 && a.column_step == 1 && b.row_step == 1 {
        vectorised(
            #[inline(always)]
            || {
                for (i, c) in c.iter_mut().enumerate() {
                    *c = dot(a.row(i), b.values);
                }
            },
        );
    } else if columns == 1 && a.row_step == 1 && b.row_step == 1 {
        c.fill(F::ZERO);
        vectorised(
            #[inline(always)]
            || {
                for (column, &scale) in a.values.chunks_exact(a.column_step).zip(b.values) {
                    add_scaled(c, scale, column);
                }
            },
        );
    } else if b.column_step == 1 && (inner <= 2 || inner <= DEEP && a.rows * inner * columns <= SMALL) {
        c.fill(F::ZERO);
        vectorised(
            #[inline(always)]
            || {
                for (i, c) in c.chunks_exact_mut(columns).enumerate() {
                    for k in 0..inner {
                        add_scaled(c, a.values[i * a.row_step + k * a.column_step], b.row(k));
                    }
                }
            },
        );
    } else {
        F::gemm(a, b, F::ZERO, c, columns);
    }
}

/// c_i += scale x_i
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn add_scaled<F: Float>(c: &mut [F], scale: F, x: &[F]) {
    for (c, &x) in c.iter_mut().zip(x) {
        *c = x.mul_add(scale, *c);
    }
}

/// sum_i x_i y_i, in eight running sums.
#[inline(always)]
#[expect(clippy::inline_always, reason = "vectorised only as part of the caller")]
fn dot<F: Float>(x: &[F], y: &[F]) -> F {
    let mut sums = [F::ZERO; 8];
    let (xs, ys) = (x.chunks_exact(8), y.chunks_exact(8));
    let (x_last, y_last) = (xs.remainder(), ys.remainder());
    for (x, y) in xs.zip(ys) {
        for i in 0..8 {
            sums[i] = x[i].mul_add(y[i], sums[i]);
        }
    }
    for (sum, (&x, &y)) in sums.iter_mut().zip(x_last.iter().zip(y_last)) {
        *sum = x.mul_add(y, *sum);
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The products of the last two axes of `a` and `b`, each optionally transposed, over equal leading
/// axes.
pub(crate) fn matmul<F: Float>(
    a: &Tensor<F>,
    b: &Tensor<F>,
    transpose: [bool; 2],
    shape: &[usize],
) -> Tensor<F> {
    let extents = |x: &Tensor<F>| (x.shape()[x.rank() - 2], x.shape()[x.rank() - 1]);
    let ((a_rows, a_columns), (b_rows, b_columns)) = (extents(a), extents(b));
    let c_len = shape[shape.len() - 2] * shape[shape.len() - 1];
    Tensor::build(shape, |out| {
        let batch = out.len().checked_div(c_len).unwrap_or(0);
        for i in 0..batch {
            let a_values = &a.as_slice()[i * a_rows * a_columns..][..a_rows * a_columns];
            let b_values = &b.as_slice()[i * b_rows * b_columns..][..b_rows * b_columns];
            let a = Matrix::new(a_values, a_rows, a_columns, transpose[0]);
            let b = Matrix::new(b_values, b_rows, b_columns, transpose[1]);
            multiply(a, b, &mut out[i * c_len..(i + 1) * c_len]);
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A processor without fused multiply-add then has the same bits.
    fn has_the_librarys_bits<F: Float>() {
        let mut state = 1_u32;
        let mut draw = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            F::from_f64(f64::from(state >> 8) / f64::from(1 << 23) - 1.0)
        };
        for [m, k, n] in
            [[1, 1, 1], [3, 5, 2], [17, 256, 9], [8, 257, 8], [70, 600, 33], [5, 1030, 40], [100, 3, 1100]]
        {
            let (a, b) = (Tensor::from_fn(&[m, k], &mut draw), Tensor::from_fn(&[k, n], &mut draw));
            let c = Tensor::from_fn(&[m, n + 3], &mut draw);
            for [ta, tb] in [[false, false], [true, false], [false, true], [true, true]] {
                let (a_rows, a_columns) = if ta { (k, m) } else { (m, k) };
                let (b_rows, b_columns) = if tb { (n, k) } else { (k, n) };
                let a = Matrix::new(a.as_slice(), a_rows, a_columns, ta);
                let b = Matrix::new(b.as_slice(), b_rows, b_columns, tb);
                for beta in [F::ZERO, F::ONE] {
                    let (mut ours, mut theirs) = (c.clone(), c.clone());
                    one_by_one(a, b, beta, ours.as_mut_slice(), n + 3);
                    F::gemm(a, b, beta, theirs.as_mut_slice(), n + 3);
                    assert_eq!(ours, theirs, "{m} x {k} x {n} in {}", F::NAME);
                }
            }
        }
    }

    #[test]
    fn one_by_one_has_the_librarys_bits() {
        has_the_librarys_bits::<f32>();
        has_the_librarys_bits::<f64>();
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(
            batch in 0_usize..3, m in 0_usize..40, k in 0_usize..40, n in 0_usize..40,
            ta in any::<bool>(), tb in any::<bool>(), thin in 0_usize..4,
        ) {
            // Vectors take other code paths than matrices.
            let (m, n) = match thin { 0 => (m, 1), 1 => (1, n), _ => (m, n) };
            let mut next = 1.0_f64;
            let mut draw = || { next = (next * 5.0 + 3.0) % 17.0; next - 8.0 };
            let a = Tensor::from_fn(&if ta { [batch, k, m] } else { [batch, m, k] }, &mut draw);
            let b = Tensor::from_fn(&if tb { [batch, n, k] } else { [batch, k, n] }, &mut draw);
            let c = matmul(&a, &b, [ta, tb], &[batch, m, n]);
            let at = |x: &Tensor<f64>, t: bool, s: usize, i: usize, j: usize| {
                x.view()[if t { [s, j, i] } else { [s, i, j] }.as_slice()]
            };
            for s in 0..batch {
                for i in 0..m {
                    for j in 0..n {
                        let want: f64 = (0..k).map(|p| at(&a, ta, s, i, p) * at(&b, tb, s, p, j)).sum();
                        prop_assert_eq!(c.view()[[s, i, j].as_slice()], want);
                    }
                }
            }
        }
    }
}
