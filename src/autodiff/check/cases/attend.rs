//! Attention.

use std::sync::Arc;

use super::draw::{between, normal};
use super::{Case, Problem};
use crate::autodiff::{Algebra as _, Attend as _, Heads, Var};
use crate::random::Stream;
use crate::tensor::{Mask, Tensor};

/// Heads, some of which share keys and values, with a mask of any combination of kinds, and inputs.
fn draw(s: &mut Stream) -> (Arc<Heads>, [Tensor<f64>; 4]) {
    let (batch, queries, keys) = (between(s, 1, 2), between(s, 1, 4), between(s, 1, 4));
    let (kv_count, shared) = (between(s, 1, 2), between(s, 1, 2));
    let (width, value_width) = (between(s, 1, 3), between(s, 1, 3));
    let mut mask = Mask::none();
    if s.below(2) == 0 {
        mask = mask.and(Mask::causal());
    }
    if s.below(2) == 0 {
        mask = mask.and(Mask::lengths((0..batch).map(|_| s.below(keys + 1)).collect::<Vec<_>>()));
    }
    if s.below(2) == 0 {
        let len = queries * keys * if s.below(2) == 0 { batch } else { 1 };
        mask = mask.and(Mask::allowing((0..len).map(|_| s.below(3) > 0).collect::<Vec<_>>()));
    }
    let heads = Heads { count: kv_count * shared, kv_count, scale: 0.5 + s.uniform(), mask };
    let inputs = [
        normal(s, &[batch, queries, heads.count * width]),
        normal(s, &[batch, keys, kv_count * width]),
        normal(s, &[batch, keys, kv_count * value_width]),
        normal(s, &[batch, queries, heads.count * value_width]),
    ];
    (Arc::new(heads), inputs)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("attention", |s| {
            let (heads, [q, k, v, _]) = draw(s);
            Problem::new([q, k, v], move |x| Var::attention([&x[0], &x[1], &x[2]], &heads))
        }),
        Case::new("attention_gradient", |s| {
            let (heads, inputs) = draw(s);
            Problem::new(inputs, move |x| {
                let gradients = Var::attention_gradient([&x[0], &x[1], &x[2]], &x[3], &heads);
                gradients.into_iter().map(|g| (g * g * 0.5 + g).sum()).reduce(|a, b| a + b).expect("three")
            })
        }),
    ]
}
