//! Coming from PyTorch.
//!
//! | PyTorch | here |
//! | --- | --- |
//! | `torch.tensor([[1., 2.]])`, `torch.randn(2, 3)` | [`Tensor::matrix`](crate::tensor::Tensor::matrix), [`Tensor::randn`](crate::tensor::Tensor::randn) with a [`Stream`](crate::random::Stream) |
//! | `x @ w`, `x.T`, `x.reshape(2, 3)`, `x[:, 1:3]` | `x.matmul(&w)`, `x.transpose()`, `x.reshape(&[2, 3])`, `x.narrow(1, 1, 3)` |
//! | `x.sum(1)`, `x.mean()`, `x.argmax(1)` | `x.sum_over(&[1])`, `x.mean()`, `x.argmax(1)` |
//! | `x.detach()`, `x.item()`, `torch.where(mask, a, b)` | `x.detach()`, `x.item()`, `a.select(mask, &b)` |
//! | `requires_grad=True`, `loss.backward()` | [`grad`](crate::autodiff::grad): a function gives a value and its gradients |
//! | `torch.autograd.grad(y, x, create_graph=True)` | [`Var::grad`](crate::autodiff::Var::grad): always differentiable again |
//! | `torch.autograd.Function` | [`CustomOp`](crate::autodiff::CustomOp) |
//! | `torch.autograd.gradcheck`, `gradgradcheck` | [`check::gradients`](crate::autodiff::check::gradients), both at once |
//! | `torch.func.vjp`, `jvp`, `hvp` | [`vjp`](crate::autodiff::vjp), [`jvp`](crate::autodiff::jvp), [`hvp`](crate::autodiff::hvp) |
//! | `with torch.no_grad():`, `model.eval()` | a forward pass on tensors, with [`Pass::inference`](crate::nn::Pass::inference) |
//! | `model.train()`, `torch.manual_seed` | [`Pass::with_noise`](crate::nn::Pass::with_noise), a stream for each purpose |
//! | `nn.Module`, `nn.Parameter`, `named_parameters()` | a struct, [`parameters!`](crate::nn::parameters), [`names`](crate::nn::Parameters::names) and [`parameters`](crate::nn::Parameters::parameters) |
//! | `nn.Linear`, `nn.Conv2d`, `nn.ConvTranspose2d` | [`Linear`](crate::nn::Linear), [`Conv2d`](crate::nn::Conv2d), [`ConvTranspose2d`](crate::nn::ConvTranspose2d) |
//! | `nn.Embedding`, `nn.Dropout`, `nn.MaxPool2d` | [`Embedding`](crate::nn::Embedding), [`Dropout`](crate::nn::Dropout), [`Pool2d`](crate::nn::Pool2d) |
//! | `nn.LayerNorm`, `nn.GroupNorm`, `nn.RMSNorm` | [`LayerNorm`](crate::nn::LayerNorm), [`GroupNorm`](crate::nn::GroupNorm), [`RmsNorm`](crate::nn::RmsNorm) |
//! | `nn.MultiheadAttention`, `nn.TransformerEncoder` | [`MultiHeadAttention`](crate::nn::MultiHeadAttention), [`Transformer`](crate::nn::Transformer) |
//! | `nn.GELU()`, `nn.SiLU()`, `F.softmax(x, 1)` | [`Activation`](crate::nn::Activation), `x.softmax(1)` |
//! | `nn.CrossEntropyLoss(label_smoothing=0.1)` | [`cross_entropy`](crate::nn::loss::cross_entropy) with [`one_hot`](crate::nn::loss::one_hot) targets |
//! | `nn.BCEWithLogitsLoss`, `nn.MSELoss` | [`binary_cross_entropy`](crate::nn::loss::binary_cross_entropy), [`half_squared_error`](crate::nn::loss::half_squared_error) (half of the sum over outputs) |
//! | `optim.SGD`, `Adam`, `AdamW`, `Muon` | [`Method`](crate::optim::Method) |
//! | `lr_scheduler.CosineAnnealingLR`, `OneCycleLR` | [`Schedule`](crate::optim::Schedule) |
//! | `clip_grad_norm_`, `AveragedModel` | `max_gradient_norm` and `average` of [`Settings`](crate::train::Settings) |
//! | `TensorDataset`, `DataLoader`, the training loop | [`Supervised`](crate::train::Supervised) or [`Objective`](crate::train::Objective), and [`train`](crate::train::train()) |
//! | `torch.save`, `load_state_dict(strict=False)` | [`save_weights`](crate::train::save_weights), [`load_weights_with`](crate::train::load_weights_with) a partial [`Import`](crate::train::Import) |
//!
//! # What is different
//! - Gradients are results, not fields: nothing accumulates, so there is no `zero_grad`.
//! - Pictures are `[batch, height, width, channels]` (NHWC), not NCHW.
//! - The matrix of a linear layer is `[inputs, outputs]`, y = x W + b, not its transpose; the kernel
//!   of a convolution is `[height, width, inputs / groups, outputs]`.
//! - A loss function gives the loss of each example. The training takes the mean.
//! - Results do not depend on the number of threads, and are the same bytes on every run.
//! - There is no GPU, and no element type but `f32` (and `f64` for checks).
//!
//! # Weights
//! Write them by `safetensors.torch.save_file(model.state_dict(), "model.safetensors")`, and load
//! them into a model of the same structure. [`Import::pytorch`](crate::train::Import::pytorch) has
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
//! Compare the outputs for a few inputs afterwards, as `examples/from_pytorch.rs` does: no shape can
//! tell whether a square matrix was transposed. The constants of a normalisation and the kind of
//! GELU (here the exact one) are not in a file of weights either.
