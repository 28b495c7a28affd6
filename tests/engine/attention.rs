//! The mathematical properties of attention.

use std::sync::Arc;

use crate::support::{assert_close, normal, permuted, rows, single};
use approx::assert_relative_eq;
use ece472::autodiff::list::vjp;
use ece472::autodiff::{Algebra, Attend, Heads, Tape, Var};
use ece472::nn::{AttentionConfig, Cache, Module, MultiHeadAttention, Parameters, Pass, Rotary};
use ece472::random::{Purpose, Stream};
use ece472::tensor::{Mask, Tensor};
use proptest::prelude::*;

type Double = Tensor<f64>;

/// Attention in double precision, with random biases.
fn attention(config: AttentionConfig, seed: u64) -> MultiHeadAttention<Double> {
    let module = MultiHeadAttention::new(config, &mut Stream::new(seed, Purpose::Init)).cast::<f32, f64>();
    let random = |(p, seed): (&Double, u64)| p.clone() + &(normal(p.shape(), seed) * 0.1);
    module.with(&module.parameters().iter().zip(seed..).map(random).collect::<Vec<_>>())
}

fn heads(count: usize, kv_count: usize, scale: f64, mask: Mask) -> Arc<Heads> {
    Arc::new(Heads { count, kv_count, scale, mask })
}

/// A mask of the given kind, for the given numbers of examples, queries and keys.
fn mask(kind: usize, batch: usize, queries: usize, keys: usize, seed: u64) -> Mask {
    let mut stream = Stream::new(seed, Purpose::Check);
    let lengths: Vec<usize> = (0..batch).map(|_| stream.below(keys + 1)).collect();
    let allowed: Vec<bool> = (0..batch * queries * keys).map(|_| stream.below(3) > 0).collect();
    match kind {
        0 => Mask::none(),
        1 => Mask::causal(),
        2 => Mask::lengths(lengths),
        3 => Mask::allowing(allowed),
        _ => Mask::causal().and(Mask::lengths(lengths)).and(Mask::allowing(allowed)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn weights_sum_to_one_over_the_keys_seen(
        batch in 1_usize..3, queries in 1_usize..6, keys in 1_usize..6, shared in 1_usize..3, kind in 0_usize..5, seed: u64,
    ) {
        let heads = heads(2 * shared, 2, 0.7, mask(kind, batch, queries, keys, seed));
        let (q, k) = (normal(&[batch, queries, 6 * shared], seed), normal(&[batch, keys, 6], !seed));
        let weights = Tensor::attention_weights(&q, &k, &heads);
        prop_assert_eq!(weights.shape(), [batch, heads.count, queries, keys]);
        for (at, row) in weights.as_slice().chunks(keys).enumerate() {
            let (example, query) = (at / (heads.count * queries), at % queries);
            let sees = |key| heads.mask.sees(example, query, key, queries, keys);
            prop_assert!(row.iter().enumerate().all(|(key, &w)| (w > 0.0) == sees(key)), "{row:?}");
            let sum = if (0..keys).any(sees) { 1.0 } else { 0.0 };
            assert_relative_eq!(row.iter().sum::<f64>(), sum, epsilon = 1e-14);
        }
    }

    #[test]
    fn the_kernel_and_its_gradients_equal_the_formula(
        batch in 1_usize..3, queries in 1_usize..140, keys in 1_usize..140, shared in 1_usize..3, kind in 0_usize..5,
        width in 1_usize..4, value_width in 1_usize..4, seed: u64,
    ) {
        let heads = heads(2 * shared, 2, 0.7, mask(kind, batch, queries, keys, seed));
        let x = [
            normal(&[batch, queries, heads.count * width], seed),
            normal(&[batch, keys, 2 * width], seed ^ 1),
            normal(&[batch, keys, 2 * value_width], seed ^ 2),
        ];
        let g = normal(&[batch, queries, heads.count * value_width], seed ^ 3);
        let (value, gradients) = vjp(|x| Var::attention([&x[0], &x[1], &x[2]], &heads), &x, &g);
        let formula = vjp(|x| Var::attention_by_formula([&x[0], &x[1], &x[2]], &heads), &x, &g);
        assert_close(&value, &formula.0);
        for (kernel, formula) in gradients.iter().zip(&formula.1) {
            assert_close(kernel, formula);
        }
    }

    #[test]
    fn a_constant_added_to_scores_changes_nothing(tokens in 1_usize..6, constant in -50.0..50.0, seed: u64) {
        let x = [1, 2, 3].map(|i| normal(&[2, tokens, 3], seed ^ i));
        let column = |value| Tensor::full(&[2, tokens, 1], value);
        let heads = heads(1, 1, 1.0, Mask::none());
        let (q, k) = (Tensor::concat(&[&x[0], &column(1.0)], 2), Tensor::concat(&[&x[1], &column(constant)], 2));
        assert_close(&Tensor::attention([&q, &k, &x[2]], &heads), &Tensor::attention([&x[0], &x[1], &x[2]], &heads));
    }

    #[test]
    fn permuting_tokens_permutes_results(tokens in 1_usize..7, kv_heads in 1_usize..3, seed: u64) {
        let module = attention(AttentionConfig { kv_heads, ..AttentionConfig::new(8, 2) }, seed);
        let x = normal(&[2, tokens, 8], seed);
        let order = Stream::new(seed, Purpose::Shuffle).permutation(tokens);
        let pass = &mut Pass::inference();
        assert_close(&module.forward(&permuted(&x, &order), pass), &permuted(&module.forward(&x, pass), &order));
    }

    #[test]
    fn permuting_keys_with_their_values_changes_nothing(queries in 1_usize..4, keys in 1_usize..7, seed: u64) {
        let module = attention(AttentionConfig::new(8, 4), seed);
        let (x, context) = (normal(&[2, queries, 8], seed), normal(&[2, keys, 8], !seed));
        let order = Stream::new(seed, Purpose::Shuffle).permutation(keys);
        let pass = &mut Pass::inference();
        let ours = module.attend(&x, &permuted(&context, &order), &Mask::none(), pass);
        assert_close(&ours, &module.attend(&x, &context, &Mask::none(), pass));
    }

    #[test]
    fn heads_add_up(count in 1_usize..4, tokens in 1_usize..5, seed: u64) {
        let width = 3 * count;
        let config = AttentionConfig { bias: false, ..AttentionConfig::new(width, count) };
        let module = attention(config, seed);
        let x = normal(&[2, tokens, width], seed);
        let one = heads(1, 1, 3.0_f64.sqrt().recip(), Mask::none());
        let head = |i: usize| {
            let columns = |w: &Double| x.matmul(&w.narrow(1, 3 * i, 3 * i + 3));
            let [q, k, v] = [&module.query, &module.key, &module.value].map(|l| columns(&l.weight));
            Tensor::attention([&q, &k, &v], &one).matmul(&module.output.weight.narrow(0, 3 * i, 3 * i + 3))
        };
        let sum = (0..count).map(head).reduce(|a, b| a + b).unwrap();
        assert_close(&module.forward(&x, &mut Pass::inference()), &sum);
    }

    #[test]
    fn shared_keys_equal_repeated_keys(shared in 1_usize..4, tokens in 1_usize..5, seed: u64) {
        let width = 4 * shared;
        let grouped = attention(AttentionConfig { kv_heads: 2, ..AttentionConfig::new(width, 2 * shared) }, seed);
        let mut full = attention(AttentionConfig::new(width, 2 * shared), seed);
        full.query = grouped.query.clone();
        full.output = grouped.output.clone();
        let columns: Vec<usize> = (0..2 * shared).flat_map(|h| [0, 1].map(|c| 2 * (h / shared) + c)).collect();
        for (full, grouped) in [(&mut full.key, &grouped.key), (&mut full.value, &grouped.value)] {
            full.weight = grouped.weight.gather(1, columns.clone());
            full.bias = grouped.bias.as_ref().map(|b| b.gather(0, columns.clone()));
        }
        let x = normal(&[2, tokens, width], seed);
        let pass = &mut Pass::inference();
        assert_close(&full.forward(&x, pass), &grouped.forward(&x, pass));
    }

    #[test]
    fn attention_to_oneself_is_self_attention(tokens in 1_usize..6, seed: u64) {
        let module = attention(AttentionConfig::new(6, 3), seed);
        let x = normal(&[2, tokens, 6], seed);
        let pass = &mut Pass::inference();
        prop_assert_eq!(module.attend(&x, &x.clone(), &Mask::none(), pass), module.forward(&x, pass));
    }

    #[test]
    fn the_parameter_count_is_the_formula_and_all_parameters_are_reached(
        kv_heads in 1_usize..4, shared in 1_usize..4, width in 1_usize..4, bias: bool, seed: u64,
    ) {
        let heads = kv_heads * shared;
        let config = AttentionConfig { kv_heads, bias, ..AttentionConfig::new(heads * width, heads) };
        let module = attention(config, seed);
        prop_assert_eq!(module.count::<f64>(), config.parameter_count());
        let tape = Tape::new();
        let vars: Vec<_> = module.parameters().into_iter().map(|p| tape.var(p)).collect();
        let x = tape.var(normal(&[2, 3, heads * width], seed));
        let y = module.with(&vars).forward(&x, &mut Pass::on(&tape));
        let gradients = (y * tape.var(normal(&y.shape(), !seed))).sum().backward(&vars);
        for (name, gradient) in module.names().iter().zip(gradients) {
            let size = gradient.expect(name).as_slice().iter().fold(0.0_f64, |size, g| size.max(g.abs()));
            // The key's bias adds the same constant to all scores of a query, so it has no effect.
            prop_assert_eq!(size > 1e-12, name != "key.bias", "{}: {}", name, size);
        }
    }

    #[test]
    fn rotary_scores_depend_on_the_distance_only(first in 0_usize..5000, shift in 0_usize..5000, seed: u64) {
        let rotary = Rotary::new(10_000.0);
        let (q, k) = (normal(&[1, 1, 8], seed), normal(&[1, 9, 8], !seed));
        let scores = |at: usize| rotary.turn(&q, 2, at + 4).product(&rotary.turn(&k, 2, at), false, true);
        assert_close(&scores(first), &scores(first + shift));
        let size = |x: &Double| x.powi(2).reshape(&[1, 9, 2, 4]).sum_over(&[3]);
        assert_close(&size(&rotary.turn(&k, 2, first)), &size(&k));
        prop_assert_eq!(rotary.turn(&q, 2, 0), q.clone());
    }

    #[test]
    fn dropout_draws_the_same_from_the_same_stream(seed: u64) {
        let module = attention(AttentionConfig { dropout: 0.5, ..AttentionConfig::new(4, 2) }, seed);
        let x = normal(&[2, 5, 4], seed);
        let noisy = |item| {
            let stream = Stream::at(seed, Purpose::Dropout, 0, item);
            module.forward(&x, &mut Pass::inference().with_noise(stream))
        };
        prop_assert_eq!(noisy(0), noisy(0));
        prop_assert_ne!(noisy(0), noisy(1));
    }
}

#[test]
fn dropout_of_weights_keeps_the_expectation() {
    let module = attention(AttentionConfig { dropout: 0.3, ..AttentionConfig::new(4, 2) }, 1);
    let x = normal(&[1, 4, 4], 2);
    let draws = 20_000;
    let pass = |item| Pass::inference().with_noise(Stream::at(3, Purpose::Dropout, 0, item));
    let noisy = |item| module.forward(&x, &mut pass(item));
    let mean = (0..draws).map(noisy).reduce(|a, b| a + b).unwrap() / draws as f64;
    let whole = module.forward(&x, &mut Pass::inference());
    for (mean, whole) in mean.as_slice().iter().zip(whole.as_slice()) {
        assert!((mean - whole).abs() < 0.02, "{mean} and {whole}");
    }
}

/// The scores are integers times ln 2, so the weights have the ratios 1 : 2 : 4.
#[test]
fn weights_by_hand() {
    let q = Tensor::from_vec(&[1, 1, 2], vec![1.0, 2.0]).unwrap();
    let k = Tensor::from_vec(&[1, 3, 2], vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
    let v = Tensor::from_vec(&[1, 3, 2], vec![7.0, 0.0, 0.0, 7.0, 7.0, 14.0]).unwrap();
    let heads = heads(1, 1, 2.0_f64.ln(), Mask::none());
    let weights = Tensor::attention_weights(&q, &k, &heads);
    assert_close(&weights, &(Tensor::vector(&[1.0, 2.0, 4.0]).reshape(&[1, 1, 1, 3]) / 7.0));
    assert_close(&Tensor::attention([&q, &k, &v], &heads), &Tensor::vector(&[5.0, 10.0]).reshape(&[1, 1, 2]));
}

/// A single token has weight 1, so only values and the output layer matter.
#[test]
fn one_token_is_its_value() {
    let module = attention(AttentionConfig::new(6, 2), 1);
    let x = normal(&[3, 1, 6], 2);
    let pass = &mut Pass::inference();
    let value = module.value.forward(&x, pass);
    assert_close(&module.forward(&x, pass), &module.output.forward(&value, pass));
}

#[test]
fn one_head_is_the_closed_formula() {
    let module = attention(AttentionConfig { bias: false, ..AttentionConfig::new(3, 1) }, 1);
    let x = normal(&[1, 4, 3], 2);
    let row = |m: &Double, i: usize| m.as_slice()[3 * i..3 * i + 3].to_vec();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let times = |x: &[f64], w: &Double| -> Vec<f64> {
        (0..3).map(|j| (0..3).map(|i| x[i] * w.as_slice()[3 * i + j]).sum()).collect()
    };
    let mut want = Vec::new();
    for i in 0..4 {
        let q = times(&row(&x, i), &module.query.weight);
        let exps: Vec<f64> = (0..4)
            .map(|j| (dot(&q, &times(&row(&x, j), &module.key.weight)) / 3.0_f64.sqrt()).exp())
            .collect();
        let mut head = vec![0.0; 3];
        for (j, e) in exps.iter().enumerate() {
            let v = times(&row(&x, j), &module.value.weight);
            head.iter_mut().zip(v).for_each(|(h, v)| *h += e / exps.iter().sum::<f64>() * v);
        }
        want.extend(times(&head, &module.output.weight));
    }
    assert_close(&module.forward(&x, &mut Pass::inference()), &Tensor::from_vec(&[1, 4, 3], want).unwrap());
}

#[test]
fn scores_of_ten_thousand_stay_finite() {
    let q = Tensor::from_vec(&[1, 2, 1], vec![100.0_f32, -100.0]).unwrap();
    let k = Tensor::from_vec(&[1, 3, 1], vec![100.0_f32, -100.0, 0.0]).unwrap();
    let v = Tensor::from_vec(&[1, 3, 1], vec![1.0_f32, 2.0, 3.0]).unwrap();
    let heads = heads(1, 1, 1.0, Mask::none());
    let g = Tensor::ones(&[1, 2, 1]);
    let (y, gradients) = vjp(|x| Var::attention([&x[0], &x[1], &x[2]], &heads), &[q, k, v], &g);
    assert_eq!(y.as_slice(), [1.0, 2.0]);
    assert!(gradients.iter().all(Tensor::is_finite));
}

#[test]
fn a_query_that_sees_no_key_gives_zero_and_no_gradient() {
    for mask in [
        Mask::lengths([0]),
        Mask::allowing([false, false, false, true, true, true]),
        Mask::causal().and(Mask::allowing([false, false, false, true, true, true])),
    ] {
        let x = [normal(&[1, 2, 4], 1), normal(&[1, 3, 4], 2), normal(&[1, 3, 4], 3)].map(|x| single(&x));
        let heads = heads(2, 2, 0.5, mask);
        let tape = Tape::new();
        let vars = x.map(|x| tape.var(x));
        let y = Var::attention([&vars[0], &vars[1], &vars[2]], &heads);
        let first = y.narrow(1, 0, 1);
        assert_eq!(first.value(), Tensor::zeros(&[1, 1, 4]));
        let gradients = first.vjp(&vars, tape.var(Tensor::ones(&[1, 1, 4])));
        for gradient in gradients {
            assert_eq!(gradient.value(), Tensor::zeros(&gradient.shape()));
        }
    }
}

/// Attention with the causal mask, without and with rotary positions; 300 tokens, and the outputs.
fn causal() -> impl Iterator<Item = (MultiHeadAttention, Tensor<f32>, Tensor<f32>)> {
    [None, Some(10_000.0)].into_iter().map(|rotary| {
        let config = AttentionConfig { kv_heads: 2, rotary, ..AttentionConfig::new(16, 4) };
        let module = MultiHeadAttention::new(config, &mut Stream::new(1, Purpose::Init));
        let x = single(&normal(&[2, 300, 16], 2));
        let whole = module.attend(&x, &x, &Mask::causal(), &mut Pass::inference());
        (module, x, whole)
    })
}

#[test]
fn under_the_causal_mask_a_prefix_has_the_bits_of_the_whole() {
    let pass = &mut Pass::inference();
    for (module, x, whole) in causal() {
        for tokens in [1, 2, 63, 64, 65, 200, 299] {
            let prefix = rows(&x, 0, tokens);
            let alone = module.attend(&prefix, &prefix, &Mask::causal(), pass);
            assert_eq!(alone, rows(&whole, 0, tokens), "{tokens} tokens");
        }
    }
}

#[test]
fn steps_with_a_cache_have_the_bits_of_the_whole() {
    let pass = &mut Pass::inference();
    for (module, x, whole) in causal() {
        for steps in [vec![1; 300], vec![7, 1, 1, 64, 127, 100], vec![299, 1]] {
            let (mut cache, mut first) = (Cache::default(), 0);
            for n in steps {
                let y = module.attend_cached(&rows(&x, first, first + n), &mut cache, &Mask::causal(), pass);
                assert_eq!(y, rows(&whole, first, first + n), "{n} tokens from {first} on");
                first += n;
            }
            assert_eq!(cache.tokens(), 300);
        }
    }
}

#[test]
fn padding_has_no_effect() {
    let module = attention(AttentionConfig::new(8, 2), 1);
    let (long, lengths) = (normal(&[2, 70, 8], 2), [66, 3]);
    let context = |fill: f64| {
        let mut context = long.clone();
        for (example, n) in lengths.into_iter().enumerate() {
            context.as_mut_slice()[(example * 70 + n) * 8..(example + 1) * 70 * 8].fill(fill);
        }
        context
    };
    let run = |fill: f64| {
        let g = normal(&[2, 5, 8], 4);
        let mut inputs = vec![normal(&[2, 5, 8], 3), context(fill)];
        // The padding is put in after the linear layers: their biases and products would change it.
        inputs.push(inputs[1].clone());
        let heads = heads(2, 2, 0.5, Mask::lengths(lengths));
        vjp(|x| Var::attention([&x[0], &x[1], &x[2]], &heads), &inputs, &g)
    };
    let (value, gradients) = run(0.0);
    for fill in [7.0, f64::INFINITY, f64::NAN] {
        assert_eq!(run(fill), (value.clone(), gradients.clone()), "padding of {fill}");
    }
    for gradient in &gradients[1..] {
        for (example, n) in lengths.into_iter().enumerate() {
            let padding = &gradient.as_slice()[(example * 70 + n) * 8..(example + 1) * 70 * 8];
            assert!(padding.iter().all(|g| *g == 0.0), "example {example}");
        }
    }
    // A shorter sequence without padding gives the same result.
    let pass = &mut Pass::inference();
    let x = normal(&[2, 5, 8], 3);
    let padded = module.attend(&x, &context(1.0), &Mask::lengths(lengths), pass);
    for (example, n) in lengths.into_iter().enumerate() {
        let one = |x: &Double| x.narrow(0, example, example + 1);
        let alone = module.attend(&one(&x), &rows(&one(&long), 0, n), &Mask::none(), pass);
        assert_eq!(one(&padded), alone);
    }
}

#[test]
fn the_jacobian_under_the_causal_mask_is_lower_triangular() {
    let module = attention(AttentionConfig::new(4, 2), 1);
    let x = normal(&[1, 5, 4], 2);
    for i in 0..5 {
        let mut g = Tensor::zeros(&[1, 5, 4]);
        g.as_mut_slice()[4 * i..4 * i + 4].fill(1.0);
        let (_, gradients) = vjp(
            |x| {
                let tape = x[0].context();
                let parameters: Vec<_> = module.parameters().into_iter().map(|p| tape.var(p)).collect();
                module.with(&parameters).attend(&x[0], &x[0], &Mask::causal(), &mut Pass::on(tape))
            },
            std::slice::from_ref(&x),
            &g,
        );
        for (j, row) in gradients[0].as_slice().chunks(4).enumerate() {
            assert_eq!(row.iter().any(|g| *g != 0.0), j <= i, "query {i}, token {j}: {row:?}");
        }
    }
}

#[test]
fn impossible_heads_are_refused() {
    let check = |width, heads, kv_heads, rotary: Option<f64>| {
        AttentionConfig { kv_heads, rotary, ..AttentionConfig::new(width, heads) }.check().unwrap_err()
    };
    assert_eq!(check(6, 4, 4, None), "a width of 6 cannot be cut into 4 heads");
    assert_eq!(check(6, 0, 0, None), "a width of 6 cannot be cut into 0 heads");
    assert_eq!(check(8, 4, 3, None), "4 heads cannot share 3 heads of keys and values");
    assert_eq!(check(9, 3, 3, Some(1e4)), "rotary positions need an even width of a head, not 3");
}
