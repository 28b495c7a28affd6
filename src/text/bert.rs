//! BERT's encoder (Devlin et al. 2019) as a [`Transformer`], read from files in the format of the
//! Hugging Face library.

use std::path::Path;

use safetensors::SafeTensors;
use serde::Deserialize;

use super::{SentenceEncoder, TextError};
use crate::files;
use crate::nn::{
    BlockConfig, NormOrder, ParameterPath, Parameters as _, PositionKind, Transformer, TransformerConfig,
};
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;
use crate::train::finite_tensor_from;

/// The tensors of a file that a sentence encoder does not use: the layer after the first token,
/// which was trained to predict whether one sentence follows another, and the position indices 0,
/// 1, 2, ..
const UNUSED: [&str; 3] = ["pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids"];

/// The name of the embeddings that mark the first and the second of two texts. Here there is only a
/// first text, so its vector is added to the vectors of all positions.
const TEXT_KINDS: &str = "embeddings.token_type_embeddings.weight";

/// The relevant settings of `config.json`.
#[derive(Debug, Deserialize)]
struct Config {
    vocab_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_attention_heads: usize,
    num_hidden_layers: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default = "absolute")]
    position_embedding_type: String,
}

fn absolute() -> String {
    "absolute".into()
}

impl Config {
    /// The configuration of the transformer.
    fn transformer(&self) -> Result<TransformerConfig, String> {
        if self.hidden_act != "gelu" {
            return Err(format!("the activation is {:?}, not \"gelu\"", self.hidden_act));
        }
        if self.position_embedding_type != "absolute" {
            return Err(format!("positions are {:?}, not \"absolute\"", self.position_embedding_type));
        }
        for (name, value, most) in [
            ("vocab_size", self.vocab_size, 1 << 24),
            ("max_position_embeddings", self.max_position_embeddings, 1 << 16),
            ("type_vocab_size", self.type_vocab_size, 1 << 8),
            ("hidden_size", self.hidden_size, 1 << 14),
            ("intermediate_size", self.intermediate_size, 1 << 16),
            ("num_attention_heads", self.num_attention_heads, 1 << 10),
            ("num_hidden_layers", self.num_hidden_layers, 1 << 10),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("{name} is {value}, not from 1 to {most}"));
            }
        }
        if self.max_position_embeddings < SentenceEncoder::LONGEST {
            let (found, longest) = (self.max_position_embeddings, SentenceEncoder::LONGEST);
            return Err(format!(
                "max_position_embeddings is {found}, less than the {longest} tokens of a text"
            ));
        }
        if !(self.layer_norm_eps > 0.0 && self.layer_norm_eps <= 1.0) {
            return Err(format!("layer_norm_eps is {}, not above 0 and at most 1", self.layer_norm_eps));
        }
        let mut block = BlockConfig::new(self.hidden_size, self.num_attention_heads);
        block.attention.check()?;
        (block.hidden, block.eps, block.order) =
            (self.intermediate_size, self.layer_norm_eps, NormOrder::Post);
        Ok(TransformerConfig {
            vocabulary: self.vocab_size,
            positions: PositionKind::Learned,
            longest: self.max_position_embeddings,
            embedding_norm: true,
            blocks: self.num_hidden_layers,
            block,
        })
    }
}

/// Reads an encoder from a `config.json` and a `model.safetensors`.
///
/// # Errors
/// If a file cannot be read or is malformed, or if a tensor is missing, superfluous, or has another
/// shape or type than the configuration says.
pub(super) fn read(config_path: &Path, weights_path: &Path) -> Result<Transformer, TextError> {
    let of_config = |message: String| TextError::Format { path: config_path.into(), message };
    let of_weights = |message: String| TextError::Format { path: weights_path.into(), message };
    let config: Config = serde_json::from_str(&files::read_text(config_path)?)
        .map_err(|e| of_config(format!("not the configuration of a BERT encoder: {e}")))?;
    let shape = config.transformer().map_err(of_config)?;

    let bytes = files::read(weights_path)?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|e| of_weights(format!("not a file of weights in the safetensors format: {e}")))?;
    if shape.blocks * shape.block.parameter_count() > bytes.len() / 2 {
        return Err(of_config("it describes more parameters than model.safetensors can hold".into()));
    }
    // The tables of tokens and positions are replaced by those of the file, so they are created as
    // small as possible.
    let small = TransformerConfig { vocabulary: 1, longest: 1, ..shape };
    let structure = Transformer::new(&small, &mut Stream::new(0, Purpose::Init));

    let mut names = vec![TEXT_KINDS.to_owned()];
    let kinds = tensor(&file, TEXT_KINDS, &[config.type_vocab_size, config.hidden_size]);
    let first_kind = kinds.map_err(of_weights)?.as_slice()[..config.hidden_size].to_vec();
    let mut failure = None;
    let encoder = structure.map(ParameterPath::ROOT, &mut |path, parameter: &Tensor| {
        let own = path.to_string();
        let name = name_in_file(&own);
        let (rows, columns) = (parameter.shape()[0], parameter.shape().get(1).copied());
        // The file stores matrices of linear layers as [outputs, inputs].
        let found = match (own.as_str(), columns) {
            ("embedding.table", Some(width)) => tensor(&file, &name, &[shape.vocabulary, width]),
            ("positions.table", Some(width)) => {
                tensor(&file, &name, &[shape.longest, width]).map(|mut table| {
                    for row in table.as_mut_slice().chunks_exact_mut(width) {
                        row.iter_mut().zip(&first_kind).for_each(|(x, kind)| *x += kind);
                    }
                    table
                })
            }
            (_, Some(columns)) => tensor(&file, &name, &[columns, rows]).map(|w| transposed(&w)),
            (_, None) => tensor(&file, &name, &[rows]),
        };
        names.push(name);
        found.unwrap_or_else(|message| {
            failure.get_or_insert(message);
            parameter.clone()
        })
    });
    if let Some(message) = failure {
        return Err(of_weights(message));
    }
    let known = |name: &str| UNUSED.contains(&name) || names.iter().any(|known| known == name);
    if let Some(extra) = file.names().into_iter().filter(|name| !known(name)).min() {
        return Err(of_weights(format!("the tensor {extra} is not part of a BERT encoder")));
    }
    Ok(encoder)
}

/// Reads a tensor of a file and checks its shape.
fn tensor(file: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Tensor, String> {
    let found = finite_tensor_from(file, name)?;
    if found.shape() == shape {
        Ok(found)
    } else {
        Err(format!("the tensor {name} has shape {:?}, not {shape:?}", found.shape()))
    }
}

fn transposed(matrix: &Tensor) -> Tensor {
    let [rows, columns] = matrix.shape()[..] else { unreachable!("a matrix has two axes") };
    let x = matrix.as_slice();
    let mut indices = (0..columns).flat_map(|j| (0..rows).map(move |i| i * columns + j));
    Tensor::from_fn(&[columns, rows], || x[indices.next().expect("one for each element")])
}

/// The name in BERT's files of a parameter of [`Transformer`].
fn name_in_file(own: &str) -> String {
    [
        ("embedding.table", "embeddings.word_embeddings.weight"),
        ("positions.table", "embeddings.position_embeddings.weight"),
        ("embedding_norm", "embeddings.LayerNorm"),
        ("blocks", "encoder.layer"),
        (".attention.output", ".attention.output.dense"),
        (".attention_norm", ".attention.output.LayerNorm"),
        (".feed_forward_norm", ".output.LayerNorm"),
        (".attention.query", ".attention.self.query"),
        (".attention.key", ".attention.self.key"),
        (".attention.value", ".attention.self.value"),
        (".expand", ".intermediate.dense"),
        (".contract", ".output.dense"),
        (".scale", ".weight"),
        (".shift", ".bias"),
    ]
    .iter()
    .fold(own.to_owned(), |name, (ours, theirs)| name.replacen(ours, theirs, 1))
}
