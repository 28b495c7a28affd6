//! Checkpoints: a training can be killed at any time and goes on to the same bytes.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};

use super::weights::{bytes_of, tensor_from};
use super::{History, TrainError};
use crate::files;
use crate::optim::State;
use crate::tensor::Tensor;

/// Everything that a training needs to go on: parameters, optimizer, place, and history.
pub struct Checkpoint {
    pub(super) identity: String,
    pub(super) step: u64,
    pub(super) losses: (f64, u64),
    pub(super) names: Vec<String>,
    pub(super) parameters: Vec<Tensor>,
    /// Running averages of the parameters, if they are kept.
    pub(super) averages: Vec<Tensor>,
    pub(super) optimizer: State,
    pub(super) history: History,
}

/// What stands in the file beside the tensors.
#[derive(Serialize, Deserialize)]
struct Header {
    identity: String,
    step: u64,
    loss_sum: f64,
    loss_count: u64,
    names: Vec<String>,
    optimizer_steps: u64,
    optimizer_slots: Vec<String>,
    columns: Vec<String>,
}

impl Checkpoint {
    /// Writes the checkpoint to a file in the safetensors format.
    ///
    /// # Errors
    /// If the file cannot be written; an older checkpoint there stays whole.
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        let header = Header {
            identity: self.identity.clone(),
            step: self.step,
            loss_sum: self.losses.0,
            loss_count: self.losses.1,
            names: self.names.clone(),
            optimizer_steps: self.optimizer.steps,
            optimizer_slots: self.optimizer.slots.iter().map(|(name, _)| (*name).to_owned()).collect(),
            columns: self.history.columns().to_vec(),
        };
        let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
        let mut add = |name: String, t: &Tensor| {
            tensors.push((name, Dtype::F32, t.shape().to_vec(), bytes_of(t)));
        };
        for (name, tensor) in self.names.iter().zip(&self.parameters) {
            add(format!("parameter.{name}"), tensor);
        }
        for (name, tensor) in self.names.iter().zip(&self.averages) {
            add(format!("average.{name}"), tensor);
        }
        for (slot, values) in &self.optimizer.slots {
            for (name, tensor) in self.names.iter().zip(values) {
                add(format!("optimizer.{slot}.{name}"), tensor);
            }
        }
        let rows = self.history.rows();
        let history = rows.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
        let shape = vec![rows.len(), self.history.columns().len()];
        tensors.push(("history".into(), Dtype::F64, shape, history));

        let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes).expect("bytes fill the shape");
            (name.as_str(), view)
        });
        let header = serde_json::to_string(&header).expect("strings and numbers");
        // One key only: the order of several would differ from run to run.
        let metadata = HashMap::from([("checkpoint".to_owned(), header)]);
        let bytes = serialize(views, Some(metadata)).expect("names are distinct");
        Ok(files::write(path, &bytes)?)
    }

    /// Reads a checkpoint; `None` if there is none.
    ///
    /// # Errors
    /// If the file is not a whole checkpoint, or one of a run that `identity` does not describe.
    pub fn read(path: &Path, identity: &str) -> Result<Option<Self>, TrainError> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = files::read(path)?;
        let fail = |message: String| TrainError::Checkpoint { path: path.into(), message };
        let broken =
            |what: &str| fail(format!("it is not a whole checkpoint ({what}); delete it to start afresh"));

        let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|e| broken(&e.to_string()))?;
        let header = metadata.metadata().as_ref().and_then(|m| m.get("checkpoint"));
        let header = header.ok_or_else(|| broken("no header"))?;
        let header: Header = serde_json::from_str(header).map_err(|e| broken(&e.to_string()))?;
        if header.identity != identity {
            return Err(fail(
                "it belongs to a run with other settings; repeat those, choose another --out, or leave out --resume"
                    .into(),
            ));
        }
        let file = SafeTensors::deserialize(&bytes).map_err(|e| broken(&e.to_string()))?;
        let tensor = |name: String| tensor_from(&file, &name).map_err(|e| broken(&e));
        let all = |prefix: &str| -> Result<Vec<Tensor>, TrainError> {
            header.names.iter().map(|name| tensor(format!("{prefix}.{name}"))).collect()
        };
        // Of a slot that is there, there is a tensor for every parameter.
        let has = |slot: &str| {
            header.names.first().is_some_and(|name| file.tensor(&format!("{slot}.{name}")).is_ok())
        };
        let averages = if has("average") { all("average")? } else { Vec::new() };
        let mut slots = Vec::new();
        for slot in &header.optimizer_slots {
            let name = ["velocity", "mean", "square"].into_iter().find(|known| known == slot);
            let name = name.ok_or_else(|| broken(&format!("unknown optimizer state {slot}")))?;
            let slot = format!("optimizer.{slot}");
            slots.push((name, if has(&slot) { all(&slot)? } else { Vec::new() }));
        }
        let history = file.tensor("history").map_err(|e| broken(&e.to_string()))?;
        let numbers: Vec<f64> = history
            .data()
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")))
            .collect();
        let rows = numbers.chunks(header.columns.len().max(1)).map(<[f64]>::to_vec).collect();
        Ok(Some(Self {
            step: header.step,
            losses: (header.loss_sum, header.loss_count),
            parameters: all("parameter")?,
            averages,
            optimizer: State { steps: header.optimizer_steps, slots },
            history: History::new(header.columns, rows),
            names: header.names,
            identity: header.identity,
        }))
    }
}
