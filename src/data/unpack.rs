//! Unpacking downloaded archives.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use tar::Archive;

use super::DataError;
use super::partial::{Interrupted, Partial};
use super::sources::{Comparison, KnownFile};
use crate::files::FileError;

/// The most bytes of a file of unknown length. Such files are short lists of names.
const LIMIT: u64 = 1 << 20;
/// The most bytes for headers of an archive and for unwanted files in it.
const OVERHEAD: u64 = 16 << 20;

/// Extracts the `wanted` files from a gzipped tar archive into `folder`. `members` are all files of
/// the archive. In the archive they are in a folder with the same name as the last component of
/// `folder`.
///
/// Only regular files with exactly these names are extracted, at most of the expected length, each
/// whole or not at all. So whatever an archive contains, nothing is written elsewhere.
pub(super) fn unpack(
    archive: &Path,
    members: &[KnownFile],
    wanted: &[KnownFile],
    folder: &Path,
) -> Result<(), DataError> {
    let wrong = |message: String| DataError::Archive { path: archive.into(), message };
    let file = File::open(archive).map_err(|e| FileError::new("cannot read", archive, e))?;
    let inside = folder.file_name().unwrap_or_default().to_string_lossy();
    let length = |file: &KnownFile| file.bytes.unwrap_or(LIMIT);
    // A limit for archives that unpack without end.
    let most = members.iter().map(length).sum::<u64>() + OVERHEAD;
    let mut archive = Archive::new(GzDecoder::new(BufReader::new(file)).take(most));
    let mut missing: Vec<&KnownFile> = wanted.iter().collect();
    // Raw entries, so that long names, which could have any length, are not read into memory.
    for entry in archive.entries().map_err(|e| wrong(e.to_string()))?.raw(true) {
        let mut entry = entry.map_err(|e| wrong(e.to_string()))?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let is_it = |file: &&KnownFile| path.trim_start_matches("./") == format!("{inside}/{}", file.name);
        let Some(index) = missing.iter().position(is_it) else { continue };
        if !entry.header().entry_type().is_file() {
            return Err(wrong(format!("{path} is not a regular file")));
        }
        let file = missing.swap_remove(index);
        let mut partial = Partial::open(&folder.join(file.name))?;
        partial.clear()?;
        let problem = match partial.append(&mut entry, length(file), |_| ()) {
            Ok(()) if partial.length() != entry.size() => Some("it ends too early".into()),
            Ok(()) => match partial.compare(file)? {
                Comparison::Same | Comparison::Unknown => None,
                Comparison::Different(difference) => Some(difference),
            },
            Err(Interrupted::Write(error)) => return Err(error.into()),
            Err(Interrupted::Source(error)) => Some(error.to_string()),
            Err(Interrupted::TooLong) => Some(format!("more than {} bytes", length(file))),
        };
        if let Some(problem) = problem {
            partial.clear()?;
            return Err(wrong(format!("{path}: {problem}")));
        }
        partial.finish()?;
        if missing.is_empty() {
            return Ok(());
        }
    }
    Err(wrong(format!("there is no {inside}/{} in it", missing[0].name)))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, EntryType, Header};

    use super::*;

    const ABC: KnownFile = KnownFile {
        name: "abc",
        bytes: Some(3),
        sha256: Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    };
    const NAMES: KnownFile = KnownFile { name: "names.txt", bytes: None, sha256: None };

    /// Writes an archive whose entries may have any name, however malicious.
    fn archive(path: &Path, entries: &[(&str, EntryType, &[u8])]) {
        let mut builder = Builder::new(GzEncoder::new(File::create(path).unwrap(), Compression::fast()));
        for &(name, kind, contents) in entries {
            let mut header = Header::new_ustar();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(kind);
            header.set_size(contents.len() as u64);
            header.set_cksum();
            builder.append(&header, contents).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
    }

    /// The result of unpacking, and the files that exist afterwards.
    fn try_unpack(entries: &[(&str, EntryType, &[u8])]) -> (Result<(), String>, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let (path, folder) = (dir.path().join("a.tar.gz"), dir.path().join("data/set"));
        archive(&path, entries);
        let result = unpack(&path, &[ABC, NAMES], &[ABC, NAMES], &folder).map_err(|e| e.to_string());
        let (data, folder) = (fs::read_dir(dir.path().join("data")), fs::read_dir(&folder));
        let files = data.into_iter().chain(folder).flatten().map(|entry| entry.unwrap().path());
        let names = files.map(|file| file.strip_prefix(dir.path()).unwrap().to_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        (result, names)
    }

    const FILE: EntryType = EntryType::Regular;

    #[test]
    fn only_members_are_extracted() {
        let (result, files) = try_unpack(&[
            ("../evil", FILE, b"x"),
            ("/data/evil", FILE, b"x"),
            ("set/../../evil", FILE, b"x"),
            ("set/", EntryType::Directory, b""),
            ("set/evil", FILE, b"x"),
            ("set/abc", FILE, b"abc"),
            ("./set/names.txt", FILE, b"a\nb\n"),
        ]);
        assert_eq!(result, Ok(()));
        assert_eq!(files, ["data/set", "data/set/abc", "data/set/names.txt"].map(PathBuf::from));
    }

    #[test]
    fn a_hostile_archive_is_an_error_and_leaves_no_files() {
        let long = vec![b'x'; LIMIT as usize + 1];
        for (entries, expected) in [
            (&[("set/abc", FILE, &b"abd"[..])][..], "SHA-256"),
            (&[("set/abc", FILE, b"ab")], "2 bytes, the official file has 3"),
            (&[("set/abc", FILE, b"abcd")], "more than 3 bytes"),
            (&[("set/names.txt", FILE, &long)], "more than 1048576 bytes"),
            (&[("set/abc", EntryType::Symlink, b"")], "set/abc is not a regular file"),
            (&[("other/abc", FILE, b"abc")], "there is no set/abc in it"),
            (&[], "there is no set/abc in it"),
        ] {
            let (result, files) = try_unpack(entries);
            let message = result.unwrap_err();
            assert!(message.contains(expected) && message.contains("a.tar.gz"), "{message}");
            assert!(files.iter().all(|file| file == Path::new("data/set")), "{files:?}");
        }
    }

    #[test]
    fn a_truncated_or_endless_archive_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tar.gz");
        let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        archive(&path, &[("set/names.txt", FILE, &noise)]);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let unpack = || unpack(&path, &[NAMES], &[NAMES], &dir.path().join("set")).unwrap_err().to_string();
        assert!(unpack().contains("cannot unpack"));
        archive(
            &path,
            &[("endless", FILE, &vec![0; (OVERHEAD + LIMIT) as usize]), ("set/names.txt", FILE, b"a")],
        );
        assert!(unpack().contains("cannot unpack"));
        assert_eq!(fs::read_dir(dir.path().join("set")).unwrap().count(), 0);
    }
}
