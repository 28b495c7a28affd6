//! Sentence encoders compared with the library that they come from.

use std::fs;
use std::path::{Path, PathBuf};

use ece472::autodiff::Algebra as _;
use ece472::data::sources::MINILM;
use ece472::text::{SentenceEncoder, WordPiece};
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The texts of the fixture and the expected vectors of an encoder.
fn expected(encoder: &str) -> (Vec<String>, Vec<Vec<f64>>) {
    let all: Value = serde_json::from_slice(&fs::read(fixture("sentences.json")).unwrap()).unwrap();
    let rows = serde_json::from_value(all[encoder].clone()).unwrap();
    (serde_json::from_value(all["texts"].clone()).unwrap(), rows)
}

/// A data folder with the tiny encoder, whose files tests may change.
fn tiny() -> (tempfile::TempDir, PathBuf) {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join(MINILM.folder);
    fs::create_dir(&folder).unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
        fs::copy(fixture("tiny-bert").join(name), folder.join(name)).unwrap();
    }
    (data, folder)
}

/// The largest difference between an element of an embedding and the library's.
fn worst(encoder: &SentenceEncoder, name: &str) -> f64 {
    let (texts, rows) = expected(name);
    let ours = encoder.embed(&texts).unwrap();
    assert_eq!(ours.shape(), [texts.len(), rows[0].len()]);
    let pairs = ours.as_slice().iter().zip(rows.iter().flatten());
    pairs.map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max)
}

#[test]
fn a_tiny_encoder_agrees_with_the_library() {
    let (data, _) = tiny();
    let encoder = SentenceEncoder::read(data.path()).unwrap();
    let worst = worst(&encoder, "tiny");
    assert!(worst < 2e-6, "off by {worst:e}");
}

#[test]
fn minilm_agrees_with_sentence_transformers() {
    let Some(data) = std::env::var_os("ECE472_DATA").map(PathBuf::from) else { return };
    if !MINILM.missing(&data).is_empty() {
        return;
    }
    let worst = worst(&SentenceEncoder::read(&data).unwrap(), "minilm");
    assert!(worst < 2e-6, "off by {worst:e}");
}

#[test]
fn a_vector_does_not_depend_on_the_other_texts_bit_for_bit() {
    let (data, _) = tiny();
    let encoder = SentenceEncoder::read(data.path()).unwrap();
    let (texts, _) = expected("tiny");
    let together = encoder.embed(&texts).unwrap();
    for (i, text) in texts.iter().enumerate() {
        let alone = encoder.embed(std::slice::from_ref(text)).unwrap();
        assert_eq!(alone, together.narrow(0, i, i + 1), "{text:?}");
        let norm: f32 = together.narrow(0, i, i + 1).as_slice().iter().map(|x| x * x).sum();
        assert!((norm - 1.0).abs() < 1e-6, "{norm}");
    }
    assert_eq!(encoder.embed(&[]).unwrap().shape(), [0, 16]);
}

#[test]
fn tokens_have_their_range_of_bytes() {
    let (data, _) = tiny();
    let encoder = SentenceEncoder::read(data.path()).unwrap();
    let text = "The oil, édits 東";
    let pieces = encoder.tokenizer.pieces(text).unwrap();
    let parts: Vec<&str> = pieces.iter().map(|piece| &text[piece.bytes.clone()]).collect();
    assert_eq!(parts, ["", "The", "oil", ",", "é", "d", "i", "t", "s", "東", ""]);
    let long = "oil ".repeat(1000);
    assert_eq!(encoder.tokenizer.pieces(&long).unwrap().len(), SentenceEncoder::LONGEST);
}

/// Rewrites the header of a safetensors file.
fn change_header(path: &Path, change: impl FnOnce(&mut Value)) {
    let bytes = fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    change(&mut header);
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header);
    file.extend(&bytes[8 + length..]);
    fs::write(path, file).unwrap();
}

/// The error of reading an encoder whose files have been changed.
fn failure(change: impl FnOnce(&Path)) -> String {
    let (data, folder) = tiny();
    change(&folder);
    let message = SentenceEncoder::read(data.path()).err().expect("an error").to_string();
    assert!(!message.contains('\n'), "{message}");
    message
}

#[test]
fn errors_name_tensors_that_do_not_fit() {
    const KEY: &str = "encoder.layer.1.attention.self.key.weight";
    let header =
        |change: fn(&mut Value)| failure(|folder| change_header(&folder.join("model.safetensors"), change));
    let renamed = header(|tensors| {
        let tensor = tensors.as_object_mut().unwrap().remove(KEY).unwrap();
        tensors["encoder.layer.1.attention.self.keys.weight"] = tensor;
    });
    assert!(renamed.ends_with(&format!("model.safetensors: the tensor {KEY} is missing")), "{renamed}");
    let extra = header(|tensors| {
        let tensor = tensors.as_object_mut().unwrap().remove("pooler.dense.weight").unwrap();
        tensors["encoder.layer.2.output.dense.weight"] = tensor;
    });
    assert!(extra.contains("encoder.layer.2.output.dense.weight is not part of a BERT encoder"), "{extra}");
    let misshapen =
        header(|tensors| tensors["encoder.layer.0.intermediate.dense.weight"]["shape"] = json!([16, 40]));
    let wanted = "encoder.layer.0.intermediate.dense.weight has shape [16, 40], not [40, 16]";
    assert!(misshapen.contains(wanted), "{misshapen}");
    let mistyped = header(|tensors| tensors["embeddings.LayerNorm.bias"]["dtype"] = json!("I16"));
    assert!(
        mistyped.contains("embeddings.LayerNorm.bias is of type I16, not F32, F16, BF16 or F64"),
        "{mistyped}"
    );
}

#[test]
fn malformed_files_are_errors() {
    let write = |name: &'static str, contents: &'static str| {
        failure(|folder| fs::write(folder.join(name), contents).unwrap())
    };
    assert!(write("tokenizer.json", "{}").contains("not the description of a tokenizer"));
    assert!(write("config.json", "{}").contains("not the configuration of a BERT encoder: missing field"));
    assert!(write("model.safetensors", "no").contains("not a file of weights in the safetensors format"));
    assert!(
        failure(|folder| fs::remove_file(folder.join("config.json")).unwrap())
            .contains("there is no config.json")
    );

    let config = |name: &'static str, value: Value| {
        failure(|folder| {
            let path = folder.join("config.json");
            let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            config[name] = value;
            fs::write(&path, config.to_string()).unwrap();
        })
    };
    assert!(config("hidden_act", json!("relu")).contains("the activation is \"relu\", not \"gelu\""));
    assert!(config("position_embedding_type", json!("relative")).contains("positions are \"relative\""));
    assert!(config("num_attention_heads", json!(3)).contains("a width of 16 cannot be cut into 3 heads"));
    assert!(config("max_position_embeddings", json!(255)).contains("255, less than the 256 tokens"));
    for eps in [json!(-1), json!(0.0), json!(2), json!(1e300)] {
        assert!(config("layer_norm_eps", eps).contains("layer_norm_eps is "));
    }
    assert!(config("layer_norm_eps", json!(-1)).ends_with("is -1, not above 0 and at most 1"));
    assert!(config("num_hidden_layers", json!(0)).contains("num_hidden_layers is 0, not from 1 to"));
    assert!(
        config("num_hidden_layers", json!(1000)).contains("more parameters than model.safetensors can hold")
    );
    assert!(
        config("num_hidden_layers", json!(3))
            .contains("encoder.layer.2.attention.self.query.weight is missing")
    );
    assert!(
        config("type_vocab_size", json!(1))
            .contains("token_type_embeddings.weight has shape [2, 16], not [1, 16]")
    );

    let cut = failure(|folder| {
        let path = folder.join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    });
    assert!(cut.contains("not a file of weights in the safetensors format"), "{cut}");
}

/// The error of encoding a text after `tokenizer.json` has been changed.
fn unreadable(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let (data, folder) = tiny();
    let path = folder.join("tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut tokenizer);
    fs::write(&path, tokenizer.to_string()).unwrap();
    let vectors = SentenceEncoder::read(data.path()).and_then(|encoder| encoder.embed(&[text.to_owned()]));
    let message = vectors.unwrap_err().to_string();
    assert!(message.contains("tokenizer.json: ") && !message.contains('\n'), "{message}");
    message
}

#[test]
fn a_tokenizer_that_does_not_fit_the_model_is_an_error() {
    let far = unreadable("oil", |tokenizer| tokenizer["model"]["vocab"]["oil"] = json!(70_000));
    assert!(far.contains("a token with the index 70000, but the model has "), "{far}");
    // The post-processor defines indices itself.
    let far = unreadable("oil", |tokenizer| {
        tokenizer["post_processor"]["special_tokens"]["[CLS]"]["ids"] = json!([70_001]);
    });
    assert!(far.contains("a token with the index 70001, but the model has "), "{far}");

    // Unlike this text, the one that is tried when the file is read does not need an unknown token.
    let unknown = unreadable("oil \u{6771}", |tokenizer| {
        let vocabulary = tokenizer["model"]["vocab"].as_object_mut().unwrap();
        vocabulary.remove("[UNK]");
        for (index, token) in ["a", "text", "\u{1f600}"].into_iter().enumerate() {
            vocabulary.insert(token.into(), json!(index));
        }
        vocabulary.remove("\u{6771}");
        let added = tokenizer["added_tokens"].as_array_mut().unwrap();
        added.retain(|token| token["content"] != "[UNK]");
    });
    assert!(unknown.contains("cannot tokenize the text \"oil \u{6771}\": "), "{unknown}");

    // The tiny encoder's tokenizer adds two special tokens, which leave no space in a text of two
    // tokens.
    let path = fixture("tiny-bert").join("tokenizer.json");
    let many = WordPiece::read(&path, 2, 1000).err().expect("an error").to_string();
    assert!(
        many.ends_with("tokenizer.json: it adds 2 special tokens to a text, which has at most 2"),
        "{many}"
    );
    assert!(WordPiece::read(&path, 3, 1000).is_ok());
}

#[test]
fn a_text_without_tokens_is_an_error() {
    let empty = unreadable("", |tokenizer| tokenizer["post_processor"] = Value::Null);
    assert!(empty.ends_with("cannot tokenize the text \"\": it has no tokens"), "{empty}");
}

#[test]
fn errors_name_weights_of_an_encoder_that_are_not_finite() {
    let damaged = |value: f32| {
        failure(|folder| {
            let path = folder.join("model.safetensors");
            let mut bytes = fs::read(&path).unwrap();
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
            let tensor = &header["encoder.layer.1.output.dense.bias"];
            assert_eq!(tensor["dtype"], "F16");
            let at = 8 + length + tensor["data_offsets"][0].as_u64().unwrap() as usize + 2 * 5;
            bytes[at..at + 2].copy_from_slice(&half::f16::from_f32(value).to_le_bytes());
            fs::write(&path, bytes).unwrap();
        })
    };
    let nan = damaged(f32::NAN);
    assert!(
        nan.ends_with("the tensor encoder.layer.1.output.dense.bias[5] is NaN, not a finite number"),
        "{nan}"
    );
    assert!(damaged(f32::NEG_INFINITY).contains("dense.bias[5] is -inf"));
}
