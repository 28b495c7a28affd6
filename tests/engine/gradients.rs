//! The derivatives of every operation, at shapes and values drawn by proptest.

use std::collections::BTreeSet;

use ece472::autodiff::Op;
use ece472::autodiff::check::cases::cases;
use ece472::autodiff::check::table;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Order 1, order 2, forward mode and the transpose identity hold to a relative error of 1e-6
    /// in f64.
    #[test]
    fn every_operation_passes(seed in any::<u64>().no_shrink()) {
        for case in cases() {
            if let Err(failure) = case.check(seed) {
                prop_assert!(false, "{} with seed {seed}: {failure}", case.name());
            }
        }
    }
}

#[test]
fn every_operation_has_a_case() {
    for name in Op::names() {
        let named: Vec<_> = cases().into_iter().filter(|case| case.name() == name).collect();
        assert!(!named.is_empty(), "{name} has no case");
        for case in named {
            // For some drawn shapes there is nothing to do, as in a sum to the same shape, but
            // rarely.
            let exercised = (0..32).filter(|&seed| case.operations(seed).contains(&name)).count();
            assert!(exercised >= 8, "a case of {name} exercises it {exercised} times of 32");
        }
    }
}

#[test]
fn the_table_has_a_row_for_every_operation_and_passes() {
    let table = table();
    assert!(table.passed(), "{table}");
    let rows: Vec<&str> = table.0.iter().map(|row| row.name.as_str()).collect();
    let distinct: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(rows.len(), distinct.len(), "cases of the same name are adjacent");
    assert!(Op::names().all(|name| distinct.contains(name)));
    let text = table.to_string();
    assert_eq!(text.lines().count(), rows.len() + 1);
    assert!(text.lines().skip(1).all(|line| line.ends_with("  pass")), "{text}");
    println!("{text}");
}
