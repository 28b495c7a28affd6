//! Weights on disk, in the safetensors format.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use thiserror::Error;

use crate::files::{self, FileError};
use crate::nn::{ParameterPath, Parameters};
use crate::tensor::Tensor;

/// Weights that cannot be written, read or used.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not a valid file of weights.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// A description of the problem, which names the tensor.
        message: String,
    },
    /// An element of the weights to save is not finite.
    #[error("the trained weights have no score: {0}")]
    NonFinite(#[from] NonFinite),
}

/// The first element of a tensor that is infinite or NaN.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{tensor}{index:?} {what}")]
pub struct NonFinite {
    tensor: String,
    index: Vec<usize>,
    what: String,
}

/// Checks that all elements of a tensor are finite.
pub(super) fn finite(name: &str, tensor: &Tensor) -> Result<(), String> {
    first_not_finite(name, tensor, |x| format!("is {x}, not a finite number")).map_err(|e| e.to_string())
}

fn first_not_finite(name: &str, tensor: &Tensor, what: impl Fn(f32) -> String) -> Result<(), NonFinite> {
    if tensor.is_finite() {
        return Ok(());
    }
    let values = tensor.as_slice();
    let position = values.iter().position(|x| !x.is_finite()).unwrap_or(0);
    Err(NonFinite { tensor: name.to_owned(), index: tensor.index_of(position), what: what(values[position]) })
}

/// The precision in which elements are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits: exact.
    Single,
    /// 16 bits with 11 significant ones (IEEE 754 binary16).
    Half,
}

impl Precision {
    /// The model as it will be after saving and loading.
    ///
    /// # Errors
    /// If an element is not finite, before or after rounding.
    pub fn round<M: Parameters<Tensor, Of<Tensor> = M>>(self, model: &M) -> Result<M, NonFinite> {
        let mut failure = None;
        let rounded = model.map(ParameterPath::ROOT, &mut |path, parameter| {
            let rounded = self.rounded(&path, parameter);
            rounded.unwrap_or_else(|error| {
                failure.get_or_insert(error);
                parameter.clone()
            })
        });
        failure.map_or(Ok(rounded), Err)
    }

    /// One tensor, rounded.
    fn rounded(self, name: &impl fmt::Display, tensor: &Tensor) -> Result<Tensor, NonFinite> {
        let advice = "lower the learning rate";
        let name = name.to_string();
        first_not_finite(&name, tensor, |x| format!("is {x}: the training diverged, {advice}"))?;
        let mut rounded = tensor.clone();
        if self == Self::Half {
            rounded.as_mut_slice().iter_mut().for_each(|x| *x = f16::from_f32(*x).to_f32());
            first_not_finite(&name, &rounded, |_| {
                format!(
                    "overflows 16 bits, whose largest number is {}: {advice}, or save in 32 bits",
                    f16::MAX
                )
            })?;
        }
        Ok(rounded)
    }

    fn dtype(self) -> Dtype {
        match self {
            Self::Single => Dtype::F32,
            Self::Half => Dtype::F16,
        }
    }
}

/// Writes a model's parameters under their names, with the model's configuration as metadata.
///
/// A file of weights does not say which model they belong to. `config` is a text for that, in any
/// format: usually the settings from which the model was made, as JSON. [`load_metadata`] gives it
/// back, so that the model can be made before [`load_weights`] fills it. It may be empty, if the
/// reader knows the model otherwise.
///
/// ```
/// use ece472::nn::{Mlp, MlpConfig, Parameters};
/// use ece472::random::{Purpose, Stream};
/// use ece472::train::{Precision, load_metadata, load_weights, save_weights};
///
/// let network = |width: usize| {
///     let config = MlpConfig { hidden_layer_width: width, ..MlpConfig::default() };
///     Mlp::new(config, &mut Stream::new(472, Purpose::Init))
/// };
/// let path = std::env::temp_dir().join("ece472-save-weights.safetensors");
/// let model = network(32);
/// save_weights(&path, &model, r#"{"width": 32}"#, Precision::Single)?;
///
/// let config: serde_json::Value = serde_json::from_str(&load_metadata(&path)?).unwrap();
/// let width = config["width"].as_u64().unwrap() as usize;
/// let loaded = load_weights(&path, &network(width))?;
/// assert_eq!(loaded.parameters(), model.parameters());
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), ece472::train::WeightsError>(())
/// ```
///
/// # Errors
/// If an element is not finite or too large for the precision, or the file cannot be written.
pub fn save_weights<M: Parameters<Tensor>>(
    path: &Path,
    model: &M,
    config: &str,
    precision: Precision,
) -> Result<(), WeightsError> {
    let (names, parameters) = (model.names(), model.parameters());
    let mut bytes: Vec<Vec<u8>> = Vec::with_capacity(parameters.len());
    for (name, parameter) in names.iter().zip(&parameters) {
        let rounded = precision.rounded(name, parameter)?;
        bytes.push(match precision {
            Precision::Single => bytes_of(&rounded),
            Precision::Half => {
                rounded.as_slice().iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect()
            }
        });
    }
    let views = names.iter().zip(&parameters).zip(&bytes).map(|((name, parameter), bytes)| {
        let view = TensorView::new(precision.dtype(), parameter.shape().to_vec(), bytes);
        (name.as_str(), view.expect("bytes fill the shape"))
    });
    let metadata = HashMap::from([("config".to_owned(), config.to_owned())]);
    let file = serialize(views, Some(metadata)).expect("names are distinct");
    Ok(files::write(path, &file)?)
}

pub(super) fn format_error(path: &Path, message: String) -> WeightsError {
    WeightsError::Format { path: path.into(), message }
}

pub(super) fn not_weights(path: &Path, error: &SafeTensorError) -> WeightsError {
    format_error(path, format!("not a file of weights in the safetensors format: {error}"))
}

/// The configuration that is stored in a file of weights.
///
/// # Errors
/// If the file cannot be read, or has no configuration.
pub fn load_metadata(path: &Path) -> Result<String, WeightsError> {
    let bytes = files::read(path)?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| not_weights(path, &e))?;
    let config = metadata.metadata().as_ref().and_then(|m| m.get("config")).cloned();
    config.ok_or_else(|| format_error(path, "there is no configuration in its metadata".into()))
}

/// The number of elements of all tensors in a file.
///
/// # Errors
/// If the file cannot be read, or is not a file of weights.
pub(crate) fn count_elements(path: &Path) -> Result<usize, WeightsError> {
    let bytes = files::read(path)?;
    let file = SafeTensors::deserialize(&bytes).map_err(|e| not_weights(path, &e))?;
    Ok(file.iter().map(|(_, view)| view.shape().iter().product::<usize>()).sum())
}

/// A model with the structure of `model` and the parameters from a file that [`save_weights`]
/// wrote. Files of other libraries are loaded by [`load_weights_with`](super::load_weights_with).
///
/// # Errors
/// If the file cannot be read or has no configuration, or a tensor is missing, not part of the
/// model, of another shape or type, or not finite.
pub fn load_weights<M>(path: &Path, model: &M) -> Result<M, WeightsError>
where
    M: Parameters<Tensor, Of<Tensor> = M>,
{
    let bytes = files::read(path)?;
    let fail = |message| format_error(path, message);
    let file = SafeTensors::deserialize(&bytes).map_err(|e| not_weights(path, &e))?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| not_weights(path, &e))?;
    if !metadata.metadata().as_ref().is_some_and(|m| m.contains_key("config")) {
        return Err(fail(
            "there is no configuration in its metadata, so another library may have written it, which may \
             store matrices transposed: load it by load_weights_with, and say how they are stored"
                .into(),
        ));
    }
    let names = model.names();
    let extra = file.names().into_iter().filter(|name| !names.iter().any(|own| own == name)).min();
    if let Some(name) = extra {
        return Err(fail(format!("the tensor {name} is not part of the model")));
    }
    let mut values = Vec::with_capacity(names.len());
    for (name, parameter) in names.iter().zip(model.parameters()) {
        let value = finite_tensor_from(&file, name).map_err(&fail)?;
        if value.shape() != parameter.shape() {
            let shapes = (value.shape(), parameter.shape());
            return Err(fail(format!("the tensor {name} has shape {:?}, not {:?}", shapes.0, shapes.1)));
        }
        values.push(value);
    }
    Ok(model.with(&values))
}

/// The elements as little-endian bytes.
pub(super) fn bytes_of(tensor: &Tensor) -> Vec<u8> {
    tensor.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A tensor from a file, by name. All its elements must be finite.
pub(crate) fn finite_tensor_from(file: &SafeTensors<'_>, name: &str) -> Result<Tensor, String> {
    let tensor = tensor_from(file, name)?;
    finite(name, &tensor).map_err(|message| format!("the tensor {message}"))?;
    Ok(tensor)
}

/// A tensor from a file, by name.
pub(super) fn tensor_from(file: &SafeTensors<'_>, name: &str) -> Result<Tensor, String> {
    let view = file.tensor(name).map_err(|_| format!("the tensor {name} is missing"))?;
    let values = match view.dtype() {
        Dtype::F32 => {
            let elements = view.data().chunks_exact(4);
            elements.map(|b| f32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
        }
        Dtype::F16 => {
            let elements = view.data().chunks_exact(2);
            elements.map(|b| f16::from_le_bytes(b.try_into().expect("two bytes")).to_f32()).collect()
        }
        Dtype::BF16 => {
            let elements = view.data().chunks_exact(2);
            elements.map(|b| bf16::from_le_bytes(b.try_into().expect("two bytes")).to_f32()).collect()
        }
        Dtype::F64 => {
            let elements = view.data().chunks_exact(8);
            elements.map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")) as f32).collect()
        }
        other => {
            return Err(format!("the tensor {name} is of type {other:?}, not F32, F16, BF16 or F64"));
        }
    };
    Tensor::from_vec(view.shape(), values).map_err(|e| format!("the tensor {name}: {e}"))
}
