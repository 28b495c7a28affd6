//! Clusters of pictures that are found without labels, and a learned value for each cluster.

use std::array;

use super::features::rows;
use super::fit::Scorer;
use super::hog::LENGTH;
use crate::assignments::mnist::problem::CLASSES;
use crate::autodiff::Algebra;
use crate::nn::{Pass, parameters};
use crate::parallel;
use crate::random::{Purpose, Stream};
use crate::tensor::Tensor;

/// The number of clusters.
pub(crate) const GROUPS: usize = 10;
/// The number of neighbours that a picture is joined with.
const NEIGHBOURS: usize = 10;
/// The number of steps of the orthogonal iteration.
const ITERATIONS: usize = 1200;
/// The number of steps after which the columns are orthonormalised again.
const ORTHOGONAL_EVERY: usize = 10;
/// The number of random starts of k-means.
const RESTARTS: usize = 8;
/// The number of steps of k-means.
const STEPS: usize = 50;
/// The number of queries whose similarities are computed at a time.
const CHUNK: usize = 250;

/// A point of the embedding.
type Point = [f64; GROUPS];

/// Pictures in clusters.
pub(crate) struct Clusters<'d> {
    pictures: &'d Tensor,
    group: Vec<usize>,
}

impl<'d> Clusters<'d> {
    /// Spectral clustering (Ng, Jordan & Weiss 2002) of unit vectors `[n, 392]`.
    ///
    /// Each picture is joined with its nearest neighbours by angle. A is the matrix of the numbers
    /// of joins between two pictures, and D the diagonal matrix of the number of joins of each
    /// picture. The rows of the ten leading eigenvectors of D^-½ A D^-½, scaled to length 1, are
    /// clustered by k-means.
    pub fn new(pictures: &'d Tensor, seed: u64) -> Self {
        let n = pictures.shape()[0];
        let mut joined = vec![Vec::new(); n];
        for (i, nearest) in nearest(pictures, pictures, NEIGHBOURS + 1).iter().enumerate() {
            for &j in nearest.iter().filter(|&&j| j != i).take(NEIGHBOURS) {
                joined[i].push(j);
                joined[j].push(i);
            }
        }
        let points = embedding(&joined, &mut Stream::at(seed, Purpose::Init, 1, 0));
        let tries = parallel::indices(RESTARTS, |i| {
            k_means(&points, &mut Stream::at(seed, Purpose::Init, 2, i as u64))
        });
        let best = tries.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).expect("at least one start");
        Self { pictures, group: best.1 }
    }

    /// The cluster of each picture, one-hot: `[n, 10]`.
    pub fn own(&self) -> Tensor {
        indicators(&self.group)
    }

    /// The most frequent cluster among the nearest neighbours of each picture, one-hot: `[n, 10]`.
    pub fn by_neighbours(&self, pictures: &Tensor) -> Tensor {
        let vote = |nearest: &Vec<usize>| {
            let mut votes = [0; GROUPS];
            nearest.iter().for_each(|&i| votes[self.group[i]] += 1);
            (1..GROUPS).fold(0, |best, k| if votes[k] > votes[best] { k } else { best })
        };
        indicators(&nearest(pictures, self.pictures, NEIGHBOURS).iter().map(vote).collect::<Vec<_>>())
    }

    /// The mean of each cluster: `[10, 392]`.
    pub fn means(&self) -> Tensor {
        let own = self.own();
        let counts = own.sum_over(&[0]).reshape(&[GROUPS, 1]);
        own.product(self.pictures, true, false) / &counts.maximum(&Tensor::ones(&[1, 1]))
    }
}

/// The nearest mean by Euclidean distance, one-hot: `[n, 10]`.
pub(crate) fn by_means(means: &Tensor, pictures: &Tensor) -> Tensor {
    let squares = means.powi(2).sum_over(&[1]) * 0.5;
    let scores = pictures.product(means, false, true) - &squares;
    let best = |row: &[f32]| (1..GROUPS).fold(0, |best, k| if row[k] > row[best] { k } else { best });
    indicators(&scores.as_slice().chunks_exact(GROUPS).map(best).collect::<Vec<_>>())
}

fn indicators(groups: &[usize]) -> Tensor {
    let mut values = vec![0.0; groups.len() * GROUPS];
    groups.iter().enumerate().for_each(|(i, group)| values[i * GROUPS + group] = 1.0);
    rows(GROUPS, values)
}

/// The indices of the `count` stored rows with the largest inner products with each query, largest
/// first.
fn nearest(queries: &Tensor, stored: &Tensor, count: usize) -> Vec<Vec<usize>> {
    let n = stored.shape()[0];
    let pick = |similarities: &[f32]| {
        let mut best: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
        for (i, &similarity) in similarities.iter().enumerate() {
            if best.len() < count || similarity > best[count - 1].0 {
                let rank = best.partition_point(|(other, _)| *other >= similarity);
                best.insert(rank, (similarity, i));
                best.truncate(count);
            }
        }
        best.into_iter().map(|(_, i)| i).collect()
    };
    let chunks = parallel::chunks(queries.as_slice(), CHUNK * LENGTH, |chunk| {
        let similarities = rows(LENGTH, chunk.to_vec()).product(stored, false, true);
        similarities.as_slice().chunks_exact(n).map(pick).collect::<Vec<_>>()
    });
    chunks.concat()
}

/// The rows of the leading eigenvectors of D^-½ A D^-½, scaled to length 1, up to a rotation, by
/// orthogonal iteration (Golub & Van Loan 2013, section 8.2.4). The rotation does not change the
/// result of k-means.
fn embedding(joined: &[Vec<usize>], stream: &mut Stream) -> Vec<Point> {
    let roots: Vec<f64> = joined.iter().map(|joined| (joined.len() as f64).sqrt().max(1.0)).collect();
    let mut points: Vec<Point> = joined.iter().map(|_| array::from_fn(|_| stream.normal())).collect();
    for step in 0..ITERATIONS {
        if step.is_multiple_of(ORTHOGONAL_EVERY) {
            orthonormalise(&mut points);
        }
        let row = |i: usize| {
            let mut sum = [0.0; GROUPS];
            for &j in &joined[i] {
                let weight = 1.0 / (roots[i] * roots[j]);
                (0..GROUPS).for_each(|k| sum[k] += weight * points[j][k]);
            }
            sum
        };
        let all: Vec<usize> = (0..joined.len()).collect();
        points =
            parallel::chunks(&all, CHUNK, |part| part.iter().map(|&i| row(i)).collect::<Vec<_>>()).concat();
    }
    orthonormalise(&mut points);
    for point in &mut points {
        let norm = point.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        point.iter_mut().for_each(|x| *x /= norm);
    }
    points
}

/// Orthonormalises the columns by the modified Gram-Schmidt process.
fn orthonormalise(points: &mut [Point]) {
    for k in 0..GROUPS {
        for earlier in 0..k {
            let along: f64 = points.iter().map(|p| p[k] * p[earlier]).sum();
            points.iter_mut().for_each(|p| p[k] -= along * p[earlier]);
        }
        let norm = points.iter().map(|p| p[k] * p[k]).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        points.iter_mut().for_each(|p| p[k] /= norm);
    }
}

fn squared_distance(a: &Point, b: &Point) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// K-means by Lloyd's algorithm. The initial centres are drawn one after another with probabilities
/// proportional to the squared distance to the nearest earlier one (k-means++, Arthur &
/// Vassilvitskii 2007). Returns the sum of squared distances, and the cluster of each point.
fn k_means(points: &[Point], stream: &mut Stream) -> (f64, Vec<usize>) {
    let mut centres = vec![points[stream.below(points.len())]];
    while centres.len() < GROUPS {
        let squares: Vec<f64> = points.iter().map(|p| closest(p, &centres).0).collect();
        let mut left = stream.uniform() * squares.iter().sum::<f64>();
        let drawn = squares.iter().position(|square| {
            left -= square;
            left < 0.0
        });
        centres.push(points[drawn.unwrap_or(points.len() - 1)]);
    }
    for _ in 0..STEPS {
        let mut sums = vec![([0.0; GROUPS], 0.0_f64); GROUPS];
        for point in points {
            let (sum, count) = &mut sums[closest(point, &centres).1];
            sum.iter_mut().zip(point).for_each(|(sum, x)| *sum += x);
            *count += 1.0;
        }
        for (centre, (sum, count)) in centres.iter_mut().zip(&sums).filter(|(_, (_, count))| *count > 0.0) {
            *centre = sum.map(|x| x / count);
        }
    }
    let closest: Vec<(f64, usize)> = points.iter().map(|p| closest(p, &centres)).collect();
    (closest.iter().map(|c| c.0).sum(), closest.iter().map(|c| c.1).collect())
}

/// The squared distance to the closest centre, and its index.
fn closest(point: &Point, centres: &[Point]) -> (f64, usize) {
    let distances = centres.iter().enumerate().map(|(k, centre)| (squared_distance(point, centre), k));
    distances.min_by(|a, b| a.0.total_cmp(&b.0)).expect("at least one centre")
}

/// A learned value s_g for each cluster g, close to the digit that its pictures show.
///
/// The logit of class k is -3 sqrt((s_g - k)² + 0.1). For a cluster with several digits, the best
/// value is near their median. `x: [n, 10]`, one-hot. All values are initialised from N(4.5, 0.5²).
#[derive(Clone, Debug)]
pub(crate) struct Values<A = Tensor> {
    values: A,
}

impl Values {
    /// Random values.
    pub fn new(stream: &mut Stream) -> Self {
        Self { values: Tensor::from_fn(&[GROUPS, 1], || (4.5 + 0.5 * stream.normal()) as f32) }
    }
}

parameters!(Values { values });

impl Scorer for Values {
    fn logits<A: Algebra<Elem = f32>>(head: &Values<A>, x: &A, pass: &Pass<A>) -> A {
        let digits: Vec<f32> = (0..CLASSES as u8).map(f32::from).collect();
        let off = x.matmul(&head.values) - &pass.constant(Tensor::vector(&digits));
        (off.powi(2) + 0.1).sqrt() * -3.0
    }
}

#[cfg(test)]
mod tests;
