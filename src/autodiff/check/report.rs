//! The results of a check.

use std::fmt;

use thiserror::Error;

use crate::tensor::Tensor;

/// The element at which two ways to compute a derivative differ most.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// The name of the input, or of the other quantity that was compared.
    pub name: String,
    /// The element: an index along each axis.
    pub index: Vec<usize>,
    /// The derivative from the tape.
    pub analytic: f64,
    /// The derivative by differences.
    pub numeric: f64,
    /// The relative error, as the [module](super) defines it.
    pub error: f64,
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, index, analytic, numeric, error } = self;
        write!(f, "{name} {index:?}: analytic {analytic:e}, numeric {numeric:e}, relative error {error:.1e}")
    }
}

/// The worst element of each kind of derivative.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Order 1: the vector-Jacobian product against differences.
    pub gradient: Worst,
    /// Order 2: the Hessian-vector product against differences of the gradient, if asked for.
    pub hessian: Option<Worst>,
    /// The Jacobian-vector product against differences.
    pub forward: Worst,
    /// The Jacobian-vector against the vector-Jacobian product.
    pub transpose: Worst,
}

impl Report {
    /// The largest relative error of all kinds.
    pub fn worst(&self) -> f64 {
        self.kinds().map(|(_, worst)| worst.error).fold(0.0, f64::max)
    }

    /// The worse of two reports, kind by kind.
    pub fn merge(self, other: Self) -> Self {
        let worse = |a: Worst, b: Worst| if b.error > a.error { b } else { a };
        Self {
            gradient: worse(self.gradient, other.gradient),
            hessian: match (self.hessian, other.hessian) {
                (Some(a), Some(b)) => Some(worse(a, b)),
                (a, b) => a.or(b),
            },
            forward: worse(self.forward, other.forward),
            transpose: worse(self.transpose, other.transpose),
        }
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = (&'static str, &Worst)> {
        let hessian = self.hessian.iter().map(|worst| ("Hessian", worst));
        [("gradient", &self.gradient)]
            .into_iter()
            .chain(hessian)
            .chain([("forward", &self.forward), ("transpose", &self.transpose)])
    }
}

/// One line: the element with the largest relative error, and the largest error of each kind.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let worst = self.kinds().max_by(|a, b| a.1.error.total_cmp(&b.1.error));
        let (kind, worst) = worst.expect("there are at least three kinds");
        write!(f, "{kind}: {worst} (")?;
        for (i, (kind, worst)) in self.kinds().enumerate() {
            write!(f, "{}{kind} {:.1e}", if i == 0 { "" } else { ", " }, worst.error)?;
        }
        write!(f, ")")
    }
}

/// Why a check failed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// A derivative disagrees with differences, or the two products with the Jacobian disagree.
    #[error("{}; the tolerance is {tolerance:e}", failing(report, *tolerance))]
    Disagreement {
        /// The full report.
        report: Box<Report>,
        /// The largest relative error that passes.
        tolerance: f64,
    },
    /// An infinity or NaN, at the inputs or within two steps of them.
    #[error("the {what} is not finite: {cause}")]
    NonFinite {
        /// The value or derivative.
        what: &'static str,
        /// The operation and its line in the source, as far as known.
        cause: String,
    },
}

impl Failure {
    pub(super) fn non_finite(what: &'static str, cause: Option<String>) -> Self {
        Self::NonFinite { what, cause: cause.unwrap_or_else(|| "each operation is finite by itself".into()) }
    }
}

/// The kinds that are above the tolerance.
fn failing(report: &Report, tolerance: f64) -> String {
    let failing = report.kinds().filter(|(_, worst)| worst.error > tolerance);
    failing.map(|(kind, worst)| format!("{kind}: {worst}")).collect::<Vec<_>>().join("; ")
}

/// Pairs of derivatives that ought to agree.
pub(super) struct Comparison {
    floor: f64,
    /// The scale of the differenced function.
    size: f64,
    /// (part, element, analytic, numeric)
    pairs: Vec<(usize, usize, f64, f64)>,
}

impl Comparison {
    pub(super) fn new(floor: f64, size: f64) -> Self {
        Self { floor, size, pairs: Vec::new() }
    }

    pub(super) fn push(&mut self, part: usize, element: usize, analytic: f64, numeric: f64) {
        self.pairs.push((part, element, analytic, numeric));
    }

    /// The pair with the largest relative error. `parts` have the shapes that elements are counted
    /// in.
    pub(super) fn worst(&self, name: impl Fn(usize) -> String, parts: &[Tensor<f64>]) -> Worst {
        let size = self.pairs.iter().fold(self.size, |size, pair| pair.3.abs().max(size));
        let error = |a: f64, n: f64| {
            let scale = a.abs().max(n.abs()).max(self.floor * size);
            if scale == 0.0 { 0.0 } else { (a - n).abs() / scale }
        };
        let worst = self.pairs.iter().max_by(|x, y| error(x.2, x.3).total_cmp(&error(y.2, y.3)));
        let Some(&(part, element, analytic, numeric)) = worst else {
            let name = "no element".into();
            return Worst { name, index: Vec::new(), analytic: 0.0, numeric: 0.0, error: 0.0 };
        };
        let index = parts[part].index_of(element);
        Worst { name: name(part), index, analytic, numeric, error: error(analytic, numeric) }
    }
}
