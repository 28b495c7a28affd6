//! A table of all operations and the results of their checks.

use std::fmt;

use super::cases::cases;
use super::{Failure, Report};

/// The number of draws of each case for the table.
const DRAWS: u64 = 8;

/// One line of the table: an operation, or a module.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name of the operation or module.
    pub name: String,
    /// The number of checks.
    pub cases: usize,
    /// The worst result of all checks, or the first failure.
    pub outcome: Result<Report, Failure>,
}

impl Row {
    /// A row with the worst result of several checks.
    ///
    /// # Panics
    /// If there are none.
    #[track_caller]
    pub fn new(name: impl Into<String>, outcomes: impl IntoIterator<Item = Result<Report, Failure>>) -> Self {
        let (name, mut cases) = (name.into(), 0);
        let worst = outcomes.into_iter().inspect(|_| cases += 1).reduce(|a, b| Ok(a?.merge(b?)));
        let Some(outcome) = worst else { panic!("{name} has no cases") };
        Self { name, cases, outcome }
    }
}

impl<S: Into<String>> From<(S, Report)> for Row {
    fn from((name, report): (S, Report)) -> Self {
        Self { name: name.into(), cases: 1, outcome: Ok(report) }
    }
}

/// Rows that are printed as aligned text; failures are explained below them.
///
/// ```
/// # use ece472::autodiff::{Algebra, check::{self, Row, Table}};
/// # use ece472::tensor::Tensor;
/// let report = check::gradients(|x| x[0].sin(), &[Tensor::vector(&[1.0])]).unwrap();
/// let table = Table(vec![Row::from(("sine", report))]);
/// assert!(table.passed());
/// println!("{table}");
/// ```
#[derive(Clone, Debug)]
pub struct Table(pub Vec<Row>);

impl Table {
    /// Whether no row has failed.
    pub fn passed(&self) -> bool {
        self.0.iter().all(|row| row.outcome.is_ok())
    }
}

impl Extend<Row> for Table {
    fn extend<I: IntoIterator<Item = Row>>(&mut self, rows: I) {
        self.0.extend(rows);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(9);
        let columns = ["cases", "order 1", "order 2", "forward", "transpose"];
        let [cases, first, second, forward, transpose] = columns;
        writeln!(
            f,
            "{:width$}  {cases:>5}  {first:>9}  {second:>9}  {forward:>9}  {transpose:>9}",
            "operation"
        )?;
        for Row { name, cases, outcome } in &self.0 {
            write!(f, "{name:width$}  {cases:>5}")?;
            let (report, verdict) = match outcome {
                Ok(report) => (Some(report), "pass"),
                Err(Failure::Disagreement { report, .. }) => (Some(&**report), "FAIL"),
                Err(Failure::NonFinite { .. }) => (None, "FAIL"),
            };
            let errors = report.map_or([None; 4], |r| {
                let hessian = r.hessian.as_ref().map(|worst| worst.error);
                [Some(r.gradient.error), hessian, Some(r.forward.error), Some(r.transpose.error)]
            });
            for error in errors {
                match error {
                    Some(error) => write!(f, "  {error:>9.1e}")?,
                    None => write!(f, "  {:>9}", "-")?,
                }
            }
            writeln!(f, "  {verdict}")?;
        }
        for Row { name, outcome, .. } in &self.0 {
            if let Err(failure) = outcome {
                writeln!(f, "{name}: {failure}")?;
            }
        }
        Ok(())
    }
}

/// Checks every operation, in cases drawn from fixed seeds.
///
/// The rows of modules are added with [`Extend`].
pub fn table() -> Table {
    let mut rows: Vec<Row> = Vec::new();
    let cases = cases();
    for group in cases.chunk_by(|a, b| a.name() == b.name()) {
        let outcomes = group.iter().flat_map(|case| (0..DRAWS).map(|seed| case.check(seed)));
        rows.push(Row::new(group[0].name(), outcomes));
    }
    Table(rows)
}
