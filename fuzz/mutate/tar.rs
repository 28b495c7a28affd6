//! Changes of tar archives: headers of 512 bytes, each with a checksum of itself, and contents.

use ece472::random::Stream;

use super::bytes;

const BLOCK: usize = 512;
/// The ranges of the header's fields: name, mode, size, kind, name of a link, magic, prefix.
const FIELDS: [std::ops::Range<usize>; 7] =
    [0..100, 100..108, 124..136, 156..157, 157..257, 257..265, 345..500];
/// Values for fields: paths that lead outside the folder, numbers that are huge, negative or
/// malformed, and kinds of entries.
const VALUES: [&[u8]; 12] = [
    b"../out",
    b"/out",
    b"set/../../out",
    b"77777777777\0",
    b"00000000000\0",
    b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"99999999999 ",
    b"5",
    b"2",
    b"L",
    b"x",
];
/// The range of the checksum, whose own bytes count as spaces.
const SUM: std::ops::Range<usize> = 148..156;

/// Changes a field of a header and corrects its checksum, or changes bytes anywhere.
pub(super) fn change(archive: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let headers: Vec<usize> = (0..archive.len() / BLOCK)
        .filter(|block| archive[block * BLOCK + 257..].starts_with(b"ustar"))
        .collect();
    if headers.is_empty() || stream.below(4) == 0 {
        return bytes::change(archive, other, stream);
    }
    let header = &mut archive[headers[stream.below(headers.len())] * BLOCK..][..BLOCK];
    let (field, value) = (FIELDS[stream.below(FIELDS.len())].clone(), VALUES[stream.below(VALUES.len())]);
    header[field.clone()].fill(0);
    header[field].iter_mut().zip(value).for_each(|(byte, &new)| *byte = new);
    header[SUM].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
