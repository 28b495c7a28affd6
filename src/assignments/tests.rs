//! The parameters and activations of each assignment's network are counted without a model.

use clap::Parser;

use super::ag_news::AgNews;
use super::attention::Attention;
use super::cifar::Cifar;
use super::mnist::Mnist;
use super::sine_regression::SineRegression;
use super::siren::PictureFit;
use super::spirals::Spirals;
use crate::experiment::Assignment;
use crate::nn::{ParameterPath, Parameters as _};
use crate::tensor::Tensor;

#[derive(Parser)]
struct Options<A: Assignment> {
    #[command(flatten)]
    config: A,
}

fn config<A: Assignment>(arguments: &str) -> A {
    let config = Options::<A>::parse_from(format!("test {arguments}").split_whitespace()).config;
    config.validate().unwrap();
    config
}

/// Compares the count with the parameters of the network, for several argument lists.
fn check_counts<A: Assignment>(all: &[&str]) {
    for arguments in all {
        let config: A = config(arguments);
        let mut count = 0;
        config.network().map(ParameterPath::ROOT, &mut |_, p: &Tensor| count += p.len());
        assert_eq!(config.parameter_count(), count, "{} {arguments}", A::COMMAND);
    }
}

#[test]
fn parameters_are_counted_without_a_model() {
    check_counts::<SineRegression>(&["", "--basis-functions 11"]);
    check_counts::<Spirals>(&["", "--hidden-layers 0", "--hidden-layers 1 --width 5", "--width 9"]);
    check_counts::<Mnist>(&[
        "",
        "--norm-groups 4",
        "--layer-depths 3,5 --layer-kernel-sizes 2,28 --layer-strides 3,1",
    ]);
    for layers in ["", "--layer-depths 8,8,12,12 --layer-strides 1,1,2,1 --layer-kernel-sizes 3,1,3,2"] {
        let groups = "--norm-groups 4";
        for blocks in ["none", "pre-activation", "post-activation"] {
            for more in ["", "--squeeze 3", "--head flat", "--dataset cifar100 --downsampling stride"] {
                check_counts::<Cifar>(&[&format!("--residual {blocks} {layers} {more} {groups}")]);
            }
        }
    }
    check_counts::<Cifar>(&["--residual none --norm-groups none --layer-depths 8 --layer-kernel-sizes 3 \
                             --layer-strides 2"]);
    let small = "--buckets 50 --width 8 --longest 7";
    for more in [
        "linear",
        "embeddings",
        "embeddings --hidden 5",
        "transformer --hidden 6 --heads 2 --blocks 3",
        "minilm-frozen",
        "minilm-frozen --hidden 6",
        "minilm-finetuned --hidden 6 --rank none",
        "minilm-finetuned --hidden 6 --rank 3",
        "minilm-finetuned --hidden 6 --updated query-value",
        "minilm-finetuned --hidden 6 --updated attention",
        "minilm-finetuned --hidden 6 --updated with-embedding",
    ] {
        check_counts::<AgNews>(&[&format!("{small} --model {more}")]);
    }
    check_counts::<Attention>(&["", "--width 16 --blocks 1 --text-width 24 --text-blocks 3"]);
    for more in ["sine --color", "relu", "tanh --hidden-layers 1", "fourier --width 7"] {
        check_counts::<PictureFit>(&[&format!("--network {more}")]);
    }
}

#[test]
fn activations_of_a_shard_are_counted() {
    assert_eq!(config::<SineRegression>("--basis-functions 5 --batch-size 10").activation_count(), 10 * 5);
    let spirals = config::<Spirals>("--hidden-layers 3 --width 7 --batch-size 10");
    assert_eq!(spirals.activation_count(), 10 * 3 * 7);
    assert_eq!(config::<PictureFit>("--width 8 --hidden-layers 2").activation_count(), 1024 * 2 * 8);
    let layers = "--layer-depths 4,8 --layer-kernel-sizes 3,3 --layer-strides 1,2";
    let mnist = config::<Mnist>(&format!("{layers} --batch-size 3"));
    assert_eq!(mnist.activation_count(), 3 * (28 * 28 * 4 + 14 * 14 * 8));
    let cifar = config::<Cifar>(&format!("{layers} --norm-groups 4 --shard-size 500 --batch-size 400"));
    assert_eq!(cifar.activation_count(), 400 * (32 * 32 * 4 + 16 * 16 * 8));
    let news = "--model transformer --width 8 --hidden 6 --heads 2 --blocks 3 --longest 7";
    assert_eq!(config::<AgNews>(news).activation_count(), 8 * 7 * 3 * (4 * 8 + 6));
    assert!(config::<AgNews>("").activation_count() > 0);
    let text = "--heads 2 --text-width 8 --text-blocks 3 --text-length 7";
    assert_eq!(config::<Attention>(text).activation_count(), 4 * 7 * 3 * (4 * 8 + 32));
}
