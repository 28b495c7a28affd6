//! The mathematical properties of normalisation and residual blocks.

use crate::support::normal;
use approx::assert_relative_eq;
use ece472::autodiff::{Algebra, Pictures as _};
use ece472::nn::{
    Activation, Conv2d, Conv2dConfig, Downsampling, GroupNorm, Init, Module, Order, Parameters as _, Pass,
    ResidualBlock, ResidualConfig, SqueezeExcitation, StochasticDepth,
};
use ece472::random::{Purpose, Stream};
use ece472::tensor::{Tensor, Window};
use proptest::prelude::*;

fn stream(seed: u64) -> Stream {
    Stream::new(seed, Purpose::Init)
}

/// The module's output in double precision.
fn at<M: Module<Tensor<f64>>>(module: &M, x: &Tensor<f64>) -> Tensor<f64> {
    module.forward(x, &mut Pass::inference())
}

fn assert_close(a: &Tensor<f64>, b: &Tensor<f64>, tolerance: f64) {
    assert_eq!(a.shape(), b.shape());
    for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
        assert_relative_eq!(*a, *b, epsilon = tolerance, max_relative = tolerance);
    }
}

/// A layer with random scales and shifts.
fn group_norm(channels: usize, groups: usize, seed: u64) -> GroupNorm<Tensor<f64>> {
    let mut norm = GroupNorm::new(channels, groups).cast::<f32, f64>();
    (norm.scale, norm.shift) = (normal(&[channels], seed), normal(&[channels], seed + 1));
    norm
}

/// The mean and variance of some values.
fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64)
}

/// (x - mean) / sqrt(variance + 1e-5) over all elements.
fn normalised(values: &[f64]) -> Vec<f64> {
    let (mean, variance) = moments(values);
    values.iter().map(|x| (x - mean) / (variance + 1e-5).sqrt()).collect()
}

proptest! {
    #[test]
    fn each_group_has_mean_zero_and_variance_one(
        (batch, size, groups, width) in (1_usize..4, 2_usize..5, 1_usize..4, 1_usize..4),
        seed in 0_u64..1000,
    ) {
        let channels = groups * width;
        let x = normal(&[batch, size, size, channels], seed) * 100.0;
        let y = at(&GroupNorm::new(channels, groups).cast::<f32, f64>(), &x);
        for example in 0..batch {
            for group in 0..groups {
                let y = y.narrow(0, example, example + 1).narrow(3, group * width, (group + 1) * width);
                let (mean, variance) = moments(y.as_slice());
                prop_assert!(mean.abs() < 1e-12 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
            }
        }
    }

    #[test]
    fn a_shift_and_a_positive_factor_of_a_group_of_an_example_change_nothing(seed in 0_u64..1000) {
        // The values are so large that eps has no effect.
        let (norm, x) = (group_norm(6, 3, seed), normal(&[2, 3, 3, 6], seed + 2) * 1e3);
        let mut random = stream(seed);
        let mut of_each_group = |low: f64, high: f64| {
            let values = Tensor::from_fn(&[2, 1, 1, 3, 1], || low + (high - low) * random.uniform());
            (values * &Tensor::ones(&[2, 1, 1, 3, 2])).reshape(&[2, 1, 1, 6])
        };
        let changed = x.clone() * &of_each_group(0.5, 20.0) + &of_each_group(-1e3, 1e3);
        assert_close(&at(&norm, &changed), &at(&norm, &x), 1e-9);
    }

    #[test]
    fn other_examples_of_the_batch_have_no_effect(seed in 0_u64..1000) {
        let (norm, x) = (group_norm(4, 2, seed), normal(&[3, 2, 2, 4], seed));
        let alone: Vec<_> = (0..3).map(|i| at(&norm, &x.narrow(0, i, i + 1))).collect();
        prop_assert_eq!(at(&norm, &x), Tensor::concat(&alone.iter().collect::<Vec<_>>(), 0));
    }

    #[test]
    fn one_group_is_layer_normalisation(rows in 1_usize..5, channels in 1_usize..9, seed in 0_u64..1000) {
        let (norm, x) = (group_norm(channels, 1, seed), normal(&[rows, channels], seed));
        let rows: Vec<f64> = x.as_slice().chunks(channels).flat_map(normalised).collect();
        let layer_norm = Tensor::from_vec(x.shape(), rows).unwrap() * &norm.scale + &norm.shift;
        assert_close(&at(&norm, &x), &layer_norm, 1e-9);
    }

    #[test]
    fn one_channel_per_group_is_instance_normalisation(channels in 1_usize..6, seed in 0_u64..1000) {
        let (norm, x) = (group_norm(channels, channels, seed), normal(&[2, 3, 4, channels], seed));
        // Channels first, so that elements that are normalised together are contiguous.
        let first = x.permute(&[0, 3, 1, 2]);
        let planes: Vec<f64> = first.as_slice().chunks(12).flat_map(normalised).collect();
        let planes = Tensor::from_vec(first.shape(), planes).unwrap().permute(&[0, 2, 3, 1]);
        assert_close(&at(&norm, &x), &(planes * &norm.scale + &norm.shift), 1e-9);
    }

    #[test]
    fn scale_and_shift_change_only_their_channel(channel in 0_usize..6, seed in 0_u64..1000) {
        let (norm, x) = (group_norm(6, 2, seed), normal(&[2, 3, 3, 6], seed));
        let mut changed = norm.clone();
        changed.scale.as_mut_slice()[channel] *= 2.0;
        changed.shift.as_mut_slice()[channel] += 1.0;
        let (y, z) = (at(&norm, &x), at(&changed, &x));
        for c in 0..6 {
            let (y, z) = (y.narrow(3, c, c + 1), z.narrow(3, c, c + 1));
            let want = if c == channel { y * 2.0 + (1.0 - norm.shift.as_slice()[c]) } else { y };
            assert_close(&z, &want, 1e-12);
        }
    }

    #[test]
    fn a_shift_and_a_positive_factor_of_a_standardised_kernel_change_nothing(seed in 0_u64..1000) {
        let config = Conv2dConfig {
            inputs: 3,
            outputs: 4,
            window: Window::new([3, 3]).same(),
            groups: 1,
            bias: false,
            init: Init::HeNormal,
        };
        let layer = Conv2d::standardised(config, &mut stream(seed)).cast::<f32, f64>();
        let mut changed = layer.clone();
        let factors = (normal(&[4], seed).abs() + 1.0) * 10.0;
        changed.kernel = changed.kernel * &factors + &normal(&[4], seed + 1);
        let x = normal(&[2, 5, 4, 3], seed);
        // The tolerance allows for eps, which is 1e-8 compared with a variance of 2 / 27.
        assert_close(&at(&changed, &x), &at(&layer, &x), 1e-6);

        // The effective kernel, from its outputs for inputs with a single 1 at each position.
        let taps = Tensor::from_fn(&[27, 27], {
            let mut i = 0..729;
            move || if i.next().unwrap() % 28 == 0 { 1.0 } else { 0.0 }
        });
        let mut valid = Conv2d::standardised(Conv2dConfig { window: Window::new([3, 3]), ..config }, &mut stream(0))
            .cast::<f32, f64>();
        valid.kernel = layer.kernel.clone();
        let kernel = at(&valid, &taps.reshape(&[27, 3, 3, 3])).reshape(&[27, 4]).transpose();
        for output in kernel.as_slice().chunks(27) {
            let (mean, variance) = moments(output);
            prop_assert!(mean.abs() < 1e-12 && (variance - 2.0 / 27.0).abs() < 1e-7, "{mean} {variance}");
        }
    }
}

const BLOCK: ResidualConfig = ResidualConfig {
    inputs: 4,
    outputs: 4,
    kernel: [3, 3],
    stride: 1,
    downsampling: Downsampling::Stride,
    order: Order::PreActivation,
    activation: Activation::Relu,
    groups: 2,
    standardised: false,
    last_scale: 1.0,
    drop: 0.0,
    squeeze: None,
};

const ORDERS: [Order; 2] = [Order::PreActivation, Order::PostActivation];

fn block(config: &ResidualConfig) -> ResidualBlock<Tensor<f64>> {
    ResidualBlock::new(config, &mut stream(1)).cast::<f32, f64>()
}

#[test]
fn a_block_whose_last_scale_is_zero_is_the_identity() {
    let x = normal(&[2, 5, 4, 4], 1);
    for squeeze in [None, Some(2)] {
        let config = ResidualConfig { last_scale: 0.0, squeeze, ..BLOCK };
        assert_eq!(at(&block(&config), &x), x);
        for activation in [Activation::Relu, Activation::Gelu] {
            let post = block(&ResidualConfig { order: Order::PostActivation, activation, ..config });
            assert_eq!(at(&post, &x), activation.apply(x.clone()));
        }
        assert_ne!(at(&block(&ResidualConfig { last_scale: 0.1, ..config }), &x), x);
    }
}

#[test]
fn there_is_a_projection_if_stride_or_channels_change() {
    let x = normal(&[2, 5, 4, 4], 1);
    for order in ORDERS {
        for (outputs, stride, shape) in
            [(4, 1, [2, 5, 4, 4]), (6, 1, [2, 5, 4, 6]), (4, 2, [2, 3, 2, 4]), (6, 3, [2, 2, 2, 6])]
        {
            let block = block(&ResidualConfig { outputs, stride, order, ..BLOCK });
            assert_eq!(at(&block, &x).shape(), shape);
            let changes = shape != [2, 5, 4, 4];
            assert_eq!(block.projection.is_some(), changes);
            assert_eq!(block.projection_norm.is_some(), changes && order == Order::PostActivation);
        }
    }
}

#[test]
fn a_block_treats_each_example_separately() {
    let x = normal(&[3, 4, 4, 4], 1);
    for order in ORDERS {
        for (outputs, standardised, squeeze) in [(4, false, None), (6, true, Some(3))] {
            let block = block(&ResidualConfig { outputs, order, standardised, squeeze, ..BLOCK });
            let alone: Vec<_> = (0..3).map(|i| at(&block, &x.narrow(0, i, i + 1))).collect();
            assert_close(&at(&block, &x), &Tensor::concat(&alone.iter().collect::<Vec<_>>(), 0), 1e-12);
        }
    }
}

#[test]
fn weights_are_all_parameters_but_scales_shifts_and_biases() {
    for order in ORDERS {
        let block = block(&ResidualConfig { outputs: 6, squeeze: Some(2), order, ..BLOCK });
        let weights: usize = block.weights().map(Tensor::len).sum();
        let matrices = block.parameters().into_iter().filter(|p| p.rank() >= 2);
        assert_eq!(weights, matrices.map(|p| p.len()).sum::<usize>());
    }
}

#[test]
fn stochastic_depth_keeps_or_drops_whole_examples() {
    let (depth, x) = (StochasticDepth::new(0.3), normal(&[4000, 2, 3], 1));
    assert_eq!(at(&depth, &x), x, "without noise");
    let noisy =
        |seed| depth.forward(&x, &mut Pass::inference().with_noise(Stream::new(seed, Purpose::Dropout)));
    let y = noisy(1);
    assert_eq!(y, noisy(1));
    assert_ne!(y, noisy(2));
    let mut kept = 0;
    for (x, y) in x.as_slice().chunks(6).zip(y.as_slice().chunks(6)) {
        let dropped = y.iter().all(|&y| y == 0.0);
        kept += usize::from(!dropped);
        assert!(dropped || x.iter().zip(y).all(|(x, y)| (y - x / 0.7).abs() < 1e-12));
    }
    assert!((kept as f64 / 4000.0 - 0.7).abs() < 0.03, "{kept}: the expectation is x");
    // If the branch is dropped, the output is the shortcut.
    let x = normal(&[20, 3, 3, 4], 2);
    let y = block(&ResidualConfig { drop: 0.5, ..BLOCK })
        .forward(&x, &mut Pass::inference().with_noise(Stream::new(1, Purpose::Dropout)));
    let whole = (0..20).filter(|&i| y.narrow(0, i, i + 1) == x.narrow(0, i, i + 1)).count();
    assert!((3..18).contains(&whole), "{whole}");
}

#[test]
fn squeeze_and_excitation_scales_each_channel_by_a_factor_between_zero_and_one() {
    let module = SqueezeExcitation::new(6, 2, &mut stream(1)).cast::<f32, f64>();
    let x = normal(&[3, 4, 5, 6], 1);
    let y = at(&module, &x);
    let factors = y.clone() / &x;
    let factor = factors.slice(&[0; 4], &[3, 1, 1, 6]);
    assert_close(&y, &(x.clone() * &factor), 1e-12);
    assert!(factor.as_slice().iter().all(|f| (0.0..1.0).contains(f) && *f > 0.0));
    // The order of pixels has no effect on the factors, since only their mean is used.
    let transposed = x.permute(&[0, 2, 1, 3]);
    assert_close(&at(&module, &transposed), &y.permute(&[0, 2, 1, 3]), 1e-12);
    // With weights of zero every channel is halved.
    let nothing: Vec<_> = module.parameters().iter().map(|p| Tensor::zeros(p.shape())).collect();
    assert_eq!(at(&module.with(&nothing), &x), x * 0.5);
}

#[test]
fn normalised_convolutions_do_not_depend_on_the_scale_of_their_kernel() {
    let (norm, x) = (group_norm(4, 2, 1), normal(&[2, 5, 5, 3], 2));
    let (kernel, window) = (normal(&[3, 3, 3, 4], 3) * 1e3, Window::new([3, 3]).same());
    let of = |kernel: &Tensor<f64>| at(&norm, &x.conv2d(kernel, None, &window, 1));
    assert_close(&of(&(kernel.clone() * 7.0)), &of(&kernel), 1e-8);
}
