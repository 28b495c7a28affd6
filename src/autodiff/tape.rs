//! The tape: a record of computed values in order, for the reverse sweep.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

use smallvec::SmallVec;

use super::vjp::vjp;
use super::{Algebra, OnTape, Op};
use crate::tensor::kernels::elementwise::accumulate;
use crate::tensor::{Float, Shape, Tensor};

/// One recorded value: the operation and inputs it was computed by (`None` for a value that was put
/// on the tape), and the line of the caller.
struct Node<F: Float> {
    source: Option<(Op, SmallVec<[u32; 3]>)>,
    value: Tensor<F>,
    line: &'static Location<'static>,
}

/// Records operations on its variables.
///
/// ```
/// use ece472::autodiff::{Algebra, Tape};
/// use ece472::tensor::Tensor;
///
/// let tape = Tape::new();
/// let x = tape.var(Tensor::scalar(3.0));
/// let y = x * x * 2.0;
/// let [dx] = y.grad([x]);
/// assert_eq!(dx.value().item(), 12.0_f32);
/// let [ddx] = dx.grad([x]);
/// assert_eq!(ddx.value().item(), 4.0);
/// ```
pub struct Tape<F: Float = f32>(RefCell<Vec<Node<F>>>);

/// A value on a tape: a handle that is copied freely.
#[derive(Clone, Copy)]
pub struct Var<'t, F: Float = f32> {
    tape: &'t Tape<F>,
    index: u32,
}

impl<F: Float> Default for Tape<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Float> Tape<F> {
    /// An empty tape.
    pub fn new() -> Self {
        Self(RefCell::new(Vec::with_capacity(64)))
    }

    /// An empty tape that uses the memory of this one.
    pub fn recycled(self) -> Self {
        let mut nodes = self.0.into_inner();
        nodes.clear();
        Self(RefCell::new(nodes))
    }

    /// Puts a value on the tape.
    #[track_caller]
    pub fn var(&self, value: Tensor<F>) -> Var<'_, F> {
        self.push(None, value)
    }

    /// The number of values on the tape.
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether there is nothing on the tape.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the recorded operations, in order.
    pub fn operations(&self) -> Vec<&'static str> {
        self.0.borrow().iter().filter_map(|node| Some(node.source.as_ref()?.0.name())).collect()
    }

    /// The first operation whose result has an infinity or NaN although all its inputs are finite,
    /// with its line in the source. If a value with an infinity or NaN was put on the tape, that is
    /// named instead.
    pub fn first_non_finite(&self) -> Option<String> {
        let nodes = self.0.borrow();
        let node = nodes.iter().find(|node| !node.value.is_finite())?;
        let name = node.source.as_ref().map_or("a value", |(op, _)| op.name());
        let bad = node.value.as_slice().iter().find(|x| !x.is_finite())?;
        Some(format!("{name} at {} gave {bad}", node.line))
    }

    #[track_caller]
    fn push(&self, source: Option<(Op, SmallVec<[u32; 3]>)>, value: Tensor<F>) -> Var<'_, F> {
        let mut nodes = self.0.borrow_mut();
        let index = u32::try_from(nodes.len()).expect("a tape holds at most 2^32 values");
        nodes.push(Node { source, value, line: Location::caller() });
        Var { tape: self, index }
    }

    /// The reverse sweep: dL/dw for each w in `wanted`, from `seed` = dL/dy at the value `output`.
    /// `None` where y does not depend on w.
    ///
    /// `at` gives a node's value in the type that the rules compute with.
    fn sweep<A: Algebra<Elem = F>>(
        &self,
        output: u32,
        seed: A,
        wanted: &[u32],
        at: impl Fn(u32) -> A,
        add: impl Fn(A, A) -> A,
    ) -> Vec<Option<A>> {
        let first = wanted.iter().copied().min().unwrap_or(output).min(output);
        let span = (output - first) as usize + 1;
        let offset = |node: u32| (node - first) as usize;

        // Only values that depend on a wanted one need a gradient.
        let mut needed = vec![false; span];
        for &w in wanted.iter().filter(|&&w| w <= output) {
            needed[offset(w)] = true;
        }
        for (i, node) in self.0.borrow()[first as usize..=output as usize].iter().enumerate() {
            if let Some((_, inputs)) = &node.source {
                needed[i] |= inputs.iter().any(|&input| input >= first && needed[offset(input)]);
            }
        }

        let mut gradients: Vec<Option<A>> = vec![None; span];
        gradients[span - 1] = needed[span - 1].then_some(seed);
        for node in (first..=output).rev() {
            let is_wanted = wanted.contains(&node);
            let Some(g) =
                (if is_wanted { gradients[offset(node)].clone() } else { gradients[offset(node)].take() })
            else {
                continue;
            };
            // Rules on variables write to the tape, so the tape must not be borrowed here: the
            // node's source is taken out and put back.
            let Some(source) = self.0.borrow_mut()[node as usize].source.take() else { continue };
            let (op, inputs) = &source;
            let x: SmallVec<[A; 3]> = inputs.iter().map(|&input| at(input)).collect();
            let y = at(node);
            let wanted = |i: usize| inputs.get(i).is_some_and(|&x| x >= first && needed[offset(x)]);
            vjp(op, &x, &y, g, wanted, |i, dx| {
                let sum = &mut gradients[offset(inputs[i])];
                *sum = Some(match sum.take() {
                    Some(sum) => add(sum, dx),
                    None => dx,
                });
            });
            self.0.borrow_mut()[node as usize].source = Some(source);
        }
        wanted.iter().map(|&w| (w <= output).then(|| gradients[offset(w)].clone()).flatten()).collect()
    }
}

impl<F: Float> fmt::Debug for Tape<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for (i, node) in self.0.borrow().iter().enumerate() {
            match &node.source {
                Some((op, inputs)) => {
                    list.entry(&format_args!("{i}: {} {inputs:?} -> {:?}", op.name(), node.value.shape()))
                }
                None => list.entry(&format_args!("{i}: {:?}", node.value.shape())),
            };
        }
        list.finish()
    }
}

impl<F: Float> fmt::Debug for Var<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var {} = {:?}", self.index, self.value())
    }
}

impl<F: Float> Var<'_, F> {
    /// The gradients of this single number with respect to each x, as variables that can be
    /// differentiated again. The gradient is zero if this does not depend on x.
    ///
    /// # Panics
    /// If this is not a single number.
    #[track_caller]
    pub fn grad<const N: usize>(self, x: [Self; N]) -> [Self; N] {
        let gradients = self.vjp(&x, self.unit());
        std::array::from_fn(|i| gradients[i])
    }

    /// The vector-Jacobian products of this with respect to each x, as variables that can be
    /// differentiated again: sum_k g_k d self_k / d x. The product is zero if this does not depend
    /// on x.
    ///
    /// # Panics
    /// If the shape of `g` is not that of this, or a variable is on another tape.
    #[track_caller]
    pub fn vjp(self, x: &[Self], g: Self) -> Vec<Self> {
        self.check_tape(&[g]);
        self.check_tape(x);
        self.check_cotangent(&g.shape());
        let wanted: SmallVec<[u32; 16]> = x.iter().map(|x| x.index).collect();
        let at = |index| Var { tape: self.tape, index };
        let gradients = self.tape.sweep(self.index, g, &wanted, at, |sum, dx| sum + dx);
        let zero = |x: &Self| self.tape.var(Tensor::zeros(&x.shape()));
        gradients.into_iter().zip(x).map(|(g, x)| g.unwrap_or_else(|| zero(x))).collect()
    }

    /// The gradients of this single number with respect to each x as tensors. This is faster than
    /// [`grad`](Self::grad), but they cannot be differentiated again. `None` if this does not
    /// depend on x.
    ///
    /// # Panics
    /// If this is not a single number.
    #[track_caller]
    pub fn backward(self, x: &[Self]) -> Vec<Option<Tensor<F>>> {
        self.pull_back(x, self.unit().value())
    }

    /// As [`vjp`](Self::vjp), but tensors. `None` if this does not depend on x.
    ///
    /// # Panics
    /// If the shape of `g` is not that of this.
    #[track_caller]
    pub fn pull_back(self, x: &[Self], g: Tensor<F>) -> Vec<Option<Tensor<F>>> {
        self.check_tape(x);
        self.check_cotangent(g.shape());
        let wanted: SmallVec<[u32; 16]> = x.iter().map(|x| x.index).collect();
        let at = |index: u32| self.tape.0.borrow()[index as usize].value.clone();
        self.tape.sweep(self.index, g, &wanted, at, |sum, dx| accumulate(sum, &dx))
    }

    #[track_caller]
    fn unit(self) -> Self {
        let shape = self.shape();
        assert!(
            shape.iter().product::<usize>() == 1,
            "gradient: a value of shape {shape:?} is not a single number; sum it, or use vjp"
        );
        self.tape.var(Tensor::ones(&shape))
    }

    #[track_caller]
    fn check_tape(self, others: &[Self]) {
        for other in others {
            assert!(std::ptr::eq(self.tape, other.tape), "gradient: the variables are on different tapes");
        }
    }

    #[track_caller]
    fn check_cotangent(self, shape: &[usize]) {
        let own = self.shape();
        assert!(own[..] == *shape, "vjp: a vector of shape {shape:?} for a value of shape {own:?}");
    }
}

impl<'t, F: Float> Algebra for Var<'t, F> {
    type Elem = F;
    type Context = &'t Tape<F>;

    fn context(&self) -> Self::Context {
        self.tape
    }

    #[track_caller]
    fn constant(tape: Self::Context, value: Tensor<F>) -> Self {
        tape.var(value)
    }

    fn value(&self) -> Tensor<F> {
        self.tape.0.borrow()[self.index as usize].value.clone()
    }

    fn shape(&self) -> Shape {
        self.tape.0.borrow()[self.index as usize].value.shape().into()
    }

    #[track_caller]
    fn apply(op: Op, inputs: &[&Self]) -> Self {
        let tape = inputs[0].tape;
        // A loop instead of a closure, so that the panic points at the caller's line.
        for x in inputs {
            assert!(std::ptr::eq(x.tape, tape), "{}: the inputs are on different tapes", op.name());
        }
        let value = {
            let nodes = tape.0.borrow();
            let values: SmallVec<[&Tensor<F>; 3]> =
                inputs.iter().map(|x| &nodes[x.index as usize].value).collect();
            op.eval(&values)
        };
        match value {
            Ok(value) => tape.push(Some((op, inputs.iter().map(|x| x.index).collect())), value),
            Err(error) => panic!("{error}"),
        }
    }

    fn on_tape(inputs: &[&Self], f: &OnTape<'_, F>) -> Vec<Self> {
        let vars: Vec<Self> = inputs.iter().map(|&&x| x).collect();
        f(&vars)
    }
}
