//! CIFAR-10 and CIFAR-100: records of labels and pixels.

use std::path::Path;

use ece472::data::{CifarKind, LabelledImages, Part};

use super::{Target, kind};
use crate::sample::{File, Format, Sample};

/// Pixels are stored once, in a vector that doubles as it grows.
pub const TARGET: Target = Target { memory: 4, corpus, read };

const KINDS: [&str; 2] = ["cifar-10-batches-bin", "cifar-100-binary"];

fn corpus() -> Vec<Sample> {
    let pixels = |i: usize| (0..3072).map(move |j| (i * j) as u8);
    let small = (1..3).flat_map(|i| std::iter::once(i as u8).chain(pixels(i))).collect();
    let large = (1..3).flat_map(|i| [i as u8, 97 + i as u8].into_iter().chain(pixels(i))).collect();
    let file = |folder: &str, name: &str, bytes| File::new(format!("{folder}/{name}"), Format::Binary, bytes);
    vec![
        Sample(vec![file(KINDS[0], "test_batch.bin", small)]),
        Sample(vec![file(KINDS[1], "test.bin", large)]),
    ]
}

fn read(folder: &Path) -> Result<(), String> {
    let of = if kind(folder, &KINDS) == KINDS[0] { CifarKind::Cifar10 } else { CifarKind::Cifar100 };
    let cifar = LabelledImages::read_cifar(of, folder, Part::Test).map_err(|e| e.to_string())?;
    assert_eq!(cifar.images.len(), cifar.examples() * 3072);
    assert!(cifar.labels.iter().all(|&label| usize::from(label) < of.classes().len()));
    Ok(())
}
