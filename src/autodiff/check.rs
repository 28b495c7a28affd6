//! A gradient checker: do the derivatives that a tape computes agree with finite differences?
//!
//! ```
//! use ece472::autodiff::{Algebra, check};
//! use ece472::tensor::Tensor;
//!
//! let inputs = [Tensor::matrix(&[[0.3, -1.2], [0.7, 2.0]]), Tensor::vector(&[0.5, -0.4])];
//! let report = check::gradients(|x| (x[0] * x[1]).tanh(), &inputs).unwrap();
//! assert!(report.gradient.error < 1e-9);
//!
//! // A factor that gradients do not flow into: half of the derivative of x² is missing.
//! let failure = check::gradients(|x| x[0] * x[0].detach(), &inputs[1..]).unwrap_err();
//! assert!(failure.to_string().starts_with("gradient: input 0 [0]: analytic"));
//! ```
//!
//! # Comparisons
//! Let f have inputs x and the Jacobian J = ∂f/∂x. Let u, in the shape of f(x), and v, in the shape
//! of x, be drawn once from N(0, 1):
//!
//! | kind | analytic | against |
//! | --- | --- | --- |
//! | gradient (order 1) | Jᵀu by [`vjp`](crate::autodiff::vjp) | differences of `<u, f>` for each element of x |
//! | Hessian (order 2) | ∂²`<u, f>`/∂x² v by [`hvp`](crate::autodiff::hvp) | differences of Jᵀu along v |
//! | forward | J v by [`jvp`](crate::autodiff::jvp) | differences of f along v |
//! | transpose | `<v, Jᵀu>` | `<J v, u>` |
//!
//! # Differences
//! Fourth-order central differences in `f64`:
//! φ'(0) = (8 (φ(h) - φ(-h)) - (φ(2h) - φ(-2h))) / 12h + h⁴ φ⁽⁵⁾/30, with a rounding error of about
//! 1.5 ε |φ| / h. The sum of both errors is least near h = ε^(1/5) (7e-4). The default is h = 2⁻¹⁰
//! (9.8e-4, exact in binary), where truncation is 3e-14 φ⁽⁵⁾ and rounding 3.4e-13 |φ|, six digits
//! below the tolerance. The step is absolute, for inputs of order one. Along v the largest element
//! moves by h.
//!
//! # Relative error
//! |a - n| / max(|a|, |n|, floor), or 0 where that is 0/0, with
//! floor = [`Check::floor`] · max(S, largest |n| of this kind).
//!
//! S is the scale of the differenced function: the 2-norm of the terms of `<u, f>`; at order 2 the
//! largest element of Jᵀu, if that is more; in forward mode the largest element of f. With the
//! default floor, 1e-3, an element of at least S / 1000 has to be right to 1e-6 of its own size.
//! Smaller elements, including zeros, have to be right to an absolute 1e-9 S, about a thousand
//! times the rounding error of the differences. So a missing gradient is caught unless it is a
//! billionth of the function, and a gradient that is zero up to rounding passes. The two sides of
//! the transpose identity are compared at the scale of the sum of their terms' absolute values, if
//! that is above floor · S.
//!
//! # Kinks
//! Where a function has no derivative the tape has a convention: relu'(0) = 0, |·|'(0) = 0, and
//! equal maxima or minima share the gradient equally. These are elements of the subdifferential.
//! Differences mean nothing there, so inputs have to be further than 2h from every kink.

pub mod cases;
mod report;
mod table;
#[cfg(test)]
mod tests;

use super::list::{hvp, jvp, vjp};
use super::{Algebra, Tape, Var};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

pub use report::{Failure, Report, Worst};
pub use table::{Row, Table, table};

use report::Comparison;

/// A function of the variables of a tape.
pub type Function<'f> = dyn for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64> + 'f;

/// The settings of a check; see the [module](self) for the formulas.
///
/// ```
/// use ece472::autodiff::{Algebra, check::Check};
/// use ece472::tensor::Tensor;
///
/// let check = Check { names: vec!["angle".into()], ..Check::default() };
/// let report = check.run(|x| x[0].sin(), &[Tensor::vector(&[0.1, 0.2])]).unwrap();
/// assert_eq!(report.gradient.name, "angle");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// h, the step of the differences, in the units of the inputs; 2⁻¹⁰ by default.
    pub step: f64,
    /// The largest relative error that passes; 1e-6 by default.
    pub tolerance: f64,
    /// The size, relative to the differenced function, below which errors count as absolute; 1e-3
    /// by default.
    pub floor: f64,
    /// Whether to check second derivatives too; they are by default.
    pub second_order: bool,
    /// The largest number of elements of an input that are checked at order 1; 256 by default. From
    /// a larger input that many are drawn at random. The other kinds of check cover all elements at
    /// once.
    pub max_elements: usize,
    /// The seed of u, v and the drawn elements; 472 by default.
    pub seed: u64,
    /// The names of the inputs in reports; inputs without one are `input 0` and so on.
    pub names: Vec<String>,
}

impl Default for Check {
    fn default() -> Self {
        Self {
            step: 1.0 / 1024.0,
            tolerance: 1e-6,
            floor: 1e-3,
            second_order: true,
            max_elements: 256,
            seed: 472,
            names: Vec::new(),
        }
    }
}

/// Checks the derivatives of `f`, of any shape, at `inputs`, by [`Check::default`].
///
/// A module is checked with its parameters as inputs: `f` builds the module from them and runs it.
///
/// # Errors
/// As [`Check::run`].
pub fn gradients(
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
    inputs: &[Tensor<f64>],
) -> Result<Report, Failure> {
    Check::default().run(f, inputs)
}

impl Check {
    /// Checks the derivatives of `f`, of any shape, at `inputs`.
    ///
    /// # Errors
    /// If a relative error is above the tolerance, or a value or derivative is infinite or NaN.
    ///
    /// # Panics
    /// If `f` panics, as it does when shapes do not fit.
    pub fn run(
        &self,
        f: impl for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
        inputs: &[Tensor<f64>],
    ) -> Result<Report, Failure> {
        self.run_dyn(&f, inputs)
    }

    /// [`run`](Self::run), compiled once for all functions.
    fn run_dyn(&self, f: &Function<'_>, inputs: &[Tensor<f64>]) -> Result<Report, Failure> {
        let y = value(f, inputs)?;
        let mut stream = Stream::new(self.seed, Purpose::Check);
        let mut normal = |x: &Tensor<f64>| Tensor::from_fn(x.shape(), || stream.normal());
        let (u, v) = (normal(&y), inputs.iter().map(&mut normal).collect());
        let point = Point { check: self, f, x: inputs, y, u, v };

        let pulled = point.pull(inputs)?;
        let (_, pushed) = jvp(f, inputs, &point.v);
        let report = Report {
            gradient: point.gradient(&pulled, &mut stream)?,
            hessian: if self.second_order { Some(point.hessian(&pulled)?) } else { None },
            forward: point.forward(&pushed)?,
            transpose: point.transpose(&pulled, &pushed),
        };
        if report.worst() <= self.tolerance {
            Ok(report)
        } else {
            Err(Failure::Disagreement { report: Box::new(report), tolerance: self.tolerance })
        }
    }

    /// φ'(0) for each component of φ.
    fn differences(&self, phi: impl Fn(f64) -> Result<Vec<f64>, Failure>) -> Result<Vec<f64>, Failure> {
        let h = self.step;
        let (near, far) = ([phi(h)?, phi(-h)?], [phi(2.0 * h)?, phi(-2.0 * h)?]);
        let slope = |k: usize| 8.0 * (near[0][k] - near[1][k]) - (far[0][k] - far[1][k]);
        Ok((0..near[0].len()).map(|k| slope(k) / (12.0 * h)).collect())
    }
}

/// A function with y = f(x), at the inputs where it is checked, and the directions u and v.
struct Point<'a> {
    check: &'a Check,
    f: &'a Function<'a>,
    x: &'a [Tensor<f64>],
    y: Tensor<f64>,
    u: Tensor<f64>,
    v: Vec<Tensor<f64>>,
}

impl Point<'_> {
    /// Jᵀu against differences of `<u, f>`, element by element.
    fn gradient(&self, pulled: &[Tensor<f64>], stream: &mut Stream) -> Result<Worst, Failure> {
        let mut comparison = Comparison::new(self.check.floor, self.size());
        for (i, gradient) in pulled.iter().enumerate() {
            let mut elements: Vec<usize> = (0..gradient.len()).collect();
            if elements.len() > self.check.max_elements {
                stream.shuffle(&mut elements);
                elements.truncate(self.check.max_elements);
            }
            for element in elements {
                let slopes = self.check.differences(|t| {
                    let mut x = self.x.to_vec();
                    x[i].as_mut_slice()[element] += t;
                    Ok(value(self.f, &x)?.as_slice().to_vec())
                })?;
                // Outputs that do not depend on the element have differences of exactly 0.
                let numeric = slopes.iter().zip(self.u.as_slice()).map(|(slope, u)| slope * u).sum();
                comparison.push(i, element, gradient.as_slice()[element], numeric);
            }
        }
        Ok(comparison.worst(|i| self.name(i), pulled))
    }

    /// The Hessian of `<u, f>` times v against differences of Jᵀu along v.
    fn hessian(&self, pulled: &[Tensor<f64>]) -> Result<Worst, Failure> {
        let analytic = hvp(|x| weighted_sum((self.f)(x), &self.u), self.x, &self.v);
        self.finite("Hessian-vector product", self.x, &analytic)?;
        let flat = |parts: Vec<Tensor<f64>>| parts.iter().flat_map(|part| part.as_slice().to_vec()).collect();
        let mut numeric = self.along(|x| Ok(flat(self.pull(x)?)))?.into_iter();
        let mut comparison = Comparison::new(self.check.floor, self.size().max(largest(pulled)));
        for (i, part) in analytic.iter().enumerate() {
            for (element, (&a, n)) in part.as_slice().iter().zip(&mut numeric).enumerate() {
                comparison.push(i, element, a, n);
            }
        }
        Ok(comparison.worst(|i| self.name(i), &analytic))
    }

    /// J v against differences of f along v.
    fn forward(&self, pushed: &Tensor<f64>) -> Result<Worst, Failure> {
        let (y, pushed) = (std::slice::from_ref(&self.y), std::slice::from_ref(pushed));
        self.finite("Jacobian-vector product", self.x, pushed)?;
        let numeric = self.along(|x| Ok(value(self.f, x)?.as_slice().to_vec()))?;
        let mut comparison = Comparison::new(self.check.floor, largest(y));
        for (element, (&a, n)) in pushed[0].as_slice().iter().zip(numeric).enumerate() {
            comparison.push(0, element, a, n);
        }
        Ok(comparison.worst(|_| "output".into(), pushed))
    }

    /// `<v, Jᵀu>` against `<J v, u>`
    fn transpose(&self, pulled: &[Tensor<f64>], pushed: &Tensor<f64>) -> Worst {
        let left: Vec<f64> = self.v.iter().zip(pulled).flat_map(|(v, g)| products(v, g)).collect();
        let right: Vec<f64> = products(pushed, &self.u).collect();
        let terms: f64 = left.iter().chain(&right).map(|term| term.abs()).sum();
        let mut comparison = Comparison::new(1.0, terms.max(self.check.floor * self.size()));
        comparison.push(0, 0, left.iter().sum(), right.iter().sum());
        comparison.worst(|_| "<v, Jᵀu> = <Jv, u>".into(), &[Tensor::scalar(0.0)])
    }

    /// The 2-norm of the terms of `<u, f>`.
    fn size(&self) -> f64 {
        products(&self.y, &self.u).map(|term| term * term).sum::<f64>().sqrt()
    }

    /// The derivative at x along v of a function of all inputs.
    fn along(&self, f: impl Fn(&[Tensor<f64>]) -> Result<Vec<f64>, Failure>) -> Result<Vec<f64>, Failure> {
        let length = largest(&self.v).max(f64::MIN_POSITIVE);
        let slopes = self.check.differences(|t| {
            let moved = self.x.iter().zip(&self.v).map(|(x, v)| x.clone() + &(v.clone() * (t / length)));
            f(&moved.collect::<Vec<_>>())
        })?;
        Ok(slopes.into_iter().map(|slope| slope * length).collect())
    }

    /// Jᵀu at `x`.
    fn pull(&self, x: &[Tensor<f64>]) -> Result<Vec<Tensor<f64>>, Failure> {
        let (_, pulled) = vjp(self.f, x, &self.u);
        self.finite("gradient", x, &pulled)?;
        Ok(pulled)
    }

    /// An error that names the operation that made it, unless all `parts` are finite.
    fn finite(&self, what: &'static str, x: &[Tensor<f64>], parts: &[Tensor<f64>]) -> Result<(), Failure> {
        if parts.iter().all(Tensor::is_finite) {
            return Ok(());
        }
        // Computed once more, on one tape that records everything up to second order.
        let tape = Tape::new();
        let vars: Vec<_> = x.iter().map(|x| tape.var(x.clone())).collect();
        let one = tape.var(Tensor::scalar(1.0));
        for part in weighted_sum((self.f)(&vars), &self.u).vjp(&vars, one) {
            part.sum().vjp(&vars, one);
        }
        Err(Failure::non_finite(what, tape.first_non_finite()))
    }

    fn name(&self, input: usize) -> String {
        self.check.names.get(input).cloned().unwrap_or_else(|| format!("input {input}"))
    }
}

/// f(x)
fn value(f: &Function<'_>, x: &[Tensor<f64>]) -> Result<Tensor<f64>, Failure> {
    let tape = Tape::new();
    let vars: Vec<_> = x.iter().map(|x| tape.var(x.clone())).collect();
    let y = f(&vars).value();
    if y.is_finite() { Ok(y) } else { Err(Failure::non_finite("value", tape.first_non_finite())) }
}

/// `<u, y>`
fn weighted_sum<'t>(y: Var<'t, f64>, u: &Tensor<f64>) -> Var<'t, f64> {
    (y * y.context().var(u.clone())).sum()
}

/// The terms of `<a, b>`.
fn products<'a>(a: &'a Tensor<f64>, b: &'a Tensor<f64>) -> impl Iterator<Item = f64> + 'a {
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a * b)
}

fn largest(parts: &[Tensor<f64>]) -> f64 {
    parts.iter().flat_map(Tensor::as_slice).fold(0.0, |largest, x| x.abs().max(largest))
}
