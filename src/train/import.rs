//! Weights that another library wrote.

use std::path::Path;

use safetensors::tensor::SafeTensors;

use super::weights::{WeightsError, finite_tensor_from, format_error, not_weights};
use crate::autodiff::Algebra as _;
use crate::files;
use crate::nn::Parameters;
use crate::tensor::Tensor;

/// The order in which a file stores the axes of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As in this crate.
    AsIs,
    /// Outputs first, as in PyTorch: the matrix of a linear layer is `[outputs, inputs]` instead of
    /// `[inputs, outputs]`, and the kernel of a convolution is `[outputs, inputs, height, width]`
    /// instead of `[height, width, inputs, outputs]`.
    OutputsFirst,
}

/// How the parameters of a model are called and laid out in a file of another library.
///
/// ```
/// use ece472::train::{Import, Layout};
///
/// // torch.nn.Sequential(Linear, GELU, Linear) for an `Mlp` with one hidden layer.
/// let import = Import::pytorch().name("hidden.0", "0").name("output", "2");
/// assert_eq!(import.stored("hidden.0.weight"), ("0.weight".to_owned(), Layout::OutputsFirst));
/// assert_eq!(import.stored("output.bias"), ("2.bias".to_owned(), Layout::AsIs));
/// ```
#[derive(Clone, Debug)]
pub struct Import {
    /// What the last part of a name becomes: `weight` is called `weight` and has its outputs first.
    endings: &'static [(&'static str, &'static str, Layout)],
    names: Vec<(String, String)>,
    layouts: Vec<(String, Layout)>,
    is_partial: bool,
}

/// A model with weights from a file, and what was left out.
#[derive(Clone, Debug)]
pub struct Imported<M> {
    /// The model.
    pub model: M,
    /// The parameters that the file lacks, which kept their values. Empty unless the import is
    /// [partial](Import::partial).
    pub missing: Vec<String>,
    /// The tensors of the file that the model has no parameters for. Empty unless the import is
    /// [partial](Import::partial).
    pub unused: Vec<String>,
}

impl Import {
    /// A file with this crate's names and layouts, except for those that are stated.
    pub fn same() -> Self {
        Self { endings: &[], names: Vec::new(), layouts: Vec::new(), is_partial: false }
    }

    /// A file with PyTorch's names and layouts of parameters:
    ///
    /// | here | in the file | layout |
    /// | --- | --- | --- |
    /// | `weight` of a linear layer, `kernel` of a convolution | `weight` | outputs first |
    /// | `table` of an embedding, `scale` of a normalisation | `weight` | as is |
    /// | `bias`, `shift` of a normalisation | `bias` | as is |
    ///
    /// Any other parameter keeps its name and layout. The parts before the last one are the names
    /// of modules, which [`name`](Self::name) maps.
    pub fn pytorch() -> Self {
        let endings = &[
            ("weight", "weight", Layout::OutputsFirst),
            ("kernel", "weight", Layout::OutputsFirst),
            ("table", "weight", Layout::AsIs),
            ("scale", "weight", Layout::AsIs),
            ("shift", "bias", Layout::AsIs),
        ];
        Self { endings, ..Self::same() }
    }

    /// The module or parameter `here` is called `there` in the file. If several names are the
    /// beginning of a parameter's name, the longest one counts.
    pub fn name(mut self, here: &str, there: &str) -> Self {
        self.names.push((here.to_owned(), there.to_owned()));
        self
    }

    /// The parameter with the name `here` in the model is stored in this layout.
    pub fn layout(mut self, here: &str, layout: Layout) -> Self {
        self.layouts.push((here.to_owned(), layout));
        self
    }

    /// Parameters that the file lacks keep their values, and tensors that the model lacks are not
    /// read. Without this, both are errors.
    pub fn partial(mut self) -> Self {
        self.is_partial = true;
        self
    }

    /// The name and the layout in the file of the parameter `here`.
    pub fn stored(&self, here: &str) -> (String, Layout) {
        let (parent, last) = here.rsplit_once('.').map_or(("", here), |(parent, last)| (parent, last));
        let rule = self.endings.iter().find(|(own, ..)| *own == last);
        let (ending, layout) = rule.map_or((last, Layout::AsIs), |&(_, there, layout)| (there, layout));
        let stated = self.layouts.iter().rev().find(|(name, _)| name == here);
        let layout = stated.map_or(layout, |&(_, layout)| layout);
        if let Some((_, there)) = self.names.iter().rev().find(|(own, _)| own == here) {
            return (there.clone(), layout);
        }
        let begins =
            |own: &str| parent == own || parent.strip_prefix(own).is_some_and(|rest| rest.starts_with('.'));
        let longest = self.names.iter().filter(|(own, _)| begins(own)).max_by_key(|(own, _)| own.len());
        let parent = match longest {
            Some((own, there)) => format!("{there}{}", &parent[own.len()..]),
            None => parent.to_owned(),
        };
        let name = if parent.is_empty() { ending.to_owned() } else { format!("{parent}.{ending}") };
        (name, layout)
    }
}

/// A model with the structure of `model` and the parameters from a safetensors file that another
/// library wrote; `import` says how they are called and laid out there. Elements of the types F32,
/// F16, BF16 and F64 are read, the last rounded to `f32`.
///
/// A square matrix looks the same either way, so a wrong [`Layout`] cannot be found out: compare
/// the model's outputs for a few inputs with those of the other library.
///
/// # Errors
/// If the file cannot be read, or a tensor is of another shape or type or not finite; and unless
/// the import is [partial](Import::partial), if a tensor is missing or not part of the model.
pub fn load_weights_with<M>(path: &Path, model: &M, import: &Import) -> Result<Imported<M>, WeightsError>
where
    M: Parameters<Tensor, Of<Tensor> = M>,
{
    let bytes = files::read(path)?;
    let fail = |message| format_error(path, message);
    let file = SafeTensors::deserialize(&bytes).map_err(|e| not_weights(path, &e))?;
    let mut unused: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
    unused.sort_unstable();
    let (mut missing, mut values) = (Vec::new(), Vec::new());
    for (here, parameter) in model.names().into_iter().zip(model.parameters()) {
        let (there, layout) = import.stored(&here);
        if file.tensor(&there).is_err() {
            missing.push(if here == there { here } else { format!("{here} (in the file: {there})") });
            values.push(parameter);
            continue;
        }
        unused.retain(|name| *name != there);
        let stored = finite_tensor_from(&file, &there).map_err(fail)?;
        let value = match (layout, stored.rank()) {
            (Layout::OutputsFirst, 2) => stored.transpose(),
            (Layout::OutputsFirst, 4) => stored.permute(&[2, 3, 1, 0]),
            _ => stored.clone(),
        };
        if value.shape() != parameter.shape() {
            let (own, found) = (parameter.shape(), stored.shape());
            let read = if layout == Layout::OutputsFirst { " (outputs first)" } else { "" };
            return Err(fail(format!(
                "the tensor {there} has shape {found:?}{read}, which does not fit the shape {own:?} of {here}"
            )));
        }
        values.push(value);
    }
    if !(import.is_partial || missing.is_empty() && unused.is_empty()) {
        let list = |what: &str, names: &[String]| match names {
            [] => String::new(),
            names => format!("; {what}: {}", names.join(", ")),
        };
        return Err(fail(format!(
            "its tensors are not those of the model{}{}; map the names, or ask for a partial import",
            list("missing", &missing),
            list("not part of the model", &unused)
        )));
    }
    Ok(Imported { model: model.with(&values), missing, unused })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::PathBuf;

    use half::bf16;
    use safetensors::tensor::{Dtype, TensorView, serialize};

    use super::super::{Precision, load_weights, save_weights};
    use super::*;
    use crate::nn::{Conv2d, Conv2dConfig, Embedding, Init, LayerNorm, Linear, parameters};
    use crate::random::{Purpose, Stream};
    use crate::tensor::Window;

    /// Writes tensors of one type as PyTorch does: with no configuration in the metadata.
    fn written(dir: &tempfile::TempDir, dtype: Dtype, tensors: &[(&str, &[usize], Vec<u8>)]) -> PathBuf {
        let views = tensors.iter().map(|(name, shape, bytes)| {
            (name.to_string(), TensorView::new(dtype, shape.to_vec(), bytes).unwrap())
        });
        let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        let path = dir.path().join("model.safetensors");
        std::fs::write(&path, serialize(views, Some(metadata)).unwrap()).unwrap();
        path
    }

    fn bytes(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn linear(inputs: usize, outputs: usize) -> Linear {
        Linear::new(inputs, outputs, true, Init::Zeros, &mut Stream::new(1, Purpose::Init))
    }

    const SQUARE: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

    #[test]
    fn a_square_matrix_of_pytorch_is_transposed_and_not_loaded_without_a_word() {
        let dir = tempfile::tempdir().unwrap();
        let tensors = [("weight", &[2, 2][..], bytes(&SQUARE)), ("bias", &[2][..], bytes(&[5.0, 6.0]))];
        let path = written(&dir, Dtype::F32, &tensors);
        let message = load_weights(&path, &linear(2, 2)).unwrap_err().to_string();
        assert!(message.contains("load_weights_with"), "{message}");
        let weight = |import: &Import| load_weights_with(&path, &linear(2, 2), import).unwrap().model.weight;
        assert_eq!(weight(&Import::pytorch()), Tensor::matrix(&[[1.0, 3.0], [2.0, 4.0]]));
        assert_eq!(weight(&Import::same()), Tensor::matrix(&[[1.0, 2.0], [3.0, 4.0]]));
        let as_is = Import::pytorch().layout("weight", Layout::AsIs);
        assert_eq!(weight(&as_is), weight(&Import::same()));
    }

    #[test]
    fn own_files_are_loaded_as_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("own.safetensors");
        let model = Linear { weight: Tensor::matrix(&[[1.0, 2.0], [3.0, 4.0]]), ..linear(2, 2) };
        save_weights(&path, &model, "", Precision::Single).unwrap();
        assert_eq!(load_weights(&path, &linear(2, 2)).unwrap().weight, model.weight);
    }

    #[test]
    fn sixteen_and_sixty_four_bits_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let model = Linear { bias: None, ..linear(2, 2) };
        let read = |dtype, bytes: Vec<u8>| {
            let path = written(&dir, dtype, &[("weight", &[2, 2], bytes)]);
            load_weights_with(&path, &model, &Import::same()).map(|imported| imported.model.weight)
        };
        let expected = Tensor::from_vec(&[2, 2], SQUARE.to_vec()).unwrap();
        let short = SQUARE.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()).collect();
        let long = SQUARE.iter().flat_map(|&x| f64::from(x).to_le_bytes()).collect();
        assert_eq!(
            (read(Dtype::BF16, short).unwrap(), read(Dtype::F64, long).unwrap()),
            (expected.clone(), expected)
        );
        let overflows = [1e300_f64; 4].iter().flat_map(|x| x.to_le_bytes()).collect();
        let message = read(Dtype::F64, overflows).unwrap_err().to_string();
        assert!(message.contains("weight[0, 0] is inf"), "{message}");
        let whole = [1_i32; 4].iter().flat_map(|x| x.to_le_bytes()).collect();
        let message = read(Dtype::I32, whole).unwrap_err().to_string();
        assert!(message.ends_with("weight is of type I32, not F32, F16, BF16 or F64"), "{message}");
    }

    /// A module with parameters of every layout.
    #[derive(Clone, Debug)]
    struct Parts<A = Tensor> {
        table: Embedding<A>,
        norm: LayerNorm<A>,
        convolution: Conv2d<A>,
    }
    parameters!(Parts { table, norm, convolution });

    #[test]
    fn every_kind_of_parameter_has_its_layout() {
        let dir = tempfile::tempdir().unwrap();
        let stream = &mut Stream::new(1, Purpose::Init);
        let (window, init) = (Window::new([1, 3]), Init::Zeros);
        let config = Conv2dConfig { inputs: 2, outputs: 1, window, groups: 1, bias: false, init };
        let model = Parts {
            table: Embedding::new(3, 2, 0.0, stream),
            norm: LayerNorm::new(2),
            convolution: Conv2d::new(config, stream),
        };
        let count = |n: u8| bytes(&(0..n).map(f32::from).collect::<Vec<_>>());
        let tensors = [
            ("wte.weight", &[3, 2][..], count(6)),
            ("ln.weight", &[2][..], count(2)),
            ("ln.bias", &[2][..], count(2)),
            // [outputs, inputs, height, width]
            ("conv.weight", &[1, 2, 1, 3][..], count(6)),
        ];
        let path = written(&dir, Dtype::F32, &tensors);
        let import = Import::pytorch().name("table", "wte").name("norm", "ln").name("convolution", "conv");
        let loaded = load_weights_with(&path, &model, &import).unwrap().model;
        assert_eq!(loaded.table.table.as_slice(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(loaded.norm.parameters()[1].as_slice(), [0.0, 1.0]);
        assert_eq!(loaded.convolution.kernel.as_slice(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    }

    #[test]
    fn a_part_is_loaded_only_if_asked_for_and_the_rest_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let tensors = [("fc.weight", &[2, 2][..], bytes(&SQUARE)), ("head", &[2][..], bytes(&[0.0, 1.0]))];
        let path = written(&dir, Dtype::F32, &tensors);
        let import = Import::pytorch().name("weight", "fc.weight").name("bias", "fc.bias");
        let message = load_weights_with(&path, &linear(2, 2), &import).unwrap_err().to_string();
        assert!(
            message.contains("missing: bias (in the file: fc.bias); not part of the model: head"),
            "{message}"
        );
        let imported = load_weights_with(&path, &linear(2, 2), &import.partial()).unwrap();
        assert_eq!(imported.missing, ["bias (in the file: fc.bias)"]);
        assert_eq!(imported.unused, ["head"]);
        assert_eq!(imported.model.weight.as_slice(), [1.0, 3.0, 2.0, 4.0]);
    }

    #[test]
    fn another_shape_is_an_error_even_in_part() {
        let dir = tempfile::tempdir().unwrap();
        let path = written(&dir, Dtype::F32, &[("weight", &[2, 2], bytes(&SQUARE))]);
        let error = load_weights_with(&path, &linear(2, 3), &Import::pytorch().partial()).unwrap_err();
        assert!(
            error.to_string().ends_with(
                "the tensor weight has shape [2, 2] (outputs first), which does not fit the shape [2, 3] of weight"
            ),
            "{error}"
        );
    }

    #[test]
    fn the_longest_name_counts_and_only_whole_parts_match() {
        let import = Import::pytorch().name("a", "x").name("a.b", "y");
        let name = |here: &str| import.stored(here).0;
        assert_eq!(
            [name("a.weight"), name("a.b.weight"), name("a.c.shift"), name("ab.weight")],
            ["x.weight", "y.weight", "x.c.bias", "ab.weight"]
        );
    }
}
