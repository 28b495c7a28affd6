//! Level curves of a field on a grid.

use std::collections::BTreeMap;

/// The edge of a grid cell that a curve crosses: the grid point at its left or upper end, and
/// whether the edge runs down (otherwise it runs to the right).
type Edge = (usize, usize, bool);

/// The curves on which a field has the given level, by marching squares with linear interpolation
/// along the edges (Lorensen & Cline 1987, in the plane). `values` holds rows of `columns` values;
/// the curves are in units of columns and rows.
pub(super) fn contours(values: &[f64], columns: usize, level: f64) -> Vec<Vec<(f64, f64)>> {
    let rows = values.len() / columns;
    let at = |x: usize, y: usize| values[y * columns + x] - level;
    let mut segments: Vec<[Edge; 2]> = Vec::new();
    for y in 0..rows.saturating_sub(1) {
        for x in 0..columns - 1 {
            let corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
            let edges = [(x, y, false), (x + 1, y, true), (x, y + 1, false), (x, y, true)];
            let crossed: Vec<Edge> = (0..4)
                .filter(|&k| (corners[k] > 0.0) != (corners[(k + 1) % 4] > 0.0))
                .map(|k| edges[k])
                .collect();
            match crossed[..] {
                [a, b] => segments.push([a, b]),
                // A saddle: the value in the middle decides which corners are connected.
                [a, b, c, d] => {
                    let joined = (corners.iter().sum::<f64>() > 0.0) == (corners[0] > 0.0);
                    segments.extend(if joined { [[a, b], [c, d]] } else { [[d, a], [b, c]] });
                }
                _ => {}
            }
        }
    }
    let crossing = |(x, y, down): Edge| {
        let (from, to) = (at(x, y), if down { at(x, y + 1) } else { at(x + 1, y) });
        let t = from / (from - to);
        if down { (x as f64, y as f64 + t) } else { (x as f64 + t, y as f64) }
    };
    chains(&segments).into_iter().map(|chain| chain.into_iter().map(crossing).collect()).collect()
}

/// Joins segments end to end.
fn chains(segments: &[[Edge; 2]]) -> Vec<Vec<Edge>> {
    let mut at_edge: BTreeMap<Edge, Vec<usize>> = BTreeMap::new();
    for (i, segment) in segments.iter().enumerate() {
        for &edge in segment {
            at_edge.entry(edge).or_default().push(i);
        }
    }
    let mut used = vec![false; segments.len()];
    // Open curves start at one of their ends; the remaining curves are closed.
    let ends = at_edge.iter().filter(|(_, at)| at.len() == 1).map(|(&edge, at)| (at[0], edge));
    let anywhere = segments.iter().enumerate().map(|(i, segment)| (i, segment[0]));
    let mut chains = Vec::new();
    for (start, first) in ends.chain(anywhere) {
        if used[start] {
            continue;
        }
        let (mut chain, mut segment) = (vec![first], Some(start));
        while let Some(i) = segment {
            used[i] = true;
            let last = chain[chain.len() - 1];
            let next = if segments[i][0] == last { segments[i][1] } else { segments[i][0] };
            chain.push(next);
            segment = at_edge[&next].iter().copied().find(|&j| !used[j]);
        }
        chains.push(chain);
    }
    chains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_curve_of_a_cone_is_one_closed_circle() {
        let n = 101;
        let values: Vec<f64> =
            (0..n * n).map(|i| ((i % n) as f64 - 50.0).hypot((i / n) as f64 - 50.0)).collect();
        let curves = contours(&values, n, 30.0);
        assert_eq!(curves.len(), 1);
        assert_eq!(curves[0].first(), curves[0].last());
        assert!(curves[0].iter().all(|p| ((p.0 - 50.0).hypot(p.1 - 50.0) - 30.0).abs() < 0.01));
    }

    #[test]
    fn a_plane_is_cut_in_a_straight_open_line() {
        let values: Vec<f64> = (0..20).map(|i| f64::from(i % 5) + 0.1 * f64::from(i / 5)).collect();
        let curves = contours(&values, 5, 1.5);
        assert_eq!(curves.len(), 1);
        assert!(curves[0].iter().all(|p| (p.0 + 0.1 * p.1 - 1.5).abs() < 1e-12));
    }

    #[test]
    fn a_level_that_is_not_reached_has_no_curve() {
        assert!(contours(&[0.0, 1.0, 0.0, 1.0], 2, 5.0).is_empty());
    }
}
