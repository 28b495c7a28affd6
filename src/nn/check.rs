//! Gradient checks of the modules and losses, in `f64`.

mod sequences;

use super::loss::{binary_cross_entropy, cross_entropy, half_squared_error, l1_penalty, l2_penalty, one_hot};
use super::{
    Activation, BasisExpansion, BasisKind, Conv2d, Conv2dConfig, ConvTranspose2d, Downsampling, Dropout,
    GroupNorm, Init, Linear, Mlp, MlpConfig, Module, Order, Parameters, Pass, Pool2d, ResidualBlock,
    ResidualConfig, Siren, SirenConfig, SqueezeExcitation, StochasticDepth,
};
use crate::autodiff::check::{Check, Failure, Report, Row};
use crate::autodiff::{Algebra, Var};
use crate::random::{Purpose, Stream};
use crate::tensor::{Tensor, Window};

/// A loss of predictions and targets, on a tape.
type Loss = dyn for<'t> Fn(&Var<'t, f64>, &Var<'t, f64>) -> Var<'t, f64>;

/// The number of draws of each module.
const DRAWS: u64 = 4;

/// Checks a module with respect to its parameters and its input `x`, at orders 1 and 2. `forward`
/// gets the module, its parameters on a tape, and the input. The report names parameters.
///
/// # Errors
/// If derivatives and differences disagree, or values are not finite.
pub fn check_module<M>(
    module: &M,
    x: &Tensor<f64>,
    forward: impl for<'t> Fn(&M, &[Var<'t, f64>], Var<'t, f64>) -> Var<'t, f64>,
) -> Result<Report, Failure>
where
    M: Parameters<Tensor<f64>>,
{
    let mut inputs = module.parameters();
    let mut names = module.names();
    inputs.push(x.clone());
    names.push("input".into());
    let check = Check { names, ..Check::default() };
    check.run(
        |vars| {
            let (x, parameters) = vars.split_last().expect("the input is there");
            forward(module, parameters, *x)
        },
        &inputs,
    )
}

/// Runs [`check_module`] with the module's own forward function.
macro_rules! check {
    ($module:expr, $x:expr, $noise:expr) => {
        check_module(&$module, $x, |module, parameters, x| {
            let x: Var<'_, f64> = x;
            let mut pass = Pass::on(x.context()).with_noise($noise);
            Parameters::<Tensor<f64>>::with(module, parameters).forward(&x, &mut pass)
        })
    };
}

/// A row for each module and loss, with the worst result of several draws.
pub fn rows() -> Vec<Row> {
    let row = |name: &str, check: &dyn Fn(&mut Stream) -> Result<Report, Failure>| {
        let draws = (0..DRAWS).map(|seed| check(&mut Stream::new(seed, Purpose::Check)));
        Row::new(name, draws.collect::<Vec<_>>())
    };
    let noise = || Stream::new(0, Purpose::Dropout);
    let normal = |shape: &[usize], stream: &mut Stream| Tensor::from_fn(shape, || stream.normal());
    let basis = |kind: BasisKind, stream: &mut Stream| {
        let basis = BasisExpansion::new(4, kind, stream).cast::<f32, f64>();
        check!(basis, &normal(&[5, 1], stream), noise())
    };
    let mlp = |hidden_activation: Activation, dropout: f64, stream: &mut Stream| {
        let config = MlpConfig {
            num_inputs: 3,
            num_outputs: 2,
            num_hidden_layers: 2,
            hidden_layer_width: 5,
            hidden_activation,
            output_activation: Activation::Identity,
            dropout,
        };
        check!(Mlp::new(config, stream).cast::<f32, f64>(), &normal(&[4, 3], stream), noise())
    };
    let loss = |f: &Loss, target: &Tensor<f64>, stream: &mut Stream| {
        let prediction = normal(target.shape(), stream);
        Check::default().run(|x| f(&x[0], &x[0].context().var(target.clone())), &[prediction])
    };
    let convolution = |inputs, outputs, groups, window| {
        let (bias, init) = (true, Init::GlorotNormal);
        Conv2dConfig { inputs, outputs, window, groups, bias, init }
    };
    let block = |order: Order, activation: Activation, outputs: usize, stride: usize, stream: &mut Stream| {
        let config = ResidualConfig {
            inputs: 4,
            outputs,
            kernel: [3, 3],
            stride,
            downsampling: Downsampling::Stride,
            order,
            activation,
            groups: 2,
            standardised: outputs == 6,
            last_scale: 0.5,
            drop: 0.3,
            squeeze: Some(2),
        };
        // The shifts move every relu far from its kink: a normalised element of a group of 8 is at
        // most sqrt(7).
        let sides = |n: usize, distance: f32| {
            let mut side = -distance;
            Tensor::from_fn(&[n], || {
                side = -side;
                side
            })
        };
        let mut block = ResidualBlock::new(&config, stream);
        block.norms.iter_mut().for_each(|norm| norm.shift = sides(norm.shift.len(), 3.0));
        block.projection_norm.iter_mut().for_each(|norm| norm.shift = sides(outputs, 12.0));
        block.excitation.iter_mut().for_each(|se| se.squeeze.bias = Some(sides(outputs / 2, 20.0)));
        let x = normal(&[2, 2, 2, 4], stream) + &sides(4, 12.0).cast();
        check!(block.cast::<f32, f64>(), &x, noise())
    };
    let labels: Tensor<f64> = one_hot(&[0, 2, 1, 2], 3, 0.1);
    let coins = Tensor::matrix(&[[0.0], [1.0], [1.0], [0.3]]);
    let mut rows = vec![
        row("Linear", &|s| {
            check!(
                Linear::new(3, 2, true, Init::GlorotNormal, s).cast::<f32, f64>(),
                &normal(&[4, 3], s),
                noise()
            )
        }),
        row("BasisExpansion gaussian", &|s| basis(BasisKind::Gaussian, s)),
        row("BasisExpansion sigmoid", &|s| basis(BasisKind::Sigmoid, s)),
        row("Dropout", &|s| check!(Dropout::new(0.4), &normal(&[4, 6], s), noise())),
        row("Mlp tanh", &|s| mlp(Activation::Tanh, 0.0, s)),
        row("Mlp gelu", &|s| mlp(Activation::Gelu, 0.0, s)),
        row("Mlp silu", &|s| mlp(Activation::Silu, 0.0, s)),
        row("Mlp softplus", &|s| mlp(Activation::Softplus, 0.0, s)),
        row("Mlp sigmoid", &|s| mlp(Activation::Sigmoid, 0.0, s)),
        row("Mlp sine, dropout", &|s| mlp(Activation::Sine, 0.2, s)),
        row("Siren", &|s| {
            let config = SirenConfig {
                num_inputs: 2,
                num_outputs: 2,
                num_hidden_layers: 2,
                hidden_layer_width: 4,
                // Differences need a step far shorter than a period.
                omega: 3.0,
            };
            check!(Siren::new(config, s).cast::<f32, f64>(), &normal(&[3, 2], s), noise())
        }),
        row("Conv2d", &|s| {
            let window = Window { dilation: [1, 2], ..Window::new([3, 2]) }.same().step(2);
            let config = convolution(4, 6, 2, window);
            check!(Conv2d::new(config, s).cast::<f32, f64>(), &normal(&[2, 5, 6, 4], s), noise())
        }),
        row("Conv2d standardised", &|s| {
            let config = convolution(2, 3, 1, Window::new([3, 2]).same());
            check!(Conv2d::standardised(config, s).cast::<f32, f64>(), &normal(&[2, 4, 3, 2], s), noise())
        }),
        row("ConvTranspose2d", &|s| {
            let config = convolution(2, 3, 1, Window::new([3, 3]).same().step(2));
            let layer = ConvTranspose2d::new(config, [1, 0], s).cast::<f32, f64>();
            check!(layer, &normal(&[2, 3, 2, 3], s), noise())
        }),
        row("Pool2d average", &|s| {
            let pool = Pool2d::Average(Window::new([2, 3]).same());
            check!(pool, &normal(&[2, 4, 5, 3], s), noise())
        }),
        row("Pool2d global average", &|s| check!(Pool2d::GlobalAverage, &normal(&[2, 4, 5, 3], s), noise())),
        row("GroupNorm", &|s| {
            check!(GroupNorm::new(6, 3).cast::<f32, f64>(), &normal(&[2, 3, 4, 6], s), noise())
        }),
        row("StochasticDepth", &|s| check!(StochasticDepth::new(0.4), &normal(&[4, 6], s), noise())),
        row("SqueezeExcitation", &|s| {
            let module = SqueezeExcitation::new(6, 2, s).cast::<f32, f64>();
            check!(module, &normal(&[2, 3, 4, 6], s), noise())
        }),
        row("ResidualBlock pre", &|s| block(Order::PreActivation, Activation::Relu, 4, 1, s)),
        row("ResidualBlock pre, projection", &|s| block(Order::PreActivation, Activation::Relu, 6, 2, s)),
        row("ResidualBlock pre, gelu", &|s| block(Order::PreActivation, Activation::Gelu, 4, 1, s)),
        row("ResidualBlock post", &|s| block(Order::PostActivation, Activation::Relu, 4, 1, s)),
        row("ResidualBlock post, projection", &|s| block(Order::PostActivation, Activation::Relu, 6, 2, s)),
        row("half squared error", &|s| loss(&|y, t| half_squared_error(y, t), &labels, s)),
        row("binary cross-entropy", &|s| loss(&|y, t| binary_cross_entropy(y, t), &coins, s)),
        row("cross-entropy", &|s| loss(&|y, t| cross_entropy(y, t), &labels, s)),
        row("L2 penalty", &|s| loss(&|y, _| l2_penalty([y]), &labels, s)),
        row("L1 penalty", &|s| loss(&|y, _| l1_penalty([y]), &labels, s)),
    ];
    rows.extend(sequences::checks().iter().map(|(name, check)| row(name, check)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_passes() {
        for row in rows() {
            assert!(row.outcome.is_ok(), "{}: {:?}", row.name, row.outcome);
        }
    }

    #[test]
    fn a_wrong_module_is_caught_and_its_parameter_named() {
        let layer = Linear::new(3, 2, true, Init::GlorotNormal, &mut Stream::new(1, Purpose::Init));
        let x = Tensor::from_fn(&[4, 3], || 0.5);
        let failure = check_module(&layer.cast::<f32, f64>(), &x, |layer, parameters, x| {
            let layer = layer.with(parameters);
            let detached = Linear { weight: layer.weight.detach(), bias: layer.bias, update: None };
            detached.forward(&x, &mut Pass::on(x.context()))
        });
        let message = failure.unwrap_err().to_string();
        assert!(message.contains("weight"), "{message}");
    }
}
