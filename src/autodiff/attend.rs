//! Attention.

use std::sync::Arc;

use super::{Algebra, Heads, Op};
use crate::tensor::kernels::attention::Layout;
use crate::tensor::{Float as _, Shape, Tensor};

/// Attention for tensors and variables. The heads of queries q, keys k and values v are blocks of
/// columns (see [`Op::Attention`]).
///
/// # Panics
/// If shapes do not fit, as [`Algebra`]'s methods.
pub trait Attend: Algebra {
    /// Scaled dot-product attention, softmax(scale q kᵀ) v in each head (Vaswani et al. 2017,
    /// equation 1). A query's weights are 0 for the keys that it does not see; its result is 0 if
    /// it sees none.
    #[track_caller]
    fn attention([q, k, v]: [&Self; 3], heads: &Arc<Heads>) -> Self {
        Self::apply(Op::Attention(heads.clone()), &[q, k, v])
    }

    /// The gradients of [`attention`](Self::attention) with respect to q, k and v, given the
    /// gradient g of its result.
    #[track_caller]
    fn attention_gradient([q, k, v]: [&Self; 3], g: &Self, heads: &Arc<Heads>) -> [Self; 3] {
        let row = Self::apply(Op::AttentionGradient(heads.clone()), &[q, k, v, g]);
        unpack(&row, [q, k, v])
    }

    /// The weights softmax(scale q kᵀ), `[batch, heads, queries, keys]`, in plain operations.
    #[track_caller]
    fn attention_weights(q: &Self, k: &Self, heads: &Heads) -> Self {
        let [q, k] = [split(q, heads.count), repeat(&split(k, heads.kv_count), heads)];
        let scores = q.product(&k, false, true) * heads.scale;
        let [batch, count, queries, keys] = scores.shape()[..] else { unreachable!("there are four axes") };
        let sees = |n| {
            let each = move |i| (0..keys).map(move |j| heads.mask.sees(n, i, j, queries, keys));
            (0..count).flat_map(move |_| (0..queries).flat_map(each))
        };
        let mask: Arc<[bool]> = (0..batch).flat_map(sees).collect();
        let everywhere = |value: f64| {
            let value = Self::Elem::from_f64(value);
            Self::constant(q.context(), Tensor::full(&[batch, count, queries, keys], value))
        };
        // -1e30 is far below all scores but finite, so that a query that sees no key gets finite
        // weights, which the second mask sets to 0.
        let weights = scores.select(mask.clone(), &everywhere(-1e30)).softmax(3);
        weights.select(mask, &everywhere(0.0))
    }

    /// [`attention`](Self::attention) in plain operations. All weights are in memory at once.
    #[track_caller]
    fn attention_by_formula([q, k, v]: [&Self; 3], heads: &Heads) -> Self {
        Self::weigh(&Self::attention_weights(q, k, heads), v, heads)
    }

    /// The sums of the values v, weighted by `weights`: `[batch, heads, queries, keys]`.
    #[track_caller]
    fn weigh(weights: &Self, v: &Self, heads: &Heads) -> Self {
        merge(&weights.matmul(&repeat(&split(v, heads.kv_count), heads)))
    }

    /// The gradients with respect to q, k, v and g of the inner product of a row h and
    /// [`attention_gradient`](Self::attention_gradient). The row has a part for each of q, k and v.
    ///
    /// Let P be the weights, dP = g vᵀ and dS = J dP, where J u = P (u - sum over keys of P u) is
    /// the symmetric Jacobian of the softmax, and let H = scale (h_q kᵀ + q h_kᵀ). Then
    ///
    /// L = <h, gradient> = <H, J dP> + <P, g h_vᵀ>, so dL/d(dP) = W = J H, and dL/dP is
    /// E = H dP - m dP - r H + g h_vᵀ for m = sum P H and r = sum P dP over keys. Then
    /// dL/dg = W v + P h_v, dL/dv = Wᵀ g,
    /// dL/dq = scale ((J E) k + dS h_k), dL/dk = scale ((J E)ᵀ q + dSᵀ h_q).
    #[track_caller]
    fn attention_curvature([q, k, v]: [&Self; 3], g: &Self, h: &Self, heads: &Heads) -> [Self; 4] {
        let p = Self::attention_weights(q, k, heads);
        let mean = |u: &Self| (p.clone() * u).sum_keeping(&[3]);
        let jacobian = |u: &Self| p.clone() * &(u.clone() - &mean(u));
        let [h_q, h_k, h_v] = unpack(h, [q, k, v]);
        let [q, g, h_q] = [q, g, &h_q].map(|x| split(x, heads.count));
        let [k, v, h_k, h_v] = [k, v, &h_k, &h_v].map(|x| repeat(&split(x, heads.kv_count), heads));

        let scores = (h_q.product(&k, false, true) + &q.product(&h_k, false, true)) * heads.scale;
        let dp = g.product(&v, false, true);
        let ds = jacobian(&dp);
        let w = jacobian(&scores);
        let e =
            (scores.clone() - &mean(&scores)) * &dp - &(mean(&dp) * &scores) + &g.product(&h_v, false, true);
        let je = jacobian(&e);

        let shared = |x: Self| merge(&gather(&x, heads));
        [
            merge(&((je.matmul(&k) + &ds.matmul(&h_k)) * heads.scale)),
            shared((je.product(&q, true, false) + &ds.product(&h_q, true, false)) * heads.scale),
            shared(w.product(&g, true, false)),
            merge(&(w.matmul(&v) + &p.matmul(&h_v))),
        ]
    }
}

impl<A: Algebra> Attend for A {}

/// `[batch, tokens, heads * width]` to `[batch, heads, tokens, width]`.
fn split<A: Algebra>(x: &A, heads: usize) -> A {
    let [batch, tokens, columns] = x.shape()[..] else {
        panic!("attention: {:?} is not [batch, tokens, heads * width]", x.shape());
    };
    x.reshape(&[batch, tokens, heads, columns / heads]).permute(&[0, 2, 1, 3])
}

/// `[batch, heads, tokens, width]` to `[batch, tokens, heads * width]`.
fn merge<A: Algebra>(x: &A) -> A {
    let [batch, heads, tokens, width] = x.shape()[..] else { unreachable!("there are four axes") };
    x.permute(&[0, 2, 1, 3]).reshape(&[batch, tokens, heads * width])
}

/// Each head of keys or values, repeated once for every query head that shares it.
fn repeat<A: Algebra>(x: &A, heads: &Heads) -> A {
    if heads.count == heads.kv_count {
        return x.clone();
    }
    x.gather(1, (0..heads.count).map(|head| head * heads.kv_count / heads.count).collect::<Arc<[usize]>>())
}

/// The adjoint of [`repeat`]: the sums over the query heads that share a head of keys or values.
fn gather<A: Algebra>(x: &A, heads: &Heads) -> A {
    if heads.count == heads.kv_count {
        return x.clone();
    }
    let indices: Arc<[usize]> = (0..heads.count).map(|head| head * heads.kv_count / heads.count).collect();
    x.scatter_add(1, indices, heads.kv_count)
}

/// A row cut into parts that have the shapes of x.
fn unpack<A: Algebra>(row: &A, x: [&A; 3]) -> [A; 3] {
    let mut start = 0;
    x.map(|x| {
        let shape = x.shape();
        let end = start + shape.iter().product::<usize>();
        let part = row.narrow(0, start, end).reshape(&shape);
        start = end;
        part
    })
}

impl Heads {
    /// The layout of inputs of the given shapes.
    pub(super) fn layout(&self, x: &[&[usize]]) -> Layout<'_> {
        Layout::new([x[0], x[1], x[2]], [self.count, self.kv_count], self.scale, &self.mask)
    }
}

impl Op {
    /// [`Op::shape`] of attention and its gradient.
    pub(super) fn attention_shape(&self, x: &[&[usize]]) -> Result<Shape, String> {
        let (heads, gradient) = match self {
            Self::Attention(heads) => (heads, None),
            Self::AttentionGradient(heads) => (heads, Some(x[3])),
            _ => unreachable!("{} is not attention", self.name()),
        };
        let (count, kv_count) = (heads.count, heads.kv_count);
        if kv_count == 0 || count == 0 || !count.is_multiple_of(kv_count) {
            return Err(format!("{count} heads cannot share {kv_count} heads of keys and values"));
        }
        let extents = |i: usize, name: &str, heads: usize| match *x[i] {
            [batch, tokens, columns] if columns.is_multiple_of(heads) => Ok([batch, tokens, columns / heads]),
            _ => Err(format!("the {name} {:?} are not [batch, tokens, {heads} heads x width]", x[i])),
        };
        let [batch, queries, width] = extents(0, "queries", count)?;
        let [k_batch, keys, k_width] = extents(1, "keys", kv_count)?;
        let [v_batch, values, value_width] = extents(2, "values", kv_count)?;
        if [k_batch, v_batch] != [batch; 2] {
            return Err(format!("{:?}, {:?} and {:?} differ in axis 0, the batch", x[0], x[1], x[2]));
        }
        if keys != values {
            return Err(format!("there are {keys} keys but {values} values"));
        }
        if width != k_width {
            return Err(format!("the queries have width {width}, the keys {k_width}"));
        }
        heads.mask.check(batch, queries, keys)?;
        let result = [batch, queries, count * value_width];
        match gradient {
            None => Ok(result.as_slice().into()),
            Some(g) if *g == result => {
                let len = |x: &[usize]| x.iter().product::<usize>();
                Ok([len(x[0]) + len(x[1]) + len(x[2])].as_slice().into())
            }
            Some(g) => Err(format!("the gradient has shape {g:?}, not {result:?}")),
        }
    }
}
