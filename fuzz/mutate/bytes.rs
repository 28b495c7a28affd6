//! Changes that are independent of the format.

use ece472::random::Stream;

/// The approximate length of the longest headers.
const HEADER: usize = 64;
/// The most bytes that are removed, repeated or inserted at a time.
const LONGEST: usize = 64;

/// Numbers at the limits of types, at powers of two, and just beyond.
pub(super) const EXTREMES: [u64; 16] = [
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    0x7fff,
    0xffff,
    0x10000,
    0xff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// Strings that are unusual in tables and other texts.
const FRAGMENTS: [&str; 16] = [
    "\"",
    "\"\"",
    ",",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\u{1f600}",
    "e\u{301}",
    "&#1114112;",
    "&lt;",
    "nan",
    "inf",
    "1e999",
    "-1",
    "99999999999999999999",
];

/// Changes bits, bytes or numbers, truncates, removes, repeats, inserts, or continues with another
/// file.
pub(super) fn change(file: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    let at = position(file, stream);
    let end = (at + 1 + stream.below(LONGEST)).min(file.len());
    match stream.below(10) {
        0 | 1 => file.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << stream.below(8)),
        2 => file.iter_mut().skip(at).take(1).for_each(|byte| *byte = stream.below(256) as u8),
        3..=5 => set_number(file, at, stream),
        6 => file.truncate(at),
        7 => drop(file.drain(at.min(end)..end)),
        8 => {
            let inserted: Vec<u8> = if stream.below(2) == 0 {
                file[at.min(end)..end].to_vec()
            } else {
                (0..=stream.below(LONGEST)).map(|_| stream.below(256) as u8).collect()
            };
            file.splice(at..at, inserted);
        }
        _ => {
            let from = position(other, stream);
            file.truncate(at);
            file.extend_from_slice(&other[from..]);
        }
    }
}

/// Changes bytes, or inserts an unusual string.
pub(super) fn change_text(file: &mut Vec<u8>, other: &[u8], stream: &mut Stream) {
    if stream.below(2) == 0 {
        return change(file, other, stream);
    }
    let at = if file.is_empty() { 0 } else { stream.below(file.len()) };
    file.splice(at..at, FRAGMENTS[stream.below(FRAGMENTS.len())].bytes());
}

/// Overwrites 1 to 8 bytes with an extreme number, in either byte order.
fn set_number(file: &mut [u8], at: usize, stream: &mut Stream) {
    let length = [1, 2, 4, 8][stream.below(4)];
    let extreme = EXTREMES[stream.below(EXTREMES.len())];
    let (mut number, little) = (extreme.to_be_bytes()[8 - length..].to_vec(), stream.below(2) == 0);
    if little {
        number.reverse();
    }
    file.iter_mut().skip(at).zip(number).for_each(|(byte, new)| *byte = new);
}

/// A random position in a file; in half of the cases it is within the header.
fn position(file: &[u8], stream: &mut Stream) -> usize {
    let header = if stream.below(2) == 0 { HEADER } else { usize::MAX };
    match file.len().min(header) {
        0 => 0,
        length => stream.below(length),
    }
}
