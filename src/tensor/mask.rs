//! Masks of attention: the keys that each query sees.

use std::sync::Arc;

/// The keys that each query sees: those that all conditions of the mask allow.
///
/// Queries and keys are aligned at the end, so the last query belongs to the last key. If there are
/// n queries and n keys, query i belongs to key i. A query that sees no key has attention 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mask {
    causal: bool,
    lengths: Option<Arc<[usize]>>,
    allowed: Option<Arc<[bool]>>,
}

impl Mask {
    /// Every query sees every key.
    pub fn none() -> Self {
        Self::default()
    }

    /// A query sees its own key and those before it.
    pub fn causal() -> Self {
        Self { causal: true, ..Self::default() }
    }

    /// Only the first `lengths[n]` keys of example n are seen. The rest is padding, which is never
    /// read, so it may hold any values.
    pub fn lengths(lengths: impl Into<Arc<[usize]>>) -> Self {
        Self { lengths: Some(lengths.into()), ..Self::default() }
    }

    /// A query sees the keys for which `allowed` is true: `[queries, keys]` or
    /// `[batch, queries, keys]` in row-major order. The weight of the other keys is exactly 0, but
    /// they are read: infinity or NaN in them spreads to the result.
    pub fn allowing(allowed: impl Into<Arc<[bool]>>) -> Self {
        Self { allowed: Some(allowed.into()), ..Self::default() }
    }

    /// The combined mask: a key is seen if both masks allow it.
    pub fn and(self, other: Self) -> Self {
        Self {
            causal: self.causal || other.causal,
            lengths: both(self.lengths, other.lengths, usize::min),
            allowed: both(self.allowed, other.allowed, |a, b| a && b),
        }
    }

    /// Whether a query of an example sees a key, given the numbers of queries and keys.
    pub fn sees(&self, example: usize, query: usize, key: usize, queries: usize, keys: usize) -> bool {
        key < self.end(example, query, queries, keys)
            && self.allowed_keys(example, query, queries, keys).is_none_or(|allowed| allowed[key])
    }

    /// The index of the first key from which on the query sees none, by causality and length.
    pub(super) fn end(&self, example: usize, query: usize, queries: usize, keys: usize) -> usize {
        let length = self.lengths.as_ref().map_or(keys, |lengths| lengths[example].min(keys));
        if self.causal { length.min((query + 1 + keys).saturating_sub(queries)) } else { length }
    }

    /// For each key, whether [`allowing`](Self::allowing) lets a query see it; `None` without that
    /// condition.
    pub(super) fn allowed_keys(
        &self,
        example: usize,
        query: usize,
        queries: usize,
        keys: usize,
    ) -> Option<&[bool]> {
        let allowed = self.allowed.as_ref()?;
        let example = if allowed.len() == queries * keys { 0 } else { example };
        Some(&allowed[(example * queries + query) * keys..][..keys])
    }

    /// Checks that the mask fits the numbers of examples, queries and keys.
    pub(crate) fn check(&self, batch: usize, queries: usize, keys: usize) -> Result<(), String> {
        if let Some(lengths) = self.lengths.as_ref().filter(|lengths| lengths.len() != batch) {
            return Err(format!("the mask has {} lengths for {batch} examples", lengths.len()));
        }
        let fits = |len: usize| len == queries * keys || len == batch * queries * keys;
        if let Some(allowed) = self.allowed.as_ref().filter(|allowed| !fits(allowed.len())) {
            let len = allowed.len();
            return Err(format!(
                "the mask has {len} elements, not {queries} x {keys} or {batch} x {queries} x {keys}"
            ));
        }
        Ok(())
    }
}

/// Two lists combined element by element. The shorter one is a table for all examples and is
/// repeated.
fn both<T: Copy>(a: Option<Arc<[T]>>, b: Option<Arc<[T]>>, f: fn(T, T) -> T) -> Option<Arc<[T]>> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let pairs = a.iter().cycle().zip(b.iter().cycle());
            Some(pairs.take(a.len().max(b.len())).map(|(a, b)| f(*a, *b)).collect())
        }
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_causal_query_sees_itself_and_earlier_keys() {
        let seen = |queries: usize, keys: usize| -> Vec<String> {
            let row = |i| (0..keys).map(|j| Mask::causal().sees(0, i, j, queries, keys)).collect::<Vec<_>>();
            (0..queries).map(|i| row(i).iter().map(|&s| if s { '1' } else { '0' }).collect()).collect()
        };
        assert_eq!(seen(3, 3), ["100", "110", "111"]);
        assert_eq!(seen(1, 3), ["111"], "a new token sees all earlier ones");
        assert_eq!(seen(3, 2), ["00", "10", "11"], "the first of more queries than keys sees none");
    }

    #[test]
    fn conditions_are_combined() {
        let mask =
            Mask::causal().and(Mask::lengths([1, 3])).and(Mask::allowing([true, true, false].repeat(3)));
        let seen =
            |example, query| (0..3).filter(|&j| mask.sees(example, query, j, 3, 3)).collect::<Vec<_>>();
        assert_eq!((seen(0, 2), seen(1, 0), seen(1, 2)), (vec![0], vec![0], vec![0, 1]));
        let for_all = Mask::allowing([true, true, false, true]);
        let mask = for_all.and(Mask::allowing([[true; 4], [false, true, true, false]].concat()));
        assert_eq!(mask, Mask::allowing([true, true, false, true, false, true, false, false]));
        assert_eq!(Mask::lengths([1, 3]).and(Mask::lengths([2, 2])), Mask::lengths([1, 2]));
    }

    #[test]
    fn a_mask_that_does_not_fit_says_why() {
        let error = Mask::lengths([1, 2]).check(3, 4, 4).unwrap_err();
        assert_eq!(error, "the mask has 2 lengths for 3 examples");
        let error = Mask::allowing([true; 6]).check(2, 2, 2).unwrap_err();
        assert_eq!(error, "the mask has 6 elements, not 2 x 2 or 2 x 2 x 2");
    }
}
