//! Comparison with samples of PyTorch's operator tests: values, gradients and Hessian-vector
//! products; see fixtures/opinfo.py.

use std::io::Read as _;
use std::sync::Arc;

use ece472::autodiff::list::{grad, hvp};
use ece472::autodiff::{Algebra, Attend as _, Groups, Heads, Normalise as _, Pictures as _, Tape, Var};
use ece472::nn::loss::{binary_cross_entropy, cross_entropy};
use ece472::tensor::{Mask, Tensor, Window};
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;

type V<'t> = Var<'t, f64>;

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

#[derive(Deserialize)]
struct Sample {
    op: String,
    settings: Value,
    inputs: Vec<Array>,
    vary: usize,
    upstream: Array,
    output: Array,
    gradients: Vec<Array>,
    direction: Vec<Array>,
    hvp: Vec<Array>,
}

#[derive(Deserialize)]
struct Fixture {
    samples: Vec<Sample>,
}

fn tensor(array: &Array) -> Tensor<f64> {
    Tensor::from_vec(&array.shape, array.data.clone()).unwrap()
}

fn tensors(list: &[Array]) -> Vec<Tensor<f64>> {
    list.iter().map(tensor).collect()
}

impl Sample {
    fn number(&self, name: &str) -> f64 {
        self.settings[name].as_f64().unwrap_or_else(|| panic!("{}: {name}", self.op))
    }

    fn integers(&self, name: &str) -> Vec<i64> {
        let list = self.settings[name].as_array().unwrap_or_else(|| panic!("{}: {name}", self.op));
        list.iter().map(|n| n.as_i64().unwrap()).collect()
    }

    fn pair(&self, name: &str) -> [usize; 2] {
        [0, 1].map(|i| self.integers(name)[i] as usize)
    }

    fn window(&self, kernel: [usize; 2], dilation: [usize; 2]) -> Window {
        let padding = self.pair("padding").map(|p| [p, p]);
        Window { kernel, stride: self.pair("stride"), padding, dilation }
    }

    /// A reduction over the sample's axes; `over` drops the axes.
    fn reduce<'t>(&self, x: &V<'t>, over: impl Fn(&V<'t>, &[usize]) -> V<'t>) -> V<'t> {
        let rank = x.shape().len();
        let axes: Vec<usize> =
            self.integers("axes").into_iter().map(|a| a as usize).filter(|a| *a < rank).collect();
        let mut shape = x.shape();
        axes.iter().for_each(|&axis| shape[axis] = 1);
        let y = over(x, &axes);
        if self.settings["keep"] == true { y.reshape(&shape) } else { y }
    }

    /// The sample's reduction of the losses of examples or elements.
    fn reduction<'t>(&self, losses: &V<'t>) -> V<'t> {
        match self.settings["reduction"].as_str().unwrap() {
            "mean" => losses.mean(),
            "sum" => losses.sum(),
            _ => *losses,
        }
    }

    /// The operation's output.
    fn value(&self, at: &[Tensor<f64>]) -> Tensor<f64> {
        let tape = Tape::new();
        let vars: Vec<V<'_>> = at.iter().map(|x| tape.var(x.clone())).collect();
        self.apply(&vars).value()
    }

    /// <operation, upstream>
    fn against<'t>(&self, x: &[V<'t>], upstream: &Tensor<f64>) -> V<'t> {
        (self.apply(x) * V::constant(x[0].context(), upstream.clone())).sum()
    }

    /// The operation on the inputs that vary.
    fn apply<'t>(&self, x: &[V<'t>]) -> V<'t> {
        let first = &x[0];
        let rank = first.shape().len();
        let constant = |array: &Array| V::constant(first.context(), tensor(array));
        match self.op.as_str() {
            "neg" => -*first,
            "sqrt" => first.sqrt(),
            "exp" => first.exp(),
            "log" => first.ln(),
            "tanh" => first.tanh(),
            "sin" => first.sin(),
            "cos" => first.cos(),
            "erf" => first.erf(),
            "abs" => first.abs(),
            "sigmoid" => first.sigmoid(),
            "square" => first.powi(2),
            "reciprocal" => first.powi(-1),
            "rsqrt" => first.powf(-0.5),
            "pow" => first.powf(self.number("exponent")),
            "nn.functional.relu" => first.relu(),
            "nn.functional.silu" => *first * first.sigmoid(),
            "nn.functional.gelu" => first.gelu(),
            "t" if rank < 2 => *first,
            "t" | "mT" => first.transpose(),
            "add" => *first + x[1],
            "sub" => *first - x[1],
            "mul" => *first * x[1],
            "div" => *first / x[1],
            "maximum" => first.maximum(&x[1]),
            "minimum" => first.minimum(&x[1]),
            "dot" => (*first * x[1]).sum(),
            "mm" | "matmul" => product(first, &x[1]),
            "nn.functional.linear" if x[1].shape().len() == 1 => product(first, &x[1]),
            "nn.functional.linear" => product(first, &x[1].transpose()),
            "sum" => self.reduce(first, |x, axes| x.sum_over(axes)),
            "mean" => self.reduce(first, |x, axes| x.mean_over(axes)),
            "amax" => self.reduce(first, |x, axes| x.max_over(axes)),
            "amin" => self.reduce(first, |x, axes| x.min_over(axes)),
            "logsumexp" => self.reduce(first, |x, axes| {
                let largest = x.detach().max_over(axes);
                let mut kept = x.shape();
                axes.iter().for_each(|&axis| kept[axis] = 1);
                (*x - largest.reshape(&kept)).exp().sum_over(axes).ln() + largest
            }),
            "softmax" => first.softmax(self.number("axis") as usize),
            "log_softmax" => first.log_softmax(self.number("axis") as usize),
            "permute" => {
                let axis = |a: i64| a.rem_euclid(rank as i64) as usize;
                first.permute(&self.integers("order").into_iter().map(axis).collect::<Vec<_>>())
            }
            "reshape" => first.reshape(&self.output.shape),
            "expand" => first.broadcast_to(&self.output.shape),
            "cat" => Algebra::concat(&x.iter().collect::<Vec<_>>(), self.number("axis") as usize),
            "index_select" => {
                let indices: Vec<usize> = self.integers("indices").into_iter().map(|i| i as usize).collect();
                first.gather(self.number("axis") as usize, indices)
            }
            "nn.functional.conv2d" => {
                let kernel = x[1].permute(&[2, 3, 1, 0]);
                let window = self.window([0, 1].map(|i| kernel.shape()[i]), self.pair("dilation"));
                let groups = self.number("groups") as usize;
                channels_first(&channels_last(first).conv2d(&kernel, x.get(2), &window, groups))
            }
            "nn.functional.avg_pool2d" => {
                let window = self.window(self.pair("kernel"), [1, 1]);
                channels_first(&channels_last(first).average_pool(&window))
            }
            "nn.functional.max_pool2d" => {
                let window = self.window(self.pair("kernel"), [1, 1]);
                channels_first(&channels_last(first).max_pool(&window))
            }
            "nn.functional.group_norm" => {
                let shape = first.shape();
                let flat = first.reshape(&[shape[0], shape[1], shape[2..].iter().product()]);
                let groups = Groups { count: self.number("groups") as usize, eps: self.number("eps") };
                let normalised = flat.permute(&[0, 2, 1]).group_norm(&x[1], &x[2], groups);
                normalised.permute(&[0, 2, 1]).reshape(&shape)
            }
            "nn.functional.layer_norm" => {
                let groups = Groups { count: 1, eps: self.number("eps") };
                rows(first).group_norm(&x[1], &x[2], groups).reshape(&first.shape())
            }
            "nn.functional.rms_norm" => {
                let mean = first.powi(2).mean_over(&[rank - 1]);
                let mut shape = first.shape();
                shape[rank - 1] = 1;
                *first / (mean + self.number("eps")).sqrt().reshape(&shape) * x[1]
            }
            "nn.functional.scaled_dot_product_attention" => {
                let shape = first.shape();
                let causal = self.settings["causal"] == true;
                let heads = Heads {
                    count: 1,
                    kv_count: 1,
                    scale: (shape[rank - 1] as f64).sqrt().recip(),
                    mask: if causal { Mask::causal() } else { Mask::none() },
                };
                let one_head = |x: &V<'t>| {
                    let shape = x.shape();
                    let (batch, last) = shape.split_at(rank - 2);
                    x.reshape(&[batch.iter().product(), last[0], last[1]])
                };
                let [q, k, v] = [0, 1, 2].map(|i| one_head(&x[i]));
                V::attention([&q, &k, &v], &Arc::new(heads)).reshape(&self.output.shape)
            }
            "nn.functional.cross_entropy" => {
                let (smoothing, classes) = (self.number("smoothing"), first.shape()[1] as f64);
                let targets = constant(&self.inputs[1]) * (1.0 - smoothing) + smoothing / classes;
                self.reduction(&cross_entropy(first, &targets))
            }
            "nn.functional.binary_cross_entropy_with_logits" => {
                let single = |x: &V<'t>| x.reshape(&[x.shape().iter().product(), 1]);
                let losses = binary_cross_entropy(&single(first), &single(&constant(&self.inputs[1])));
                self.reduction(&losses.reshape(&first.shape()))
            }
            op => panic!("{op} is not implemented here"),
        }
    }
}

fn channels_last<'t>(x: &V<'t>) -> V<'t> {
    x.permute(&[0, 2, 3, 1])
}

fn channels_first<'t>(x: &V<'t>) -> V<'t> {
    x.permute(&[0, 3, 1, 2])
}

/// The tensor as a matrix: all axes but the last are joined.
fn rows<'t>(x: &V<'t>) -> V<'t> {
    let shape = x.shape();
    let width = shape[shape.len() - 1];
    x.reshape(&[shape[..shape.len() - 1].iter().product(), width])
}

/// The matrix product in PyTorch's sense: a vector is a row on the left or a column on the right,
/// and its axis is then removed.
fn product<'t>(a: &V<'t>, b: &V<'t>) -> V<'t> {
    let (ranks, lens) = ([a.shape().len(), b.shape().len()], [a, b].map(|x| x.shape()[0]));
    let left = if ranks[0] == 1 { a.reshape(&[1, lens[0]]) } else { *a };
    let right = if ranks[1] == 1 { b.reshape(&[lens[1], 1]) } else { *b };
    let y = left.matmul(&right);
    let mut shape = y.shape().to_vec();
    if ranks[1] == 1 {
        shape.pop();
    }
    if ranks[0] == 1 {
        shape.remove(shape.len() - if ranks[1] == 1 { 1 } else { 2 });
    }
    y.reshape(&shape)
}

fn assert_close(ours: &Tensor<f64>, theirs: &Array, what: &str) {
    assert_eq!(ours.shape(), theirs.shape, "{what}");
    for (a, b) in ours.as_slice().iter().zip(&theirs.data) {
        assert!((a - b).abs() <= 1e-9 * (1.0 + b.abs()), "{what}: {a} and {b}");
    }
}

#[test]
fn samples_of_pytorchs_operator_tests() {
    let mut text = String::new();
    GzDecoder::new(&include_bytes!("../../fixtures/opinfo.json.gz")[..]).read_to_string(&mut text).unwrap();
    let fixture: Fixture = serde_json::from_str(&text).unwrap();
    assert!(fixture.samples.len() > 350, "{} samples", fixture.samples.len());
    for (i, sample) in fixture.samples.iter().enumerate() {
        let what = |part: &str| format!("sample {i}, {} {}: {part}", sample.op, sample.settings);
        let at = tensors(&sample.inputs[..sample.vary]);
        let upstream = tensor(&sample.upstream);
        assert_close(&sample.value(&at), &sample.output, &what("output"));
        let gradients = grad(|x| sample.against(x, &upstream), &at).1;
        for (gradient, theirs) in gradients.iter().zip(&sample.gradients) {
            assert_close(gradient, theirs, &what("gradient"));
        }
        let products = hvp(|x| sample.against(x, &upstream), &at, &tensors(&sample.direction));
        for (product, theirs) in products.iter().zip(&sample.hvp) {
            assert_close(product, theirs, &what("Hessian-vector product"));
        }
    }
}
