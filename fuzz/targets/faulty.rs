//! Faults of every kind, which test the search itself. The behaviour depends on the number of the
//! input alone.

use std::path::Path;

use rayon::prelude::*;

use super::Target;
use crate::sample::{Format, Sample};

pub const TARGET: Target = Target { memory: 1, corpus, read };

/// The failing inputs, and a part of the message about each.
pub const FAULTS: [(u64, &str); 5] = [
    (1, "a fault of its own"),
    (2, "a fault in a thread of the pool"),
    (3, "SIGABRT"),
    (4, "it takes more than 1 s"),
    (6, "memory allocation of"),
];

fn corpus() -> Vec<Sample> {
    // The file is never changed, so a test can check that the files of a failing input are kept.
    vec![Sample::one("file", Format::Fixed, b"valid".to_vec())]
}

fn read(folder: &Path) -> Result<(), String> {
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("1") => panic!("a fault of its own"),
        Some("2") => {
            (0..100).into_par_iter().for_each(|i| assert!(i != 50, "a fault in a thread of the pool"));
        }
        Some("3") => std::process::abort(),
        Some("4") => while std::hint::black_box(true) {},
        Some("5") => return Err("an error is no fault".into()),
        Some("6") => drop(std::hint::black_box(vec![1_u8; 300 << 20])),
        _ => (),
    }
    Ok(())
}
