//! Normalisation.

use super::draw::{between, normal, uniform};
use super::{Case, Problem};
use crate::autodiff::{Groups, Normalise as _};
use crate::random::Stream;

/// Groups, and the shape of the tensor to normalise: rank 2 to 4, with one group or more, of one
/// channel or more. A group has two elements or more, and eps keeps derivatives moderate if they
/// are nearly equal.
fn draw(s: &mut Stream) -> (Groups, Vec<usize>) {
    let groups = Groups { count: between(s, 1, 3), eps: 0.05 };
    let mut shape: Vec<usize> = (0..between(s, 1, 3)).map(|_| between(s, 1, 3)).collect();
    let width = if shape[1..].iter().product::<usize>() > 1 { between(s, 1, 3) } else { between(s, 3, 4) };
    shape.push(groups.count * width);
    (groups, shape)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("group_norm", |s| {
            let (groups, shape) = draw(s);
            let x = normal(s, &shape);
            let channels = shape[shape.len() - 1];
            let (scale, shift) = (uniform(s, &[channels], 0.5, 2.0), normal(s, &[channels]));
            Problem::new([x, scale, shift], move |x| x[0].group_norm(&x[1], &x[2], groups))
        }),
        Case::new("group_norm_input", |s| {
            let (groups, shape) = draw(s);
            let (x, g) = (normal(s, &shape), normal(s, &shape));
            let scale = uniform(s, &[shape[shape.len() - 1]], 0.5, 2.0);
            Problem::new([x, scale, g], move |x| x[0].group_norm_input(&x[1], &x[2], groups))
        }),
        Case::new("group_norm_scale", |s| {
            let (groups, shape) = draw(s);
            let (x, g) = (normal(s, &shape), normal(s, &shape));
            Problem::new([x, g], move |x| x[0].group_norm_scale(&x[1], groups))
        }),
    ]
}
