//! What makes a struct a module.

use std::fmt;

use crate::autodiff::{Algebra, Tape, Var};
use crate::random::Stream;
use crate::tensor::{Float, Tensor};

/// The way from a module to one of its parameters, `hidden.0.weight`.
#[derive(Clone, Copy, Debug)]
pub struct Path<'p>(Option<(&'p Path<'p>, Step)>);

#[derive(Clone, Copy, Debug)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl Path<'_> {
    /// The module itself.
    pub const ROOT: Path<'static> = Path(None);

    /// On to a field.
    pub fn field(&self, name: &'static str) -> Path<'_> {
        Path(Some((self, Step::Field(name))))
    }

    /// On to an element of a list.
    pub fn index(&self, index: usize) -> Path<'_> {
        Path(Some((self, Step::Index(index))))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((parent, step)) = self.0 else { return Ok(()) };
        if parent.0.is_some() {
            write!(f, "{parent}.")?;
        }
        match step {
            Step::Field(name) => f.write_str(name),
            Step::Index(index) => write!(f, "{index}"),
        }
    }
}

/// A struct whose parameters are numbers of kind `A`.
///
/// An implementation lists its parameters in one short function, [`map`](Self::map), always in the
/// same order; everything else follows from it.
pub trait Parameters<A>: Sized {
    /// The same struct over numbers of another kind.
    type Of<B>;

    /// The same struct with `f` of each parameter in its place. `path` leads to this struct.
    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> Self::Of<B>;

    /// The parameters' names, in order.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.map(Path::ROOT, &mut |path, _| names.push(path.to_string()));
        names
    }

    /// The parameters, in order.
    fn parameters(&self) -> Vec<A>
    where
        A: Clone,
    {
        let mut parameters = Vec::new();
        self.map(Path::ROOT, &mut |_, parameter| parameters.push(parameter.clone()));
        parameters
    }

    /// The same struct with other parameters, given in order.
    ///
    /// # Panics
    /// If there are fewer values than parameters.
    #[track_caller]
    fn with<B: Clone>(&self, values: &[B]) -> Self::Of<B> {
        let mut values = values.iter();
        self.map(Path::ROOT, &mut |path, _| {
            values.next().unwrap_or_else(|| panic!("there is no value for the parameter {path}")).clone()
        })
    }

    /// The number of learned numbers.
    fn count<F: Float>(&self) -> usize
    where
        Self: Parameters<Tensor<F>>,
    {
        let mut count = 0;
        Parameters::<Tensor<F>>::map(self, Path::ROOT, &mut |_, parameter| count += parameter.len());
        count
    }

    /// The same struct in another precision.
    fn cast<F: Float, G: Float>(&self) -> <Self as Parameters<Tensor<F>>>::Of<Tensor<G>>
    where
        Self: Parameters<Tensor<F>>,
    {
        Parameters::<Tensor<F>>::map(self, Path::ROOT, &mut |_, parameter| parameter.cast())
    }
}

impl<A, M: Parameters<A>> Parameters<A> for Vec<M> {
    type Of<B> = Vec<M::Of<B>>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> Self::Of<B> {
        self.iter().enumerate().map(|(i, module)| module.map(path.index(i), f)).collect()
    }
}

impl<A, M: Parameters<A>> Parameters<A> for Option<M> {
    type Of<B> = Option<M::Of<B>>;

    fn map<B>(&self, path: Path<'_>, f: &mut dyn FnMut(Path<'_>, &A) -> B) -> Self::Of<B> {
        self.as_ref().map(|module| module.map(path, f))
    }
}

/// What a forward pass needs besides the input: where constants go, and in training the random
/// numbers of dropout and its kind.
pub struct Pass<A: Algebra> {
    context: A::Context,
    noise: Option<Stream>,
}

impl<F: Float> Pass<Tensor<F>> {
    /// A pass over plain numbers, without noise.
    pub fn inference() -> Self {
        Self { context: (), noise: None }
    }
}

impl<'t, F: Float> Pass<Var<'t, F>> {
    /// A pass onto a tape, without noise.
    pub fn on(tape: &'t Tape<F>) -> Self {
        Self { context: tape, noise: None }
    }
}

impl<A: Algebra> Pass<A> {
    /// The same pass as in training, with noise from `stream`.
    pub fn with_noise(self, stream: Stream) -> Self {
        Self { noise: Some(stream), ..self }
    }

    /// A value that gradients do not flow into.
    #[track_caller]
    pub fn constant(&self, value: Tensor<A::Elem>) -> A {
        A::constant(self.context, value)
    }

    /// The random numbers for noise; `None` outside of training.
    pub fn noise(&mut self) -> Option<&mut Stream> {
        self.noise.as_mut()
    }
}

/// A function with parameters, of one input.
pub trait Module<A: Algebra> {
    /// The module's value at `x`, whose first axis is the batch unless the module says otherwise.
    ///
    /// # Panics
    /// If `x` has a shape that the module does not take.
    #[track_caller]
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A;
}
