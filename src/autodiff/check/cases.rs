//! Functions to check, at least one for every operation.
//!
//! A case draws its shapes and values from a seed. Elementwise values are at least 0.1 from kinks
//! and from singularities at 0, and values that are compared differ by 0.1 or more: fifty times the
//! largest step of the [default check](Check::default).

mod attend;
mod axes;
mod draw;
mod elementwise;
mod normalise;
mod pictures;

use super::{Check, Failure, Function, Report};
use crate::autodiff::{Tape, Var};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// A function, and the inputs at which to check it.
struct Problem {
    f: Box<Function<'static>>,
    inputs: Vec<Tensor<f64>>,
}

impl Problem {
    fn new(
        inputs: impl Into<Vec<Tensor<f64>>>,
        f: impl for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64> + 'static,
    ) -> Self {
        Self { f: Box::new(f), inputs: inputs.into() }
    }
}

/// A function to check; a seed determines its shapes and values.
pub struct Case {
    name: &'static str,
    draw: Box<dyn Fn(&mut Stream) -> Problem>,
}

impl Case {
    fn new(name: &'static str, draw: impl Fn(&mut Stream) -> Problem + 'static) -> Self {
        Self { name, draw: Box::new(draw) }
    }

    fn problem(&self, seed: u64) -> Problem {
        (self.draw)(&mut Stream::new(seed, Purpose::Check))
    }

    /// The name of the operation, as [`Op::name`](crate::autodiff::Op::name), or of the method.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the function f that this case draws from a seed, and f + f²/2, at orders 1 and 2.
    ///
    /// If f is linear, its Hessian is 0, and says little about the gradient rule. The Hessian of
    /// f + f²/2 is then Jᵀ diag(u) J, so that the rule is also differentiated with respect to the
    /// gradient that flows into it.
    ///
    /// # Errors
    /// As [`Check::run`].
    pub fn check(&self, seed: u64) -> Result<Report, Failure> {
        let Problem { f, inputs } = self.problem(seed);
        let check = Check { seed, ..Check::default() };
        let straight = check.run(&*f, &inputs)?;
        let curved = check.run(
            |x| {
                let y = f(x);
                y + y * y * 0.5
            },
            &inputs,
        )?;
        Ok(straight.merge(curved))
    }

    /// The names of the operations that the function consists of.
    pub fn operations(&self, seed: u64) -> Vec<&'static str> {
        let Problem { f, inputs } = self.problem(seed);
        let tape = Tape::new();
        let vars: Vec<_> = inputs.into_iter().map(|x| tape.var(x)).collect();
        f(&vars);
        tape.operations()
    }
}

/// All cases; those with the same name are adjacent.
pub fn cases() -> Vec<Case> {
    let mut cases = elementwise::cases();
    cases.extend(axes::cases());
    cases.extend(normalise::cases());
    cases.extend(pictures::cases());
    cases.extend(attend::cases());
    cases
}
