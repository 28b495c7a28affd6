//! Files as they come out of a bad download or a failing disk.

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
            Self::Truncate(place) => file.truncate(place.index(file.len() + 1)),
            Self::Flip(place, bits) if !file.is_empty() => {
                let place = place.index(file.len());
                file[place] ^= bits;
            }
            Self::Flip(..) => {}
            Self::Insert(place, bytes) => {
                let place = place.index(file.len() + 1);
                file.splice(place..place, bytes.iter().copied());
            }
            Self::Replace(place, word) => {
                let place = place.index(file.len() + 1);
                let end = file.len().min(place + 4);
                file.splice(place..end, word.to_be_bytes());
            }
        }
    }
}

/// Up to three changes.
pub fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = any::<prop::sample::Index>;
    let change = prop_oneof![
        place().prop_map(Change::Truncate),
        (place(), any::<u8>()).prop_map(|(place, bits)| Change::Flip(place, bits)),
        (place(), prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(p, bytes)| Change::Insert(p, bytes)),
        (place(), prop_oneof![Just(u32::MAX), any::<u32>()]).prop_map(|(p, word)| Change::Replace(p, word)),
    ];
    prop::collection::vec(change, 0..4)
}
