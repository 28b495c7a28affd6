//! The mathematical properties of the modules.

use crate::support::normal;
use approx::assert_relative_eq;
use ece472::assignments::sine_regression::{BasisRegression, SineRegression};
use ece472::autodiff::{Algebra, Tape, Var};
use ece472::experiment::{Assignment, DataFolder, OptimizerKind};
use ece472::nn::loss::{
    binary_cross_entropy, cross_entropy, half_squared_error, l1_penalty, l2_penalty, one_hot,
};
use ece472::nn::{
    Activation, BasisExpansion, BasisKind, Dropout, Init, Linear, Mlp, MlpConfig, Module, Parameters, Pass,
};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use ece472::train::{RunOptions, train};
use proptest::prelude::*;

fn stream(seed: u64) -> Stream {
    Stream::new(seed, Purpose::Init)
}

/// The module's output in double precision.
fn at<M: Module<Tensor<f64>>>(module: &M, x: &Tensor<f64>) -> Tensor<f64> {
    module.forward(x, &mut Pass::inference())
}

fn assert_close(a: &Tensor<f64>, b: &Tensor<f64>) {
    assert_eq!(a.shape(), b.shape());
    for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
        assert_relative_eq!(*a, *b, epsilon = 1e-10, max_relative = 1e-10);
    }
}

fn linear(inputs: usize, outputs: usize, bias: bool, seed: u64) -> Linear<Tensor<f64>> {
    Linear::new(inputs, outputs, bias, Init::GlorotNormal, &mut stream(seed)).cast::<f32, f64>()
}

fn mlp(config: MlpConfig, seed: u64) -> Mlp<Tensor<f64>> {
    Mlp::new(config, &mut stream(seed)).cast::<f32, f64>()
}

const CONFIG: MlpConfig = MlpConfig {
    num_inputs: 3,
    num_outputs: 2,
    num_hidden_layers: 2,
    hidden_layer_width: 8,
    hidden_activation: Activation::Relu,
    output_activation: Activation::Identity,
    dropout: 0.0,
};

proptest! {
    #[test]
    fn linear_additivity(batch in 1_usize..6, inputs in 1_usize..9, outputs in 1_usize..9, seed: u64) {
        let layer = linear(inputs, outputs, false, seed);
        let (a, b) = (normal(&[batch, inputs], seed), normal(&[batch, inputs], !seed));
        assert_close(&at(&layer, &(a.clone() + &b)), &(at(&layer, &a) + &at(&layer, &b)));
    }

    #[test]
    fn linear_homogeneity(batch in 1_usize..6, inputs in 1_usize..9, outputs in 1_usize..9, c in -5.0..5.0, seed: u64) {
        let layer = linear(inputs, outputs, false, seed);
        let x = normal(&[batch, inputs], seed);
        assert_close(&at(&layer, &(x.clone() * c)), &(at(&layer, &x) * c));
    }

    #[test]
    fn linear_dimensionality(batch in 1_usize..6, inputs in 1_usize..9, outputs in 1_usize..9, bias: bool) {
        let layer = linear(inputs, outputs, bias, 0);
        let y = at(&layer, &normal(&[batch, 2, inputs], 0));
        prop_assert_eq!(y.shape(), [batch, 2, outputs]);
        prop_assert_eq!(layer.count::<f64>(), inputs * outputs + if bias { outputs } else { 0 });
    }

    #[test]
    fn a_basis_function_moves_and_stretches_with_its_parameters(shift in -2.0..2.0, stretch in 0.2..4.0, seed: u64) {
        for kind in [BasisKind::Gaussian, BasisKind::Sigmoid] {
            let basis = BasisExpansion::new(5, kind, &mut stream(seed)).cast::<f32, f64>();
            let moved = BasisExpansion {
                location: basis.location.clone() * stretch + shift,
                scale: basis.scale.clone() * stretch,
                kind,
            };
            let x = normal(&[7, 1], seed);
            assert_close(&at(&moved, &(x.clone() * stretch + shift)), &at(&basis, &x));
        }
    }

    #[test]
    fn a_relu_network_without_biases_is_positively_homogeneous(c in 0.01..50.0, seed: u64) {
        let network = mlp(CONFIG, seed);
        let x = normal(&[4, 3], seed);
        assert_close(&at(&network, &(x.clone() * c)), &(at(&network, &x) * c));
    }

    #[test]
    fn the_order_of_hidden_units_does_not_matter(seed: u64) {
        let network = mlp(MlpConfig { hidden_activation: Activation::Tanh, ..CONFIG }, seed);
        let order = stream(seed).permutation(8);
        let mut permuted = network.clone();
        permuted.hidden[0].weight = network.hidden[0].weight.gather(1, &order[..]);
        permuted.hidden[0].bias = network.hidden[0].bias.as_ref().map(|b| b.gather(0, &order[..]));
        permuted.hidden[1].weight = network.hidden[1].weight.gather(0, &order[..]);
        let x = normal(&[4, 3], seed);
        assert_close(&at(&permuted, &x), &at(&network, &x));
    }
}

#[test]
fn linear_bias() {
    let mut layer = linear(3, 2, true, 1);
    layer.bias = Some(Tensor::vector(&[0.5, -2.0]));
    assert_eq!(at(&layer, &Tensor::zeros(&[1, 3])).as_slice(), [0.5, -2.0], "the value at zero");
    assert!(linear(3, 2, false, 1).bias.is_none());
}

#[test]
fn linear_initial_spread() {
    let deviation = |seed| {
        let weight = linear(200, 300, true, seed).weight;
        (weight.powi(2).mean().item()).sqrt()
    };
    assert_relative_eq!(deviation(1), (2.0_f64 / 500.0).sqrt(), max_relative = 0.02);
    assert_ne!(deviation(1), deviation(2));
    assert_eq!(linear(3, 2, true, 1).bias.unwrap().as_slice(), [0.0; 2]);
}

#[test]
fn linear_trainable() {
    // One step along the negative gradient lowers the loss, and every parameter changes.
    let layer = linear(3, 2, true, 1);
    let (x, target) = (normal(&[5, 3], 2), normal(&[5, 2], 3));
    let loss = |layer: &Linear<Tensor<f64>>| half_squared_error(&at(layer, &x), &target).mean().item();
    let tape = Tape::new();
    let vars: Vec<Var<'_, f64>> = layer.parameters().into_iter().map(|p| tape.var(p)).collect();
    let on_tape = layer.with(&vars);
    let mut pass = Pass::on(&tape);
    let (x_var, target_var) = (pass.constant(x.clone()), pass.constant(target.clone()));
    let error = half_squared_error(&on_tape.forward(&x_var, &mut pass), &target_var).mean();
    let gradients = error.backward(&vars);
    let stepped: Vec<Tensor<f64>> = layer
        .parameters()
        .into_iter()
        .zip(gradients)
        .map(|(p, g)| p - &(g.expect("every parameter is reached") * 0.1))
        .collect();
    assert!(stepped.iter().zip(layer.parameters()).all(|(new, old)| *new != old));
    assert!(loss(&layer.with(&stepped)) < loss(&layer));
}

#[test]
fn linear_by_hand() {
    let layer = Linear {
        weight: Tensor::matrix(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        bias: Some(Tensor::vector(&[0.5, 0.0, -0.5])),
        update: None,
    };
    let y = at(&layer, &Tensor::matrix(&[[1.0, -1.0], [2.0, 10.0]]));
    assert_eq!(y, Tensor::matrix(&[[-2.5, -3.0, -3.5], [42.5, 54.0, 65.5]]));
}

#[test]
fn a_gaussian_is_one_at_its_location_symmetric_and_one_over_e_at_one_scale() {
    let basis = BasisExpansion {
        location: Tensor::vector(&[0.25, -1.0]),
        scale: Tensor::vector(&[0.5, 2.0]),
        kind: BasisKind::Gaussian,
    };
    let y = at(&basis, &Tensor::matrix(&[[0.25], [0.75], [-0.25], [-1.0], [1.0]]));
    let e = (-1.0_f64).exp();
    for (row, column, want) in [(0, 0, 1.0), (1, 0, e), (2, 0, e), (3, 1, 1.0), (4, 1, e)] {
        assert_relative_eq!(y.as_slice()[2 * row + column], want, epsilon = 1e-15);
    }
    assert!(at(&basis, &normal(&[50, 1], 1)).as_slice().iter().all(|&p| (0.0..=1.0).contains(&p)));
}

#[test]
fn a_sigmoid_of_small_scale_is_a_step() {
    let basis = BasisExpansion {
        location: Tensor::vector(&[0.3]),
        scale: Tensor::vector(&[1e-4]),
        kind: BasisKind::Sigmoid,
    };
    let y = at(&basis, &Tensor::matrix(&[[0.29], [0.3], [0.31]]));
    assert_eq!(y.as_slice()[1], 0.5);
    assert!(y.as_slice()[0] < 1e-12 && y.as_slice()[2] > 1.0 - 1e-12);
}

#[test]
fn initial_locations_cover_the_domain() {
    let basis = BasisExpansion::new(10, BasisKind::Gaussian, &mut stream(3));
    for (j, &mu) in basis.location.as_slice().iter().enumerate() {
        assert!((j as f32 / 10.0..(j + 1) as f32 / 10.0).contains(&mu));
    }
}

#[test]
fn identity_activations_make_the_network_one_linear_map() {
    let network = mlp(MlpConfig { hidden_activation: Activation::Identity, ..CONFIG }, 1);
    let weight = network.weights().cloned().reduce(|product, w| product.matmul(&w)).unwrap();
    let x = normal(&[6, 3], 2);
    assert_close(&at(&network, &x), &x.matmul(&weight));
}

#[test]
fn a_network_without_hidden_layers_is_a_linear_layer() {
    let network = mlp(MlpConfig { num_hidden_layers: 0, ..CONFIG }, 1);
    let x = normal(&[6, 3], 2);
    assert_close(&at(&network, &x), &at(&network.output, &x));
}

#[test]
fn names_counts_and_shapes_of_a_network() {
    let network = mlp(CONFIG, 1);
    let names = Parameters::<Tensor<f64>>::names(&network);
    assert_eq!(
        names,
        [
            "hidden.0.weight",
            "hidden.0.bias",
            "hidden.1.weight",
            "hidden.1.bias",
            "output.weight",
            "output.bias"
        ]
    );
    assert_eq!(network.count::<f64>(), (3 * 8 + 8) + (8 * 8 + 8) + (8 * 2 + 2));
    assert_eq!(at(&network, &normal(&[5, 3], 1)).shape(), [5, 2]);
}

#[test]
fn dropout_is_the_identity_in_inference_and_keeps_the_expectation_in_training() {
    let dropout = Dropout::new(0.3);
    let x = Tensor::<f64>::ones(&[100, 200]);
    assert_eq!(at(&dropout, &x), x);
    let noisy = |seed| {
        let mut pass = Pass::inference().with_noise(Stream::new(seed, Purpose::Dropout));
        dropout.forward(&x, &mut pass)
    };
    let y = noisy(1);
    assert_eq!(y, noisy(1), "the same stream drops the same");
    assert_ne!(y, noisy(2));
    let zeros = y.as_slice().iter().filter(|&&v| v == 0.0).count() as f64 / 2e4;
    assert!((zeros - 0.3).abs() < 0.01, "{zeros}");
    assert!((y.mean().item() - 1.0).abs() < 0.02);
    assert!(y.as_slice().iter().all(|&v| v == 0.0 || (v - 1.0 / 0.7).abs() < 1e-12));
}

#[test]
fn dropout_drops_the_same_from_the_gradient() {
    let tape = Tape::<f64>::new();
    let x = tape.var(Tensor::ones(&[50]));
    let mut pass = Pass::on(&tape).with_noise(Stream::new(1, Purpose::Dropout));
    let y = Dropout::new(0.5).forward(&x, &mut pass);
    let gradient = y.sum().backward(&[x]).swap_remove(0).unwrap();
    assert_eq!(gradient, y.value());
}

#[test]
fn basis_functions_with_a_linear_layer_fit_a_sine() {
    let config = SineRegression {
        seed: 1,
        points: 50,
        noise: 0.1,
        basis: BasisKind::Gaussian,
        basis_functions: 6,
        optimizer: OptimizerKind::Sgd,
        learning_rate: 0.1,
        steps: 3000,
        batch_size: 32,
    };
    let data = DataFolder::default();
    let problem = config.problem(&data).unwrap();
    let rmse = |model: &BasisRegression| config.report(&data, model, None).unwrap().metrics[0].1;
    let before = config.network();
    let (after, _) = train(&problem, &before, config.settings(&problem), 1, &RunOptions::default()).unwrap();
    assert!(rmse(&before) > 0.4 && rmse(&after) < 0.1, "{} {}", rmse(&before), rmse(&after));
    // The model is the composition of its two parts.
    let x = Tensor::matrix(&[[0.1], [0.7]]);
    let mut pass = Pass::inference();
    let parts = after.linear.forward(&after.basis.forward(&x, &mut pass), &mut pass);
    assert_eq!(after.forward(&x, &mut pass), parts);
}

#[test]
fn losses_by_hand() {
    let y = Tensor::matrix(&[[1.0, 2.0], [0.0, -1.0]]);
    let t = Tensor::matrix(&[[0.0, 0.0], [0.0, 1.0]]);
    assert_eq!(half_squared_error(&y, &t).as_slice(), [2.5, 2.0]);

    let p = |z: f64| 1.0 / (1.0 + (-z).exp());
    let bce = binary_cross_entropy(&Tensor::matrix(&[[0.7], [-1.2]]), &Tensor::matrix(&[[1.0], [0.0]]));
    assert_relative_eq!(bce.as_slice()[0], -p(0.7).ln(), epsilon = 1e-12);
    assert_relative_eq!(bce.as_slice()[1], -(1.0 - p(-1.2)).ln(), epsilon = 1e-12);

    let z = Tensor::matrix(&[[1.0, 2.0, 4.0]]);
    let sum = 1.0_f64.exp() + 2.0_f64.exp() + 4.0_f64.exp();
    assert_relative_eq!(cross_entropy(&z, &one_hot(&[1], 3, 0.0)).item(), sum.ln() - 2.0, epsilon = 1e-12);
    // With smoothing s, the loss is (1 - s) times the plain loss plus s times the mean over
    // classes.
    let mean = sum.ln() - 7.0 / 3.0;
    let smooth = 0.9 * (sum.ln() - 2.0) + 0.1 * mean;
    assert_relative_eq!(cross_entropy(&z, &one_hot(&[1], 3, 0.1)).item(), smooth, epsilon = 1e-12);
}

#[test]
fn losses_are_finite_for_huge_logits_and_cross_entropy_ignores_a_shift() {
    let z = Tensor::matrix(&[[1e4], [-1e4]]);
    let bce = binary_cross_entropy(&z, &Tensor::matrix(&[[0.0], [1.0]]));
    assert_eq!(bce.as_slice(), [1e4, 1e4]);
    let z = normal(&[4, 5], 1);
    let targets = one_hot(&[0, 1, 2, 3], 5, 0.1);
    assert_close(&cross_entropy(&(z.clone() + 1e3), &targets), &cross_entropy(&z, &targets));
}

#[test]
fn two_class_cross_entropy_is_binary_cross_entropy() {
    let z = normal(&[6, 1], 1);
    let labels = [0, 1, 1, 0, 1, 0];
    let both = Tensor::concat(&[&Tensor::zeros(&[6, 1]), &z], 1);
    let targets: Tensor<f64> = one_hot(&labels, 2, 0.0);
    let binary = binary_cross_entropy(&z, &targets.narrow(1, 1, 2));
    assert_close(&cross_entropy(&both, &targets), &binary);
}

#[test]
fn penalties_and_their_gradients() {
    let tape = Tape::<f64>::new();
    let w = [tape.var(Tensor::vector(&[3.0, -4.0])), tape.var(Tensor::matrix(&[[0.0, 2.0]]))];
    let l2 = l2_penalty(&w);
    assert_eq!(l2.value().item(), 14.5);
    assert_eq!(l2.backward(&w)[0].as_ref().unwrap().as_slice(), [3.0, -4.0], "the weights");
    let l1 = l1_penalty(&w);
    assert_eq!(l1.value().item(), 9.0);
    assert_eq!(l1.backward(&w)[0].as_ref().unwrap().as_slice(), [1.0, -1.0], "their signs");
    assert_eq!(l1.backward(&w)[1].as_ref().unwrap().as_slice(), [0.0, 1.0], "0 at 0");
}

#[test]
#[should_panic(expected = "half squared error: [4] and [4, 1] are not two equal shapes [batch, outputs]")]
fn a_missing_axis_is_not_broadcast_silently() {
    half_squared_error(&Tensor::<f32>::zeros(&[4]), &Tensor::zeros(&[4, 1]));
}
