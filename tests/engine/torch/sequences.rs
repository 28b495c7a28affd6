//! Attention and transformers, in double and single precision.

use std::sync::Arc;

use ece472::autodiff::{Algebra, Attend as _, Heads, Var};
use ece472::nn::{
    Activation, AttentionConfig, BlockConfig, LayerNorm, Module as _, MultiHeadAttention, NormOrder,
    Parameters, Pass, RmsNorm, TransformerBlock,
};
use ece472::tensor::Mask;

use super::{Case, Double, stream};

/// Checks a module in both precisions. The names are those of its parameters in our order, followed
/// by those of further inputs.
macro_rules! check_both {
    ($case:expr, $module:expr, $names:expr, |$lifted:ident, $x:ident, $rest:ident, $pass:ident| $value:expr) => {
        check_both!(@in f64, $case, $module, $names, |$lifted, $x, $rest, $pass| $value);
        check_both!(@in f32, $case, $module, $names, |$lifted, $x, $rest, $pass| $value);
    };
    (@in $float:ty, $case:expr, $module:expr, $names:expr, |$lifted:ident, $x:ident, $rest:ident, $pass:ident| $value:expr) => {
        let (case, module) = (&$case, &$module);
        let count = Parameters::<Double>::names(module).len();
        case.check::<$float>(&$names, |x, parameters| {
            let $x: &Var<'_, $float> = x;
            let (own, $rest) = parameters.split_at(count);
            let $lifted = Parameters::<Double>::with(module, own);
            let $pass = &mut Pass::on($x.context());
            $value
        });
    };
}

#[test]
fn norms() {
    let case = Case::read("layer_norm");
    check_both!(case, LayerNorm::new(8).cast::<f32, f64>(), ["scale", "shift"], |m, x, _rest, pass| m
        .forward(x, pass));
    let case = Case::read("rms_norm");
    check_both!(case, RmsNorm::new(8).cast::<f32, f64>(), ["scale"], |m, x, _rest, pass| m.forward(x, pass));
}

#[test]
fn scaled_dot_products() {
    for name in ["plain", "scale", "mask", "grouped", "causal"] {
        let case = Case::read(&format!("dot_product_{name}"));
        let mask = match name {
            "causal" => Mask::causal(),
            "mask" => {
                let mask = case.tensor("inputs", Some("mask"));
                Mask::allowing(mask.as_slice().iter().map(|&seen| seen != 0.0).collect::<Vec<_>>())
            }
            _ => Mask::none(),
        };
        let (count, kv_count) = (case.setting("heads"), case.setting("kv_heads"));
        let heads = Arc::new(Heads { count, kv_count, scale: case.number("scale"), mask });
        case.check::<f64>(&["k", "v"], |q, kv| Var::attention([q, &kv[0], &kv[1]], &heads));
        case.check::<f32>(&["k", "v"], |q, kv| Var::attention([q, &kv[0], &kv[1]], &heads));
    }
}

const ATTENTION: [&str; 8] = ["wq", "bq", "wk", "bk", "wv", "bv", "wo", "bo"];

#[test]
fn multi_head_attention() {
    let module = |case: &Case| {
        let config = AttentionConfig::new(8, case.setting("heads"));
        MultiHeadAttention::new(config, &mut stream()).cast::<f32, f64>()
    };
    for (name, mask) in [
        ("attention", Mask::none()),
        ("attention_causal", Mask::causal()),
        ("attention_padding", Mask::lengths([5, 2])),
    ] {
        let case = Case::read(name);
        check_both!(case, module(&case), ATTENTION, |m, x, _rest, pass| m.attend(x, x, &mask, pass));
    }
    let case = Case::read("attention_cross");
    let names = [&ATTENTION[..], &["context"]].concat();
    check_both!(case, module(&case), names, |m, x, rest, pass| m.attend(x, &rest[0], &Mask::none(), pass));
}

fn block(case: &Case, order: NormOrder, cross: bool) -> TransformerBlock<Double> {
    let relu = case.json["settings"]["activation"] == "relu";
    let config = BlockConfig {
        hidden: 16,
        activation: if relu { Activation::Relu } else { Activation::Gelu },
        order,
        cross,
        ..BlockConfig::new(8, case.setting("heads"))
    };
    TransformerBlock::new(&config, &mut stream()).cast::<f32, f64>()
}

const FEED_FORWARD: [&str; 6] = ["w1", "b1", "w2", "b2", "ln2_scale", "ln2_shift"];

#[test]
fn transformer_encoder_layers() {
    let names = [&ATTENTION[..], &["ln1_scale", "ln1_shift"], &FEED_FORWARD].concat();
    let masked = Mask::causal().and(Mask::lengths([5, 2]));
    for (name, order, mask) in [
        ("transformer_pre", NormOrder::Pre, Mask::none()),
        ("transformer_post", NormOrder::Post, Mask::none()),
        ("transformer_pre_masked", NormOrder::Pre, masked.clone()),
        ("transformer_post_masked", NormOrder::Post, masked),
    ] {
        let case = Case::read(name);
        check_both!(case, block(&case, order, false), names, |m, x, _rest, pass| m.encode(x, &mask, pass));
    }
}

#[test]
fn transformer_decoder_layer() {
    let case = Case::read("transformer_decoder");
    let cross: Vec<String> = ATTENTION.iter().map(|name| format!("c{name}")).collect();
    let mut names = [&ATTENTION[..], &["ln1_scale", "ln1_shift"]].concat();
    names.extend(cross.iter().map(String::as_str));
    names.extend(["cln_scale", "cln_shift"]);
    names.extend(FEED_FORWARD);
    names.push("context");
    let module = block(&case, NormOrder::Pre, true);
    check_both!(case, module, names, |m, x, rest, pass| m.decode(
        x,
        &Mask::causal(),
        &rest[0],
        &Mask::none(),
        pass
    ));
}

#[test]
fn the_fixture_names_its_version() {
    let made_with = Case::read("made_with").json;
    assert_eq!(made_with["torch"].as_str().map(|version| &version[..6]), Some("2.15.0"));
}
