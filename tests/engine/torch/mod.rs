//! Comparison with values and gradients of PyTorch; see fixtures/README.md.

mod opinfo;
mod sequences;

use ece472::autodiff::{Algebra, Pictures as _, Tape, Var};
use ece472::nn::loss::{cross_entropy, one_hot};
use ece472::nn::{
    Activation, Conv2d, Conv2dConfig, ConvTranspose2d, Downsampling, GroupNorm, Init, Linear, Module, Order,
    Parameters, Pass, Pool2d, ResidualBlock, ResidualConfig, SqueezeExcitation,
};
use ece472::optim::{Adam, Optimizer, Sgd};
use ece472::random::{Purpose, Stream};
use ece472::tensor::{Float, Tensor, Window};
use serde_json::Value;

type Double = Tensor<f64>;

/// The inputs and settings of a PyTorch function, and its results.
struct Case {
    name: String,
    json: Value,
}

impl Case {
    fn read(name: &str) -> Self {
        let mut cases: Value = serde_json::from_str(include_str!("../../fixtures/torch.json")).unwrap();
        Self { name: name.to_owned(), json: cases[name].take() }
    }

    fn setting(&self, name: &str) -> usize {
        self.json["settings"][name].as_u64().unwrap_or_else(|| panic!("{}: {name}", self.name)) as usize
    }

    fn number(&self, name: &str) -> f64 {
        self.json["settings"][name].as_f64().unwrap_or_else(|| panic!("{}: {name}", self.name))
    }

    /// The tensor at `[kind][name]`, or at `[kind]`.
    fn tensor(&self, kind: &str, name: Option<&str>) -> Double {
        let json = name.map_or(&self.json[kind], |name| &self.json[kind][name]);
        let list = |key: &str| json[key].as_array().unwrap_or_else(|| panic!("{}: {kind}", self.name)).iter();
        let shape: Vec<usize> = list("shape").map(|n| n.as_u64().unwrap() as usize).collect();
        Tensor::from_vec(&shape, list("data").map(|x| x.as_f64().unwrap()).collect()).unwrap()
    }

    fn parameter(&self, name: &str) -> Double {
        self.tensor("parameters", Some(name))
    }

    fn x(&self) -> Double {
        self.tensor("inputs", Some("x"))
    }

    /// Compares the output of `function` at x, and its gradients in x and the named parameters.
    fn check<F: Float>(
        &self,
        names: &[&str],
        function: impl for<'t> Fn(&Var<'t, F>, &[Var<'t, F>]) -> Var<'t, F>,
    ) {
        let tape = Tape::new();
        let names: Vec<&str> = [&["x"], names].concat();
        let of = |name: &&str| if *name == "x" { self.x() } else { self.parameter(name) };
        let vars: Vec<Var<'_, F>> = names.iter().map(|name| tape.var(of(name).cast())).collect();
        let y = function(&vars[0], &vars[1..]);
        assert_close(&y.value(), &self.tensor("output", None), &format!("{}: output", self.name));
        let product = y * tape.var(self.tensor("upstream", None).cast());
        for (name, gradient) in names.iter().zip(product.sum().backward(&vars)) {
            let what = format!("{}: gradient of {name}", self.name);
            assert_close(&gradient.expect(&what), &self.tensor("gradients", Some(name)), &what);
        }
    }

    /// Compares a module with PyTorch's. `names` are PyTorch's names of the parameters, in our
    /// order.
    fn check_module<M>(
        &self,
        module: &M,
        names: &[&str],
        forward: impl for<'t> Fn(&M, &[Var<'t, f64>], &Var<'t, f64>) -> Var<'t, f64>,
    ) where
        M: Parameters<Double>,
    {
        assert_eq!(module.names().len(), names.len(), "{}: {:?}", self.name, module.names());
        for (ours, theirs) in module.parameters().iter().zip(names) {
            assert_eq!(ours.shape(), self.parameter(theirs).shape(), "{}: {theirs}", self.name);
        }
        self.check(names, |x, parameters| forward(module, parameters, x));
    }
}

/// A module's forward function for [`Case::check_module`].
macro_rules! check {
    ($case:expr, $module:expr, $names:expr) => {
        $case.check_module(&$module, &$names, |module, parameters, x| {
            let x: &Var<'_, f64> = x;
            Parameters::<Double>::with(module, parameters).forward(x, &mut Pass::on(x.context()))
        })
    };
}

/// The tolerance is 1e-10 in double precision, and 1e-5 in single precision.
fn assert_close<F: Float>(ours: &Tensor<F>, theirs: &Double, what: &str) {
    assert_eq!(ours.shape(), theirs.shape(), "{what}");
    let tolerance = if F::NAME == "f64" { 1e-10 } else { 1e-5 };
    for (a, b) in ours.as_slice().iter().zip(theirs.as_slice()) {
        let a = a.to_f64();
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what} in {}: {a} and {b}", F::NAME);
    }
}

fn stream() -> Stream {
    Stream::new(0, Purpose::Init)
}

/// The convolution of a case, and PyTorch's names of its parameters.
fn convolution(case: &Case, kernel: &Double, bias: bool) -> (Conv2dConfig, &'static [&'static str]) {
    let &[height, width, inputs, outputs] = kernel.shape() else { panic!("{}: kernel", case.name) };
    let setting = |name: &str| case.json["settings"][name].as_u64().unwrap_or(1) as usize;
    let window = Window {
        padding: [[setting("padding"); 2]; 2],
        dilation: [setting("dilation"); 2],
        ..Window::new([height, width])
    };
    let groups = setting("groups");
    let config = Conv2dConfig {
        inputs: inputs * groups,
        outputs,
        window: window.step(setting("stride")),
        groups,
        bias,
        init: Init::HeNormal,
    };
    (config, if bias { &["kernel", "bias"] } else { &["kernel"] })
}

#[test]
fn group_norm() {
    for name in ["group_norm_1", "group_norm_2", "group_norm_4", "group_norm_8", "group_norm_4_offset"] {
        let case = Case::read(name);
        let module = GroupNorm::new(8, case.setting("groups")).cast::<f32, f64>();
        check!(case, module, ["scale", "shift"]);
    }
}

#[test]
fn convolutions() {
    for name in ["conv2d", "conv2d_stride", "conv2d_dilation", "conv2d_groups", "conv2d_bias"] {
        let case = Case::read(name);
        let (config, names) = convolution(&case, &case.parameter("kernel"), name == "conv2d_bias");
        check!(case, Conv2d::new(config, &mut stream()).cast::<f32, f64>(), names);
    }
}

#[test]
fn standardised_convolution() {
    let case = Case::read("conv2d_standardised");
    let (config, names) = convolution(&case, &case.parameter("kernel"), false);
    check!(case, Conv2d::standardised(config, &mut stream()).cast::<f32, f64>(), names);
}

#[test]
fn transposed_convolution() {
    let case = Case::read("conv_transpose2d");
    let (config, names) = convolution(&case, &case.parameter("kernel"), true);
    let extra = [case.setting("output_padding"); 2];
    check!(case, ConvTranspose2d::new(config, extra, &mut stream()).cast::<f32, f64>(), names);
}

#[test]
fn residual_blocks() {
    let branch = ["gn1_scale", "gn1_shift", "gn2_scale", "gn2_shift", "conv1", "conv2"];
    for (name, order, shortcut) in [
        ("residual_pre_identity", Order::PreActivation, &[][..]),
        ("residual_pre_projection", Order::PreActivation, &["shortcut"]),
        ("residual_post_identity", Order::PostActivation, &[]),
        (
            "residual_post_projection",
            Order::PostActivation,
            &["shortcut", "gn_shortcut_scale", "gn_shortcut_shift"],
        ),
    ] {
        let case = Case::read(name);
        let config = ResidualConfig {
            inputs: case.x().shape()[3],
            outputs: 8,
            kernel: [3, 3],
            stride: case.setting("stride"),
            downsampling: Downsampling::Stride,
            order,
            activation: Activation::Relu,
            groups: case.setting("groups"),
            standardised: false,
            last_scale: 1.0,
            drop: 0.0,
            squeeze: None,
        };
        let names = [&branch, shortcut].concat();
        let mut block = ResidualBlock::new(&config, &mut stream()).cast::<f32, f64>();
        // PyTorch's padding is the same before and after.
        assert_eq!(block.convolutions[0].window().padding, [[1, 1]; 2]);
        block = block.with(&names.iter().map(|name| case.parameter(name)).collect::<Vec<_>>());
        check!(case, block, names);
    }
}

#[test]
fn squeeze_and_excitation() {
    let linear = || Linear::new(1, 1, true, Init::HeNormal, &mut stream());
    let case = Case::read("squeeze_excite");
    let module = SqueezeExcitation { squeeze: linear(), excite: linear() }.cast::<f32, f64>();
    let names = ["w1", "b1", "w2", "b2"];
    check!(case, module.with(&names.map(|name| case.parameter(name))), names);
}

#[test]
fn pooling() {
    for name in ["max_pool", "avg_pool"] {
        let case = Case::read(name);
        let padding = [[case.setting("padding"); 2]; 2];
        let window =
            Window { padding, ..Window::new([case.setting("size"); 2]) }.step(case.setting("stride"));
        case.check(
            &[],
            |x, _: &[Var<f64>]| {
                if name == "max_pool" { x.max_pool(&window) } else { x.average_pool(&window) }
            },
        );
        let pool = if name == "max_pool" { Pool2d::Max(window) } else { Pool2d::Average(window) };
        let y = pool.forward(&case.x(), &mut Pass::inference());
        assert_close(&y, &case.tensor("output", None), name);
    }
}

#[test]
fn smoothed_cross_entropy() {
    let case = Case::read("cross_entropy");
    let labels = case.tensor("inputs", Some("labels"));
    let labels: Vec<usize> = labels.as_slice().iter().map(|&label| label as usize).collect();
    let targets: Double = one_hot(&labels, 5, case.number("label_smoothing"));
    case.check(&[], |x, _| cross_entropy(x, &x.context().var(targets.clone())).mean());
}

#[test]
fn activations() {
    for (name, activation) in
        [("gelu", Activation::Gelu), ("silu", Activation::Silu), ("softplus", Activation::Softplus)]
    {
        Case::read(name).check(&[], |x, _: &[Var<f64>]| activation.apply(*x));
    }
}

/// Compares the parameters after each step, in single precision. `gradient` takes the case,
/// PyTorch's gradient and the parameters.
fn check_trajectory(
    name: &'static str,
    optimizer: impl FnOnce(&Case) -> Box<dyn Optimizer>,
    gradient: impl Fn(&Case, Tensor, &Tensor) -> Tensor,
) {
    let case = Case::read(name);
    let mut optimizer = optimizer(&case);
    // A matrix of one column, since vectors do not decay.
    let mut p = [case.tensor("start", None).reshape(&[3, 1]).cast()];
    let (gradients, trajectory) = (case.tensor("gradients", None), case.tensor("trajectory", None));
    for (g, want) in gradients.as_slice().chunks(3).zip(trajectory.as_slice().chunks(3)) {
        let g = gradient(&case, Tensor::vector(g).reshape(&[3, 1]).cast(), &p[0]);
        optimizer.step(case.number("lr"), &mut p, &[g]);
        for (ours, theirs) in p[0].as_slice().iter().zip(want) {
            assert!((f64::from(*ours) - theirs).abs() < 1e-6, "{name}: {ours} and {theirs}");
        }
    }
}

#[test]
fn adamw() {
    let adamw = |case: &Case| -> Box<dyn Optimizer> { Box::new(Adam::new(case.number("weight_decay"))) };
    check_trajectory("adamw", adamw, |_, g, _| g);
}

#[test]
fn nesterov() {
    // PyTorch's weight decay is coupled: it is added to the gradient.
    let sgd = |case: &Case| -> Box<dyn Optimizer> { Box::new(Sgd::new(case.number("momentum"), true)) };
    check_trajectory("sgd_nesterov", sgd, |case, g, p| g + &(p.clone() * case.number("weight_decay")));
}
