//! Tests of `parameters!`.

use super::*;
use crate::nn::{Dropout, LayerNorm};

/// A module with every kind of field.
#[derive(Clone, Debug, PartialEq)]
struct Every<A = Tensor> {
    one: A,
    missing: Option<A>,
    present: Option<A>,
    list: Vec<Pair<A>>,
    pairs: [Pair<A>; 2],
    inner: Option<Box<Pair<A>>>,
    choices: Vec<Choice<A>>,
    settings: Vec<f64>,
}
parameters!(Every {
    one, missing, present, list, pairs as [first, second], inner as _, choices;
    settings,
});

#[derive(Clone, Debug, PartialEq)]
struct Pair<A>(A, A);
parameters!(Pair { 0 as left, 1 as right });

#[derive(Clone, Debug, PartialEq)]
enum Choice<A> {
    Nothing,
    Constant(f64),
    Both(Pair<A>, A, f64),
    Named { factor: A, offset: f64 },
}
parameters!(enum Choice { Nothing, Constant(; c), Both(pair as _, last; c), Named { factor; offset } });

/// A module in which every parameter is its own index.
fn every() -> Every<usize> {
    Every {
        one: 0,
        missing: None,
        present: Some(1),
        list: vec![Pair(2, 3), Pair(4, 5)],
        pairs: [Pair(6, 7), Pair(8, 9)],
        inner: Some(Box::new(Pair(10, 11))),
        choices: vec![
            Choice::Nothing,
            Choice::Constant(0.5),
            Choice::Both(Pair(12, 13), 14, 0.25),
            Choice::Named { factor: 15, offset: 0.125 },
        ],
        settings: vec![1.0],
    }
}

#[test]
fn names_follow_the_declaration() {
    let names = [
        "one",
        "present",
        "list.0.left",
        "list.0.right",
        "list.1.left",
        "list.1.right",
        "first.left",
        "first.right",
        "second.left",
        "second.right",
        "left",
        "right",
        "choices.2.left",
        "choices.2.right",
        "choices.2.last",
        "choices.3.factor",
    ];
    assert_eq!(every().names(), names);
    assert_eq!(every().parameters(), (0..names.len()).collect::<Vec<_>>());
}

#[test]
fn fields_without_parameters_are_kept() {
    let all: Vec<usize> = every().parameters();
    assert_eq!(every().with(&all), every());
    let letters: Vec<char> = ('a'..).take(all.len()).collect();
    let lettered = every().with(&letters);
    assert_eq!((lettered.missing, lettered.present), (None, Some('b')));
    assert_eq!(lettered.choices[1..3], [Choice::Constant(0.5), Choice::Both(Pair('m', 'n'), 'o', 0.25)]);
    assert_eq!(lettered.settings, [1.0]);
}

#[test]
fn a_type_may_have_no_parameters() {
    assert!(Parameters::<Tensor>::names(&Dropout::new(0.5)).is_empty());
    assert_eq!(LayerNorm::new(2).names(), ["scale", "shift"]);
}
