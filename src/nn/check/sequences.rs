//! Gradient checks of the modules for sequences.

use super::check_module;
use crate::autodiff::check::{Failure, Report};
use crate::autodiff::{Algebra, Tape, Var};
use crate::nn::{
    Activation, AttentionConfig, BlockConfig, BlockUpdate, Cache, Embedding, LayerNorm, LowRank, Module,
    MultiHeadAttention, NormOrder, ParameterPath, Parameters, Pass, PositionKind, Positions, RmsNorm,
    TokenNormKind, TransformerBlock, Updated,
};
use crate::random::{Purpose, Stream};
use crate::tensor::{Mask, Tensor};

/// A name, and a check.
type Check = (&'static str, Draw);

/// A function that draws a module and its input and checks the module.
type Draw = Box<dyn Fn(&mut Stream) -> Result<Report, Failure>>;

fn normal(shape: &[usize], stream: &mut Stream) -> Tensor<f64> {
    Tensor::from_fn(shape, || stream.normal())
}

/// A pass with the same noise every time.
fn pass(tape: &Tape<f64>) -> Pass<Var<'_, f64>> {
    Pass::on(tape).with_noise(Stream::new(0, Purpose::Dropout))
}

/// A check of a function of a module and its input.
macro_rules! check {
    ($module:expr, $x:expr, |$lifted:ident, $input:ident, $pass:ident| $value:expr) => {
        check_module(&$module.cast::<f32, f64>(), $x, |module, parameters, x| {
            let $input: Var<'_, f64> = x;
            let $pass = &mut pass($input.context());
            let $lifted = Parameters::<Tensor<f64>>::with(module, parameters);
            $value
        })
    };
}

/// Masks of two sequences of three tokens: none, causal, padding, and one that allows chosen pairs.
fn masks() -> [Mask; 4] {
    let chosen = Mask::allowing([true, false, false, true, true, false, false, true, true]);
    [Mask::none(), Mask::causal(), Mask::lengths([3, 2]), chosen]
}

fn attention(mask: Mask, change: fn(AttentionConfig) -> AttentionConfig) -> Draw {
    Box::new(move |s| {
        let module = MultiHeadAttention::new(change(AttentionConfig::new(4, 2)), s);
        let x = normal(&[2, 3, 4], s);
        check!(module, &x, |module, x, pass| module.attend(&x, &x, &mask, pass))
    })
}

fn block(mask: Mask, change: fn(BlockConfig) -> BlockConfig) -> Draw {
    Box::new(move |s| {
        // With 4 features a token's variance could be so small that differences are inaccurate.
        let module = TransformerBlock::new(&change(BlockConfig { hidden: 6, ..BlockConfig::new(8, 2) }), s);
        let x = normal(&[2, 3, 8], s);
        check!(module, &x, |module, x, pass| module.encode(&x, &mask, pass))
    })
}

/// An update with random elements: in a new one half of the elements and of the gradients are 0.
fn learned<M: Parameters<Tensor, Of<Tensor> = M>>(update: &M, stream: &mut Stream) -> M {
    update.map(ParameterPath::ROOT, &mut |_, parameter| {
        Tensor::from_fn(parameter.shape(), || (0.5 * stream.normal()) as f32)
    })
}

pub(super) fn checks() -> Vec<Check> {
    let [none, causal, padding, chosen] = masks();
    vec![
        (
            "LayerNorm",
            Box::new(|s| check!(LayerNorm::new(5), &normal(&[2, 3, 5], s), |m, x, p| m.forward(&x, p))),
        ),
        (
            "RmsNorm",
            Box::new(|s| check!(RmsNorm::new(5), &normal(&[2, 3, 5], s), |m, x, p| m.forward(&x, p))),
        ),
        (
            "Embedding",
            Box::new(|s| {
                let module = Embedding::new(4, 3, 1.0, s);
                check!(module, &normal(&[2, 3, 3], s), |m, x, _pass| m.look_up([1, 3, 1, 0, 1, 3], 2) * x)
            }),
        ),
        (
            "Positions learned",
            Box::new(|s| {
                let module = Positions::new(PositionKind::Learned, 5, 4, s);
                check!(module, &normal(&[2, 3, 4], s), |m, x, p| m.add(&x, 1, p))
            }),
        ),
        (
            "LowRank",
            Box::new(|s| {
                let module = learned(&LowRank::new(5, 4, 2, 3.0, s), s);
                check!(module, &normal(&[2, 3, 5], s), |m, x, p| m.forward(&x, p))
            }),
        ),
        (
            "Embedding with an update",
            Box::new(|s| {
                let update = Some(learned(&LowRank::of_table(4, 3, 2, 3.0, s), s));
                let module = Embedding { update, ..Embedding::new(4, 3, 1.0, s) };
                check!(module, &normal(&[2, 3, 3], s), |m, x, _pass| m.look_up([1, 3, 1, 0, 1, 3], 2) * x)
            }),
        ),
        (
            "TransformerBlock with updates",
            Box::new(|s| {
                let config = BlockConfig { hidden: 6, order: NormOrder::Post, ..BlockConfig::new(8, 2) };
                let update = learned(&BlockUpdate::new([8, 6], Updated::All, 2, 2.0, s), s);
                let module = update.on(&TransformerBlock::new(&config, s));
                check!(module, &normal(&[2, 3, 8], s), |m, x, p| m.forward(&x, p))
            }),
        ),
        ("MultiHeadAttention", attention(none.clone(), |c| c)),
        (
            "MultiHeadAttention causal, rotary",
            attention(causal.clone(), |c| AttentionConfig { rotary: Some(100.0), ..c }),
        ),
        (
            "MultiHeadAttention padding, shared keys",
            attention(padding.clone(), |c| AttentionConfig { kv_heads: 1, ..c }),
        ),
        (
            "MultiHeadAttention masked, dropout",
            attention(chosen.clone(), |c| AttentionConfig { dropout: 0.3, ..c }),
        ),
        (
            "MultiHeadAttention cross",
            Box::new(|s| {
                let module = MultiHeadAttention::new(AttentionConfig::new(4, 2), s);
                let queries = normal(&[2, 2, 4], s);
                check!(module, &normal(&[2, 3, 4], s), |m, x, p| {
                    m.attend(&p.constant(queries.clone()), &x, &Mask::none(), p)
                })
            }),
        ),
        (
            "MultiHeadAttention cached",
            Box::new(|s| {
                let module = MultiHeadAttention::new(
                    AttentionConfig { rotary: Some(100.0), ..AttentionConfig::new(4, 2) },
                    s,
                );
                check!(module, &normal(&[2, 3, 4], s), |m, x, p| {
                    let mut cache = Cache::default();
                    let first = m.attend_cached(&x.narrow(1, 0, 1), &mut cache, &Mask::causal(), p);
                    Var::concat(
                        &[&first, &m.attend_cached(&x.narrow(1, 1, 3), &mut cache, &Mask::causal(), p)],
                        1,
                    )
                })
            }),
        ),
        ("TransformerBlock pre", block(none, |c| c)),
        (
            "TransformerBlock pre, causal, RMS, silu, dropout",
            block(causal, |c| BlockConfig {
                norm: TokenNormKind::Rms,
                activation: Activation::Silu,
                dropout: 0.2,
                ..c
            }),
        ),
        ("TransformerBlock post, padding", block(padding, |c| BlockConfig { order: NormOrder::Post, ..c })),
        (
            "TransformerBlock post, masked, dropout",
            block(chosen, |c| BlockConfig { order: NormOrder::Post, dropout: 0.2, ..c }),
        ),
        (
            "TransformerBlock cross",
            Box::new(|s| {
                let module = TransformerBlock::new(
                    &BlockConfig { hidden: 5, cross: true, ..BlockConfig::new(4, 2) },
                    s,
                );
                let context = normal(&[2, 2, 4], s);
                check!(module, &normal(&[2, 3, 4], s), |m, x, p| {
                    m.decode(&x, &Mask::causal(), &p.constant(context.clone()), &Mask::lengths([1, 2]), p)
                })
            }),
        ),
    ]
}
