//! The mathematical properties of transformers and their parts.

use crate::support::{assert_close, normal, permuted, rows, single};
use approx::assert_relative_eq;
use ece472::autodiff::{Algebra, Tape, Var};
use ece472::nn::loss::{cross_entropy, one_hot};
use ece472::nn::{
    Activation, AttentionConfig, BlockConfig, Cache, Embedding, LayerNorm, Linear, Module, NormOrder,
    Parameters, Pass, PositionKind, Positions, RmsNorm, TokenNormKind, Transformer, TransformerBlock,
    TransformerConfig,
};
use ece472::optim::{Adam, Optimizer as _};
use ece472::random::{Purpose, Stream};
use ece472::tensor::{Mask, Tensor};
use proptest::prelude::*;

type Double = Tensor<f64>;

fn stream(seed: u64) -> Stream {
    Stream::new(seed, Purpose::Init)
}

fn block(config: &BlockConfig, seed: u64) -> TransformerBlock<Double> {
    TransformerBlock::new(config, &mut stream(seed)).cast::<f32, f64>()
}

fn at<M: Module<Double>>(module: &M, x: &Double) -> Double {
    module.forward(x, &mut Pass::inference())
}

/// The mean over the last axis, which keeps extent 1.
fn mean(x: &Double) -> Double {
    let last = x.rank() - 1;
    x.sum_keeping(&[last]) / x.shape()[last] as f64
}

const KINDS: [TokenNormKind; 2] = [TokenNormKind::Layer, TokenNormKind::Rms];
const ORDERS: [NormOrder; 2] = [NormOrder::Pre, NormOrder::Post];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn layer_norm_has_mean_0_and_variance_1(tokens in 1_usize..5, width in 4_usize..9, seed: u64) {
        let y = at(&LayerNorm::new(width).cast::<f32, f64>(), &(normal(&[2, tokens, width], seed) * 1e4));
        for (mean, square) in mean(&y).as_slice().iter().zip(mean(&y.powi(2)).as_slice()) {
            assert_relative_eq!(*mean, 0.0, epsilon = 1e-12);
            assert_relative_eq!(*square, 1.0, epsilon = 1e-6);
        }
    }

    #[test]
    fn layer_norm_ignores_shift_and_scale_of_a_token(tokens in 1_usize..5, width in 4_usize..9, seed: u64) {
        let norm = LayerNorm::new(width).cast::<f32, f64>();
        // So large that eps has no effect.
        let x = normal(&[2, tokens, width], seed) * 1e6;
        let moved = x.clone() * &(normal(&[2, tokens, 1], !seed).powi(2) + 0.5) + &(normal(&[2, tokens, 1], 1) * 1e6);
        for (a, b) in at(&norm, &moved).as_slice().iter().zip(at(&norm, &x).as_slice()) {
            assert_relative_eq!(*a, *b, epsilon = 1e-8);
        }
    }

    #[test]
    fn rms_norm_has_mean_square_1_and_ignores_the_scale(tokens in 1_usize..5, width in 2_usize..9, seed: u64) {
        let norm = RmsNorm::new(width).cast::<f32, f64>();
        let x = normal(&[2, tokens, width], seed) * 1e6;
        let y = at(&norm, &x);
        prop_assert!(mean(&y.powi(2)).as_slice().iter().all(|square| (square - 1.0).abs() < 1e-8));
        let scaled = x.clone() * &(normal(&[2, tokens, 1], !seed).powi(2) + 0.5);
        for (a, b) in at(&norm, &scaled).as_slice().iter().zip(y.as_slice()) {
            assert_relative_eq!(*a, *b, epsilon = 1e-8);
        }
        // For tokens with mean 0 the two normalisations are the same.
        let centred = x.clone() - &mean(&x);
        assert_close(&at(&norm, &centred), &at(&LayerNorm::new(width).cast::<f32, f64>(), &centred));
    }

    #[test]
    fn an_embedding_is_a_product_with_one_hot_rows(tokens in prop::collection::vec(0_usize..5, 6), seed: u64) {
        let embedding = Embedding::new(5, 3, 1.0, &mut stream(seed)).cast::<f32, f64>();
        let tape = Tape::new();
        let table = tape.var(embedding.table.clone());
        let looked_up = Embedding::of(table).look_up(tokens.clone(), 2);
        let product = tape.var(one_hot(&tokens, 5, 0.0)).matmul(&table).reshape(&[2, 3, 3]);
        prop_assert_eq!(looked_up.value(), product.value());
        let g = tape.var(normal(&[2, 3, 3], seed));
        let [a, b] = [looked_up, product].map(|y| (y * g).sum().grad([table])[0].value());
        assert_close(&a, &b);
    }

    #[test]
    fn the_parameter_count_of_a_block_is_the_formula_and_all_parameters_are_reached(
        heads in 1_usize..4, width in 1_usize..3, hidden in 4_usize..9, cross: bool, kind in 0_usize..2,
        order in 0_usize..2, seed: u64,
    ) {
        // With two features, layer normalisation would keep only their order, so there are four or
        // more.
        let width = 4 * heads * width;
        let config = BlockConfig {
            hidden, cross, norm: KINDS[kind], order: ORDERS[order], ..BlockConfig::new(width, heads)
        };
        let block = block(&config, seed);
        prop_assert_eq!(block.count::<f64>(), config.parameter_count());
        let tape = Tape::new();
        let vars: Vec<_> = block.parameters().into_iter().map(|p| tape.var(p)).collect();
        let x = tape.var(normal(&[2, 3, width], seed));
        let context = tape.var(normal(&[2, 4, width], !seed));
        let (lifted, none, pass) = (block.with(&vars), Mask::none(), &mut Pass::on(&tape));
        let y = if cross { lifted.decode(&x, &none, &context, &none, pass) } else { lifted.forward(&x, pass) };
        let gradients = (y * tape.var(normal(&y.shape(), seed ^ 1))).sum().backward(&vars);
        for (name, gradient) in block.names().iter().zip(gradients) {
            let size = gradient.expect(name).as_slice().iter().fold(0.0_f64, |size, g| size.max(g.abs()));
            prop_assert_eq!(size > 1e-12, !name.ends_with("key.bias"), "{}: {}", name, size);
        }
    }

    #[test]
    fn a_block_is_equivariant_under_permutation_of_tokens(tokens in 1_usize..6, order in 0_usize..2, seed: u64) {
        let block = block(&BlockConfig { order: ORDERS[order], ..BlockConfig::new(6, 2) }, seed);
        let x = normal(&[2, tokens, 6], seed);
        let shuffled = Stream::new(seed, Purpose::Shuffle).permutation(tokens);
        assert_close(&at(&block, &permuted(&x, &shuffled)), &permuted(&at(&block, &x), &shuffled));
    }

    #[test]
    fn a_pre_norm_block_with_zeroed_projections_is_the_identity(tokens in 1_usize..6, cross: bool, seed: u64) {
        let mut block = block(&BlockConfig { cross, ..BlockConfig::new(6, 2) }, seed);
        let attentions = [Some(&mut block.attention.output), block.cross.as_mut().map(|cross| &mut cross.output)];
        for projection in attentions.into_iter().flatten().chain([&mut block.contract]) {
            projection.weight = projection.weight.clone() * 0.0;
        }
        let (x, context) = (normal(&[2, tokens, 6], seed), normal(&[2, 3, 6], seed));
        let (none, pass) = (Mask::none(), &mut Pass::inference());
        let y = if cross { block.decode(&x, &none, &context, &none, pass) } else { block.forward(&x, pass) };
        prop_assert_eq!(y, x);
    }

    #[test]
    fn the_output_of_a_post_norm_block_is_normalised(tokens in 1_usize..6, seed: u64) {
        let block = block(&BlockConfig { order: NormOrder::Post, ..BlockConfig::new(6, 2) }, seed);
        let y = at(&block, &normal(&[2, tokens, 6], seed));
        prop_assert!(mean(&y).as_slice().iter().all(|mean| mean.abs() < 1e-12));
    }

    #[test]
    fn sinusoidal_positions_follow_the_paper(tokens in 1_usize..9, width in 1_usize..9, first in 0_usize..2000) {
        let positions = Positions::<Double>::Sinusoidal(10_000.0);
        let y = positions.add(&Tensor::zeros(&[1, tokens, width]), first, &mut Pass::inference());
        for (i, &value) in y.as_slice().iter().enumerate() {
            let (t, j) = ((first + i / width) as f64, i % width);
            let angle = t / 10_000_f64.powf((j - j % 2) as f64 / (width + width % 2) as f64);
            let want = if j % 2 == 0 { angle.sin() } else { angle.cos() };
            prop_assert!((value - want).abs() < 1e-9, "{} at {}, {}: {}", value, t, j, want);
        }
    }
}

#[test]
fn sinusoidal_vectors_at_a_distance_are_rotations() {
    let positions = Positions::<Double>::Sinusoidal(10_000.0);
    let table = positions.add(&Tensor::zeros(&[1, 200, 8]), 0, &mut Pass::inference());
    for (t, d) in [(0, 1), (3, 50), (140, 59)] {
        for pair in 0..4 {
            let at = |t: usize| [0, 1].map(|i| table.as_slice()[8 * t + 2 * pair + i]);
            let ([sin, cos], [s, c]) = (at(t), at(d));
            let [far_sin, far_cos] = at(t + d);
            assert_relative_eq!(far_sin, sin * c + cos * s, epsilon = 1e-10);
            assert_relative_eq!(far_cos, cos * c - sin * s, epsilon = 1e-10);
        }
    }
}

#[test]
fn learned_positions_are_rows_of_their_table() {
    let positions = Positions::new(PositionKind::Learned, 5, 3, &mut stream(1)).cast::<f32, f64>();
    let Positions::Learned(table) = &positions else { panic!("{positions:?}") };
    let y = positions.add(&Tensor::zeros(&[2, 3, 3]), 2, &mut Pass::inference());
    assert_eq!(y.narrow(0, 1, 2).reshape(&[3, 3]), table.narrow(0, 2, 5));
}

#[test]
#[should_panic(expected = "positions: 6 tokens, but 5 were learned")]
fn a_position_beyond_the_learned_ones_is_refused() {
    let positions = Positions::new(PositionKind::Learned, 5, 3, &mut stream(1));
    positions.add(&Tensor::zeros(&[1, 4, 3]), 2, &mut Pass::inference());
}

#[test]
#[should_panic(expected = "cross attention needs another sequence")]
fn a_block_with_cross_attention_needs_another_sequence() {
    let block = block(&BlockConfig { cross: true, ..BlockConfig::new(4, 2) }, 1);
    at(&block, &normal(&[1, 2, 4], 1));
}

fn transformer(positions: PositionKind, seed: u64) -> Transformer {
    let attention = AttentionConfig {
        kv_heads: 2,
        rotary: (positions == PositionKind::Rotary).then_some(10_000.0),
        ..AttentionConfig::new(16, 4)
    };
    let block = BlockConfig { attention, ..BlockConfig::new(16, 4) };
    let config =
        TransformerConfig { vocabulary: 7, positions, longest: 200, embedding_norm: false, blocks: 2, block };
    let transformer = Transformer::new(&config, &mut stream(seed));
    let learned = if positions == PositionKind::Learned { 200 * 16 } else { 0 };
    assert_eq!(transformer.count::<f32>(), 7 * 16 + learned + 2 * block.parameter_count() + 2 * 16);
    transformer
}

const POSITIONS: [PositionKind; 4] =
    [PositionKind::None, PositionKind::Learned, PositionKind::Sinusoidal, PositionKind::Rotary];

#[test]
fn prefixes_and_steps_with_caches_have_the_bits_of_the_whole_transformer() {
    for positions in POSITIONS {
        let transformer = transformer(positions, 1);
        let tokens: Vec<usize> = (0..300).map(|i| (i * i + i / 7) % 7).collect();
        let pass = &mut Pass::inference();
        let part = |start, end| [&tokens[start..end], &tokens[150 + start..150 + end]].concat();
        let whole = transformer.encode(part(0, 150), 2, &Mask::causal(), pass);
        for n in [1, 64, 65, 149] {
            let alone = transformer.encode(part(0, n), 2, &Mask::causal(), pass);
            assert_eq!(alone, rows(&whole, 0, n), "{positions:?}: {n} tokens");
        }
        let (mut caches, mut first) = (vec![Cache::default(); 2], 0);
        for n in [5, 1, 1, 70, 73] {
            let y = transformer.encode_cached(part(first, first + n), 2, &mut caches, pass);
            assert_eq!(y, rows(&whole, first, first + n), "{positions:?}: {n} tokens from {first} on");
            first += n;
        }
    }
}

#[test]
fn padding_has_no_effect_on_tokens() {
    for order in ORDERS {
        let block = TransformerBlock::new(&BlockConfig { order, ..BlockConfig::new(8, 2) }, &mut stream(1));
        let x = single(&normal(&[1, 9, 8], 2));
        let pass = &mut Pass::inference();
        let padded = block.encode(&x, &Mask::lengths([6]), pass);
        let alone = block.encode(&rows(&x, 0, 6), &Mask::none(), pass);
        assert_eq!(rows(&padded, 0, 6), alone, "{order:?}");
        // The six tokens' outputs have no gradient with respect to the three of padding.
        let tape = Tape::new();
        let x = tape.var(x);
        let lifted = block.with(&block.parameters().into_iter().map(|p| tape.var(p)).collect::<Vec<_>>());
        let y = lifted.encode(&x, &Mask::lengths([6]), &mut Pass::on(&tape)).narrow(1, 0, 6);
        let [gradient] = (y * y).sum().grad([x]);
        assert!(rows(&gradient.value(), 6, 9).as_slice().iter().all(|g| *g == 0.0), "{order:?}");
        assert!(rows(&gradient.value(), 0, 6).as_slice().iter().any(|g| *g != 0.0), "{order:?}");
    }
}

#[test]
fn dropout_is_only_in_training() {
    let config = BlockConfig { dropout: 0.5, activation: Activation::Relu, ..BlockConfig::new(8, 2) };
    let block = block(&config, 1);
    let x = normal(&[2, 3, 8], 2);
    let noisy =
        |seed| block.forward(&x, &mut Pass::inference().with_noise(Stream::new(seed, Purpose::Dropout)));
    assert_eq!(noisy(1), noisy(1));
    assert_ne!(noisy(1), noisy(2));
    let quiet =
        TransformerBlock::new(&BlockConfig { dropout: 0.0, ..config }, &mut stream(1)).cast::<f32, f64>();
    assert_eq!(at(&block, &x), at(&quiet, &x));
}

/// A small transformer learns a sentence by heart, and then generates it from the first letter.
#[test]
fn a_sentence_is_learned_by_heart() {
    let sentence: Vec<usize> = "attention is all you need"
        .bytes()
        .map(|b| if b == b' ' { 0 } else { (b - b'a' + 1) as usize })
        .collect();
    let config = TransformerConfig {
        vocabulary: 27,
        positions: PositionKind::Sinusoidal,
        longest: 0,
        embedding_norm: false,
        blocks: 1,
        block: BlockConfig::new(32, 4),
    };
    let mut init = stream(1);
    let transformer = Transformer::new(&config, &mut init);
    let head = Linear::new(32, 27, true, ece472::nn::Init::GlorotUniform, &mut init);
    let mut parameters = [transformer.parameters(), head.parameters()].concat();
    let split = transformer.parameters().len();
    let n = sentence.len() - 1;
    let mut adam = Adam::new(0.0);
    let mut loss = f32::INFINITY;
    for _ in 0..150 {
        let tape = Tape::new();
        let vars: Vec<Var<'_>> = parameters.iter().map(|p| tape.var(p.clone())).collect();
        let (transformer, head) = (transformer.with(&vars[..split]), head.with(&vars[split..]));
        let pass = &mut Pass::on(&tape);
        let h = transformer.encode(&sentence[..n], 1, &Mask::causal(), pass);
        let logits = head.forward(&h, pass).reshape(&[n, 27]);
        let y = cross_entropy(&logits, &tape.var(one_hot(&sentence[1..], 27, 0.0))).mean();
        loss = y.value().item();
        let gradients: Vec<Tensor> = y.backward(&vars).into_iter().map(Option::unwrap).collect();
        adam.step(3e-3, &mut parameters, &gradients);
    }
    assert!(loss < 0.05, "{loss}");
    let (transformer, head) = (transformer.with(&parameters[..split]), head.with(&parameters[split..]));
    let (mut said, mut caches, pass) = (vec![sentence[0]], vec![Cache::default()], &mut Pass::inference());
    while said.len() < sentence.len() {
        let last = [said[said.len() - 1]];
        let h = transformer.encode_cached(&last[..], 1, &mut caches, pass);
        let logits = head.forward(&h, pass);
        let best = logits.as_slice().iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        said.push(best);
    }
    assert_eq!(said, sentence);
}
