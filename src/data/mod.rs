//! Data sets: download, file formats, synthetic data, augmentation and splits.

pub mod ag_news;
pub mod augment;
pub mod cifar;
pub mod download;
mod error;
mod fetch;
mod handwriting;
pub mod idx;
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

pub use ag_news::AgNews;
pub use augment::Augmentation;
pub use cifar::{Cifar, CifarKind};
pub use error::DataError;
pub use fetch::{Origin, Verdict, ensure, fetch, verify};
pub use handwriting::{Handwriting, HandwritingError, NoDigit};
pub use landscape::landscape;
pub use mnist::Mnist;
pub use photograph::{
    BadPicture, PhotographError, central_square, decode_photograph, middle, read_photograph,
};
pub use sine::Sine;
pub use sources::Part;
pub use spirals::Spirals;
pub use test_card::test_card;
