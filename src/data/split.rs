//! Splitting examples into training and validation: hold-out, k-fold, stratified and grouped.
//!
//! A split consists of lists of indices; every index is in exactly one of them. Splits are drawn
//! from a stream, so a seed determines the split.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::random::Stream;

/// The indices of training and validation examples, each in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Training examples.
    pub training: Vec<usize>,
    /// Validation examples.
    pub validation: Vec<usize>,
}

/// An impossible split.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SplitError {
    /// A part would be empty.
    #[error("cannot hold out {validation} of {examples} examples: both parts need at least one")]
    Count {
        /// The number of examples to hold out.
        validation: usize,
        /// The number of examples.
        examples: usize,
    },
    /// There are fewer than two folds, or more folds than examples (or groups).
    #[error(
        "cannot make {folds} folds of {parts} {what}: there must be at least 2 folds and at most one for each of the {what}"
    )]
    Folds {
        /// The number of folds.
        folds: usize,
        /// The number of examples or groups.
        parts: usize,
        /// "examples" or "groups".
        what: &'static str,
    },
}

/// Holds out `validation` of `examples` examples.
///
/// # Errors
/// If a part would be empty.
pub fn hold_out(examples: usize, validation: usize, stream: &mut Stream) -> Result<Split, SplitError> {
    stratified_hold_out(&vec![0; examples], validation, stream)
}

/// Holds out `validation` examples such that each class gets its proportional share of them, to
/// within one.
///
/// Which examples of a class are held out depends on the stream; how many does not. Where shares
/// are not whole numbers, the same classes have one more or one fewer for every seed.
///
/// # Errors
/// If a part would be empty.
pub fn stratified_hold_out(
    labels: &[usize],
    validation: usize,
    stream: &mut Stream,
) -> Result<Split, SplitError> {
    let examples = labels.len();
    if validation == 0 || validation >= examples {
        return Err(SplitError::Count { validation, examples });
    }
    // Mark evenly spaced positions along the list of all examples, sorted by class: every stretch
    // of the list then contains its proportional share of marked positions, to within one.
    let order = shuffled_by_class(labels, stream);
    let is_held_out = |i: usize| (i + 1) * validation / examples > i * validation / examples;
    let (held_out, rest): (Vec<_>, Vec<_>) =
        order.into_iter().enumerate().partition(|&(i, _)| is_held_out(i));
    let sorted = |part: Vec<(usize, usize)>| {
        let mut part: Vec<usize> = part.into_iter().map(|(_, example)| example).collect();
        part.sort_unstable();
        part
    };
    Ok(Split { training: sorted(rest), validation: sorted(held_out) })
}

/// `folds` splits; each example is held out in exactly one of them. The numbers of held-out
/// examples differ by at most one.
///
/// # Errors
/// If there are fewer than two folds or more folds than examples.
pub fn k_folds(examples: usize, folds: usize, stream: &mut Stream) -> Result<Vec<Split>, SplitError> {
    stratified_k_folds(&vec![0; examples], folds, stream)
}

/// Splits as in [`k_folds`], where also the number of held-out examples of each class differs by at
/// most one from fold to fold (Kohavi 1995). A class with fewer members than folds is missing from
/// some folds.
///
/// # Errors
/// If there are fewer than two folds or more folds than examples.
pub fn stratified_k_folds(
    labels: &[usize],
    folds: usize,
    stream: &mut Stream,
) -> Result<Vec<Split>, SplitError> {
    check_folds(folds, labels.len(), "examples")?;
    // Examples are dealt out like cards, class after class: each class starts at the fold where the
    // previous class stopped.
    let mut fold_of = vec![0; labels.len()];
    for (i, example) in shuffled_by_class(labels, stream).into_iter().enumerate() {
        fold_of[example] = i % folds;
    }
    Ok(splits(&fold_of, folds))
}

/// Splits in which a group (near-duplicates, pages of one author) is never in both parts, and the
/// classes are distributed over the folds as evenly as that allows: if all members of each group
/// have the same class, the number of held-out examples of a class differs from fold to fold by at
/// most the size of its largest group.
///
/// Groups are assigned greedily, from the largest to the smallest, with ties in random order. Each
/// goes to the fold that has the fewest examples of its classes so far (the sum over classes of the
/// number in the fold times the number in the group); ties go to the smallest fold.
///
/// # Errors
/// If there are fewer than two folds or more folds than groups.
///
/// # Panics
/// Unless `labels` and `groups` have the same length.
#[track_caller]
pub fn grouped_k_folds(
    labels: &[usize],
    groups: &[usize],
    folds: usize,
    stream: &mut Stream,
) -> Result<Vec<Split>, SplitError> {
    assert!(labels.len() == groups.len(), "{} labels for groups of {} examples", labels.len(), groups.len());
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (example, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(example);
    }
    let mut members: Vec<Vec<usize>> = members.into_values().collect();
    check_folds(folds, members.len(), "groups")?;
    stream.shuffle(&mut members);
    members.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut sizes = vec![0; folds];
    let mut counts: Vec<BTreeMap<usize, usize>> = vec![BTreeMap::new(); folds];
    let mut fold_of = vec![0; groups.len()];
    for group in members {
        let overlap = |fold: usize| -> usize {
            group.iter().map(|&example| counts[fold].get(&labels[example]).unwrap_or(&0)).sum()
        };
        let fold = (0..folds).min_by_key(|&fold| (overlap(fold), sizes[fold])).expect("at least two folds");
        sizes[fold] += group.len();
        for example in group {
            *counts[fold].entry(labels[example]).or_default() += 1;
            fold_of[example] = fold;
        }
    }
    Ok(splits(&fold_of, folds))
}

fn check_folds(folds: usize, parts: usize, what: &'static str) -> Result<(), SplitError> {
    if (2..=parts).contains(&folds) { Ok(()) } else { Err(SplitError::Folds { folds, parts, what }) }
}

/// All examples, sorted by class, in random order within each class.
fn shuffled_by_class(labels: &[usize], stream: &mut Stream) -> Vec<usize> {
    let mut order = stream.permutation(labels.len());
    order.sort_by_key(|&example| labels[example]);
    order
}

/// The split of each fold, given the fold of each example.
fn splits(fold_of: &[usize], folds: usize) -> Vec<Split> {
    let split = |fold: usize| {
        let (validation, training) = (0..fold_of.len()).partition(|&example| fold_of[example] == fold);
        Split { training, validation }
    };
    (0..folds).map(split).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::Purpose;

    fn stream(seed: u64) -> Stream {
        Stream::new(seed, Purpose::Split)
    }

    fn is_partition(split: &Split, examples: usize) -> bool {
        let mut all = [&split.training[..], &split.validation[..]].concat();
        all.sort_unstable();
        all == (0..examples).collect::<Vec<_>>()
    }

    fn spread(counts: impl Iterator<Item = usize> + Clone) -> usize {
        counts.clone().max().unwrap() - counts.min().unwrap()
    }

    proptest! {
        #[test]
        fn a_hold_out_is_a_partition_with_proportional_classes(
            labels in prop::collection::vec(0_usize..5, 2..200), share in 0.0_f64..1.0, seed: u64,
        ) {
            let n = labels.len();
            let count = ((share * n as f64) as usize).clamp(1, n - 1);
            let split = stratified_hold_out(&labels, count, &mut stream(seed)).unwrap();
            prop_assert!(is_partition(&split, n));
            prop_assert_eq!(split.validation.len(), count);
            for class in 0..5 {
                let of_class = |part: &[usize]| part.iter().filter(|&&i| labels[i] == class).count() as f64;
                let due = of_class(&(0..n).collect::<Vec<_>>()) * count as f64 / n as f64;
                prop_assert!((of_class(&split.validation) - due).abs() <= 1.0);
            }
        }

        #[test]
        fn folds_hold_out_each_example_once_in_equal_shares(
            labels in prop::collection::vec(0_usize..4, 2..150), folds in 2_usize..12, seed: u64,
        ) {
            let folds = folds.min(labels.len());
            let splits = stratified_k_folds(&labels, folds, &mut stream(seed)).unwrap();
            prop_assert!(splits.iter().all(|s| is_partition(s, labels.len())));
            let mut held_out: Vec<usize> = splits.iter().flat_map(|s| s.validation.clone()).collect();
            held_out.sort_unstable();
            prop_assert_eq!(held_out, (0..labels.len()).collect::<Vec<_>>());
            prop_assert!(spread(splits.iter().map(|s| s.validation.len())) <= 1);
            for class in 0..4 {
                let count = |s: &Split| s.validation.iter().filter(|&&i| labels[i] == class).count();
                prop_assert!(spread(splits.iter().map(count)) <= 1);
            }
        }

        #[test]
        fn groups_stay_together_and_classes_are_balanced(
            groups in prop::collection::vec(0_usize..30, 60..200), classes in 1_usize..4, seed: u64,
        ) {
            let labels: Vec<usize> = groups.iter().map(|group| group % classes).collect();
            let splits = grouped_k_folds(&labels, &groups, 4, &mut stream(seed)).unwrap();
            for split in &splits {
                prop_assert!(is_partition(split, groups.len()));
                let inside: Vec<usize> = split.validation.iter().map(|&i| groups[i]).collect();
                prop_assert!(split.training.iter().all(|&i| !inside.contains(&groups[i])));
            }
            let largest = (0..30).map(|g| groups.iter().filter(|&&x| x == g).count()).max().unwrap();
            for class in 0..classes {
                let count = |s: &Split| s.validation.iter().filter(|&&i| labels[i] == class).count();
                prop_assert!(spread(splits.iter().map(count)) <= largest);
            }
        }
    }

    #[test]
    fn a_split_is_a_function_of_the_seed() {
        let split = |seed| k_folds(50, 5, &mut stream(seed)).unwrap();
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
        assert_ne!(hold_out(50, 10, &mut stream(1)).unwrap().validation, (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn the_shares_of_classes_do_not_depend_on_the_seed() {
        let labels: Vec<usize> = (0..33).map(|i| i % 3).collect();
        let counts = |seed| {
            let split = stratified_hold_out(&labels, 10, &mut stream(seed)).unwrap();
            [0, 1, 2].map(|class| split.validation.iter().filter(|&&i| labels[i] == class).count())
        };
        assert_eq!(counts(0).iter().sum::<usize>(), 10);
        assert!((1..20).all(|seed| counts(seed) == counts(0)));
    }

    #[test]
    fn errors_of_impossible_splits_say_what_is_possible() {
        assert!(hold_out(5, 5, &mut stream(0)).is_err() && hold_out(5, 0, &mut stream(0)).is_err());
        assert!(k_folds(5, 1, &mut stream(0)).is_err());
        let error = k_folds(5, 6, &mut stream(0)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot make 6 folds of 5 examples: there must be at least 2 folds and at most one for each of the examples"
        );
        assert!(grouped_k_folds(&[0; 4], &[0, 0, 1, usize::MAX], 4, &mut stream(0)).is_err());
        assert!(grouped_k_folds(&[0, 1, 2, 3], &[0, 0, 1, usize::MAX], 3, &mut stream(0)).is_ok());
    }
}
