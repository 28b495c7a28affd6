//! Tests of reading, fetching and verifying data sets as a user does.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use ece472::data::download::Options;
use ece472::data::idx::Idx;
use ece472::data::sources::{Download, MNIST, Source};
use ece472::data::{LabelledImages, Origin, Part, Verdict, ensure, fetch, verify};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::changes::changes;
use super::known;
use super::server::{Server, head, send, write};

/// The data folder of this repository, which contains MNIST.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_file(shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    shape.iter().for_each(|n| file.extend(n.to_be_bytes()));
    [file, values.to_vec()].concat()
}

proptest! {
    #[test]
    fn an_idx_file_is_read_exactly_or_not_at_all(
        shape in prop::collection::vec(0_u32..6, 1..4),
        seed: u8,
        inner in changes(),
        outer in changes(),
        zip: bool,
    ) {
        let values: Vec<u8> = (0..shape.iter().product::<u32>()).map(|i| seed.wrapping_add(i as u8)).collect();
        let mut plain = idx_file(&shape, &values);
        inner.iter().for_each(|change| change.apply(&mut plain));
        let mut file = if zip { gzip(&plain) } else { plain };
        outer.iter().for_each(|change| change.apply(&mut file));

        match Idx::parse(Path::new("file"), &file) {
            Ok(idx) => {
                let shape: Vec<u32> = idx.shape.iter().map(|&n| n as u32).collect();
                let mut contents = Vec::new();
                if file.starts_with(&[0x1f, 0x8b]) {
                    MultiGzDecoder::new(&file[..]).read_to_end(&mut contents).unwrap();
                } else {
                    contents = file;
                }
                prop_assert_eq!(contents, idx_file(&shape, &idx.bytes));
                prop_assert_eq!(idx.bytes.len(), idx.shape.iter().product::<usize>());
            }
            Err(error) => {
                let message = error.to_string();
                prop_assert!(message.starts_with("file: byte ") && !message.contains('\n'), "{}", message);
                prop_assert!(zip || !inner.is_empty() || !outer.is_empty(), "{}", message);
            }
        }
    }
}

/// The folder with real data: the user's or this repository's.
fn real_data() -> PathBuf {
    std::env::var_os("ECE472_DATA").map_or_else(repository, PathBuf::from)
}

#[test]
fn mnist_has_the_right_numbers_of_examples() {
    for (part, counts) in [
        (Part::Train, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        (Part::Test, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]),
    ] {
        let mnist = LabelledImages::read_mnist(&MNIST, &real_data(), part).unwrap();
        let mut histogram = [0; 10];
        mnist.labels.iter().for_each(|&label| histogram[usize::from(label)] += 1);
        assert_eq!(histogram, counts);
        assert_eq!(mnist.images.len(), mnist.examples() * 28 * 28);
    }
}

/// Runs the program. Returns its status and the text of both outputs.
fn run(arguments: &[&str], data_dir: &Path) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ece472"));
    command.arg("data").args(arguments).env("ECE472_DATA", data_dir);
    let output = command.output().unwrap();
    let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), printed)
}

#[test]
fn a_data_set_is_fetched_verified_and_repaired() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("new");
    let server =
        Server::new(|request, stream| match fs::read(repository().join("mnist").join(&request.path[3..])) {
            Ok(file) => send(stream, request, &file),
            Err(_) => write(stream, &head("404 Not Found", "Content-Length: 0")),
        });
    let from = format!("{}m", server.address);
    let (status, printed) = run(&["verify", "mnist"], &data);
    assert!(status == 1 && printed.contains("4 of 4 files are missing"), "{printed}");

    let (status, printed) = run(&["fetch", "mnist", "--from", &from], &data);
    assert!(status == 0 && printed.contains("4 files") && printed.contains("4 of them new"), "{printed}");
    let (status, printed) = run(&["verify", "mnist"], &data);
    assert!(status == 0 && printed.matches("official (the SHA-256 matches)").count() == 4, "{printed}");
    assert!(run(&["list"], &data).1.contains("CC BY-SA 3.0                   yes"));

    // Correct files are kept, the others are replaced.
    let asked = server.requests.lock().unwrap().len();
    let labels = data.join("mnist/t10k-labels-idx1-ubyte.gz");
    let whole = fs::read(&labels).unwrap();
    fs::write(&labels, &whole[..whole.len() - 1]).unwrap();
    let (status, printed) = run(&["verify", "mnist"], &data);
    assert!(status == 1 && printed.contains("damaged: ") && printed.contains("1 of 4"), "{printed}");
    assert_eq!(run(&["fetch", "mnist", "--from", &from, "--quiet"], &data), (0, String::new()));
    assert_eq!((fs::read(&labels).unwrap(), server.requests.lock().unwrap().len()), (whole, asked + 1));

    // A user's own copy is reported and used.
    let mut unzipped = Vec::new();
    MultiGzDecoder::new(&fs::read(&labels).unwrap()[..]).read_to_end(&mut unzipped).unwrap();
    fs::write(data.join("mnist/t10k-labels.idx1-ubyte"), unzipped).unwrap();
    fs::remove_file(&labels).unwrap();
    let (status, printed) = run(&["verify", "mnist"], &data);
    assert!(status == 0 && printed.contains("note: may not be the official file"), "{printed}");
    assert_eq!(LabelledImages::read_mnist(&MNIST, &data, Part::Test).unwrap().examples(), 10_000);
    ensure(&MNIST, &data, true).unwrap();
}

#[test]
fn a_data_set_is_copied_from_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let mnist = repository().join("mnist");
    for (from, name) in [(repository(), "a"), (mnist.clone(), "b")] {
        let data = dir.path().join(name);
        let (status, printed) = run(&["fetch", "mnist", "--from", from.to_str().unwrap()], &data);
        assert_eq!(status, 0, "{printed}");
        assert!(verify(&MNIST, &data).unwrap().iter().all(|(_, verdict)| *verdict == Verdict::Official));
    }
    // The names are right, the contents are not.
    let data = dir.path().join("c");
    let (status, printed) = run(&["fetch", "fashion-mnist", "--from", mnist.to_str().unwrap()], &data);
    assert!(status == 1 && printed.contains("is not the official file: 9912422 bytes"), "{printed}");
    assert!(!data.exists());
    let (status, printed) = run(&["fetch", "all", "--from", "/no/such"], &data);
    assert!(status == 1 && printed.contains("mnist: /no/such has no train-images"), "{printed}");
    assert!(printed.ends_with("error: 6 of 6 data sets failed, see above\n"), "{printed}");
}

#[test]
fn wrong_command_lines_end_with_status_2() {
    for arguments in
        [&["fetch"][..], &["fetch", "nothing"], &["fetch", "mnist", "--from", "ftp://x"], &["verify"]]
    {
        assert_eq!(run(arguments, Path::new("/no/such")).0, 2, "{arguments:?}");
    }
}

/// A data set of one archive with one file, and the bytes of the archive.
fn archive() -> (&'static Source, Vec<u8>) {
    let contents = b"a file";
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(contents.len() as u64);
    builder.append_data(&mut header, "set/file.bin", &contents[..]).unwrap();
    let archive = gzip(&builder.into_inner().unwrap());
    let members = vec![known("file.bin", contents)].leak();
    let downloads = vec![Download::Archive { archive: known("set.tar.gz", &archive), members }].leak();
    let addresses = &["https://localhost/"];
    let (name, folder) = ("set", "set");
    let source = Source { name, title: "", folder, licence: "", citation: "", addresses, downloads };
    (Box::leak(Box::new(source)), archive)
}

#[test]
fn an_archive_is_fetched_and_unpacked() {
    let (source, archive) = archive();
    let dir = tempfile::tempdir().unwrap();
    let options = Options { quiet: true, ..Options::default() };
    let body = archive.clone();
    let server = Server::new(move |request, stream| send(stream, request, &body));
    let mirror = Origin::Mirror(server.address.clone());
    let data = dir.path().join("data");
    assert_eq!(fetch(source, &data, &mirror, &options).unwrap(), 1);
    assert_eq!(fs::read(data.join("set/file.bin")).unwrap(), b"a file");
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1, "the archive is still there");
    assert_eq!(fetch(source, &data, &mirror, &options).unwrap(), 0);

    // An archive left by an earlier run is not downloaded again.
    fs::write(data.join("set/file.bin"), "broken").unwrap();
    fs::write(data.join("set.tar.gz"), &archive).unwrap();
    assert_eq!(fetch(source, &data, &mirror, &options).unwrap(), 1);
    assert_eq!(server.ranges(), [None]);

    // Fetching from a folder with the archive, or with its files.
    let from = dir.path().join("from");
    fs::create_dir(&from).unwrap();
    fs::write(from.join("set.tar.gz"), &archive).unwrap();
    for (origin, name) in [(&from, "b"), (&data, "c")] {
        let (origin, data) = (Origin::Folder(origin.clone()), dir.path().join(name));
        assert_eq!(fetch(source, &data, &origin, &options).unwrap(), 1);
        assert_eq!(fs::read(data.join("set/file.bin")).unwrap(), b"a file");
    }
    assert!(from.join("set.tar.gz").exists());
    fs::write(from.join("set.tar.gz"), &archive[1..]).unwrap();
    let error = fetch(source, &dir.path().join("d"), &Origin::Folder(from), &options).unwrap_err();
    assert!(error.to_string().contains("is not the official file"), "{error}");
}
