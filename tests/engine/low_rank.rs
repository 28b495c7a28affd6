//! The mathematical properties of low-rank updates.

use approx::assert_relative_eq;
use ece472::autodiff::{Algebra as _, Tape};
use ece472::nn::{
    BlockConfig, Embedding, Init, Linear, LowRank, Module as _, NormOrder, ParameterPath, Parameters, Pass,
    PositionKind, Transformer, TransformerConfig, TransformerUpdate, Updated,
};
use ece472::random::{Purpose, Stream};
use ece472::tensor::Tensor;
use proptest::prelude::*;

fn stream(seed: u64) -> Stream {
    Stream::new(seed, Purpose::Init)
}

/// An update with random elements, as after training.
fn learned<M: Parameters<Tensor, Of<Tensor> = M>>(update: &M, seed: u64) -> M {
    let mut stream = Stream::new(seed, Purpose::Data);
    update.map(ParameterPath::ROOT, &mut |_, parameter| {
        Tensor::from_fn(parameter.shape(), || 0.3 * stream.normal() as f32)
    })
}

fn config() -> TransformerConfig {
    TransformerConfig {
        vocabulary: 11,
        positions: PositionKind::Learned,
        longest: 9,
        embedding_norm: true,
        blocks: 2,
        block: BlockConfig { order: NormOrder::Post, eps: 1e-12, ..BlockConfig::new(8, 2) },
    }
}

const TEXTS: [&[usize]; 3] = [&[1, 2, 3, 4, 5], &[10], &[7, 7]];

proptest! {
    #[test]
    fn a_new_update_changes_nothing_and_merging_changes_no_value(
        inputs in 1_usize..9, outputs in 1_usize..9, rank in 1_usize..5, alpha in 0.1_f64..40.0, seed in 0_u64..1000,
    ) {
        let x = Tensor::from_fn(&[3, inputs], || 0.7_f64);
        let layer = Linear::new(inputs, outputs, true, Init::GlorotNormal, &mut stream(seed));
        let with = |update: LowRank| Linear { update: Some(update), ..layer.clone() };
        let value = |layer: &Linear| layer.cast::<f32, f64>().forward(&x, &mut Pass::inference());

        let new = LowRank::new(inputs, outputs, rank, alpha, &mut stream(seed + 1));
        prop_assert_eq!(value(&with(new.clone())), value(&layer));
        prop_assert_eq!(new.count::<f32>(), rank * (inputs + outputs));

        let adapted = with(learned(&new, seed)).cast::<f32, f64>();
        let merged = adapted.merged();
        prop_assert!(merged.update.is_none());
        let [a, b] = [&adapted, &merged].map(|layer| layer.forward(&x, &mut Pass::inference()));
        for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
            prop_assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{} {}", a, b);
        }
    }
}

#[test]
fn the_scale_is_alpha_over_rank() {
    let mut update = LowRank::new(2, 2, 4, 8.0, &mut stream(1));
    (update.down, update.up) = (Tensor::ones(&[2, 4]), Tensor::ones(&[4, 2]));
    // Four products of ones, scaled by 8 / 4.
    assert_eq!(update.product(), Tensor::full(&[2, 2], 8.0));
}

#[test]
fn an_updated_transformer_equals_the_merged_one() {
    let base = Transformer::new(&config(), &mut stream(1));
    for updated in [Updated::QueryValue, Updated::Attention, Updated::All, Updated::WithEmbedding] {
        let update = TransformerUpdate::new(&config(), updated, 2, 4.0, &mut stream(1));
        let mean = |t: &Transformer| t.cast::<f32, f64>().mean_features(&TEXTS, &mut Pass::inference());
        assert_eq!(mean(&base.updated(&update)), mean(&base), "{updated:?}: a new update changes nothing");

        let sides = match updated {
            Updated::QueryValue => 2 * 2 * (8 + 8),
            Updated::Attention => 2 * 4 * (8 + 8),
            Updated::All => 2 * (4 * (8 + 8) + 2 * (8 + 32)),
            Updated::WithEmbedding => 2 * (4 * (8 + 8) + 2 * (8 + 32)) + 11 + 8,
        };
        assert_eq!(update.count::<f32>(), 2 * sides, "rank two");

        let adapted = base.updated(&learned(&update, 5));
        let merged = adapted.merged();
        assert_eq!(merged.names(), base.names());
        assert_ne!(mean(&merged), mean(&base));
        // Merging rounds to single precision.
        for (a, b) in mean(&adapted).as_slice().iter().zip(mean(&merged).as_slice()) {
            assert_relative_eq!(*a, *b, epsilon = 1e-5);
        }
    }
}

#[test]
fn an_update_of_a_table_changes_only_rows_that_are_looked_up() {
    let update = LowRank::of_table(7, 5, 3, 6.0, &mut stream(1));
    let embedding = Embedding { update: Some(update), ..Embedding::new(7, 5, 1.0, &mut stream(2)) };
    let tape = Tape::new();
    let vars = embedding.map(ParameterPath::ROOT, &mut |_, p: &Tensor| tape.var(p.clone()));
    let loss = vars.look_up([4, 1, 4], 1).powi(2).sum();
    let [down, up] = [0, 1].map(|i| vars.update.as_ref().map(|u| [u.down, u.up][i]).unwrap());
    let [down, up] = loss.grad([down, up]).map(|g| g.value());
    // The gradient of B is 0 as long as A is 0.
    assert_eq!(up, Tensor::zeros(&[3, 5]));
    for row in 0..7 {
        let still = down.narrow(0, row, row + 1) == Tensor::zeros(&[1, 3]);
        assert_eq!(still, ![1, 4].contains(&row), "row {row}");
    }
    // Rows of the update are rows of its product.
    let update = learned(&embedding.update.unwrap(), 3);
    for (a, b) in update.rows([6, 0]).as_slice().iter().zip(update.product().gather(0, [6, 0]).as_slice()) {
        assert_relative_eq!(*a, *b, epsilon = 1e-6);
    }
}

#[test]
fn the_mean_is_over_tokens_without_padding() {
    let transformer = Transformer::new(&config(), &mut stream(3)).cast::<f32, f64>();
    let pass = &mut Pass::inference();
    let together = transformer.mean_features(&TEXTS, pass);
    for (i, text) in TEXTS.iter().enumerate() {
        let features = transformer.encode(*text, 1, &ece472::tensor::Mask::none(), pass);
        let mean = features.sum_over(&[1]) * (1.0 / text.len() as f64);
        for (a, b) in together.narrow(0, i, i + 1).as_slice().iter().zip(mean.as_slice()) {
            assert_relative_eq!(*a, *b, epsilon = 1e-12);
        }
    }
    // The mean of a text without tokens is 0, alone or with other texts.
    assert_eq!(transformer.mean_features(&[&[], &[4]], pass).narrow(0, 0, 1), Tensor::zeros(&[1, 8]));
    assert_eq!(transformer.mean_features(&[&[]], pass), Tensor::zeros(&[1, 8]));
}
