//! Functions to check, at least one for every operation.
//!
//! A case draws its shapes and values from a seed. Elementwise values keep 0.1 from kinks and
//! singularities at 0, and things that are compared differ by 0.1 or more: fifty times what the
//! [default check](Check::default) moves them.

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

/// What a case draws: a function and where to check it.
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

/// A function under test, with shapes and values that a seed determines.
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

    /// The operation, by its [`Op::name`](crate::autodiff::Op::name), or the method.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Checks the function f that this case draws for a seed, and f + f²/2, at order 1 and 2.
    ///
    /// Where f is linear its own Hessian is 0; that of the second is Jᵀ diag(u) J, so that the
    /// gradient rule is differentiated again also in what flows back into it.
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

/// All cases, those of one name together.
pub fn cases() -> Vec<Case> {
    let mut cases = elementwise::cases();
    cases.extend(axes::cases());
    cases.extend(normalise::cases());
    cases.extend(pictures::cases());
    cases.extend(attend::cases());
    cases
}
