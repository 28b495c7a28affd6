//! Changes of what is compressed.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// The most that is unpacked: a change may have made a stream that goes on for ever.
const MOST: u64 = 1 << 20;

/// Unpacks a gzip stream, changes what is in it, and packs it again. A damaged stream stays as it is.
pub(super) fn change_gzip(file: &mut Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    if GzDecoder::new(&file[..]).take(MOST).read_to_end(&mut inner).is_err() {
        return;
    }
    change(&mut inner);
    *file = gzip(&inner);
}

/// A gzip stream.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}
