//! Adding a layer.
//!
//! A layer is a struct that is generic over the type of its parameters: `Tensor` at rest, `Var` in
//! a training step. It needs three things: fields, a line of
//! [`parameters!`](crate::nn::parameters), and a [`forward`](crate::nn::Module::forward).
//!
//! ```
//! use ece472::autodiff::{Algebra, Var};
//! use ece472::nn::check::check_module;
//! use ece472::nn::loss::half_squared_error;
//! use ece472::nn::{Init, Linear, Module, Parameters, Pass, parameters};
//! use ece472::random::{Purpose, Stream};
//! use ece472::tensor::Tensor;
//! use ece472::train::{RunOptions, Settings, Supervised, train};
//!
//! /// y = x W + b + gain x: a linear layer with a scaled skip connection. `x: [batch, width]` to
//! /// `[batch, width]`. The gain starts at 1.
//! #[derive(Clone, Debug)]
//! struct Skip<A = Tensor> {
//!     linear: Linear<A>,
//!     gain: A, // [width]
//! }
//!
//! // Fields with parameters; others would come after a semicolon.
//! parameters!(Skip { linear, gain });
//!
//! impl Skip {
//!     fn new(width: usize, stream: &mut Stream) -> Self {
//!         let linear = Linear::new(width, width, true, Init::GlorotUniform, stream);
//!         Self { linear, gain: Tensor::ones(&[width]) }
//!     }
//! }
//!
//! impl<A: Algebra> Module<A> for Skip<A> {
//!     fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
//!         self.linear.forward(x, pass) + &(x.clone() * &self.gain)
//!     }
//! }
//!
//! let layer = Skip::new(3, &mut Stream::new(472, Purpose::Init));
//! assert_eq!(layer.names(), ["linear.weight", "linear.bias", "gain"]);
//!
//! // On tensors it computes. `inference` means without dropout and similar noise.
//! let x = Tensor::randn(&[64, 3], &mut Stream::new(472, Purpose::Data));
//! assert_eq!(layer.forward(&x, &mut Pass::inference()).shape(), [64, 3]);
//!
//! // On a tape it has derivatives, of its input and its parameters, which are checked in `f64`.
//! check_module(&layer.cast::<f32, f64>(), &x.narrow(0, 0, 4).cast(), |layer, parameters, x: Var<'_, f64>| {
//!     layer.with(parameters).forward(&x, &mut Pass::on(x.context()))
//! })
//! .unwrap();
//!
//! // And it is trained like any other.
//! let objective = Supervised::new(x.clone(), 3.0 * x, |p, t| half_squared_error(p, t)).unwrap();
//! let settings = Settings::new(500, 64, 0.02);
//! let (_, history) = train(&objective, &layer, settings, 472, &RunOptions::default()).unwrap();
//! assert!(history.column("loss").last().unwrap() < &1e-3);
//! ```
//!
//! Noise comes from [`Pass::noise`](crate::nn::Pass::noise), which is `None` outside of training,
//! and constants enter by [`Pass::constant`](crate::nn::Pass::constant). A parameter that the loss
//! does not depend on is an error that names it, since it would never be trained.
