//! Checkpoints: a training that was killed at any time continues to the same bits.
//!
//! The last two checkpoints are kept. Each holds a checksum of its contents. If the newest is
//! damaged, the one before it is used.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use serde::{Deserialize, Serialize};

use super::weights::{bytes_of, tensor_from};
use super::{History, TrainError};
use crate::optim::State;
use crate::tensor::Tensor;
use crate::{console, files};

/// Everything that a training needs to continue: parameters, optimizer state, step, and history.
pub struct Checkpoint {
    pub(super) identity: String,
    pub(super) step: u64,
    pub(super) losses: (f64, u64),
    pub(super) names: Vec<String>,
    pub(super) parameters: Vec<Tensor>,
    /// Running averages of the parameters, if they are used.
    pub(super) averages: Vec<Tensor>,
    pub(super) optimizer: State,
    pub(super) history: History,
}

/// The metadata in the file, in addition to the tensors.
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

/// The bytes between the length of a file's header (the first eight bytes) and the checksum.
const START: &[u8] = br#"{"__metadata__":{"checkpoint":""#;
/// The offset of the checksum, and its length in hexadecimal digits.
const CHECKSUM: usize = 8 + START.len();
const DIGITS: usize = 64;

/// The first columns of every history.
pub(super) const COLUMNS: [&str; 3] = ["step", "learning_rate", "loss"];

/// The file of the checkpoint before the one at `path`.
pub(super) fn older(path: &Path) -> PathBuf {
    path.with_extension("previous.safetensors")
}

/// The SHA-256 of a file without its checksum, in hexadecimal digits.
fn checksum(file: &[u8]) -> String {
    files::sha256(&[&file[..CHECKSUM], &file[CHECKSUM + DIGITS..]])
}

/// Writes the checksum into the file.
fn seal(file: &mut [u8]) {
    assert!(file[8..].starts_with(START), "the metadata are at the start");
    let sum = checksum(file);
    file[CHECKSUM..CHECKSUM + DIGITS].copy_from_slice(sum.as_bytes());
}

impl Checkpoint {
    /// Writes the checkpoint to a file in the safetensors format. If `keep` is set, the checkpoint
    /// that is there is kept under another name, and is used if the new one is damaged.
    ///
    /// # Errors
    /// If the file cannot be written; an older checkpoint is then unchanged.
    pub fn write(&self, path: &Path, keep: bool) -> Result<(), TrainError> {
        let file = self.to_bytes();
        Ok(if keep { files::write_and_keep(path, &file, &older(path)) } else { files::write(path, &file) }?)
    }

    fn to_bytes(&self) -> Vec<u8> {
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
        // A single key, since the order of several would differ from run to run.
        let value = format!("{} {header}", "0".repeat(DIGITS));
        let metadata = HashMap::from([("checkpoint".to_owned(), value)]);
        let mut file = serialize(views, Some(metadata)).expect("names are distinct");
        seal(&mut file);
        file
    }

    /// The checkpoint at `path`, or the one before it if that is missing or damaged, and whether it
    /// is the one at `path`. A damaged checkpoint is reported on stderr. `None` if there is
    /// neither.
    ///
    /// # Errors
    /// As [`read`](Self::read), if the checkpoint before it cannot be used either.
    pub(super) fn find(path: &Path, identity: &str) -> Result<Option<(Self, bool)>, TrainError> {
        let before = older(path);
        match Self::read(path, identity) {
            Ok(Some(newest)) => Ok(Some((newest, true))),
            Ok(None) => Ok(Self::read(&before, identity)?.map(|checkpoint| (checkpoint, false))),
            Err(TrainError::BrokenCheckpoint { path, damage }) => match Self::read(&before, identity) {
                Ok(Some(checkpoint)) => {
                    console::message(&format!(
                        "warning: {} is not a whole checkpoint ({damage}); continuing from step {} of {}",
                        path.display(),
                        checkpoint.step,
                        before.display()
                    ));
                    Ok(Some((checkpoint, false)))
                }
                _ => Err(TrainError::BrokenCheckpoint { path, damage }),
            },
            Err(error) => Err(error),
        }
    }

    /// Reads a checkpoint; `None` if there is none.
    ///
    /// # Errors
    /// If the file is not a whole checkpoint, if it belongs to a run with another `identity`, or if
    /// an older version of the program wrote it.
    pub fn read(path: &Path, identity: &str) -> Result<Option<Self>, TrainError> {
        let Some(bytes) = files::read_if_there(path)? else { return Ok(None) };
        let refused = |message: &str| TrainError::Checkpoint { path: path.into(), message: message.into() };
        let broken = |damage: String| TrainError::BrokenCheckpoint { path: path.into(), damage };
        match bytes.get(CHECKSUM..CHECKSUM + DIGITS) {
            Some(stored) if bytes[8..].starts_with(START) => {
                if stored[0] == b'{' {
                    return Err(refused(
                        "an older version of the program wrote it, without a checksum; leave out --resume to \
                         start again",
                    ));
                }
                if checksum(&bytes).as_bytes() != stored {
                    return Err(broken("its checksum does not match its contents".into()));
                }
            }
            _ => return Err(broken("it does not begin like a checkpoint".into())),
        }
        let checkpoint = Self::from_bytes(&bytes).map_err(broken)?;
        if checkpoint.identity != identity {
            return Err(refused(
                "it belongs to a run with other settings; use those settings, choose another --out, or leave out --resume",
            ));
        }
        Ok(Some(checkpoint))
    }

    /// The checkpoint in a file, or a description of the damage.
    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let header = metadata.metadata().as_ref().and_then(|m| m.get("checkpoint"));
        let header = header.and_then(|value| value.get(DIGITS + 1..)).ok_or("no header")?;
        let header: Header = serde_json::from_str(header).map_err(|e| e.to_string())?;
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let tensor = |name: String| match file.tensor(&name) {
            Ok(view) if view.dtype() != Dtype::F32 => {
                Err(format!("the tensor {name} is of type {:?}, not F32", view.dtype()))
            }
            _ => tensor_from(&file, &name),
        };
        let all = |prefix: &str| -> Result<Vec<Tensor>, String> {
            header.names.iter().map(|name| tensor(format!("{prefix}.{name}"))).collect()
        };
        // A slot has tensors for all parameters or for none.
        let has = |slot: &str| {
            header.names.first().is_some_and(|name| file.tensor(&format!("{slot}.{name}")).is_ok())
        };
        let averages = if has("average") { all("average")? } else { Vec::new() };
        let mut slots = Vec::new();
        for slot in &header.optimizer_slots {
            let name = ["velocity", "mean", "square"].into_iter().find(|known| known == slot);
            let name = name.ok_or_else(|| format!("unknown optimizer state {slot}"))?;
            let slot = format!("optimizer.{slot}");
            slots.push((name, if has(&slot) { all(&slot)? } else { Vec::new() }));
        }
        Ok(Self {
            step: header.step,
            losses: (header.loss_sum, header.loss_count),
            parameters: all("parameter")?,
            averages,
            optimizer: State { steps: header.optimizer_steps, slots },
            history: history(&file, header.columns, header.step)?,
            names: header.names,
            identity: header.identity,
        })
    }
}

/// The history in a file; its steps must be in order, and none after `step`.
fn history(file: &SafeTensors<'_>, columns: Vec<String>, step: u64) -> Result<History, String> {
    let view = file.tensor("history").map_err(|_| "no history".to_owned())?;
    if view.dtype() != Dtype::F64 {
        return Err(format!("the history is of type {:?}, not F64", view.dtype()));
    }
    let [rows, width] = view.shape()[..] else {
        return Err(format!("the history has shape {:?}, not that of a table", view.shape()));
    };
    if width != columns.len() {
        return Err(format!("the history has {width} columns, and names for {}", columns.len()));
    }
    if rows > 0 && !columns.iter().map(String::as_str).take(COLUMNS.len()).eq(COLUMNS) {
        return Err(format!("the history begins with the columns {}", columns[..width.min(3)].join(", ")));
    }
    let values: Vec<f64> =
        view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes"))).collect();
    let rows: Vec<Vec<f64>> = values.chunks(width.max(1)).map(<[f64]>::to_vec).collect();
    if !rows.is_sorted_by(|a, b| a[0] < b[0]) || rows.last().is_some_and(|row| row[0] > step as f64) {
        return Err("the steps of the history are not in order".into());
    }
    Ok(History::new(columns, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let mut history = History::default();
        history.push(&[("step", 2.0), ("learning_rate", 0.1), ("loss", 0.5)]);
        history.push(&[("step", 4.0), ("learning_rate", 0.1), ("loss", 0.25)]);
        Checkpoint {
            identity: "a run".into(),
            step: 5,
            losses: (0.125, 1),
            names: vec!["weight".into()],
            parameters: vec![Tensor::matrix(&[[1.0, 2.0], [3.0, 4.0]])],
            averages: Vec::new(),
            optimizer: State { steps: 5, slots: vec![("velocity", vec![Tensor::zeros(&[2, 2])])] },
            history,
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.safetensors");
        checkpoint().write(&path, false).unwrap();
        let whole = files::read(&path).unwrap();
        let read = Checkpoint::read(&path, "a run").unwrap().unwrap();
        assert_eq!((read.step, &read.parameters), (5, &checkpoint().parameters));
        for (i, _) in whole.iter().enumerate() {
            let mut damaged = whole.clone();
            damaged[i] ^= 1 << (i % 8);
            files::write(&path, &damaged).unwrap();
            let Err(error) = Checkpoint::read(&path, "a run") else { panic!("byte {i}") };
            assert!(matches!(error, TrainError::BrokenCheckpoint { .. }), "byte {i}: {error}");
        }
    }

    #[test]
    fn an_invalid_history_is_refused() {
        let why = |change: &dyn Fn(&mut Checkpoint)| {
            let mut checkpoint = checkpoint();
            change(&mut checkpoint);
            Checkpoint::from_bytes(&checkpoint.to_bytes()).err().unwrap_or_default()
        };
        let columns = ["step", "learning_rate", "loss"].map(str::to_owned).to_vec();
        let rows = |rows: &[[f64; 3]]| rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
        assert_eq!(why(&|_| ()), "");
        let other = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert!(why(&|c| c.history = History::new(other.clone(), rows(&[[1.0; 3]]))).contains("a, b, c"));
        let few = columns[..2].to_vec();
        assert!(
            why(&|c| c.history = History::new(few.clone(), vec![vec![1.0; 2]])).contains("step, learning")
        );
        for wrong in [&[[2.0; 3], [2.0; 3]][..], &[[6.0; 3]], &[[f64::NAN; 3], [1.0; 3]]] {
            let message = why(&|c| c.history = History::new(columns.clone(), rows(wrong)));
            assert!(message.contains("not in order"), "{wrong:?}: {message}");
        }
        // Tables that do not agree with their shape, type or number of names.
        let bytes = checkpoint().to_bytes();
        let replaced = |from: &str, to: &str| {
            assert_eq!(from.len(), to.len());
            let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
            let mut bytes = bytes.clone();
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            Checkpoint::from_bytes(&bytes).err().unwrap_or_default()
        };
        assert!(replaced(r#""dtype":"F64""#, r#""dtype":"I64""#).contains("is of type I64, not F64"));
        assert!(replaced(r#""shape":[2,3]"#, r#""shape":[3,2]"#).contains("2 columns, and names for 3"));
        assert!(replaced(r#""shape":[2,3]"#, r#""shape":[ 6 ]"#).contains("not that of a table"));
        assert!(replaced(r#""dtype":"F32""#, r#""dtype":"I32""#).contains("is of type I32, not F32"));
    }

    #[test]
    fn a_checkpoint_without_a_checksum_is_reported_as_old() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.safetensors");
        let mut file = checkpoint().to_bytes();
        // As the program wrote it before there were checksums.
        file.drain(CHECKSUM..=CHECKSUM + DIGITS);
        files::write(&path, &file).unwrap();
        let error = Checkpoint::read(&path, "a run").err().unwrap().to_string();
        assert!(error.contains("an older version of the program wrote it"), "{error}");
    }
}
