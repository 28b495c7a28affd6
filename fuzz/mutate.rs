//! Changes of valid files, which make files that are almost valid.

mod bytes;
mod compressed;
mod json;
mod png;
mod safetensors;
mod tar;

pub use compressed::gzip;
use ece472::random::{Purpose, Stream};

use crate::sample::{Contents, File, Format, Sample};

/// The damaged sample with the given number: a function of corpus, seed and number alone.
pub fn input(corpus: &[Sample], seed: u64, number: u64) -> Sample {
    let mut stream = Stream::at(seed, Purpose::Check, 0, number);
    let mut sample = corpus[stream.below(corpus.len())].clone();
    let other = &corpus[stream.below(corpus.len())].0;
    let other = other[stream.below(other.len())].bytes();
    let changeable: Vec<&mut File> =
        sample.0.iter_mut().filter(|file| !matches!(file.format, Format::Fixed)).collect();
    if changeable.is_empty() {
        return sample;
    }
    let file = stream.below(changeable.len());
    let file = changeable.into_iter().nth(file).expect("a file of the sample");
    file.contents = match stream.below(100) {
        0 => Contents::Nothing,
        1 => Contents::Folder,
        2 => Contents::Bytes(Vec::new()),
        3 => Contents::Bytes(other.to_vec()),
        _ => Contents::Bytes(changed(file.format, file.bytes(), other, &mut stream)),
    };
    sample
}

/// Applies a few changes to a file. Most of them keep the surroundings intact, so that they reach
/// code deep inside the reader.
fn changed(format: Format, valid: &[u8], other: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut file = valid.to_vec();
    for _ in 0..=stream.below(3) {
        if stream.below(5) == 0 {
            bytes::change(&mut file, other, stream);
            continue;
        }
        match format {
            Format::Fixed => {}
            Format::Binary => bytes::change(&mut file, other, stream),
            Format::Text => bytes::change_text(&mut file, other, stream),
            Format::Json => json::change(&mut file, stream),
            Format::Safetensors => safetensors::change(&mut file, other, stream),
            Format::Png => png::change(&mut file, other, stream),
            Format::Gzip => compressed::change_gzip(&mut file, |inner| bytes::change(inner, other, stream)),
            Format::TarGz => compressed::change_gzip(&mut file, |inner| tar::change(inner, other, stream)),
        }
    }
    file
}
