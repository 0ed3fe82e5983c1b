//! Exponentials, and what is made of them.

use super::float::polynomial;
use super::{Float, clamp};
use crate::simd::Isa;

/// `e^x = 2^k e^r` with `x = k ln 2 + r`, `|r| <= ln(2) / 2`.
#[inline(always)]
pub(crate) fn exp<I: Isa, T: Float>(x: T) -> T {
    let x = clamp(x, T::EXP_RANGE.0, T::EXP_RANGE.1);
    let (shifted, r) = reduce::<I, T>(x);
    let (first, second) = T::powers(shifted);
    (T::ONE + expm1_of_rest::<I, T>(r)) * first * second
}

/// `e^x - 1 = 2^k (e^r - 1) + (2^k - 1)`
#[inline(always)]
pub(crate) fn expm1<I: Isa, T: Float>(x: T) -> T {
    let (shifted, r) = reduce::<I, T>(clamp(x, T::EXPM1_LOW, T::EXP_RANGE.1));
    // Half of everything, since 2^k can be too large where the result is not.
    let half = T::power(shifted - T::ONE);
    let y = half.fused::<I>(expm1_of_rest::<I, T>(r), half - T::HALF) * T::TWO;
    if x.size() < T::TINY { x } else { y }
}

/// `t = d / (d + 2)` with `d = e^2x - 1`, and `1 - 2 / (d + 2)` where that loses nothing.
///
/// What `d + 2` lost in rounding is made up for, by the derivative `-t / (d + 2) = -t (1 - t) / 2`.
#[inline(always)]
pub(crate) fn tanh<I: Isa, T: Float>(x: T) -> T {
    let size = clamp(x.size(), T::ZERO, T::TANH_HIGH);
    let (shifted, r) = reduce::<I, T>(size + size);
    let (power, rest) = (T::power(shifted), expm1_of_rest::<I, T>(r));
    let d = power.fused::<I>(rest, power - T::ONE);
    let sum = d + T::TWO;
    let lost = d - (sum - T::TWO);
    let large = shifted > T::ROUND + T::ONE;
    let t = (if large { T::TWO } else { d }) / sum;
    let complement = T::ONE - t;
    let y = if large { complement } else { (t * lost * T::HALF).fused::<I>(-complement, t) };
    y.signed_as(x)
}

/// `1 / (1 + e^-x)`, and `y = e^x / (1 + e^x)` below 0, where what the two terms of the sum lost in rounding is made up
/// for, by the derivative `y (1 - y)`.
#[inline(always)]
pub(crate) fn sigmoid<I: Isa, T: Float>(x: T) -> T {
    let (shifted, r) = reduce::<I, T>(clamp(-x.size(), T::EXP_RANGE.0, T::ZERO));
    let rest = expm1_of_rest::<I, T>(r);
    let (first, second) = T::powers(shifted);
    let significand = T::ONE + rest;
    let lost = rest - (significand - T::ONE);
    let small = significand * first * second;
    let sum = T::ONE + small;
    let lost = lost - (small - (sum - T::ONE));
    let y = (if x < T::ZERO { small } else { T::ONE }) / sum;
    if x < T::ZERO { (y * lost).fused::<I>(T::ONE - y, y) } else { y }
}

/// The `(k + ROUND, r)` of `x = k ln 2 + r`.
#[inline(always)]
pub(super) fn reduce<I: Isa, T: Float>(x: T) -> (T, T) {
    let shifted = x.fused::<I>(T::LOG2_E, T::ROUND);
    let k = T::ROUND - shifted;
    (shifted, k.fused::<I>(T::LN2.1, k.fused::<I>(T::LN2.0, x)))
}

/// The same of `x + low` as an exact sum.
#[inline(always)]
pub(super) fn reduce_sum<I: Isa, T: Float>(x: T, low: T) -> (T, T) {
    let shifted = (x + low).fused::<I>(T::LOG2_E, T::ROUND);
    let k = T::ROUND - shifted;
    (shifted, k.fused::<I>(T::LN2.1, k.fused::<I>(T::LN2.0, x) + low))
}

/// `e^r - 1`
#[inline(always)]
pub(super) fn expm1_of_rest<I: Isa, T: Float>(r: T) -> T {
    (r * r).fused::<I>(polynomial::<I, T>(r, T::EXP), r)
}
