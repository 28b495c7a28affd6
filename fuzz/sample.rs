//! The files of an input.

use std::fs;
use std::path::Path;

/// Files that are read together.
#[derive(Clone)]
pub struct Sample(pub Vec<File>);

/// A file of a sample.
#[derive(Clone)]
pub struct File {
    /// The path relative to the folder of the input.
    pub path: String,
    /// The format, which determines how it is changed.
    pub format: Format,
    /// The contents at the path.
    pub contents: Contents,
}

/// The contents at a path.
#[derive(Clone)]
pub enum Contents {
    /// A file with these bytes.
    Bytes(Vec<u8>),
    /// A folder, where a file should be.
    Folder,
    /// Nothing.
    Nothing,
}

impl Sample {
    /// A sample of one file.
    pub fn one(path: impl Into<String>, format: Format, bytes: Vec<u8>) -> Self {
        Self(vec![File::new(path, format, bytes)])
    }

    /// The length of all files together.
    pub fn size(&self) -> usize {
        self.0.iter().map(|file| file.bytes().len()).sum()
    }

    /// Writes the files below a folder.
    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).expect("a folder of our own");
        for File { path, contents, .. } in &self.0 {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("below a folder")).expect("a folder of our own");
            match contents {
                Contents::Bytes(bytes) => fs::write(path, bytes).expect("a folder of our own"),
                Contents::Folder => fs::create_dir_all(path).expect("a folder of our own"),
                Contents::Nothing => (),
            }
        }
    }
}

impl File {
    pub fn new(path: impl Into<String>, format: Format, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), format, contents: Contents::Bytes(bytes) }
    }

    /// The bytes; empty unless it is a file.
    pub fn bytes(&self) -> &[u8] {
        match &self.contents {
            Contents::Bytes(bytes) => bytes,
            Contents::Folder | Contents::Nothing => &[],
        }
    }
}

/// The format of a file, which determines how it is changed. For example, random changes under a
/// checksum of the whole file would all be detected by the checksum.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// A file that is never changed.
    Fixed,
    /// Binary numbers after a header.
    Binary,
    /// A text with rows of fields.
    Text,
    /// A JSON document, whose strings may contain JSON documents.
    Json,
    /// A length, a JSON header, and the values of tensors.
    Safetensors,
    /// Chunks, each with a checksum.
    Png,
    /// A gzip stream of binary data.
    Gzip,
    /// A gzip stream of a tar archive, whose headers have checksums.
    TarGz,
}
