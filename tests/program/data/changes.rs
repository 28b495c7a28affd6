//! Random changes of files, as by a bad download or a failing disk.

use proptest::prelude::*;

/// A change to a file.
#[derive(Clone, Debug)]
pub enum Change {
    Truncate(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Replace(prop::sample::Index, u32),
}

impl Change {
    pub fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Truncate(at) => file.truncate(at.index(file.len() + 1)),
            Self::Flip(at, bits) if !file.is_empty() => {
                let index = at.index(file.len());
                file[index] ^= bits;
            }
            Self::Flip(..) => {}
            Self::Insert(at, bytes) => {
                let index = at.index(file.len() + 1);
                file.splice(index..index, bytes.iter().copied());
            }
            Self::Replace(at, word) => {
                let index = at.index(file.len() + 1);
                let end = file.len().min(index + 4);
                file.splice(index..end, word.to_be_bytes());
            }
        }
    }
}

/// Up to three changes.
pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    let index = any::<prop::sample::Index>;
    let change = prop_oneof![
        index().prop_map(Change::Truncate),
        (index(), any::<u8>()).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (index(), prop::collection::vec(any::<u8>(), 0..20))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (index(), prop_oneof![Just(u32::MAX), any::<u32>()]).prop_map(|(at, word)| Change::Replace(at, word)),
    ];
    prop::collection::vec(change, 0..4)
}
