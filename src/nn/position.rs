//! The positions of tokens.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::{Init, Pass, parameters};
use crate::autodiff::Algebra;
use crate::random::Stream;
use crate::tensor::{Float, Tensor};

/// The angles of n positions from `first` on: angle j of position t is t base^(-j / pairs), for
/// `pairs` pairs of features. Each angle is computed by itself and reduced to one turn, so that
/// large positions keep their digits.
fn angles(base: f64, pairs: usize, first: usize, n: usize) -> impl Iterator<Item = f64> {
    (first..first + n).flat_map(move |t| {
        (0..pairs).map(move |j| {
            let turns = t as f64 * libm::pow(base, -(j as f64) / pairs as f64) / TAU;
            (turns - turns.floor()) * TAU
        })
    })
}

/// Rotary positions (Su et al. 2021, section 3.2.2): the pairs of features (x_j, x_{j + w/2}) of a
/// head of width w at position t are rotated by the angle t base^(-2j/w), so that the score of a
/// query and a key depends only on the distance between them. (The paper pairs neighbouring
/// features, which is the same after a permutation of features.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotary {
    base: f64,
}

impl Rotary {
    /// Rotations whose angles per position go from 1 to about 1 / `base`; the paper's base is
    /// 10,000.
    pub fn new(base: f64) -> Self {
        Self { base }
    }

    /// The tokens x: `[batch, tokens, heads * width]`, rotated; the first token has position
    /// `first`.
    ///
    /// # Panics
    /// If the width is odd.
    #[track_caller]
    pub fn turn<A: Algebra>(self, x: &A, heads: usize, first: usize) -> A {
        let [batch, tokens, columns] = x.shape()[..] else {
            panic!("rotary positions: {:?} is not [batch, tokens, heads * width]", x.shape());
        };
        let pairs = columns / heads / 2;
        assert!(2 * pairs * heads == columns, "rotary positions: {columns} is not {heads} heads of pairs");
        let constant = |sign: f64, f: fn(f64) -> f64| {
            let mut elements = Vec::with_capacity(2 * tokens * pairs);
            let values: Vec<f64> = angles(self.base, pairs, first, tokens).map(f).collect();
            for row in values.chunks_exact(pairs.max(1)) {
                elements.extend(row.iter().map(|&x| A::Elem::from_f64(sign * x)));
                elements.extend(row.iter().map(|&x| A::Elem::from_f64(x)));
            }
            let shape = [tokens, 1, 2, pairs];
            A::constant(
                x.context(),
                Tensor::from_vec(&shape, elements).expect("the shape has that many elements"),
            )
        };
        let halves = x.reshape(&[batch, tokens, heads, 2, pairs]);
        let exchanged = halves.gather(3, [1, 0]);
        let turned = halves * &constant(1.0, libm::cos) + &(exchanged * &constant(-1.0, libm::sin));
        turned.reshape(&[batch, tokens, columns])
    }
}

/// How positions are added to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PositionKind {
    /// Nothing
    None,
    /// A learned vector for each position
    Learned,
    /// Sines and cosines of the position
    Sinusoidal,
    /// Nothing; queries and keys are rotated instead
    Rotary,
}

/// Vectors that are added to tokens for their positions. They are learned (Gehring et al. 2017), or
/// sinusoidal: sin(t base^(-2j/width)) for the even features 2j of position t and the cosine for
/// the odd ones (Vaswani et al. 2017, section 3.5).
///
/// `x: [batch, tokens, width]` to the same shape. Learned vectors are drawn from N(0, 0.02²).
#[derive(Clone, Debug)]
pub enum Positions<A = Tensor> {
    /// Nothing is added.
    None,
    /// `[longest, width]`.
    Learned(A),
    /// Sines and cosines with the given base; 10,000 in the paper.
    Sinusoidal(f64),
}

impl Positions {
    /// Vectors for tokens of the given width; learned ones for positions below `longest`. Rotary
    /// positions are part of [attention](super::AttentionConfig).
    pub fn new(kind: PositionKind, longest: usize, width: usize, stream: &mut Stream) -> Self {
        match kind {
            PositionKind::None | PositionKind::Rotary => Self::None,
            PositionKind::Learned => {
                Self::Learned(Init::Normal(0.02).draw(&[longest, width], longest, width, stream))
            }
            PositionKind::Sinusoidal => Self::Sinusoidal(10_000.0),
        }
    }
}

impl<A: Algebra> Positions<A> {
    /// The tokens x with the vectors of their positions added; the first token has position
    /// `first`.
    ///
    /// # Panics
    /// If there are more positions than have been learned.
    #[track_caller]
    pub fn add(&self, x: &A, first: usize, pass: &mut Pass<A>) -> A {
        let [_, tokens, width] = x.shape()[..] else {
            panic!("positions: {:?} is not [batch, tokens, width]", x.shape());
        };
        match self {
            Self::None => x.clone(),
            Self::Learned(table) => {
                let longest = table.shape()[0];
                assert!(
                    first + tokens <= longest,
                    "positions: {} tokens, but {longest} were learned",
                    first + tokens
                );
                x.clone() + &table.narrow(0, first, first + tokens)
            }
            Self::Sinusoidal(base) => {
                let pairs = width.div_ceil(2);
                let mut elements = Vec::with_capacity(tokens * width);
                let angles: Vec<f64> = angles(*base, pairs, first, tokens).collect();
                for row in angles.chunks_exact(pairs.max(1)) {
                    let both = row.iter().flat_map(|&angle| [libm::sin(angle), libm::cos(angle)]);
                    elements.extend(both.take(width).map(A::Elem::from_f64));
                }
                let table = Tensor::from_vec(&[tokens, width], elements).expect("one for each feature");
                x.clone() + &pass.constant(table)
            }
        }
    }
}

parameters!(enum Positions { None, Learned(table), Sinusoidal(; base) });
