//! The error function, its complement, and the integral of the normal distribution.

use super::exp::{reduce, reduce_sum, rest_of_exp};
use super::float::polynomial;
use super::{Float, at_most};
use crate::simd::Isa;

/// `x + x P(x^2)` near 0, `1 - e^Q(|x|)` elsewhere, where an error of the exponential is small beside 1.
#[inline(always)]
pub(crate) fn erf<I: Isa, T: Float>(x: T) -> T {
    let size = at_most(x.size(), T::ERF_HIGH);
    // The first term last: fewer roundings of numbers as large as the sum.
    let logarithm = polynomial::<I, T>(size, &T::ERF_FAR[1..]).fused::<I>(size, T::ERF_FAR[0]);
    let (shifted, r) = reduce::<I, T>(logarithm);
    let power = T::power(shifted);
    let far = (-power).fused::<I>(rest_of_exp::<I, T>(r), T::ONE - power).signed_as(x);
    if x.size() < T::ONE { near::<I, T>(x) } else { far }
}

/// `1 - erf(x)` near 0, elsewhere `e^(-x^2) P / (x + a)`, and 2 less it below 0. `P` is a polynomial in
/// `x / (x + a) - 1 / 2`, which leaves it smooth up to infinity. What the sums and products before the exponential lose in
/// rounding is made up for.
///
/// (Shepherd and Laframboise, *Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity*, 1981.)
#[inline(always)]
pub(crate) fn erfc<I: Isa, T: Float>(x: T) -> T {
    let size = at_most(x.size(), T::ERFC_HIGH);
    let sum = size + T::ERFC_POLE;
    let inverse = T::ONE / sum;
    let q = size.fused::<I>(inverse, -T::HALF);
    // The first terms are added last, and what the two largest sums lose in rounding is kept.
    let others = polynomial::<I, T>(q, &T::ERFC[3..]).fused::<I>(q, T::ERFC[2]);
    let second = others.fused::<I>(q, T::ERFC[1]);
    let second_low = others.fused::<I>(q, T::ERFC[1] - second);
    let p = second.fused::<I>(q, T::ERFC[0]);
    let p_low = second_low.fused::<I>(q, second.fused::<I>(q, T::ERFC[0] - p));
    let scaled = if I::FMA { p * inverse } else { p / sum };
    let low = if I::FMA { p.fused::<I>(inverse, -scaled) } else { T::ZERO };
    let low = p_low.fused::<I>(inverse, low);
    let (power, rest) = gaussian::<I, T>(size, -size);
    let tail = (scaled + scaled.fused::<I>(rest, low)) * power * T::DROP;
    let far = if x < T::ZERO { T::TWO - tail } else { tail };
    if x.size() < T::ERFC_NEAR { T::ONE - near::<I, T>(x) } else { far }
}

/// `x Phi(x)` with `Phi` the integral of the normal distribution: `-|x| Phi(-|x|)`, and `x` more above 0.
///
/// With `g = |x| / (|x| + b)` that is `-g P(g - 1 / 2) e^(-x^2 / 2)`, in the manner of [`erfc`].
#[inline(always)]
pub(crate) fn gelu<I: Isa, T: Float>(x: T) -> T {
    let size = at_most(x.size(), T::GELU_LOW);
    let g = size / (size + T::GELU_POLE);
    let (power, rest) = gaussian::<I, T>(size, -T::HALF * size);
    let scaled = polynomial::<I, T>(g - T::HALF, T::GELU) * (power * g);
    let tail = scaled.fused::<I>(rest, scaled);
    // A zero of the sign of x, and NaN for negative infinity.
    let above = if x.is_negative() { x * T::ZERO } else { x };
    tail.fused::<I>(-T::DROP, above)
}

/// `erf(x)` for `|x| < 1`
#[inline(always)]
fn near<I: Isa, T: Float>(x: T) -> T {
    x.fused::<I>(polynomial::<I, T>(x * x, T::ERF), x)
}

/// The `(2^k, e^r - 1)` of `e^(x y) = 2^k e^r`, the first times that of [`Float::LIFT`]. Of the product two parts are
/// needed: the exponential multiplies its error by its size.
#[inline(always)]
fn gaussian<I: Isa, T: Float>(x: T, y: T) -> (T, T) {
    let (high, low) = product::<I, T>(x, y);
    let (shifted, r) = reduce_sum::<I, T>(high, low);
    (T::lifted_power(shifted), rest_of_exp::<I, T>(r))
}

/// The product, and what it lost in rounding.
#[inline(always)]
fn product<I: Isa, T: Float>(x: T, y: T) -> (T, T) {
    if I::FMA {
        let high = x * y;
        return (high, x.fused::<I>(y, -high));
    }
    let (upper, upper_y) = (x.upper(), y.upper());
    (upper * upper_y, (x - upper) * y + upper * (y - upper_y))
}
