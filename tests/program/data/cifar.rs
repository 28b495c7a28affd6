//! Tests of CIFAR-10 and CIFAR-100 with small files that the tests write, and with the real files
//! where they exist.

use std::fs;
use std::path::{Path, PathBuf};

use ece472::data::cifar::{SUPERCLASS_OF, SUPERCLASSES};
use ece472::data::{CifarKind, LabelledImages, Part};
use proptest::prelude::*;

use super::changes::changes;

const KINDS: [CifarKind; 2] = [CifarKind::Cifar10, CifarKind::Cifar100];

/// The bytes of an image in which channels, rows and columns can be told apart.
fn planes(seed: usize) -> Vec<u8> {
    let value = |i: usize| (seed + 89 * (i / 1024) + 3 * (i % 1024 / 32) + i % 32) as u8;
    (0..3072).map(value).collect()
}

fn record(labels: &[u8], seed: usize) -> Vec<u8> {
    [labels.to_vec(), planes(seed)].concat()
}

/// The names of the files of one part.
fn names(kind: CifarKind, part: Part) -> Vec<String> {
    match (kind, part) {
        (CifarKind::Cifar10, Part::Train) => (1..=5).map(|i| format!("data_batch_{i}.bin")).collect(),
        (CifarKind::Cifar10, Part::Test) => vec!["test_batch.bin".into()],
        (CifarKind::Cifar100, Part::Train) => vec!["train.bin".into()],
        (CifarKind::Cifar100, Part::Test) => vec!["test.bin".into()],
    }
}

/// Reads the test part from a file with these bytes.
fn read(kind: CifarKind, file: &[u8]) -> Result<LabelledImages, String> {
    let dir = tempfile::tempdir().unwrap();
    let folder = kind.source().folder_in(dir.path());
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(&names(kind, Part::Test)[0]), file).unwrap();
    let prefix = format!("{}/", folder.display());
    LabelledImages::read_cifar(kind, dir.path(), Part::Test).map_err(|e| e.to_string().replace(&prefix, ""))
}

#[test]
fn channels_are_the_last_axis_and_labels_are_separate() {
    let cifar = read(CifarKind::Cifar10, &[record(&[9], 5), record(&[0], 7)].concat()).unwrap();
    assert_eq!((cifar.examples(), &cifar.labels[..], &cifar.superclasses), (2, &[9, 0][..], &None));
    for (example, seed) in [(0, 5), (1, 7)] {
        let (image, planes) = (cifar.image(example), planes(seed));
        for (y, x, c) in (0..32).flat_map(|y| (0..32).flat_map(move |x| (0..3).map(move |c| (y, x, c)))) {
            assert_eq!(image[(y * 32 + x) * 3 + c], planes[(c * 32 + y) * 32 + x]);
        }
    }
    let cifar = read(CifarKind::Cifar100, &[record(&[19, 99], 0), record(&[4, 0], 1)].concat()).unwrap();
    assert_eq!((&cifar.labels[..], cifar.superclasses.unwrap()), (&[99, 0][..], vec![19, 4]));
    assert_eq!(cifar.images.len(), 2 * 32 * 32 * 3);
}

#[test]
fn the_batches_of_cifar10_are_concatenated() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("cifar-10-batches-bin");
    fs::create_dir(&folder).unwrap();
    for (i, name) in names(CifarKind::Cifar10, Part::Train).iter().enumerate() {
        let records: Vec<Vec<u8>> = (0..=i).map(|_| record(&[i as u8], i)).collect();
        fs::write(folder.join(name), records.concat()).unwrap();
    }
    let cifar = LabelledImages::read_cifar(CifarKind::Cifar10, dir.path(), Part::Train).unwrap();
    assert_eq!(cifar.labels, [0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4]);
    assert!((0..15).all(|i| usize::from(cifar.image(i)[0]) == usize::from(cifar.labels[i])));

    fs::remove_file(folder.join("data_batch_4.bin")).unwrap();
    let error =
        LabelledImages::read_cifar(CifarKind::Cifar10, dir.path(), Part::Train).unwrap_err().to_string();
    assert!(error.starts_with("there is no data_batch_4.bin in "), "{error}");
}

#[test]
fn a_missing_file_names_the_command_that_fetches_it() {
    let error =
        LabelledImages::read_cifar(CifarKind::Cifar100, Path::new("/no/such"), Part::Test).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no test.bin in /no/such/cifar-100-binary: `ece472 data fetch cifar100 --data-dir /no/such` \
         fetches it, as does --download; or copy it there by hand, see data/README.md"
    );
}

#[test]
fn an_error_names_the_file_the_offset_and_the_fault() {
    let check = |kind, file: &[u8], expected: &str| {
        assert_eq!(read(kind, file).unwrap_err(), format!("{expected}: fetch it again"));
    };
    let (ten, hundred) = (CifarKind::Cifar10, CifarKind::Cifar100);
    let file = [record(&[3], 0), record(&[4], 0)].concat();
    check(ten, &[], "test_batch.bin: byte 0: the file is empty");
    let expected = "test_batch.bin: byte 6145: the file ends after 3072 of the 3073 bytes of record 1";
    check(ten, &file[..6145], expected);
    let expected = "test_batch.bin: byte 6147: the file ends after 1 of the 3073 bytes of record 2";
    check(ten, &[&file[..], &[0]].concat(), expected);
    let expected = "test_batch.bin: byte 3073: label 10 of record 1, labels are from 0 to 9";
    check(ten, &[record(&[3], 0), record(&[10], 0)].concat(), expected);

    let coarse = "test.bin: byte 3074: coarse label 20 of record 1, coarse labels are from 0 to 19";
    check(hundred, &[record(&[0, 0], 0), record(&[20, 0], 0)].concat(), coarse);
    let fine = "test.bin: byte 3075: fine label 100 of record 1, fine labels are from 0 to 99";
    check(hundred, &[record(&[0, 0], 0), record(&[0, 100], 0)].concat(), fine);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_is_read_exactly_or_not_at_all(
        hundred: bool,
        labels in prop::collection::vec((0_u8..21, 0_u8..102), 0..3),
        changes in changes(),
    ) {
        let kind = KINDS[usize::from(hundred)];
        let start = 1 - usize::from(hundred);
        let record_of = |(i, (coarse, fine)): (usize, &(u8, u8))| record(&[*coarse, *fine][start..], i);
        let mut file: Vec<u8> = labels.iter().enumerate().flat_map(record_of).collect();
        changes.iter().for_each(|change| change.apply(&mut file));

        let size = 3074 - start;
        let (fine, coarse) = (kind.classes().len(), SUPERCLASSES.len());
        let valid = |record: &[u8]| {
            usize::from(record[1 - start]) < fine && (!hundred || usize::from(record[0]) < coarse)
        };
        let whole = !file.is_empty() && file.len().is_multiple_of(size) && file.chunks(size).all(valid);
        match read(kind, &file) {
            Ok(cifar) => {
                prop_assert!(whole);
                // Writing the data again gives the same file.
                let mut again = Vec::new();
                for example in 0..cifar.examples() {
                    again.extend(cifar.superclasses.iter().map(|all| all[example]));
                    again.push(cifar.labels[example]);
                    let image = cifar.image(example);
                    (0..3).for_each(|c| again.extend(image.iter().skip(c).step_by(3)));
                }
                prop_assert!(again == file);
            }
            Err(message) => {
                prop_assert!(!whole && message.contains(".bin: byte ") && !message.contains('\n'), "{}", message);
            }
        }
    }
}

/// The user's data folder, if it contains this data set.
fn real(kind: CifarKind) -> Option<PathBuf> {
    let data = PathBuf::from(std::env::var_os("ECE472_DATA")?);
    kind.source().missing(&data).is_empty().then_some(data)
}

#[test]
fn the_real_data_have_the_right_numbers_of_examples() {
    for kind in KINDS {
        let Some(data) = real(kind) else { continue };
        for (part, examples) in [(Part::Train, 50_000), (Part::Test, 10_000)] {
            let cifar = LabelledImages::read_cifar(kind, &data, part).unwrap();
            let mut histogram = vec![0; kind.classes().len()];
            cifar.labels.iter().for_each(|&label| histogram[usize::from(label)] += 1);
            assert_eq!(histogram, vec![examples / kind.classes().len(); kind.classes().len()]);
            assert_eq!(cifar.images.len(), examples * 32 * 32 * 3);
            for (class, superclass) in cifar.labels.iter().zip(cifar.superclasses.iter().flatten()) {
                assert_eq!(SUPERCLASS_OF[usize::from(*class)], *superclass);
            }
        }
    }
}

#[test]
fn the_names_match_the_official_files() {
    for (kind, file, names) in [
        (CifarKind::Cifar10, "batches.meta.txt", CifarKind::Cifar10.classes()),
        (CifarKind::Cifar100, "fine_label_names.txt", CifarKind::Cifar100.classes()),
        (CifarKind::Cifar100, "coarse_label_names.txt", &SUPERCLASSES),
    ] {
        let Some(data) = real(kind) else { continue };
        let official = fs::read_to_string(kind.source().folder_in(&data).join(file)).unwrap();
        assert_eq!(official.split_whitespace().collect::<Vec<_>>(), names);
    }
}

#[test]
fn a_superclass_has_five_classes() {
    let mut histogram = [0; SUPERCLASSES.len()];
    SUPERCLASS_OF.iter().for_each(|&superclass| histogram[usize::from(superclass)] += 1);
    assert_eq!(histogram, [5; 20]);
}

#[test]
fn means_and_deviations_match_the_training_images() {
    for kind in KINDS {
        let Some(data) = real(kind) else { continue };
        let cifar = LabelledImages::read_cifar(kind, &data, Part::Train).unwrap();
        for channel in 0..3 {
            let values = || cifar.images.iter().skip(channel).step_by(3).map(|&v| u64::from(v));
            let n = cifar.images.len() as f64 / 3.0;
            let mean = values().sum::<u64>() as f64 / n;
            let square = values().map(|v| v * v).sum::<u64>() as f64 / n;
            let deviation = (square - mean * mean).sqrt();
            assert!((mean / 255.0 - f64::from(kind.means()[channel])).abs() < 6e-5);
            assert!((deviation / 255.0 - f64::from(kind.deviations()[channel])).abs() < 6e-5);
        }
    }
}
