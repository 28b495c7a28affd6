//! Weights on disk, in the safetensors format.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use half::f16;
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
    /// The file is not what it should be.
    #[error("{}: {message}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and with which tensor.
        message: String,
    },
}

/// How many bits of each number are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32: all.
    Single,
    /// 16, with 11 significant ones (IEEE 754 binary16).
    Half,
}

impl Precision {
    /// The model as it will be when it is loaded again.
    pub fn round<M: Parameters<Tensor, Of<Tensor> = M>>(self, model: &M) -> M {
        model.map(ParameterPath::ROOT, &mut |_, parameter| match self {
            Self::Single => parameter.clone(),
            Self::Half => {
                let mut rounded = parameter.clone();
                rounded.as_mut_slice().iter_mut().for_each(|x| *x = f16::from_f32(*x).to_f32());
                rounded
            }
        })
    }

    fn dtype(self) -> Dtype {
        match self {
            Self::Single => Dtype::F32,
            Self::Half => Dtype::F16,
        }
    }
}

/// Writes a model's parameters by name, with the configuration that made them as metadata.
///
/// # Errors
/// If the file cannot be written.
pub fn save_weights<M: Parameters<Tensor>>(
    path: &Path,
    model: &M,
    config: &str,
    precision: Precision,
) -> Result<(), WeightsError> {
    let (names, parameters) = (model.names(), model.parameters());
    let bytes: Vec<Vec<u8>> = parameters
        .iter()
        .map(|parameter| match precision {
            Precision::Single => bytes_of(parameter),
            Precision::Half => {
                parameter.as_slice().iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect()
            }
        })
        .collect();
    let views = names.iter().zip(&parameters).zip(&bytes).map(|((name, parameter), bytes)| {
        let view = TensorView::new(precision.dtype(), parameter.shape().to_vec(), bytes);
        (name.as_str(), view.expect("bytes fill the shape"))
    });
    let metadata = HashMap::from([("config".to_owned(), config.to_owned())]);
    let file = serialize(views, Some(metadata)).expect("names are distinct");
    Ok(files::write(path, &file)?)
}

/// The configuration that stands in a file of weights.
///
/// # Errors
/// If the file cannot be read, or has none.
pub fn load_metadata(path: &Path) -> Result<String, WeightsError> {
    let bytes = files::read(path)?;
    let fail = |message: String| WeightsError::Format { path: path.into(), message };
    let (_, metadata) = SafeTensors::read_metadata(&bytes)
        .map_err(|e| fail(format!("not a file of weights in the safetensors format: {e}")))?;
    let config = metadata.metadata().as_ref().and_then(|m| m.get("config")).cloned();
    config.ok_or_else(|| fail("there is no configuration in its metadata".into()))
}

/// A model of the same structure as `model` with the parameters of a file.
///
/// # Errors
/// If the file cannot be read, or a tensor is missing, superfluous, or of another shape or type.
pub fn load_weights<M>(path: &Path, model: &M) -> Result<M, WeightsError>
where
    M: Parameters<Tensor, Of<Tensor> = M>,
{
    let bytes = files::read(path)?;
    let fail = |message: String| WeightsError::Format { path: path.into(), message };
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| fail(format!("not a file of weights in the safetensors format: {e}")))?;
    let names = model.names();
    let extra = file.names().into_iter().filter(|name| !names.iter().any(|own| own == name)).min();
    if let Some(name) = extra {
        return Err(fail(format!("the tensor {name} is not part of the model")));
    }
    let mut values = Vec::with_capacity(names.len());
    for (name, parameter) in names.iter().zip(model.parameters()) {
        let value = tensor_from(&file, name).map_err(&fail)?;
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

/// A tensor of a file, by name.
pub(crate) fn tensor_from(file: &SafeTensors<'_>, name: &str) -> Result<Tensor, String> {
    let view = file.tensor(name).map_err(|_| format!("the tensor {name} is missing"))?;
    let values = match view.dtype() {
        Dtype::F32 => {
            let numbers = view.data().chunks_exact(4);
            numbers.map(|b| f32::from_le_bytes(b.try_into().expect("four bytes"))).collect()
        }
        Dtype::F16 => {
            let numbers = view.data().chunks_exact(2);
            numbers.map(|b| f16::from_le_bytes(b.try_into().expect("two bytes")).to_f32()).collect()
        }
        other => return Err(format!("the tensor {name} is of type {other:?}, not F32 or F16")),
    };
    Tensor::from_vec(view.shape(), values).map_err(|e| format!("the tensor {name}: {e}"))
}
