//! Sine and cosine.

use std::f32::consts::FRAC_2_PI;

use super::{polynomial, round_product};
use crate::tensor::kernels::dispatch::vectorised;

/// Up to 2^17 the argument is reduced with three terms of pi/2; beyond, see [`far_sin`].
const FAR: f32 = 131072.0;

/// Whether an argument needs the slow function; infinity and NaN do.
#[inline(always)]
pub(super) fn is_far(x: f32) -> bool {
    x.is_nan() || x.abs() > FAR
}

/// x reduced by n quarter turns: r + rest in about [-pi/4, pi/4], where `rest` is the rounding
/// error of r (Cody & Waite 1980, chapter 8).
#[derive(Clone, Copy)]
struct Reduced {
    r: f32,
    rest: f32,
    quarter_turns: i32,
}

#[inline(always)]
fn reduce(x: f32) -> Reduced {
    let (n, quarter_turns) = round_product(x, FRAC_2_PI);
    // This is exact: a multiple of 2^-24 below 1.
    let first = n.mul_add(-1.5707964, x);
    // The second term and the sum, each with its rounding error (Dekker 1971, Knuth's two-sum).
    let second = n * 4.371139e-08;
    let second_rest = n.mul_add(4.371139e-08, -second);
    let r = first + second;
    let part = r - first;
    let sum_rest = (first - (r - part)) + (second - part);
    let rest = n.mul_add(1.7151245e-15, sum_rest + second_rest);
    Reduced { r, rest, quarter_turns }
}

/// The sine of a reduced argument, its quarter turns and `more` quarter turns.
#[inline(always)]
fn sin_after(Reduced { r, rest, quarter_turns }: Reduced, more: i32) -> f32 {
    let square = r * r;
    let p = polynomial(square, [-0.16666667, 0.008333329, -0.0001983933, 2.7182741e-06]);
    let sin = (r * square).mul_add(p, rest) + r;
    let q = polynomial(square, [0.041666668, -0.0013888883, 2.4799516e-05, -2.7209887e-07]);
    let small = (square * square).mul_add(q, -r * rest);
    // 1 - r²/2 in two parts, since its rounding error matters.
    let half = 0.5 * square;
    let high = 1.0 - half;
    let cos = high + ((1.0 - high) - half + small);
    let quarter_turns = quarter_turns.wrapping_add(more);
    let y = if quarter_turns & 1 == 0 { sin } else { cos };
    if quarter_turns & 2 == 0 { y } else { -y }
}

/// sin(x) for |x| <= 2^17
#[inline(always)]
pub(super) fn sin(x: f32) -> f32 {
    // The sums would lose the sign of zero.
    if x == 0.0 { x } else { sin_after(reduce(x), 0) }
}

/// cos(x) for |x| <= 2^17
#[inline(always)]
pub(super) fn cos(x: f32) -> f32 {
    sin_after(reduce(x), 1)
}

/// sin(x) for any x, with `libm`'s reduction, which uses as many bits of pi as x needs (Payne &
/// Hanek 1983).
#[cold]
pub(super) fn far_sin(x: f32) -> f32 {
    libm::sin(f64::from(x)) as f32
}

/// cos(x) for any x.
#[cold]
pub(super) fn far_cos(x: f32) -> f32 {
    libm::cos(f64::from(x)) as f32
}

/// out_i = near(x_i), or far(x_i) where needed.
#[inline(always)]
pub(super) fn slice(x: &[f32], out: &mut [f32], near: impl Fn(f32) -> f32, far: fn(f32) -> f32) {
    debug_assert_eq!(x.len(), out.len());
    vectorised(
        #[inline(always)]
        || {
            let mut some_far = false;
            for (y, &x) in out.iter_mut().zip(x) {
                *y = near(x);
                some_far |= is_far(x);
            }
            if some_far {
                out.iter_mut().zip(x).filter(|(_, x)| is_far(**x)).for_each(|(y, &x)| *y = far(x));
            }
        },
    );
}
