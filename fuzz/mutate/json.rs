//! Changes of JSON documents, most of which leave them well-formed.

use ece472::random::Stream;
use serde_json::{Map, Number, Value};

use super::bytes::EXTREMES;

/// The placeholder of raw text while the rest of the document is serialized.
const MARK: &str = "\u{e000}raw\u{e000}";

/// Raw text that is malformed, or numbers that the type [`Value`] cannot represent.
const RAW: [&str; 12] = [
    "1e999",
    "-1e999",
    "1e-999",
    "-0",
    "-0.0",
    "NaN",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.1e1",
    "\"\\ud800\"",
    "tru",
    "01",
];

const REALS: [f64; 10] = [0.5, 1.5, -0.5, 1e-320, 1e-30, 1e19, 3.5e38, 1e300, -1e300, f64::MAX];
const TEXTS: [&str; 8] = ["", " ", "\0", "two\nlines \u{1b}[31m", "e\u{301}\u{1f600}", "../..", "nan", "1"];

/// Changes one node of the document: a number, string or list, or a member of an object.
pub(super) fn change(file: &mut Vec<u8>, stream: &mut Stream) {
    let Ok(mut document) = serde_json::from_slice::<Value>(file) else { return };
    let raw = change_value(&mut document, stream);
    let text = if stream.below(2) == 0 {
        serde_json::to_string(&document)
    } else {
        serde_json::to_string_pretty(&document)
    };
    *file = with_raw(&text.expect("plain data"), raw).into_bytes();
}

/// Replaces the placeholder by raw text.
fn with_raw(text: &str, raw: Option<String>) -> String {
    match raw {
        Some(raw) => text.replace(&format!("\"{MARK}\""), &raw),
        None => text.to_owned(),
    }
}

/// Changes one node. Returns the raw text that is to replace the placeholder, if any.
pub(super) fn change_value(document: &mut Value, stream: &mut Stream) -> Option<String> {
    let mut paths = Vec::new();
    list(document, String::new(), &mut paths);
    let path = paths[stream.below(paths.len())].clone();
    let elsewhere = document.pointer(&paths[stream.below(paths.len())]).cloned().expect("a node");
    let node = document.pointer_mut(&path).expect("a node");
    if let Value::String(text) = node
        && stream.below(8) > 0
        && let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(text)
    {
        // The string is itself a document.
        let raw = change_value(&mut inner, stream);
        *text = with_raw(&inner.to_string(), raw);
        return None;
    }
    match (stream.below(12), node) {
        (0..=3, Value::Object(members)) if !members.is_empty() => change_members(members, stream),
        (0..=3, Value::Array(items)) if !items.is_empty() => {
            change_items(items, stream);
            None
        }
        (4, node) => {
            *node = elsewhere;
            None
        }
        (5, node) => {
            *node = MARK.into();
            Some(raw(stream))
        }
        (_, node) => {
            *node = unlike(node, stream);
            None
        }
    }
}

/// The JSON pointers of all nodes.
fn list(node: &Value, path: String, paths: &mut Vec<String>) {
    match node {
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                list(value, format!("{path}/{name}"), paths);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| list(item, format!("{path}/{i}"), paths));
        }
        _ => (),
    }
    paths.push(path);
}

/// Deletes, renames, copies or duplicates a member.
fn change_members(members: &mut Map<String, Value>, stream: &mut Stream) -> Option<String> {
    let name = members.keys().nth(stream.below(members.len())).cloned().expect("a member");
    match stream.below(5) {
        0 | 1 => drop(members.shift_remove(&name)),
        2 => {
            let value = members.shift_remove(&name).expect("a member");
            members.insert(TEXTS[stream.below(TEXTS.len())].into(), value);
        }
        3 => drop(members.insert("another".into(), members[&name].clone())),
        _ => {
            // An object cannot hold the same name twice, so the duplicate is raw text.
            let value = std::mem::replace(&mut members[&name], MARK.into());
            let name = Value::from(name);
            return Some(format!("{value},{name}:{}", unlike(&value, stream)));
        }
    }
    None
}

/// Deletes, repeats or swaps items of a list.
fn change_items(items: &mut Vec<Value>, stream: &mut Stream) {
    let (i, j) = (stream.below(items.len()), stream.below(items.len()));
    match stream.below(4) {
        0 => drop(items.remove(i)),
        1 => items.insert(j, items[i].clone()),
        2 => items.swap(i, j),
        _ => items.clear(),
    }
}

fn raw(stream: &mut Stream) -> String {
    match stream.below(RAW.len() + 2) {
        i if i < RAW.len() => RAW[i].to_owned(),
        // More levels than a recursive reader has stack for.
        i if i == RAW.len() => "[".repeat(100_000),
        _ => format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100)),
    }
}

/// An extreme value of the same type, or a value of another type.
fn unlike(value: &Value, stream: &mut Stream) -> Value {
    if stream.below(4) == 0 {
        return match stream.below(7) {
            0 => Value::Null,
            1 => true.into(),
            2 => 1.into(),
            3 => (-1).into(),
            4 => "text".into(),
            5 => Value::Array(vec![1.into()]),
            _ => Value::Object(Map::new()),
        };
    }
    match value {
        Value::Number(number) => unlike_number(number, stream),
        Value::Bool(yes) => (!yes).into(),
        Value::String(_) if stream.below(8) == 0 => "long ".repeat(2000).into(),
        Value::String(_) => TEXTS[stream.below(TEXTS.len())].into(),
        _ => Value::Null,
    }
}

fn unlike_number(number: &Number, stream: &mut Stream) -> Value {
    let own = number.as_f64().unwrap_or_default();
    match stream.below(6) {
        0 => REALS[stream.below(REALS.len())].into(),
        1 => (-(EXTREMES[stream.below(EXTREMES.len())] as i64)).into(),
        2 => (own * 2.0).into(),
        3 => number.as_u64().map_or_else(|| (-own).into(), |n| n.wrapping_add(1).into()),
        4 => number.as_u64().map_or_else(|| (own + 1.0).into(), |n| n.saturating_sub(1).into()),
        _ => EXTREMES[stream.below(EXTREMES.len())].into(),
    }
}
