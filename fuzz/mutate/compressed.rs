//! Changes of compressed contents.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// The most bytes that are unpacked, because a change may have made an endless stream.
const MOST: u64 = 1 << 20;

/// Unpacks a gzip stream, changes the contents, and packs them again. A damaged stream is left
/// unchanged.
pub(super) fn change_gzip(file: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    if GzDecoder::new(&file[..]).take(MOST).read_to_end(&mut inner).is_err() {
        return;
    }
    change(&mut inner);
    *file = gzip(&inner);
}

/// Compresses bytes as a gzip stream.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}
