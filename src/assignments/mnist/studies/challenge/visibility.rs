//! Visibility patterns: for each pixel of paper, the sides (left, right, above, below) on which
//! there is ink.
//!
//! They describe the topology of a digit. From the hole of a 0, ink is visible on all sides; from
//! the bay of a 5, on all sides but one. Nothing here is learned.

use std::array;
use std::ops::Range;

use crate::assignments::mnist::problem::{PIXELS, SIZE};
use crate::autodiff::Algebra as _;
use crate::tensor::Tensor;

/// The sides left, right, up and below, in the order of a pattern's letters.
const SIDES: [char; 4] = ['L', 'R', 'U', 'B'];
/// The number of patterns: on each side, ink is visible or not.
const PATTERNS: usize = 1 << SIDES.len();
/// The regions of rows that patterns are summed over: top half, bottom half, all, and top, middle
/// and bottom third.
const REGIONS: [(char, Range<usize>); 6] =
    [('t', 0..14), ('b', 14..28), ('a', 0..28), ('T', 0..10), ('M', 10..18), ('B', 18..28)];
/// The number of sums.
pub(crate) const SUMS: usize = PATTERNS * REGIONS.len();

/// The share of each visibility pattern at each pixel.
///
/// With the ink T = min(2 I, 1) for the grey value I, let v_L be the largest T strictly left of a
/// pixel, and v_R, v_U, v_B those right of it, above and below. The share of pattern P is
///
/// (1 - T) prod over sides d of (v_d if d is in P, else 1 - v_d),
///
/// so the shares of all 16 patterns sum to 1 - T. Bit i of a pattern's number is its i-th letter of
/// `LRUB`.
fn patterns(picture: &[f32]) -> Vec<[f32; PATTERNS]> {
    let ink: Vec<f32> = picture.iter().map(|grey| (2.0 * grey).clamp(0.0, 1.0)).collect();
    let mut seen = vec![[0.0_f32; SIDES.len()]; PIXELS];
    let side = SIZE[0];
    for line in 0..side {
        let mut darkest = [0.0_f32; SIDES.len()];
        for step in 0..side {
            let back = side - 1 - step;
            let pixels = [line * side + step, line * side + back, step * side + line, back * side + line];
            for (d, pixel) in pixels.into_iter().enumerate() {
                seen[pixel][d] = darkest[d];
                darkest[d] = darkest[d].max(ink[pixel]);
            }
        }
    }
    let shares = |(ink, seen): (f32, [f32; 4])| {
        array::from_fn(|pattern| {
            let looks = seen.iter().enumerate();
            looks.fold(1.0 - ink, |share, (d, v)| share * if pattern >> d & 1 == 1 { *v } else { 1.0 - v })
        })
    };
    ink.into_iter().zip(seen).map(shares).collect()
}

/// The square root of the sum of each pattern over each region, a length in pixels.
pub(crate) fn root_sums(picture: &[f32]) -> [f32; SUMS] {
    let mut sums = [0.0_f32; SUMS];
    for (row, pixels) in patterns(picture).chunks_exact(SIZE[1]).enumerate() {
        let row_sums: [f32; PATTERNS] = array::from_fn(|p| pixels.iter().map(|shares| shares[p]).sum());
        for (r, _) in REGIONS.iter().enumerate().filter(|(_, (_, rows))| rows.contains(&row)) {
            row_sums.iter().enumerate().for_each(|(p, sum)| sums[p * REGIONS.len() + r] += sum);
        }
    }
    sums.map(f32::sqrt)
}

/// Coordinates that are sums and differences of [`root_sums`], times a scale: `[n, SUMS]` to
/// `[n, coordinates]`.
///
/// Each coordinate is given as a text of terms such as `+.RUBt -LRUBb`. A term has a sign, the
/// sides on which ink is visible with dots for the others, and the region.
///
/// # Panics
/// If a term is invalid.
pub(crate) fn coordinates(roots: &Tensor, terms: &[&str], scale: f32) -> Tensor {
    let count = terms.len();
    let mut signs = Tensor::zeros(&[SUMS, count]);
    for (i, terms) in terms.iter().enumerate() {
        for term in terms.split_whitespace() {
            let (sign, column) = parse(term).unwrap_or_else(|| panic!("{term} is not a term such as +.RUBt"));
            signs.as_mut_slice()[column * count + i] += sign * scale;
        }
    }
    roots.matmul(&signs)
}

/// The number of terms of all coordinates.
pub(crate) fn count_terms(terms: &[&str]) -> usize {
    terms.iter().map(|terms| terms.split_whitespace().count()).sum()
}

fn parse(term: &str) -> Option<(f32, usize)> {
    let letters: Vec<char> = term.chars().collect();
    let &[sign, l, r, u, b, region] = &letters[..] else { return None };
    let sign = match sign {
        '+' => 1.0,
        '-' => -1.0,
        _ => return None,
    };
    let mut pattern = 0;
    for (d, letter) in [l, r, u, b].into_iter().enumerate() {
        match letter {
            '.' => {}
            _ if letter == SIDES[d] => pattern |= 1 << d,
            _ => return None,
        }
    }
    let region = REGIONS.iter().position(|(name, _)| *name == region)?;
    Some((sign, pattern * REGIONS.len() + region))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square frame of ink; an open one lacks its left side.
    fn frame(open: bool) -> Vec<f32> {
        let ink = |i: usize| {
            let (x, y) = (i % 28, i / 28);
            let inside = (8..20).contains(&x) && (8..20).contains(&y);
            let hole = (10..18).contains(&x) && (10..18).contains(&y);
            let gap = open && x < 10 && (10..18).contains(&y);
            f32::from(u8::from(inside && !hole && !gap))
        };
        (0..PIXELS).map(ink).collect()
    }

    fn sum(picture: &[f32], name: &str) -> f32 {
        root_sums(picture)[parse(&format!("+{name}")).unwrap().1].powi(2)
    }

    #[test]
    fn only_a_hole_has_ink_on_all_sides() {
        let (closed, open) = (frame(false), frame(true));
        assert!((sum(&closed, "LRUBa") - 64.0).abs() < 1e-4);
        assert!((sum(&open, ".RUBa") - 80.0).abs() < 1e-4);
        assert_eq!((sum(&open, "LRUBa"), sum(&closed, ".RUBa")), (0.0, 0.0));
        assert!((sum(&closed, "LRUBt") - 32.0).abs() < 1e-4 && (sum(&closed, "LRUBb") - 32.0).abs() < 1e-4);
    }

    #[test]
    fn the_shares_of_all_patterns_sum_to_the_paper() {
        let grey: Vec<f32> = (0..PIXELS).map(|i| (i * i % 97) as f32 / 150.0).collect();
        for (shares, grey) in patterns(&grey).iter().zip(&grey) {
            let paper = 1.0 - (2.0 * grey).min(1.0);
            assert!((shares.iter().sum::<f32>() - paper).abs() < 1e-5);
            assert!(shares.iter().all(|share| *share >= 0.0));
        }
    }

    #[test]
    fn a_mirror_exchanges_left_and_right() {
        let picture: Vec<f32> = (0..PIXELS).map(|i| f32::from(u8::from(i * i % 89 < 5))).collect();
        let mirrored: Vec<f32> = (0..PIXELS).map(|i| picture[i / 28 * 28 + 27 - i % 28]).collect();
        for (name, image) in [("L.UBa", ".RUBa"), ("LR.Bt", "LR.Bt"), ("L...M", ".R..M")] {
            assert!((sum(&picture, name) - sum(&mirrored, image)).abs() < 1e-3, "{name}");
        }
    }

    #[test]
    fn coordinates_add_and_subtract() {
        let roots = root_sums(&frame(false));
        let x = coordinates(&Tensor::vector(&roots).reshape(&[1, SUMS]), &["+LRUBa -LRUBt", "-LRUBb"], 0.5);
        let expected = [0.5 * (8.0 - 32.0_f32.sqrt()), -0.5 * 32.0_f32.sqrt()];
        x.as_slice().iter().zip(expected).for_each(|(x, y)| assert!((x - y).abs() < 1e-5));
        assert_eq!(count_terms(&["+LRUBa -LRUBt", "-LRUBb"]), 3);
        for wrong in ["LRUBa", "+RLUBa", "+LRUBx", "*LRUBa"] {
            assert_eq!(parse(wrong), None);
        }
    }
}
