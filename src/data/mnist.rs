//! MNIST and Fashion-MNIST.

use std::path::{Path, PathBuf};

use super::idx::Idx;
use super::sources::{KnownFile, Part, Source};
use super::{DataError, LabelledImages};

/// Height and width of every image.
const SIDE: usize = 28;
/// The number of classes.
const CLASSES: u8 = 10;

/// An IDX file and its path.
struct Loaded {
    idx: Idx,
    path: PathBuf,
}

impl LabelledImages {
    /// Reads one part of `source`, which is [`MNIST`](super::sources::MNIST) or
    /// [`FASHION_MNIST`](super::sources::FASHION_MNIST), from its folder inside `data_dir`. The
    /// files may be gzipped or not.
    ///
    /// # Errors
    /// If a file is missing, damaged, or in another format. The message names the file and what to
    /// do.
    pub fn read_mnist(source: &Source, data_dir: &Path, part: Part) -> Result<Self, DataError> {
        let prefix = match part {
            Part::Train => "train-",
            Part::Test => "t10k-",
        };
        let read = |kind: &str| {
            let mut files = source.files();
            let file = files.find(|file| file.name.strip_prefix(prefix).is_some_and(|n| n.starts_with(kind)));
            Loaded::open(file.expect("a data set in MNIST's format"), source, data_dir)
        };
        let (images, labels) = (read("images")?, read("labels")?);
        images.check_images()?;
        labels.check_labels(&images)?;
        Ok(Self::grey([SIDE; 2], images.idx.bytes, labels.idx.bytes))
    }
}

impl Loaded {
    fn open(file: &KnownFile, source: &Source, data_dir: &Path) -> Result<Self, DataError> {
        let path = source.locate(file, data_dir)?;
        Ok(Self { idx: Idx::read(&path)?, path })
    }

    fn check_images(&self) -> Result<(), DataError> {
        let &[examples, height, width] = &self.idx.shape[..] else {
            return Err(self.wrong(3, format!("{}, images have 3: is it the right file?", self.dimensions())));
        };
        if examples == 0 {
            return Err(self.wrong(4, "there is no image: fetch it again".into()));
        }
        if [height, width] != [SIDE; 2] {
            let message = format!("images of {height} x {width}: only {SIDE} x {SIDE} are read");
            return Err(self.wrong(8, message));
        }
        Ok(())
    }

    fn check_labels(&self, images: &Self) -> Result<(), DataError> {
        let &[labels] = &self.idx.shape[..] else {
            return Err(self.wrong(3, format!("{}, labels have 1: is it the right file?", self.dimensions())));
        };
        if labels != images.idx.shape[0] {
            let (count, path) = (images.idx.shape[0], images.path.display());
            return Err(
                self.wrong(4, format!("{labels} labels for the {count} images of {path}: fetch both again"))
            );
        }
        match self.idx.bytes.iter().position(|&label| label >= CLASSES) {
            None => Ok(()),
            Some(example) => {
                let offset = self.idx.header_length() + example as u64;
                let label = self.idx.bytes[example];
                let last = CLASSES - 1;
                let message = format!("label {label}, labels are from 0 to {last}: fetch it again");
                Err(self.wrong(offset, message))
            }
        }
    }

    fn dimensions(&self) -> String {
        match self.idx.shape.len() {
            1 => "1 dimension".into(),
            count => format!("{count} dimensions"),
        }
    }

    fn wrong(&self, offset: u64, message: String) -> DataError {
        let unzipped = self.path.extension().is_some_and(|extension| extension == "gz");
        DataError::Contents { path: self.path.clone(), offset, unzipped, message }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::sources::{FASHION_MNIST, MNIST};

    /// An IDX file of zeros.
    fn zeros(shape: &[u32]) -> Vec<u8> {
        let mut file = vec![0, 0, 8, shape.len() as u8];
        shape.iter().for_each(|n| file.extend(n.to_be_bytes()));
        file.resize(file.len() + shape.iter().product::<u32>() as usize, 0);
        file
    }

    fn read(images: &[u8], labels: &[u8]) -> Result<LabelledImages, String> {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("fashion-mnist");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("t10k-images.idx3-ubyte"), images).unwrap();
        fs::write(folder.join("t10k-labels-idx1-ubyte"), labels).unwrap();
        LabelledImages::read_mnist(&FASHION_MNIST, dir.path(), Part::Test).map_err(|e| {
            let prefix = format!("{}/", folder.display());
            e.to_string().replace(&prefix, "")
        })
    }

    #[test]
    fn images_and_labels_are_read() {
        let mut images = zeros(&[2, 28, 28]);
        images[16 + 784] = 200;
        let mut labels = zeros(&[2]);
        labels[9] = 9;
        let mnist = read(&images, &labels).unwrap();
        assert_eq!((mnist.examples(), mnist.size), (2, [28, 28]));
        assert_eq!((mnist.labels.as_slice(), mnist.image(0)[0], mnist.image(1)[0]), (&[0, 9][..], 0, 200));
        assert_eq!(mnist.image(1).len(), 784);
    }

    #[test]
    fn an_error_names_the_file_the_offset_and_the_fault() {
        let (images, labels) = (zeros(&[2, 28, 28]), zeros(&[2]));
        let error = |images: &[u8], labels: &[u8]| read(images, labels).unwrap_err();
        let check = |message: String, expected: &str| assert_eq!(message, expected);
        let file = "t10k-images.idx3-ubyte: byte";
        check(
            error(&labels, &labels),
            &format!("{file} 3: 1 dimension, images have 3: is it the right file?"),
        );
        check(
            error(&zeros(&[0, 28, 28]), &zeros(&[0])),
            &format!("{file} 4: there is no image: fetch it again"),
        );
        check(
            error(&zeros(&[2, 32, 28]), &labels),
            &format!("{file} 8: images of 32 x 28: only 28 x 28 are read"),
        );
        let file = "t10k-labels-idx1-ubyte: byte";
        check(
            error(&images, &images),
            &format!("{file} 3: 3 dimensions, labels have 1: is it the right file?"),
        );
        check(
            error(&images, &zeros(&[3])),
            &format!("{file} 4: 3 labels for the 2 images of t10k-images.idx3-ubyte: fetch both again"),
        );
        let mut wrong = labels.clone();
        wrong[9] = 10;
        check(error(&images, &wrong), &format!("{file} 9: label 10, labels are from 0 to 9: fetch it again"));
        check(
            error(&images[..20], &labels).replace("t10k-images.idx3-ubyte", ""),
            ": byte 20: the file ends after 4 of the 1568 values that its header promises: fetch it again",
        );
    }

    #[test]
    fn a_missing_file_names_the_command_that_fetches_it() {
        let message =
            LabelledImages::read_mnist(&MNIST, Path::new("/no/such"), Part::Train).unwrap_err().to_string();
        assert_eq!(
            message,
            "there is no train-images-idx3-ubyte.gz in /no/such/mnist: `ece472 data fetch mnist --data-dir \
             /no/such` fetches it, as does --download; or copy it there by hand, see data/README.md"
        );
    }
}
