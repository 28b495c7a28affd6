//! Parameters by name, and how a module declares them.

use std::fmt;

use crate::tensor::{Float, Tensor};

/// The path from a module to one of its parameters, such as `hidden.0.weight`.
#[derive(Clone, Copy, Debug)]
pub struct ParameterPath<'p>(Option<(&'p ParameterPath<'p>, Step)>);

#[derive(Clone, Copy, Debug)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl ParameterPath<'_> {
    /// The empty path, to the module itself.
    pub const ROOT: ParameterPath<'static> = ParameterPath(None);

    /// The path to a field.
    pub fn field(&self, name: &'static str) -> ParameterPath<'_> {
        ParameterPath(Some((self, Step::Field(name))))
    }

    /// The path to an element of a list.
    pub fn index(&self, index: usize) -> ParameterPath<'_> {
        ParameterPath(Some((self, Step::Index(index))))
    }
}

impl fmt::Display for ParameterPath<'_> {
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

/// A struct with parameters of type `A`.
///
/// A module declares its parameters with [`parameters!`](crate::parameters), which writes
/// [`map`](Self::map); everything else follows from it.
pub trait Parameters<A>: Sized {
    /// The same struct with parameters of another type.
    type Of<B>;

    /// The same struct with each parameter replaced by the result of `f`, which is called in an
    /// order that never changes. `path` is the path to this struct.
    fn map<B>(&self, path: ParameterPath<'_>, f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B) -> Self::Of<B>;

    /// The parameters' names, in order.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.map(ParameterPath::ROOT, &mut |path, _| names.push(path.to_string()));
        names
    }

    /// The parameters, in order.
    fn parameters(&self) -> Vec<A>
    where
        A: Clone,
    {
        let mut parameters = Vec::new();
        self.map(ParameterPath::ROOT, &mut |_, parameter| parameters.push(parameter.clone()));
        parameters
    }

    /// The same struct with other parameters, given in order.
    ///
    /// # Panics
    /// If there are fewer values than parameters.
    #[track_caller]
    fn with<B: Clone>(&self, values: &[B]) -> Self::Of<B> {
        let mut values = values.iter();
        self.map(ParameterPath::ROOT, &mut |path, _| {
            values.next().unwrap_or_else(|| panic!("there is no value for the parameter {path}")).clone()
        })
    }

    /// The number of elements of all parameters.
    fn count<F: Float>(&self) -> usize
    where
        Self: Parameters<Tensor<F>>,
    {
        let mut count = 0;
        Parameters::<Tensor<F>>::map(self, ParameterPath::ROOT, &mut |_, parameter| count += parameter.len());
        count
    }

    /// The same struct in another precision.
    fn cast<F: Float, G: Float>(&self) -> <Self as Parameters<Tensor<F>>>::Of<Tensor<G>>
    where
        Self: Parameters<Tensor<F>>,
    {
        Parameters::<Tensor<F>>::map(self, ParameterPath::ROOT, &mut |_, parameter| parameter.cast())
    }
}

impl<A, M: Parameters<A>> Parameters<A> for Vec<M> {
    type Of<B> = Vec<M::Of<B>>;

    fn map<B>(&self, path: ParameterPath<'_>, f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B) -> Self::Of<B> {
        self.iter().enumerate().map(|(i, module)| module.map(path.index(i), f)).collect()
    }
}

impl<A, M: Parameters<A>> Parameters<A> for Option<M> {
    type Of<B> = Option<M::Of<B>>;

    fn map<B>(&self, path: ParameterPath<'_>, f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B) -> Self::Of<B> {
        self.as_ref().map(|module| module.map(path, f))
    }
}

impl<A, M: Parameters<A>> Parameters<A> for Box<M> {
    type Of<B> = Box<M::Of<B>>;

    fn map<B>(&self, path: ParameterPath<'_>, f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B) -> Self::Of<B> {
        Box::new((**self).map(path, f))
    }
}

/// Declares the parameters of a module: implements [`Parameters`](crate::nn::Parameters) for it.
///
/// Fields with parameters come before the semicolon, in the order that optimizers and files use.
/// Fields without parameters come after it; they are cloned. A parameter is named after its field,
/// so names in a file of weights cannot be misspelt, and a field that is missing here is a compile
/// error.
///
/// ```
/// use ece472::autodiff::Algebra;
/// use ece472::nn::{Init, Linear, Module, Parameters, Pass, parameters};
/// use ece472::random::{Purpose, Stream};
/// use ece472::tensor::Tensor;
///
/// /// Linear layers one after the other, applied to scale * gain * x, and a shift.
/// struct Deep<A = Tensor> {
///     gain: A,                // one parameter
///     shift: Option<A>,       // one that may be missing
///     layers: Vec<Linear<A>>, // modules: alone, in a Vec, an Option or a Box
///     scale: f64,             // no parameter
/// }
///
/// parameters!(Deep { gain, shift, layers; scale });
///
/// impl<A: Algebra> Module<A> for Deep<A> {
///     fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
///         let scaled = x.clone() * &self.gain * self.scale;
///         let y = self.layers.iter().fold(scaled, |y, layer| layer.forward(&y, pass));
///         match &self.shift {
///             Some(shift) => y + shift,
///             None => y,
///         }
///     }
/// }
///
/// let mut stream = Stream::new(1, Purpose::Init);
/// let layers = (0..2).map(|_| Linear::new(4, 4, true, Init::HeNormal, &mut stream)).collect();
/// let model = Deep { gain: Tensor::scalar(1.0), shift: None, layers, scale: 0.5 };
/// assert_eq!(model.names(), ["gain", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]);
/// ```
///
/// `as` gives a field other names than its own:
///
/// | written | names of the parameters |
/// | --- | --- |
/// | `layers` | `layers.0.weight`, ... |
/// | `norm as _` | those of the field as if they were this module's own: `scale`, `shift` |
/// | `norms as [first, second]` | of an array, element by element: `first.scale`, ..., `second.shift` |
/// | `0 as table` | `table`, for a field that has no name |
///
/// In an enum each variant lists its fields in the same way. In parentheses the fields with
/// parameters come before the others; in braces the order is free. A type without parameters is
/// only named:
///
/// ```
/// use ece472::nn::{LayerNorm, Parameters, parameters};
/// use ece472::tensor::Tensor;
///
/// #[derive(Clone)]
/// struct Twice;
/// parameters!(Twice);
///
/// enum Step<A = Tensor> {
///     Twice(Twice),
///     Norm(LayerNorm<A>),
///     Scale { factor: A, offset: f64 },
/// }
/// parameters!(enum Step { Twice(twice), Norm(norm as _), Scale { factor; offset } });
///
/// let twice: Step = Step::Twice(Twice);
/// assert!(twice.names().is_empty());
/// assert_eq!(Step::Norm(LayerNorm::new(3)).names(), ["scale", "shift"]);
/// assert_eq!(Step::Scale { factor: Tensor::scalar(2.0), offset: 0.5 }.names(), ["factor"]);
/// ```
///
/// It is a compile error to leave out a field, or to list one without parameters before the
/// semicolon:
///
/// ```compile_fail,E0063
/// struct Scale<A> {
///     factor: A,
///     offset: f64,
/// }
/// ece472::parameters!(Scale { factor }); // missing field `offset`
/// ```
///
/// ```compile_fail,E0277
/// struct Scale<A> {
///     factor: A,
///     offset: f64,
/// }
/// ece472::parameters!(Scale { factor, offset }); // `f64` holds no parameters
/// ```
#[macro_export]
macro_rules! parameters {
    ($module:ident) => {
        impl<A> $crate::nn::Parameters<A> for $module {
            type Of<B> = Self;

            fn map<B>(
                &self,
                _: $crate::nn::ParameterPath<'_>,
                _: &mut dyn ::std::ops::FnMut($crate::nn::ParameterPath<'_>, &A) -> B,
            ) -> Self {
                ::std::clone::Clone::clone(self)
            }
        }
    };

    ($module:ident { $($part:tt $(as $name:tt)?),* $(,)? $(; $($same:ident),* $(,)?)? }) => {
        impl<A> $crate::nn::Parameters<A> for $module<A> {
            type Of<B> = $module<B>;

            fn map<B>(
                &self,
                path: $crate::nn::ParameterPath<'_>,
                f: &mut dyn ::std::ops::FnMut($crate::nn::ParameterPath<'_>, &A) -> B,
            ) -> $module<B> {
                $module {
                    $($part: $crate::parameters!(@part &self.$part, path, f, $part $(as $name)?),)*
                    $($($same: ::std::clone::Clone::clone(&self.$same),)*)?
                }
            }
        }
    };

    (enum $module:ident { $(
        $variant:ident
        $(( $($part:ident $(as $name:tt)?),* $(; $($same:ident),*)? ))?
        $({ $($field:ident $(as $field_name:tt)?),* $(; $($same_field:ident),*)? })?
    ),* $(,)? }) => {
        impl<A> $crate::nn::Parameters<A> for $module<A> {
            type Of<B> = $module<B>;

            fn map<B>(
                &self,
                path: $crate::nn::ParameterPath<'_>,
                f: &mut dyn ::std::ops::FnMut($crate::nn::ParameterPath<'_>, &A) -> B,
            ) -> $module<B> {
                match self { $(
                    $module::$variant
                    $(( $($part,)* $($($same,)*)? ))?
                    $({ $($field,)* $($($same_field,)*)? })?
                    => $module::$variant
                    $((
                        $($crate::parameters!(@part $part, path, f, $part $(as $name)?),)*
                        $($(::std::clone::Clone::clone($same),)*)?
                    ))?
                    $({
                        $($field: $crate::parameters!(@part $field, path, f, $field $(as $field_name)?),)*
                        $($($same_field: ::std::clone::Clone::clone($same_field),)*)?
                    })?,
                )* }
            }
        }
    };

    (@part $value:expr, $path:ident, $f:ident, $field:tt as _) => {
        $crate::nn::Part::map_part($value, $path, $f)
    };
    (@part $value:expr, $path:ident, $f:ident, $field:tt as [$($name:ident),*]) => {{
        let [$($name),*] = $value;
        [$($crate::parameters!(@part $name, $path, $f, $name)),*]
    }};
    (@part $value:expr, $path:ident, $f:ident, $field:tt as $name:ident) => {
        $crate::parameters!(@part $value, $path, $f, $name)
    };
    (@part $value:expr, $path:ident, $f:ident, $name:tt) => {
        $crate::nn::Part::map_part($value, $path.field(::std::stringify!($name)), $f)
    };
}

/// A field that [`parameters!`](crate::parameters) maps: a parameter, an optional parameter, or a
/// module.
///
/// `Kind` is always inferred. Without it the compiler could not tell the three implementations
/// apart, since a parameter's type `A` might itself be a module.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no parameters",
    note = "`parameters!` takes fields without parameters after the semicolon"
)]
pub trait Part<A, Kind> {
    type Of<B>;

    fn map_part<B>(
        &self,
        path: ParameterPath<'_>,
        f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B,
    ) -> Self::Of<B>;
}

/// A kind of [`Part`]: a parameter.
#[doc(hidden)]
#[derive(Debug)]
pub struct Parameter;

/// A kind of [`Part`]: a parameter that may be missing.
#[doc(hidden)]
#[derive(Debug)]
pub struct Optional;

/// A kind of [`Part`]: a module.
#[doc(hidden)]
#[derive(Debug)]
pub struct Nested;

impl<A> Part<A, Parameter> for A {
    type Of<B> = B;

    fn map_part<B>(&self, path: ParameterPath<'_>, f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B) -> B {
        f(path, self)
    }
}

impl<A> Part<A, Optional> for Option<A> {
    type Of<B> = Option<B>;

    fn map_part<B>(
        &self,
        path: ParameterPath<'_>,
        f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B,
    ) -> Option<B> {
        self.as_ref().map(|parameter| f(path, parameter))
    }
}

impl<A, M: Parameters<A>> Part<A, Nested> for M {
    type Of<B> = M::Of<B>;

    fn map_part<B>(
        &self,
        path: ParameterPath<'_>,
        f: &mut dyn FnMut(ParameterPath<'_>, &A) -> B,
    ) -> M::Of<B> {
        self.map(path, f)
    }
}

#[cfg(test)]
mod tests;
