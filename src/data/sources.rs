//! The data sets that can be fetched: their files, addresses, checksums and licences.
//!
//! Every checksum was computed from the file itself or is published by at least one other project
//! that verifies it on each download; `data/README.md` says which. A checksum that nobody publishes
//! is `None`.

mod catalogue;

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

pub use catalogue::{AG_NEWS, ALL, CIFAR10, CIFAR100, FASHION_MNIST, MINILM, MNIST};

use super::DataError;
use crate::files::FileError;

/// The default folder of the data sets.
pub const DEFAULT_DATA_DIR: &str = "data";

/// A data set.
#[derive(Debug)]
pub struct Source {
    /// The name on the command line.
    pub name: &'static str,
    /// A one-line description.
    pub title: &'static str,
    /// The folder inside the data folder.
    pub folder: &'static str,
    /// The licence, as far as it is known.
    pub licence: &'static str,
    /// The source to cite.
    pub citation: &'static str,
    /// The addresses of the folders that hold the downloads, each ending in a slash; the canonical
    /// address first.
    pub addresses: &'static [&'static str],
    /// The downloads.
    pub downloads: &'static [Download],
}

/// One file that is downloaded.
#[derive(Debug)]
pub enum Download {
    /// A file of the data set itself.
    File(KnownFile),
    /// A gzipped tar archive that holds `members` in the data set's folder.
    Archive {
        /// The archive.
        archive: KnownFile,
        /// The files to take out of it.
        members: &'static [KnownFile],
    },
}

/// A file, with its length and checksum as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownFile {
    /// The name, without a folder.
    pub name: &'static str,
    /// The length in bytes, if known.
    pub bytes: Option<u64>,
    /// The SHA-256 in lower-case hexadecimal digits, if known.
    pub sha256: Option<&'static str>,
}

/// One part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Training examples.
    Train,
    /// Test examples.
    Test,
}

/// The result of comparing a file with the official one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are the same.
    Same,
    /// Neither a different length nor a checksum is known.
    Unknown,
    /// They differ in the given way.
    Different(String),
}

impl Source {
    /// The data set of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|source| source.name == name)
    }

    /// The files of the data set that are used, after unpacking.
    pub fn files(&self) -> impl Iterator<Item = &'static KnownFile> {
        self.downloads.iter().flat_map(Download::files)
    }

    /// The data set's folder.
    pub fn folder_in(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(self.folder)
    }

    /// The files that are missing.
    pub fn missing(&self, data_dir: &Path) -> Vec<&'static KnownFile> {
        let folder = self.folder_in(data_dir);
        self.files().filter(|file| file.find(&folder).is_none()).collect()
    }

    /// The path of one of the files.
    ///
    /// # Errors
    /// If it is missing; the message names the command that fetches it.
    pub fn locate(&self, file: &KnownFile, data_dir: &Path) -> Result<PathBuf, DataError> {
        let folder = self.folder_in(data_dir);
        file.find(&folder).ok_or_else(|| {
            let command = self.fetch_command(data_dir);
            DataError::Missing { file: file.name, folder, command }
        })
    }

    /// The number of bytes to download, as far as known.
    pub fn download_size(&self) -> u64 {
        self.downloads.iter().filter_map(|download| download.fetched().bytes).sum()
    }

    /// The command that fetches the data set into this data folder.
    pub fn fetch_command(&self, data_dir: &Path) -> String {
        let command = format!("ece472 data fetch {}", self.name);
        if data_dir == Path::new(DEFAULT_DATA_DIR) {
            command
        } else {
            format!("{command} --data-dir {}", data_dir.display())
        }
    }
}

impl Download {
    /// The file that is downloaded.
    pub fn fetched(&self) -> &KnownFile {
        match self {
            Self::File(file) | Self::Archive { archive: file, .. } => file,
        }
    }

    /// The files that are used.
    pub fn files(&self) -> &[KnownFile] {
        match self {
            Self::File(file) => std::slice::from_ref(file),
            Self::Archive { members, .. } => members,
        }
    }
}

impl KnownFile {
    /// The path of the file in `folder`, or `None`. The file may also be unzipped, or have a dot in
    /// position of the first dash of `-idx`, as some unpackers name it.
    pub fn find(&self, folder: &Path) -> Option<PathBuf> {
        let plain = self.name.strip_suffix(".gz").unwrap_or(self.name);
        let names = [self.name.to_owned(), plain.to_owned()];
        let dotted = names.clone().map(|name| name.replace("-idx", ".idx"));
        names.into_iter().chain(dotted).map(|name| folder.join(name)).find(|path| path.is_file())
    }

    /// Compares a file with the official one by length and checksum.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn compare(&self, path: &Path) -> Result<Comparison, FileError> {
        let compared = File::open(path).and_then(|file| self.compare_open(&file));
        compared.map_err(|e| FileError::new("cannot read", path, e))
    }

    /// Compares an open file, which is read from start to end.
    pub(super) fn compare_open(&self, mut file: &File) -> io::Result<Comparison> {
        let length = file.metadata()?.len();
        if let Some(bytes) = self.bytes.filter(|&bytes| bytes != length) {
            return Ok(Comparison::Different(format!("{length} bytes, the official file has {bytes}")));
        }
        let Some(expected) = self.sha256 else { return Ok(Comparison::Unknown) };
        file.rewind()?;
        let sum = sha256(file)?;
        if sum == expected {
            return Ok(Comparison::Same);
        }
        Ok(Comparison::Different(format!("SHA-256 {sum}, the official file has {expected}")))
    }
}

/// The SHA-256 of the rest of a file, in lower-case hexadecimal digits.
fn sha256(mut file: &File) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let mut digits = String::new();
    hasher.finalize().iter().for_each(|byte| digits.push_str(&format!("{byte:02x}")));
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_consistent() {
        for source in ALL {
            assert_eq!(Source::named(source.name).unwrap().title, source.title);
            assert!(source.addresses.iter().all(|address| address.ends_with('/')));
            assert!(source.addresses[0].starts_with("https://"), "{}", source.name);
            for file in source.files().chain(source.downloads.iter().map(Download::fetched)) {
                assert!(!file.name.contains(['/', '\\']), "{}", file.name);
                let is_sum = |sum: &str| {
                    sum.len() == 64 && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
                };
                assert!(file.sha256.is_none_or(is_sum), "{}", file.name);
            }
            // Every download has a length and a checksum to verify.
            assert!(
                source.downloads.iter().all(|d| d.fetched().sha256.is_some() && d.fetched().bytes.is_some())
            );
        }
    }

    #[test]
    fn the_checksum_file_matches_the_catalogue() {
        let lines = ALL.into_iter().flat_map(|source| {
            let line =
                |file: &KnownFile| Some(format!("{}  {}/{}\n", file.sha256?, source.folder, file.name));
            source.files().filter_map(line)
        });
        let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/CHECKSUMS")).unwrap();
        assert_eq!(file, lines.collect::<String>());
    }

    #[test]
    fn a_file_is_compared_by_length_and_checksum() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let abc = KnownFile { name: "abc", bytes: Some(3), sha256: Some(sum) };
        assert_eq!(abc.compare(&path).unwrap(), Comparison::Same);
        assert_eq!(KnownFile { sha256: None, ..abc }.compare(&path).unwrap(), Comparison::Unknown);
        let compare = |contents: &str| {
            std::fs::write(&path, contents).unwrap();
            abc.compare(&path).unwrap()
        };
        assert!(matches!(compare("abd"), Comparison::Different(what) if what.contains("SHA-256 a52d159f")));
        assert!(matches!(compare("ab"), Comparison::Different(what) if what.starts_with("2 bytes")));
        assert!(abc.compare(&dir.path().join("absent")).is_err());
    }

    #[test]
    fn a_file_is_found_under_its_usual_names() {
        let dir = tempfile::tempdir().unwrap();
        let file = MNIST.files().next().unwrap();
        assert_eq!(MNIST.missing(dir.path()).len(), 4);
        std::fs::create_dir(dir.path().join("mnist")).unwrap();
        for name in [
            "train-images.idx3-ubyte",
            "train-images.idx3-ubyte.gz",
            "train-images-idx3-ubyte",
            "train-images-idx3-ubyte.gz",
        ] {
            let path = dir.path().join("mnist").join(name);
            std::fs::write(&path, "").unwrap();
            assert_eq!(file.find(&dir.path().join("mnist")), Some(path));
        }
        assert_eq!(MNIST.missing(dir.path()).len(), 3);
    }

    #[test]
    fn the_command_names_the_folder_unless_it_is_the_default() {
        assert_eq!(MNIST.fetch_command(Path::new("data")), "ece472 data fetch mnist");
        assert_eq!(MNIST.fetch_command(Path::new("/d")), "ece472 data fetch mnist --data-dir /d");
    }
}
