//! MNIST: pictures and labels in the IDX format, gzipped or not.

use std::path::Path;

use ece472::data::idx::Idx;
use ece472::data::sources::MNIST;
use ece472::data::{LabelledImages, Part};

use super::Target;
use crate::mutate::gzip;
use crate::sample::{File, Format, Sample};

/// The values are stored once; one byte of a gzip stream may unpack to 1,032 bytes.
pub const TARGET: Target = Target { memory: 2 * 1032, corpus, read };

const IMAGES: &str = "mnist/t10k-images-idx3-ubyte";
const LABELS: &str = "mnist/t10k-labels-idx1-ubyte";

fn corpus() -> Vec<Sample> {
    let [images, labels] = [idx(&[3, 28, 28], 255), idx(&[3], 9)];
    let plain = |path: &str, bytes: &[u8]| File::new(path, Format::Binary, bytes.to_vec());
    let zipped = |path: &str, bytes: &[u8]| File::new(format!("{path}.gz"), Format::Gzip, gzip(bytes));
    vec![
        Sample(vec![plain(IMAGES, &images), plain(LABELS, &labels)]),
        Sample(vec![zipped(IMAGES, &images), zipped(LABELS, &labels)]),
        Sample(vec![zipped(IMAGES, &images), plain(LABELS, &labels)]),
    ]
}

/// An IDX file with values up to `most`.
pub fn idx(shape: &[u32], most: u8) -> Vec<u8> {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    shape.iter().for_each(|n| file.extend(n.to_be_bytes()));
    file.extend((0..shape.iter().product::<u32>()).map(|i| (i * 7 % (u32::from(most) + 1)) as u8));
    file
}

fn read(folder: &Path) -> Result<(), String> {
    for path in [IMAGES, LABELS] {
        if let Ok(idx) = Idx::read(&folder.join(path)) {
            assert_eq!(idx.bytes.len(), idx.shape.iter().product::<usize>());
        }
    }
    let mnist = LabelledImages::read_mnist(&MNIST, folder, Part::Test).map_err(|e| e.to_string())?;
    assert!(mnist.images.len() == mnist.examples() * 28 * 28 && mnist.labels.iter().all(|&label| label < 10));
    Ok(())
}
