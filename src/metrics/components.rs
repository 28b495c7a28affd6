//! Principal component analysis.

/// Points projected to the plane of their first two principal components.
pub struct Plane {
    /// The coordinates of each point.
    pub points: Vec<(f64, f64)>,
    /// The share of the variance along each of the two axes.
    pub shares: [f64; 2],
}

/// The first two principal components of `count` rows (Pearson 1901; Hotelling 1933), by orthogonal
/// iteration on their covariance (Golub & Van Loan 2013, section 7.3.2). The sign of each direction
/// is chosen so that its coordinate with the largest absolute value is positive.
pub fn principal_plane(rows: &[f32], count: usize) -> Plane {
    let width = rows.len() / count.max(1);
    let mut mean = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(m, &x)| *m += f64::from(x) / count as f64);
    }
    let centred: Vec<Vec<f64>> = rows
        .chunks_exact(width)
        .map(|row| row.iter().zip(&mean).map(|(&x, m)| f64::from(x) - m).collect())
        .collect();
    let mut covariance = vec![0.0; width * width];
    for row in &centred {
        for (i, &x) in row.iter().enumerate() {
            let out = &mut covariance[i * width..][..width];
            out.iter_mut().zip(row).for_each(|(c, y)| *c += x * y / count as f64);
        }
    }
    let times = |v: &[f64]| -> Vec<f64> { covariance.chunks_exact(width).map(|row| dot(row, v)).collect() };
    let start = |k: usize| (0..width).map(|i| if i % 2 == k { 1.0 } else { 0.5 }).collect::<Vec<f64>>();
    let (mut a, mut b) = (start(0), start(1));
    for _ in 0..500 {
        (a, b) = (times(&a), times(&b));
        normalise(&mut a);
        let along = dot(&a, &b);
        b.iter_mut().zip(&a).for_each(|(b, a)| *b -= along * a);
        normalise(&mut b);
    }
    for v in [&mut a, &mut b] {
        let largest = v.iter().copied().fold(0.0, |m: f64, x| if x.abs() > m.abs() { x } else { m });
        v.iter_mut().for_each(|x| *x *= largest.signum());
    }
    let total: f64 = (0..width).map(|i| covariance[i * width + i]).sum();
    let share = |v: &[f64]| if total > 0.0 { dot(v, &times(v)) / total } else { 0.0 };
    Plane {
        points: centred.iter().map(|row| (dot(row, &a), dot(row, &b))).collect(),
        shares: [share(&a), share(&b)],
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn normalise(v: &mut [f64]) {
    let norm = dot(v, v).sqrt();
    if norm > 0.0 {
        v.iter_mut().for_each(|x| *x /= norm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plane_is_that_of_the_largest_spread() {
        // Around (7, 8, 9): a spread of 5 along (0, 3, 4), of 2 along (1, 0, 0), and little along
        // the rest.
        let mut rows = Vec::new();
        for (s, t, u) in [(1.0, 1.0, 1.0), (1.0, -1.0, -1.0), (-1.0, 1.0, -1.0), (-1.0, -1.0, 1.0)] {
            rows.extend([7.0 + 2.0 * t, 8.0 + 3.0 * s - 0.08 * u, 9.0 + 4.0 * s + 0.06 * u]);
        }
        let plane = principal_plane(&rows, 4);
        for (point, expected) in plane.points.iter().zip([(5.0, 2.0), (5.0, -2.0), (-5.0, 2.0), (-5.0, -2.0)])
        {
            assert!((point.0 - expected.0).abs() < 1e-5 && (point.1 - expected.1).abs() < 1e-5, "{point:?}");
        }
        assert!(
            (plane.shares[0] - 25.0 / 29.01).abs() < 1e-5 && (plane.shares[1] - 4.0 / 29.01).abs() < 1e-5
        );
    }
}
