//! Tests of reading digits on photographs as people take them, with the committed network.

mod conditions;
mod nondigits;
mod pen;
mod program;

use std::path::Path;

use ece472::assignments::mnist::{Mnist, SURE, of_pixels};
use ece472::data::{Handwriting, LabelledImages, Part, sources};
use ece472::experiment::Assignment as _;
use ece472::models::classifier::Classifier;
use ece472::train::load_weights;
use image::RgbImage;
use rayon::prelude::*;

use conditions::{Condition, all, picture};

/// The seed of the hands. Other seeds were used during development, so that these results are
/// independent of it.
const SEED: u64 = 90;

fn reader() -> Classifier {
    let weights =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("assignments/3-mnist/weights/standard.safetensors");
    load_weights(&weights, &Mnist::default().network()).unwrap()
}

fn digits() -> LabelledImages {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    LabelledImages::read_mnist(&sources::MNIST, &data, Part::Train).unwrap()
}

/// The most probable digit, if one is found.
fn read(model: &Classifier, picture: RgbImage) -> Result<usize, String> {
    let found = Handwriting::find(picture).map_err(|reason| reason.to_string())?;
    let p = of_pixels(model, &found.pixels).map_err(|e| e.to_string())?;
    let best = (0..10).fold(0, |best, k| if p[k] > p[best] { k } else { best });
    if p[best] < SURE { Err(format!("{best} with {}", p[best])) } else { Ok(best) }
}

/// The number of digits, written by some hands, that are read correctly, and what happened to the
/// others.
fn right(
    condition: &Condition,
    hands: u64,
    model: &Classifier,
    digits: &LabelledImages,
) -> (usize, Vec<String>) {
    let wrong: Vec<String> = (0..10 * hands)
        .into_par_iter()
        .filter_map(|i| {
            let digit = (i % 10) as usize;
            let found = read(model, picture(condition, digit, 1000 * SEED + i / 10, digits));
            (found != Ok(digit)).then(|| format!("{digit}: {found:?}"))
        })
        .collect();
    (10 * hands as usize - wrong.len(), wrong)
}

#[test]
fn digits_are_read_under_each_condition() {
    let (model, digits) = (reader(), digits());
    let (mut total, mut of) = (0, 0);
    let mut worst = Vec::new();
    for condition in all() {
        let (right, wrong) = right(&condition, 1, &model, &digits);
        (total, of) = (total + right, of + 10);
        if right < 9 {
            worst.push(format!("{}: {right} of 10: {wrong:?}", condition.name));
        }
    }
    assert!(worst.is_empty(), "{}", worst.join("\n"));
    assert!(100 * total >= 99 * of, "{total} of {of}");
}

#[test]
fn pictures_without_a_digit_are_seldom_accepted() {
    let model = reader();
    for (kind, name) in nondigits::NAMES.iter().enumerate() {
        let taken = |i: &u64| read(&model, nondigits::picture(kind, 1000 * SEED + i)).is_ok();
        let count = (0..20).into_par_iter().filter(taken).count();
        // A scribble may look like a digit.
        let most = if *name == "a scribble" { 14 } else { 2 };
        assert!(count <= most, "{name}: {count} of 20");
    }
}

/// Prints the table for a hundred digits under each condition, which takes minutes: `cargo test
/// --test program photographs -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn at_least_95_of_100_digits_are_read_under_each_condition() {
    let (model, digits) = (reader(), digits());
    let mut worst = 100;
    for condition in all() {
        let (right, wrong) = right(&condition, 10, &model, &digits);
        println!("{right:3} {} {}", condition.name, wrong.join("; "));
        worst = worst.min(right);
    }
    assert!(worst >= 95, "{worst}");
}
