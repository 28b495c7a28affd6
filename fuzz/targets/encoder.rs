//! The pretrained encoder: a tokenizer, a configuration of the network, and its weights.

use std::fs;
use std::path::Path;

use ece472::data::sources::MINILM;
use ece472::text::SentenceEncoder;

use super::Target;
use crate::sample::{File, Format, Sample};

/// A tokenizer builds tables of its vocabulary and of the characters that it normalises.
pub const TARGET: Target = Target { memory: 1024, corpus, read };

/// The tiny encoder of the fixtures, which has all parts of the real one.
fn corpus() -> Vec<Sample> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny-bert");
    let file = |name: &str, format| {
        let bytes = fs::read(fixtures.join(name)).expect("a fixture");
        File::new(format!("{}/{name}", MINILM.folder), format, bytes)
    };
    vec![Sample(vec![
        file("tokenizer.json", Format::Json),
        file("config.json", Format::Json),
        file("model.safetensors", Format::Safetensors),
    ])]
}

fn read(folder: &Path) -> Result<(), String> {
    let encoder = SentenceEncoder::read(folder).map_err(|e| e.to_string())?;
    let texts =
        ["The price of oil rises, again", "", "na\u{ef}ve caf\u{e9} \u{1f600}\u{4e2d}"].map(String::from);
    let vectors = encoder.embed(&texts).map_err(|e| e.to_string())?;
    assert!(vectors.as_slice().iter().all(|x| x.is_finite()), "a vector is not finite");
    Ok(())
}
