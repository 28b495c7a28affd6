//! IDX, the file format of MNIST: two zero bytes, a type code, the number of dimensions, each
//! dimension as four bytes with the most significant byte first, and then the values, with the last
//! index varying fastest.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use thiserror::Error;

use crate::files::FileError;

/// The type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;
/// The most dimensions that are read. No data set has more; a file that claims more has another
/// format.
const MAX_DIMENSIONS: u8 = 8;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The largest compression ratio of deflate, which codes at most 258 bytes by two bits.
const MAX_RATIO: u64 = 1032;

/// An array of unsigned bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// The length of each dimension; there is at least one.
    pub shape: Vec<usize>,
    /// The values, with the last index varying fastest; their number is the product of `shape`.
    pub bytes: Vec<u8>,
}

/// Why a file cannot be read.
#[derive(Debug, Error)]
pub enum IdxError {
    /// The file cannot be opened or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The contents of the file are wrong.
    #[error("{}: byte {offset}{}: {fault}", path.display(), if *unzipped { " after unzipping" } else { "" })]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The position of the fault, in the unzipped file if `unzipped`.
        offset: u64,
        /// Whether the file is a gzip file whose contents are wrong.
        unzipped: bool,
        /// What is wrong, and what to do.
        fault: IdxFault,
    },
}

/// Faults of an IDX file. The messages say what to do.
#[derive(Debug, Error)]
pub enum IdxFault {
    /// The file is empty.
    #[error("the file is empty: fetch it again")]
    Empty,
    /// It ends inside its header.
    #[error("the file ends within its header: fetch it again")]
    Header,
    /// It has another format.
    #[error(
        "the file starts with {:02x} {:02x}, an IDX file with 00 00: is it the right file?", .0[0], .0[1]
    )]
    Magic([u8; 2]),
    /// It holds values of another type.
    #[error("type code {0:#04x}: only unsigned bytes, 0x08, are read")]
    Type(u8),
    /// It has no dimension, or too many.
    #[error("{0} dimensions: from 1 to {MAX_DIMENSIONS} are read")]
    Dimensions(u8),
    /// A file of this size cannot have these dimensions.
    #[error("dimensions {0:?} are more than a file of this size can hold: fetch it again")]
    Impossible(Vec<usize>),
    /// It ends too early.
    #[error("the file ends after {found} of the {expected} values that its header promises: fetch it again")]
    Truncated {
        /// The number of values that the header promises.
        expected: u64,
        /// The number of values in the file.
        found: u64,
    },
    /// It continues after its last value.
    #[error("the file continues after the {0} values that its header promises: fetch it again")]
    Trailing(u64),
    /// It cannot be unzipped.
    #[error("the gzip stream is damaged here ({0}): fetch it again")]
    Gzip(String),
    /// There are more bytes after the gzip stream.
    #[error("the gzip stream ends, but the file continues: fetch it again")]
    GzipTrailing,
}

impl Idx {
    /// Reads an IDX file, plain or gzipped; the first bytes tell which.
    ///
    /// # Errors
    /// If the file cannot be read, or does not hold exactly what its header promises. Memory stays
    /// in proportion to what the file really holds, whatever its header claims.
    pub fn read(path: &Path) -> Result<Self, IdxError> {
        let cannot_read = |e| FileError::new("cannot read", path, e);
        let file = File::open(path).map_err(cannot_read)?;
        let length = file.metadata().map_err(cannot_read)?.len();
        parse(path, BufReader::new(file), length)
    }

    /// Parses the bytes of an IDX file, plain or gzipped; `path` is for messages.
    ///
    /// # Errors
    /// As [`Idx::read`].
    pub fn parse(path: &Path, file: &[u8]) -> Result<Self, IdxError> {
        parse(path, file, file.len() as u64)
    }

    /// The offset of the values in the unzipped file.
    pub fn header_length(&self) -> u64 {
        4 + 4 * self.shape.len() as u64
    }
}

fn parse(path: &Path, mut file: impl BufRead, length: u64) -> Result<Idx, IdxError> {
    let start = file.fill_buf().map_err(|e| FileError::new("cannot read", path, e))?;
    let (empty, gzip) = (start.is_empty(), start.starts_with(&GZIP_MAGIC));
    if !gzip {
        let mut contents = Contents { path, reader: file, offset: 0, gzip };
        return if empty { Err(contents.wrong(IdxFault::Empty)) } else { contents.idx(u64::MAX - 1) };
    }
    let mut contents = Contents { path, reader: GzDecoder::new(file), offset: 0, gzip };
    let idx = contents.idx(length.saturating_mul(MAX_RATIO))?;
    let mut behind = contents.reader.into_inner();
    if behind.fill_buf().map_err(|e| FileError::new("cannot read", path, e))?.is_empty() {
        return Ok(idx);
    }
    let (offset, fault) = (contents.offset, IdxFault::GzipTrailing);
    Err(IdxError::Wrong { path: path.into(), offset, unzipped: true, fault })
}

/// A reader of the unzipped file, with the offset reached so far.
struct Contents<'a, R> {
    path: &'a Path,
    reader: R,
    offset: u64,
    gzip: bool,
}

impl<R: Read> Contents<'_, R> {
    /// Reads everything, unless the header promises more than `most` values.
    fn idx(&mut self, most: u64) -> Result<Idx, IdxError> {
        let [a, b, kind, dimensions] = self.word()?;
        if [a, b] != [0, 0] {
            return Err(self.wrong_before(4, IdxFault::Magic([a, b])));
        }
        if kind != UNSIGNED_BYTE {
            return Err(self.wrong_before(2, IdxFault::Type(kind)));
        }
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            return Err(self.wrong_before(1, IdxFault::Dimensions(dimensions)));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            shape.push(u32::from_be_bytes(self.word()?) as usize);
        }
        let product = shape.iter().try_fold(1_u64, |product, &n| product.checked_mul(n as u64));
        let Some(expected) = product.filter(|&count| count <= most) else {
            return Err(self.wrong_before(4 * u64::from(dimensions), IdxFault::Impossible(shape)));
        };
        // The vector grows with what is really there, whatever the header promises. One byte more
        // than promised is requested, since a gzip stream verifies its checksum only when it is
        // read to its end.
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(expected + 1).read_to_end(&mut bytes);
        let found = bytes.len() as u64;
        self.offset += found.min(expected);
        read.map_err(|e| self.failed(e))?;
        if found < expected {
            return Err(self.wrong(IdxFault::Truncated { expected, found }));
        }
        if found > expected {
            return Err(self.wrong(IdxFault::Trailing(expected)));
        }
        bytes.shrink_to_fit();
        Ok(Idx { shape, bytes })
    }

    /// The next four bytes of the header.
    fn word(&mut self) -> Result<[u8; 4], IdxError> {
        let mut word = [0; 4];
        let mut filled = 0;
        while filled < 4 {
            match self.reader.read(&mut word[filled..]) {
                Ok(0) => return Err(self.wrong(IdxFault::Header)),
                Ok(count) => {
                    filled += count;
                    self.offset += count as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.failed(e)),
            }
        }
        Ok(word)
    }

    fn failed(&self, error: io::Error) -> IdxError {
        if self.gzip {
            self.wrong(IdxFault::Gzip(error.to_string()))
        } else {
            FileError::new("cannot read", self.path, error).into()
        }
    }

    fn wrong(&self, fault: IdxFault) -> IdxError {
        self.wrong_before(0, fault)
    }

    /// A fault `back` bytes before the current offset.
    fn wrong_before(&self, back: u64, fault: IdxFault) -> IdxError {
        let offset = self.offset.saturating_sub(back);
        IdxError::Wrong { path: self.path.into(), offset, unzipped: self.gzip, fault }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn message(file: &[u8]) -> String {
        Idx::parse(Path::new("f"), file).unwrap_err().to_string()
    }

    const FILE: &[u8] = &[0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    #[test]
    fn plain_and_gzipped_files_are_read() {
        let expected = Idx { shape: vec![2, 3], bytes: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(expected.header_length(), 12);
        assert_eq!(Idx::parse(Path::new("f"), FILE).unwrap(), expected);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.gz");
        std::fs::write(&path, gzip(FILE)).unwrap();
        assert_eq!(Idx::read(&path).unwrap(), expected);
        assert!(Idx::read(dir.path()).unwrap_err().to_string().starts_with("cannot read"));
    }

    #[test]
    fn an_error_names_the_offset_and_the_fault() {
        assert_eq!(message(&[]), "f: byte 0: the file is empty: fetch it again");
        assert_eq!(message(&FILE[..9]), "f: byte 9: the file ends within its header: fetch it again");
        let expected = "f: byte 0: the file starts with 50 4b, an IDX file with 00 00: is it the right file?";
        assert_eq!(message(b"PK\x03\x04"), expected);
        assert_eq!(message(&[0, 0, 13, 1]), "f: byte 2: type code 0x0d: only unsigned bytes, 0x08, are read");
        assert_eq!(message(&[0, 0, 8, 0]), "f: byte 3: 0 dimensions: from 1 to 8 are read");
        assert_eq!(message(&[0, 0, 8, 9]), "f: byte 3: 9 dimensions: from 1 to 8 are read");
        let expected =
            "f: byte 17: the file ends after 5 of the 6 values that its header promises: fetch it again";
        assert_eq!(message(&FILE[..17]), expected);
        assert_eq!(message(&gzip(&FILE[..17])), expected.replace("17", "17 after unzipping"));
        let expected =
            "f: byte 18: the file continues after the 6 values that its header promises: fetch it again";
        assert_eq!(message(&[FILE, &[0]].concat()), expected);
        assert_eq!(message(&gzip(&[FILE, &[0]].concat())), expected.replace("18", "18 after unzipping"));
    }

    #[test]
    fn impossible_dimensions_are_refused_without_taking_memory() {
        let huge = [&[0, 0, 8, 3][..], &[255; 12], &[0; 64]].concat();
        assert!(message(&huge).contains("are more than a file of this size can hold"));
        let large = [&[0, 0, 8, 2][..], &[0, 255, 255, 255].repeat(2), &[0; 64]].concat();
        assert!(message(&large).contains("ends after 64 of the 281474943156225 values"));
        assert!(message(&gzip(&large)).contains("byte 4 after unzipping: dimensions [16777215, 16777215]"));
        // A gzip bomb: its header promises little, its stream unpacks to a thousand times its
        // length.
        let bomb = gzip(&[FILE, &vec![0; 10 << 20]].concat());
        assert!(bomb.len() < 20_000 && message(&bomb).contains("continues after the 6 values"));
    }

    #[test]
    fn a_damaged_gzip_stream_is_an_error() {
        let good = gzip(FILE);
        let mut sum = good.clone();
        let checksum = sum.len() - 8;
        sum[checksum] ^= 1;
        assert!(message(&sum).contains("byte 18 after unzipping: the gzip stream is damaged here"));
        assert!(message(&good[..good.len() - 1]).contains("the gzip stream is damaged here"));
        let two = [good.clone(), gzip(b"more")].concat();
        assert!(message(&two).contains("the gzip stream ends, but the file continues"));
        assert!(message(&[good, vec![0]].concat()).contains("the gzip stream ends"));
    }
}
