use super::*;
use crate::assignments::mnist::studies::challenge::fit::check_reach;
use crate::metrics::most_probable;
use crate::nn::Parameters as _;

/// Unit vectors in ten tight bundles, one bundle after the other.
fn bundles(of_each: usize) -> Tensor {
    let mut stream = Stream::new(5, Purpose::Data);
    let mut values = Vec::new();
    for i in 0..GROUPS * of_each {
        let mut row: Vec<f32> = (0..LENGTH).map(|_| 0.02 * stream.normal() as f32).collect();
        row[i / of_each] += 1.0;
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
        values.extend(row.iter().map(|x| x / norm));
    }
    rows(LENGTH, values)
}

/// The column of the 1 in each row.
fn groups(indicators: &Tensor) -> Vec<usize> {
    most_probable(indicators.as_slice(), GROUPS).unwrap()
}

#[test]
fn bundles_are_found_without_labels() {
    let pictures = bundles(40);
    let clusters = Clusters::new(&pictures, 1);
    let found = groups(&clusters.own());
    for (i, group) in found.iter().enumerate() {
        assert_eq!(*group, found[i / 40 * 40]);
    }
    let mut distinct: Vec<usize> = found.iter().step_by(40).copied().collect();
    distinct.sort_unstable();
    assert_eq!(distinct, (0..GROUPS).collect::<Vec<_>>());
    assert_eq!(groups(&clusters.by_neighbours(&pictures)), found);
    assert_eq!(groups(&by_means(&clusters.means(), &pictures)), found);
}

#[test]
fn columns_become_orthonormal_and_keep_their_span() {
    let mut stream = Stream::new(2, Purpose::Data);
    let mut points: Vec<Point> = (0..50).map(|_| array::from_fn(|_| stream.normal())).collect();
    let first: Vec<f64> = points.iter().map(|p| p[0]).collect();
    orthonormalise(&mut points);
    for i in 0..GROUPS {
        for j in 0..GROUPS {
            let product: f64 = points.iter().map(|p| p[i] * p[j]).sum();
            assert!((product - f64::from(u8::from(i == j))).abs() < 1e-10);
        }
    }
    let along: f64 = points.iter().zip(&first).map(|(p, x)| p[0] * x).sum();
    points.iter().zip(&first).for_each(|(p, x)| assert!((p[0] * along - x).abs() < 1e-10));
}

#[test]
fn the_nearest_rows_are_sorted_and_right() {
    let pictures = bundles(4);
    let all = nearest(&pictures, &pictures, 4);
    for (i, nearest) in all.iter().enumerate() {
        assert_eq!(nearest[0], i);
        assert!(nearest.iter().all(|j| j / 4 == i / 4));
    }
}

#[test]
fn a_cluster_with_the_value_of_a_digit_gives_that_digit() {
    let head = Values {
        values: Tensor::from_fn(&[GROUPS, 1], {
            let mut s = 10.0;
            move || {
                s -= 1.0;
                s
            }
        }),
    };
    let x = indicators(&(0..GROUPS).collect::<Vec<_>>());
    let logits = Values::logits(&head, &x, &Pass::inference());
    assert_eq!(most_probable(logits.as_slice(), GROUPS).unwrap(), (0..GROUPS).rev().collect::<Vec<_>>());
}

#[test]
fn every_parameter_gets_a_gradient_and_is_counted() {
    let head = Values::new(&mut Stream::new(0, Purpose::Init));
    assert_eq!(head.count::<f32>(), GROUPS);
    check_reach(&head, &indicators(&(0..GROUPS).collect::<Vec<_>>()));
}
