//! Changes of PNG files: a signature of 8 bytes, then chunks of length, kind, contents and
//! checksum.

use std::io::{Read as _, Write as _};

use ece472::random::Stream;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use super::bytes;

/// The length of the signature that every file starts with.
const SIGNATURE: usize = 8;
/// The most bytes that are unpacked of compressed pixels.
const MOST: u64 = 1 << 20;

/// The kind of a chunk and its contents.
type Chunk = ([u8; 4], Vec<u8>);

/// Changes one chunk or the order of chunks, and corrects lengths and checksums.
pub(super) fn change(file: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let mut chunks = open(file);
    if chunks.is_empty() {
        return bytes::change(file, other, stream);
    }
    let (i, j) = (stream.below(chunks.len()), stream.below(chunks.len()));
    match stream.below(10) {
        0 => drop(chunks.remove(i)),
        1 => chunks.insert(j, chunks[i].clone()),
        2 => chunks.swap(i, j),
        // The header: width, height, bit depth, colour type, and three more bytes.
        3..=5 => bytes::change(&mut chunks[0].1, other, stream),
        6 => {
            let pixels = chunks.iter_mut().find(|(kind, _)| kind == b"IDAT");
            pixels.into_iter().for_each(|(_, contents)| change_unpacked(contents, other, stream));
        }
        _ => bytes::change(&mut chunks[i].1, other, stream),
    }
    let signature = file[..SIGNATURE].to_vec();
    *file = chunks.iter().fold(signature, close);
}

fn change_unpacked(contents: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let mut inner = Vec::new();
    if ZlibDecoder::new(&contents[..]).take(MOST).read_to_end(&mut inner).is_ok() {
        bytes::change(&mut inner, other, stream);
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&inner).expect("memory takes everything");
        *contents = encoder.finish().expect("memory takes everything");
    }
}

/// The chunks before the first damaged one.
fn open(file: &[u8]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut rest = file.get(SIGNATURE..).unwrap_or_default();
    while let Some((length, behind)) = rest.split_first_chunk::<4>()
        && let Some((kind, behind)) = behind.split_first_chunk::<4>()
        && let Some((contents, behind)) = behind.split_at_checked(u32::from_be_bytes(*length) as usize)
    {
        chunks.push((*kind, contents.to_vec()));
        rest = behind.get(4..).unwrap_or_default();
    }
    chunks
}

fn close(mut file: Vec<u8>, (kind, contents): &Chunk) -> Vec<u8> {
    let mut sum = Crc::new();
    sum.update(kind);
    sum.update(contents);
    file.extend((contents.len() as u32).to_be_bytes());
    file.extend(kind);
    file.extend(contents);
    file.extend(sum.sum().to_be_bytes());
    file
}
