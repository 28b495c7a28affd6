//! Coming from PyTorch.
//!
//! | PyTorch | here |
//! | --- | --- |
//! | `torch.tensor([[1., 2.]])`, `torch.randn(2, 3)` | [`Tensor::matrix`], [`Tensor::randn`] |
//! | `x @ w`, `x.T`, `x[:, 1:3]` | `x.matmul(&w)`, `x.transpose()`, `x.narrow(1, 1, 3)` |
//! | `x.sum(1)`, `x.mean()`, `x.argmax(1)` | `x.sum_over(&[1])`, `x.mean()`, `x.argmax(1)` |
//! | `x.detach()`, `torch.where(mask, a, b)` | `x.detach()`, `a.select(mask, &b)` |
//! | `requires_grad=True`, `loss.backward()` | [`grad`]: a function gives a value and its gradients |
//! | `torch.autograd.grad(y, x, create_graph=True)` | [`Var::grad`]: always differentiable again |
//! | `torch.autograd.Function` | [`CustomOp`] |
//! | `torch.autograd.gradcheck`, `gradgradcheck` | [`check::gradients`], both at once |
//! | `torch.func.vjp`, `jvp`, `hvp` | [`vjp`], [`jvp`], [`hvp`] |
//! | `with torch.no_grad():`, `model.eval()` | a forward pass on tensors, with [`Pass::inference`] |
//! | `model.train()`, `torch.manual_seed` | [`Pass::with_noise`], a stream for each purpose |
//! | `nn.Module`, `nn.Parameter`, `named_parameters()` | a struct, [`parameters!`], [`names`], [`parameters`] |
//! | `nn.Linear`, `nn.Conv2d`, `nn.ConvTranspose2d` | [`Linear`], [`Conv2d`], [`ConvTranspose2d`] |
//! | `nn.Embedding`, `nn.Dropout`, `nn.MaxPool2d` | [`Embedding`], [`Dropout`], [`Pool2d`] |
//! | `nn.LayerNorm`, `nn.GroupNorm`, `nn.RMSNorm` | [`LayerNorm`], [`GroupNorm`], [`RmsNorm`] |
//! | `nn.MultiheadAttention`, `nn.TransformerEncoder` | [`MultiHeadAttention`], [`Transformer`] |
//! | `nn.GELU()`, `nn.SiLU()`, `F.softmax(x, 1)` | [`Activation`], `x.softmax(1)` |
//! | `nn.CrossEntropyLoss(label_smoothing=0.1)` | [`cross_entropy`] with [`one_hot`] targets |
//! | `nn.BCEWithLogitsLoss`, `nn.MSELoss` | [`binary_cross_entropy`], [`half_squared_error`] |
//! | `optim.SGD`, `Adam`, `AdamW`, `Muon` | [`Method`] |
//! | `lr_scheduler.CosineAnnealingLR`, `OneCycleLR` | [`Schedule`] |
//! | `clip_grad_norm_`, `AveragedModel` | `max_gradient_norm` and `average` of [`Settings`] |
//! | `TensorDataset`, `DataLoader`, the training loop | [`Supervised`] or [`Objective`], and [`train`] |
//! | `torch.save`, `load_state_dict(strict=False)` | [`save_weights`], [`load_weights_with`] |
//!
//! # What is different
//! - `half_squared_error` is half of the sum over outputs, not the mean.
//! - Gradients are results, not fields: nothing accumulates, so there is no `zero_grad`.
//! - Pictures are `[batch, height, width, channels]` (NHWC), not NCHW.
//! - The matrix of a linear layer is `[inputs, outputs]`, y = x W + b, not its transpose; the
//!   kernel of a convolution is `[height, width, inputs / groups, outputs]`.
//! - A loss function gives the loss of each example. The training takes the mean.
//! - Results do not depend on the number of threads, and are the same bytes on every run.
//! - There is no GPU, and no element type but `f32` (and `f64` for checks).
//!
//! # Weights
//! Write them by `safetensors.torch.save_file(model.state_dict(), "model.safetensors")`, and load
//! them into a model of the same structure. [`Import::pytorch`] has
//! the rules for parameters; you state the names of the modules. Nothing is skipped in silence:
//! missing and unused tensors are an error, unless a
//! [partial](crate::train::Import::partial) import is asked for.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use ece472::nn::{Mlp, MlpConfig};
//! use ece472::random::{Purpose, Stream};
//! use ece472::train::{Import, load_weights_with};
//!
//! // torch.nn.Sequential(Linear(4, 64), GELU(), Linear(64, 64), GELU(), Linear(64, 3))
//! let config = MlpConfig { num_inputs: 4, num_outputs: 3, ..MlpConfig::default() };
//! let model = Mlp::new(config, &mut Stream::new(0, Purpose::Init));
//! let import = Import::pytorch().name("hidden.0", "0").name("hidden.1", "2").name("output", "4");
//! let model = load_weights_with(Path::new("model.safetensors"), &model, &import)?.model;
//! # Ok::<(), ece472::train::WeightsError>(())
//! ```
//!
//! Compare the outputs for a few inputs afterwards, as `examples/from_pytorch.rs` does: no shape
//! can tell whether a square matrix was transposed. The constants of a normalisation and the kind
//! of GELU (here the exact one) are not in a file of weights either.
//!
//! [`Activation`]: crate::nn::Activation
//! [`Conv2d`]: crate::nn::Conv2d
//! [`ConvTranspose2d`]: crate::nn::ConvTranspose2d
//! [`CustomOp`]: crate::autodiff::CustomOp
//! [`Dropout`]: crate::nn::Dropout
//! [`Embedding`]: crate::nn::Embedding
//! [`GroupNorm`]: crate::nn::GroupNorm
//! [`Import::pytorch`]: crate::train::Import::pytorch
//! [`LayerNorm`]: crate::nn::LayerNorm
//! [`Linear`]: crate::nn::Linear
//! [`Method`]: crate::optim::Method
//! [`MultiHeadAttention`]: crate::nn::MultiHeadAttention
//! [`Objective`]: crate::train::Objective
//! [`Pass::inference`]: crate::nn::Pass::inference
//! [`Pass::with_noise`]: crate::nn::Pass::with_noise
//! [`Pool2d`]: crate::nn::Pool2d
//! [`RmsNorm`]: crate::nn::RmsNorm
//! [`Schedule`]: crate::optim::Schedule
//! [`Settings`]: crate::train::Settings
//! [`Supervised`]: crate::train::Supervised
//! [`Tensor::matrix`]: crate::tensor::Tensor::matrix
//! [`Tensor::randn`]: crate::tensor::Tensor::randn
//! [`Transformer`]: crate::nn::Transformer
//! [`Var::grad`]: crate::autodiff::Var::grad
//! [`binary_cross_entropy`]: crate::nn::loss::binary_cross_entropy
//! [`check::gradients`]: crate::autodiff::check::gradients
//! [`cross_entropy`]: crate::nn::loss::cross_entropy
//! [`grad`]: crate::autodiff::grad
//! [`half_squared_error`]: crate::nn::loss::half_squared_error
//! [`hvp`]: crate::autodiff::hvp
//! [`jvp`]: crate::autodiff::jvp
//! [`load_weights_with`]: crate::train::load_weights_with
//! [`names`]: crate::nn::Parameters::names
//! [`one_hot`]: crate::nn::loss::one_hot
//! [`parameters`]: crate::nn::Parameters::parameters
//! [`parameters!`]: crate::nn::parameters
//! [`save_weights`]: crate::train::save_weights
//! [`train`]: crate::train::train()
//! [`vjp`]: crate::autodiff::vjp
