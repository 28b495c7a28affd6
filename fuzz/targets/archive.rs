//! Archives of data sets: whatever they contain, only the wanted files are written, and only inside
//! their folder.

use std::fs;
use std::path::{Path, PathBuf};

use ece472::data::download::Options;
use ece472::data::sources::{Download, KnownFile, Source};
use ece472::data::{Origin, fetch};
use sha2::{Digest as _, Sha256};
use tar::{Builder, EntryType, Header};

use super::Target;
use crate::mutate::gzip;
use crate::sample::{Format, Sample};

/// An archive is streamed.
pub const TARGET: Target = Target { memory: 4, corpus, read };

const ARCHIVE: &str = "data/set.tar.gz";
const MEMBERS: [KnownFile; 2] = [
    KnownFile { name: "numbers", bytes: Some(600), sha256: None },
    KnownFile { name: "names.txt", bytes: None, sha256: None },
];

fn corpus() -> Vec<Sample> {
    let mut builder = Builder::new(Vec::new());
    for (path, kind, contents) in [
        ("set/", EntryType::Directory, &b""[..]),
        ("set/numbers", EntryType::Regular, &[7; 600]),
        ("./set/other", EntryType::Regular, b"unwanted"),
        ("./set/names.txt", EntryType::Regular, b"cat\ndog\n"),
    ] {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        builder.append(&header, contents).expect("memory takes everything");
    }
    vec![Sample::one(ARCHIVE, Format::TarGz, gzip(&builder.into_inner().expect("memory takes everything")))]
}

/// Unpacks the archive like one that has just been downloaded, using a catalogue with its checksum.
fn read(folder: &Path) -> Result<(), String> {
    let bytes = fs::read(folder.join(ARCHIVE)).unwrap_or_default();
    let mut sum = String::new();
    Sha256::digest(&bytes).iter().for_each(|byte| sum.push_str(&format!("{byte:02x}")));
    // The catalogue lives as long as the program; this one is small.
    let downloads = Box::leak(Box::new([Download::Archive {
        archive: KnownFile { name: "set.tar.gz", bytes: Some(bytes.len() as u64), sha256: Some(sum.leak()) },
        members: &MEMBERS,
    }]));
    let source = Source {
        name: "set",
        title: "a set",
        folder: "set",
        licence: "none",
        citation: "none",
        addresses: &[],
        downloads,
    };
    let fetched = fetch(&source, &folder.join("data"), &Origin::Official, &Options::default());
    let wanted = MEMBERS.map(|member| folder.join("data/set").join(member.name));
    for path in files(folder) {
        assert!(wanted.contains(&path) || path == folder.join(ARCHIVE), "{} is written", path.display());
    }
    assert!(fetched.is_err() || wanted.iter().all(|path| path.is_file()), "a file is missing");
    fetched.map(|_| ()).map_err(|e| e.to_string())
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder of our own").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
