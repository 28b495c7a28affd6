//! Scaled dot-product attention (Vaswani et al. 2017, equation 1), a tile of queries at a time.
//!
//! A tile's weights are computed, used and dropped; the gradient computes them again (Dao et al.
//! 2022). So memory grows with the number of keys, not with its square. Heads are blocks of columns
//! and are read without copying them. The bits of a query's result depend neither on the tile that
//! the query is in, nor on keys that it does not see.

use super::dispatch::vectorised;
use super::matmul::Matrix;
use super::reduce::{max_row, sum_row};
use crate::tensor::{Elementary, Float, Mask, Tensor};

/// The number of queries that are computed together.
const TILE: usize = 64;

/// The extents of q: `[batch, queries, heads * width]`, k: `[batch, keys, kv_heads * width]` and
/// v: `[batch, keys, kv_heads * value_width]`, and the scale and mask of the weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<'m> {
    batch: usize,
    queries: usize,
    keys: usize,
    heads: usize,
    kv_heads: usize,
    width: usize,
    value_width: usize,
    scale: f64,
    mask: &'m Mask,
}

/// Some queries of one head of one example.
#[derive(Clone, Copy)]
struct Tile {
    example: usize,
    head: usize,
    /// The index of the first query, and the number of queries.
    first: usize,
    rows: usize,
    /// None of the queries sees a key from here on.
    end: usize,
}

impl<'m> Layout<'m> {
    /// The layout of inputs whose shapes have been checked.
    pub(crate) fn new(
        [q, k, v]: [&[usize]; 3],
        [heads, kv_heads]: [usize; 2],
        scale: f64,
        mask: &'m Mask,
    ) -> Self {
        let (width, value_width) = (q[2] / heads, v[2] / kv_heads);
        Self { batch: q[0], queries: q[1], keys: k[1], heads, kv_heads, width, value_width, scale, mask }
    }

    fn tiles(self) -> impl Iterator<Item = Tile> {
        let heads = (0..self.batch).flat_map(move |example| (0..self.heads).map(move |head| (example, head)));
        heads.flat_map(move |(example, head)| {
            (0..self.queries).step_by(TILE).map(move |first| {
                let rows = TILE.min(self.queries - first);
                let end = |query| self.mask.end(example, query, self.queries, self.keys);
                let end = (first..first + rows).map(end).max().unwrap_or(0);
                Tile { example, head, first, rows, end }
            })
        })
    }

    /// The index of a tile's first element in q, or in a tensor of the same shape, for heads of the
    /// given width.
    fn query(self, tile: Tile, width: usize) -> usize {
        ((tile.example * self.queries + tile.first) * self.heads + tile.head) * width
    }

    /// The index of the first key's first element in k or v, for heads of the given width.
    fn key(self, tile: Tile, width: usize) -> usize {
        (tile.example * self.keys * self.kv_heads + tile.head * self.kv_heads / self.heads) * width
    }

    /// The rows of a tile in q, or in a tensor of the same shape.
    fn rows<F>(self, x: &[F], tile: Tile, width: usize) -> Matrix<'_, F> {
        Matrix::block(&x[self.query(tile, width)..], tile.rows, width, self.heads * width)
    }

    /// The keys or values up to the tile's `end`.
    fn seen<F>(self, x: &[F], tile: Tile, width: usize) -> Matrix<'_, F> {
        Matrix::block(&x[self.key(tile, width)..], tile.end, width, self.kv_heads * width)
    }

    /// The weights of a tile's queries for the keys up to `end`: softmax(scale q kᵀ) over the keys
    /// that they see, 0 elsewhere.
    fn weights<F: Float>(self, q: &[F], k: &[F], tile: Tile, weights: &mut [F]) {
        let Tile { end, .. } = tile;
        F::gemm(
            self.rows(q, tile, self.width),
            self.seen(k, tile, self.width).transposed(),
            F::ZERO,
            weights,
            end,
        );
        let scale = F::from_f64(self.scale);
        for (row, query) in weights.chunks_exact_mut(end).zip(tile.first..) {
            let (seen, hidden) =
                row.split_at_mut(self.mask.end(tile.example, query, self.queries, self.keys));
            hidden.fill(F::ZERO);
            if seen.is_empty() {
                continue;
            }
            vectorised(
                #[inline(always)]
                || seen.iter_mut().for_each(|x| *x = *x * scale),
            );
            if let Some(allowed) = self.mask.allowed_keys(tile.example, query, self.queries, self.keys) {
                for (x, _) in seen.iter_mut().zip(allowed).filter(|(_, allowed)| !**allowed) {
                    *x = F::NEG_INFINITY;
                }
                if seen.iter().all(|x| *x == F::NEG_INFINITY) {
                    seen.fill(F::ZERO);
                    continue;
                }
            }
            vectorised(
                #[inline(always)]
                || {
                    let max = max_row(seen);
                    seen.iter_mut().for_each(|x| *x = Elementary::exp(*x - max));
                    let scale = F::ONE / sum_row(seen);
                    seen.iter_mut().for_each(|x| *x = *x * scale);
                },
            );
        }
    }
}

/// softmax(scale q kᵀ) v in each head: `[batch, queries, heads * value_width]`.
pub(crate) fn attention<F: Float>(
    [q, k, v]: [&Tensor<F>; 3],
    layout: Layout<'_>,
    shape: &[usize],
) -> Tensor<F> {
    let [q, k, v] = [q, k, v].map(Tensor::as_slice);
    let step = layout.heads * layout.value_width;
    let mut buffer = vec![F::ZERO; TILE.min(layout.queries) * layout.keys];
    Tensor::build(shape, |out| {
        for tile in layout.tiles() {
            let out = &mut out[layout.query(tile, layout.value_width)..];
            if tile.end == 0 {
                out.chunks_mut(step).take(tile.rows).for_each(|row| row[..layout.value_width].fill(F::ZERO));
                continue;
            }
            let weights = &mut buffer[..tile.rows * tile.end];
            layout.weights(q, k, tile, weights);
            let weights = Matrix::block(weights, tile.rows, tile.end, tile.end);
            F::gemm(weights, layout.seen(v, tile, layout.value_width), F::ZERO, out, step);
        }
    })
}

/// The gradients of [`attention`] in q, k and v, concatenated in one row, from the gradient g of
/// the result.
///
/// In each head, with weights P: dv = Pᵀ g; with dP = g vᵀ and
/// dS = P (dP - sum over keys of P dP): dq = scale dS k and dk = scale dSᵀ q.
pub(crate) fn attention_gradient<F: Float>(
    [q, k, v, g]: [&Tensor<F>; 4],
    layout: Layout<'_>,
    shape: &[usize],
) -> Tensor<F> {
    let lens = [q.len(), k.len()];
    let [q, k, v, g] = [q, k, v, g].map(Tensor::as_slice);
    let Layout { heads, kv_heads, width, value_width, .. } = layout;
    let scale = F::from_f64(layout.scale);
    let size = TILE.min(layout.queries) * layout.keys;
    let (mut weights, mut scores) = (vec![F::ZERO; size], vec![F::ZERO; size]);
    Tensor::build(shape, |out| {
        out.fill(F::ZERO);
        let (dq, rest) = out.split_at_mut(lens[0]);
        let (dk, dv) = rest.split_at_mut(lens[1]);
        for tile in layout.tiles().filter(|tile| tile.end > 0) {
            let size = tile.rows * tile.end;
            let (weights, scores) = (&mut weights[..size], &mut scores[..size]);
            layout.weights(q, k, tile, weights);
            let g = layout.rows(g, tile, value_width);
            F::gemm(g, layout.seen(v, tile, value_width).transposed(), F::ZERO, scores, tile.end);
            vectorised(
                #[inline(always)]
                || {
                    let rows = scores.chunks_exact_mut(tile.end).zip(weights.chunks_exact(tile.end));
                    for (scores, weights) in rows {
                        scores.iter_mut().zip(weights).for_each(|(s, &w)| *s = *s * w);
                        let sum = sum_row(scores);
                        for (s, &w) in scores.iter_mut().zip(weights) {
                            *s = (*s - w * sum) * scale;
                        }
                    }
                },
            );
            let matrix = |x| Matrix::block(x, tile.rows, tile.end, tile.end);
            let (weights, scores) = (matrix(&*weights), matrix(&*scores));
            let (query, key) = (layout.query(tile, width), layout.key(tile, width));
            F::gemm(scores, layout.seen(k, tile, width), F::ZERO, &mut dq[query..], heads * width);
            let q = layout.rows(q, tile, width);
            F::gemm(scores.transposed(), q, F::ONE, &mut dk[key..], kv_heads * width);
            let value = layout.key(tile, value_width);
            F::gemm(weights.transposed(), g, F::ONE, &mut dv[value..], kv_heads * value_width);
        }
    })
}
