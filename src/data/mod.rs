//! Data sets: download, file formats, synthetic data, augmentation and splits.

pub mod ag_news;
pub mod augment;
pub mod cifar;
pub mod download;
mod error;
mod fetch;
mod handwriting;
pub mod idx;
mod labelled_images;
mod landscape;
mod mnist;
mod partial;
mod photograph;
mod sine;
pub mod sources;
mod spirals;
pub mod split;
mod supersampled;
mod test_card;
mod unpack;

pub use ag_news::NewsItems;
pub use augment::Augmentation;
pub use cifar::CifarKind;
pub use error::DataError;
pub use fetch::{Origin, Verdict, ensure, fetch, verify};
pub use handwriting::{Handwriting, HandwritingError, NoDigit};
pub use labelled_images::LabelledImages;
pub use landscape::landscape;
pub use photograph::{
    BadPicture, PhotographError, central_square, decode_photograph, middle, read_photograph,
};
pub use sine::SinePoints;
pub use sources::Part;
pub use spirals::SpiralPoints;
pub use test_card::test_card;
