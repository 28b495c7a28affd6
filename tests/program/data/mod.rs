//! Tests of data sets: reading, downloading, and `ece472 data`.

mod changes;
mod cifar;
mod download;
mod server;
mod sets;

use ece472::data::sources::KnownFile;
use sha2::{Digest as _, Sha256};

/// A file of known length and checksum.
fn known(name: &'static str, contents: &[u8]) -> KnownFile {
    let digits: Vec<String> = Sha256::digest(contents).iter().map(|byte| format!("{byte:02x}")).collect();
    KnownFile { name, bytes: Some(contents.len() as u64), sha256: Some(digits.concat().leak()) }
}
