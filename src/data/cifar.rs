//! CIFAR-10 and CIFAR-100 (Krizhevsky 2009), in their binary versions.
//!
//! A file is a sequence of records. A record is one byte with the label (for CIFAR-100 two bytes
//! with the coarse and the fine label), followed by 3072 bytes: the red, green and blue planes of
//! 32 x 32 pixels each, row by row.

mod classes;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

pub use classes::{CIFAR10_CLASSES, CIFAR100_CLASSES, SUPERCLASS_OF, SUPERCLASSES};

use super::sources::{self, KnownFile, Part, Source};
use super::{DataError, LabelledImages};
use crate::choice::choices;
use crate::files::FileError;

/// The number of pixels of an image.
const PIXELS: usize = CifarKind::SIZE[0] * CifarKind::SIZE[1];
/// The number of channels: red, green and blue.
const CHANNELS: usize = 3;

choices! {
    /// CIFAR-10 or CIFAR-100.
    pub enum CifarKind {
        /// 10 classes of 6,000 images
        Cifar10 = "cifar10",
        /// 100 classes of 600 images, in 20 superclasses
        Cifar100 = "cifar100",
    }
}

impl CifarKind {
    /// Height and width of every image.
    pub const SIZE: [usize; 2] = [32, 32];

    /// The files and addresses of the data set.
    pub fn source(self) -> &'static Source {
        match self {
            Self::Cifar10 => &sources::CIFAR10,
            Self::Cifar100 => &sources::CIFAR100,
        }
    }

    /// The names of the classes, in the order of the labels.
    pub fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Cifar10 => &CIFAR10_CLASSES,
            Self::Cifar100 => &CIFAR100_CLASSES,
        }
    }

    /// The means of red, green and blue over all training images, on the scale from 0 to 1, to four
    /// digits.
    pub fn means(self) -> &'static [f32; CHANNELS] {
        match self {
            Self::Cifar10 => &[0.4914, 0.4822, 0.4465],
            Self::Cifar100 => &[0.5071, 0.4865, 0.4409],
        }
    }

    /// The standard deviations of red, green and blue; see [`means`](Self::means).
    pub fn deviations(self) -> &'static [f32; CHANNELS] {
        match self {
            Self::Cifar10 => &[0.2470, 0.2435, 0.2616],
            Self::Cifar100 => &[0.2673, 0.2564, 0.2762],
        }
    }

    /// The label bytes of a record: for each its description in messages and the names of the
    /// classes.
    fn labels(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Cifar10 => &[("label", &CIFAR10_CLASSES)],
            Self::Cifar100 => &[("coarse label", &SUPERCLASSES), ("fine label", &CIFAR100_CLASSES)],
        }
    }

    /// The files of a part, in the order of the examples.
    fn files(self, part: Part) -> impl Iterator<Item = &'static KnownFile> {
        let prefix = match (self, part) {
            (Self::Cifar10, Part::Train) => "data_batch_",
            (Self::Cifar10, Part::Test) => "test_batch",
            (Self::Cifar100, Part::Train) => "train",
            (Self::Cifar100, Part::Test) => "test",
        };
        self.source().files().filter(move |file| file.name.starts_with(prefix))
    }
}

impl LabelledImages {
    /// Reads one part of the data set from its folder inside `data_dir`. A file must have at least
    /// one record.
    ///
    /// # Errors
    /// If a file is missing, damaged, or in another format. The message names the file and what to
    /// do.
    pub fn read_cifar(kind: CifarKind, data_dir: &Path, part: Part) -> Result<Self, DataError> {
        let paths = kind.files(part).map(|file| kind.source().locate(file, data_dir));
        let paths = paths.collect::<Result<Vec<_>, _>>()?;
        let mut all = Self::of_cifar(kind, Vec::new(), Vec::new());
        all.superclasses = (kind == CifarKind::Cifar100).then(Vec::new);
        for path in paths {
            let file = File::open(&path).map_err(|e| FileError::new("cannot read", &path, e))?;
            all.append(kind, &path, BufReader::with_capacity(1 << 16, file))?;
        }
        all.images.shrink_to_fit();
        Ok(all)
    }

    /// Reads all records of a file. Memory is allocated only for records that are really there.
    fn append(&mut self, kind: CifarKind, path: &Path, mut file: impl Read) -> Result<(), DataError> {
        let size = kind.labels().len() + PIXELS * CHANNELS;
        let wrong = |offset: usize, message: String| {
            let offset = offset as u64;
            Err(DataError::Contents { path: path.into(), offset, unzipped: false, message })
        };
        let mut record = Vec::with_capacity(size);
        for number in 0.. {
            record.clear();
            let read = file.by_ref().take(size as u64).read_to_end(&mut record);
            let found = read.map_err(|e| FileError::new("cannot read", path, e))?;
            let start = number * size;
            if found == 0 {
                let empty = || wrong(0, "the file is empty: fetch it again".into());
                return if number == 0 { empty() } else { Ok(()) };
            }
            if found < size {
                let message = format!(
                    "the file ends after {found} of the {size} bytes of record {number}: fetch it again"
                );
                return wrong(start + found, message);
            }
            let (labels, planes) = record.split_at(kind.labels().len());
            for (i, (&label, (what, names))) in labels.iter().zip(kind.labels()).enumerate() {
                if usize::from(label) >= names.len() {
                    let last = names.len() - 1;
                    let message = format!(
                        "{what} {label} of record {number}, {what}s are from 0 to {last}: fetch it again"
                    );
                    return wrong(start + i, message);
                }
            }
            self.labels.extend(labels.last());
            self.superclasses.iter_mut().for_each(|all| all.push(labels[0]));
            self.push_image(planes);
        }
        Ok(())
    }

    /// Appends an image that is stored as planes `[channel, row, column]`.
    fn push_image(&mut self, planes: &[u8]) {
        let (red, rest) = planes.split_at(PIXELS);
        let (green, blue) = rest.split_at(PIXELS);
        let end = self.images.len();
        self.images.resize(end + planes.len(), 0);
        let pixels = self.images[end..].chunks_exact_mut(CHANNELS);
        for (pixel, ((&r, &g), &b)) in pixels.zip(red.iter().zip(green).zip(blue)) {
            pixel.copy_from_slice(&[r, g, b]);
        }
    }
}
