//! The hyperbolic tangent.

use super::exp::exp;
use super::polynomial;

/// x + x³ p(x²) near 0; elsewhere 1 - 2 / (exp(2|x|) + 1) with the sign of x (Cody & Waite 1980,
/// chapter 13).
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let square = x * x;
    let p = polynomial(square, [-0.3333333, 0.1333321, -0.053947203, 0.021702966, -0.008182669, 0.002147533]);
    // `copysign`, since the sum loses the sign of zero.
    let near = (x * square).mul_add(p, x).copysign(x);
    let far = (1.0 - 2.0 / (exp(2.0 * x.abs()) + 1.0)).copysign(x);
    if x.abs() < 0.625 { near } else { far }
}
