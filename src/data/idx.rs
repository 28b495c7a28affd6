//! IDX, the format of MNIST: two zero bytes, a type code, the number of dimensions, each dimension as
//! four bytes with the most significant first, and then the values, the last index fastest.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use thiserror::Error;

use crate::files::FileError;

/// The type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;
/// More dimensions than any data set has; a file that claims more is another kind of file.
const MAX_DIMENSIONS: u8 = 8;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Deflate codes at most 258 bytes by two bits, so no stream unpacks to more than this many times its
/// length.
const MAX_RATIO: u64 = 1032;

/// An array of unsigned bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// The length of each dimension, at least one dimension.
    pub shape: Vec<usize>,
    /// The values, the last index fastest: as many as the product of `shape`.
    pub bytes: Vec<u8>,
}

/// Why a file is not read.
#[derive(Debug, Error)]
pub enum IdxError {
    /// The file cannot be opened or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not what it should be.
    #[error("{}: byte {offset}{}: {fault}", path.display(), if *unzipped { " after unzipping" } else { "" })]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where, in the unzipped file if `unzipped`.
        offset: u64,
        /// Whether the file is a gzip file whose contents are wrong.
        unzipped: bool,
        /// What is wrong, and what to do.
        fault: IdxFault,
    },
}

/// What can be wrong with an IDX file, and what to do.
#[derive(Debug, Error)]
pub enum IdxFault {
    /// There is nothing in it.
    #[error("the file is empty: fetch it again")]
    Empty,
    /// It ends inside its header.
    #[error("the file ends within its header: fetch it again")]
    Header,
    /// It is another kind of file.
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
    /// Its dimensions cannot be true.
    #[error("dimensions {0:?} are more than a file of this size can hold: fetch it again")]
    Impossible(Vec<usize>),
    /// It ends too early.
    #[error("the file ends after {found} of the {expected} values that its header promises: fetch it again")]
    Truncated {
        /// The number of values that the header promises.
        expected: u64,
        /// The number there are.
        found: u64,
    },
    /// It goes on after its last value.
    #[error("the file goes on after the {0} values that its header promises: fetch it again")]
    Trailing(u64),
    /// It cannot be unzipped.
    #[error("the gzip stream is damaged here ({0}): fetch it again")]
    Gzip(String),
    /// There is more behind the gzip stream.
    #[error("the gzip stream is over, but the file goes on: fetch it again")]
    GzipTrailing,
}

impl Idx {
    /// Reads an IDX file, plain or gzipped: which of them, its first bytes tell.
    ///
    /// # Errors
    /// If it cannot be read, or is not exactly what its header promises. Whatever is in the file,
    /// memory stays in proportion to what it really holds.
    pub fn read(path: &Path) -> Result<Self, IdxError> {
        let cannot_read = |e| FileError::new("cannot read", path, e);
        let file = File::open(path).map_err(cannot_read)?;
        let length = file.metadata().map_err(cannot_read)?.len();
        parse(path, BufReader::new(file), length)
    }

    /// Reads the bytes of an IDX file, plain or gzipped; `path` is for messages.
    ///
    /// # Errors
    /// As [`Idx::read`].
    pub fn parse(path: &Path, file: &[u8]) -> Result<Self, IdxError> {
        parse(path, file, file.len() as u64)
    }

    /// Where the values begin in the unzipped file.
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

/// The unzipped file and how far it has been read.
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
        // Grows with what is really there, whatever the header promises.
        let mut bytes = Vec::new();
        // One more than promised, since a gzip stream checks its sum only when it is read to its end.
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

    /// Something wrong so many bytes before the place that has been reached.
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
    fn an_error_says_where_and_what() {
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
            "f: byte 18: the file goes on after the 6 values that its header promises: fetch it again";
        assert_eq!(message(&[FILE, &[0]].concat()), expected);
        assert_eq!(message(&gzip(&[FILE, &[0]].concat())), expected.replace("18", "18 after unzipping"));
    }

    #[test]
    fn dimensions_that_cannot_be_true_take_no_memory() {
        let huge = [&[0, 0, 8, 3][..], &[255; 12], &[0; 64]].concat();
        assert!(message(&huge).contains("are more than a file of this size can hold"));
        let large = [&[0, 0, 8, 2][..], &[0, 255, 255, 255].repeat(2), &[0; 64]].concat();
        assert!(message(&large).contains("ends after 64 of the 281474943156225 values"));
        assert!(message(&gzip(&large)).contains("byte 4 after unzipping: dimensions [16777215, 16777215]"));
        // A bomb: its header promises little, its stream holds a thousand times its length.
        let bomb = gzip(&[FILE, &vec![0; 10 << 20]].concat());
        assert!(bomb.len() < 20_000 && message(&bomb).contains("goes on after the 6 values"));
    }

    #[test]
    fn a_damaged_gzip_stream_is_an_error() {
        let good = gzip(FILE);
        let mut sum = good.clone();
        let place = sum.len() - 8;
        sum[place] ^= 1;
        assert!(message(&sum).contains("byte 18 after unzipping: the gzip stream is damaged here"));
        assert!(message(&good[..good.len() - 1]).contains("the gzip stream is damaged here"));
        let two = [good.clone(), gzip(b"more")].concat();
        assert!(message(&two).contains("the gzip stream is over, but the file goes on"));
        assert!(message(&[good, vec![0]].concat()).contains("the gzip stream is over"));
    }
}
