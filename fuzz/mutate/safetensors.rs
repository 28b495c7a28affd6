//! Changes of files in the safetensors format: 8 bytes with the length of a JSON header, the
//! header, and the values of tensors.

use ece472::random::Stream;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{bytes, json};

/// Bit patterns of unusual values: NaN, infinity, the largest and the smallest values, for 2, 4 and
/// 8 bytes alike.
const ODD: [u64; 5] =
    [0xffff_ffff_ffff_ffff, 0x7f80_0000_7f80_7c00, 0x7fef_ffff_7f7f_7bff, 1, 0x8000_0000_8000_8000];

/// The start of a checkpoint's header. It is followed by the SHA-256 of everything else in the
/// file, in hexadecimal digits.
const CHECKPOINT: &[u8] = br#"{"__metadata__":{"checkpoint":""#;
const DIGITS: usize = 64;

/// Changes the header, the values, or the list of tensors, so that the rest still fits. The
/// checksum of a checkpoint is usually corrected, since a wrong one would hide every other fault.
pub(super) fn change(file: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    change_parts(file, other, stream);
    let (start, end) = (8 + CHECKPOINT.len(), 8 + CHECKPOINT.len() + DIGITS);
    let is_sealed = file.get(8..end).is_some_and(|header| {
        header.starts_with(CHECKPOINT) && header[CHECKPOINT.len()..].iter().all(u8::is_ascii_hexdigit)
    });
    if is_sealed && stream.below(4) > 0 {
        let sum = Sha256::new().chain_update(&file[..start]).chain_update(&file[end..]).finalize();
        let digits: Vec<u8> = sum.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
        file[start..end].copy_from_slice(&digits);
    }
}

fn change_parts(file: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let Some((mut header, mut data)) = open(file) else { return bytes::change(file, other, stream) };
    match stream.below(10) {
        0..=4 => {
            let mut text = serde_json::to_vec(&header).expect("plain data");
            json::change(&mut text, stream);
            *file = close(text, &data);
            return;
        }
        5 | 6 => {
            let width = [2, 4, 8][stream.below(3)];
            let count = data.len() / width;
            if count > 0 {
                let at = stream.below(count) * width;
                let number = ODD[stream.below(ODD.len())].to_le_bytes();
                data[at..at + width].copy_from_slice(&number[..width]);
            }
        }
        _ => change_tensors(&mut header, &mut data, stream),
    }
    *file = close(serde_json::to_vec(&header).expect("plain data"), &data);
}

/// Gives a tensor another shape of the same length, another type with the same bytes, or another
/// name; swaps two tensors; or adds one.
fn change_tensors(header: &mut Map<String, Value>, data: &mut Vec<u8>, stream: &mut Stream) {
    let names: Vec<String> = header.keys().filter(|name| *name != "__metadata__").cloned().collect();
    if names.is_empty() {
        return;
    }
    let (name, second) = (&names[stream.below(names.len())], &names[stream.below(names.len())]);
    match stream.below(6) {
        0 | 1 => {
            let shape = header[name].get_mut("shape").and_then(Value::as_array_mut);
            let Some(shape) = shape else { return };
            match stream.below(3) {
                0 => shape.extend(std::iter::repeat_n(json!(1), 1 + stream.below(9))),
                1 => shape.reverse(),
                _ => {
                    let product = shape.iter().filter_map(Value::as_u64).fold(1, u64::saturating_mul);
                    *shape = vec![product.into()];
                }
            }
        }
        2 => {
            let kinds = ["F64", "F32", "F16", "BF16", "I64", "I32", "U8", "BOOL"];
            if let Some(kind) = header[name].get_mut("dtype") {
                *kind = kinds[stream.below(kinds.len())].into();
            }
        }
        3 => {
            let (a, b) = (header[name].clone(), header[second].clone());
            (header[name], header[second]) = (b, a);
        }
        4 => {
            let tensor = header.shift_remove(name).expect("a tensor");
            header.insert("another".into(), tensor);
        }
        _ => {
            header.insert(
                "another".into(),
                json!({ "dtype": "U8", "shape": [3], "data_offsets": [data.len(), data.len() + 3] }),
            );
            data.extend([1, 2, 3]);
        }
    }
}

fn open(file: &[u8]) -> Option<(Map<String, Value>, Vec<u8>)> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (header, data) = rest.split_at_checked(length)?;
    Some((serde_json::from_slice(header).ok()?, data.to_vec()))
}

fn close(mut header: Vec<u8>, data: &[u8]) -> Vec<u8> {
    header.resize(header.len().next_multiple_of(8), b' ');
    [&(header.len() as u64).to_le_bytes(), &header[..], data].concat()
}
