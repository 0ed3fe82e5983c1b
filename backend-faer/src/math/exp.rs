//! Exponentials, and what is made of them.

use super::float::polynomial;
use super::{Float, at_most, clamp};
use crate::simd::Isa;

/// `e^x = 2^k e^r` with `x = k ln 2 + r`, `|r| <= ln(2) / 2`.
#[inline(always)]
pub(crate) fn exp<I: Isa, T: Float>(x: T) -> T {
    let x = clamp(x, T::EXP_RANGE.0, T::EXP_RANGE.1);
    let (shifted, r) = reduce::<I, T>(x);
    let (first, second) = T::powers(shifted);
    first.fused::<I>(rest_of_exp::<I, T>(r), first) * second
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
    let size = at_most(x.size(), T::TANH_HIGH);
    let (shifted, r, rest) = reduce_exactly::<I, T>(size + size);
    let power = T::power(shifted);
    let below = power - T::ONE;
    // The large part of d, what it lost in rounding, and then the small part.
    let most = power.fused::<I>(r, below);
    let lost = power * r - (most - below);
    let small = (r * r).fused::<I>(polynomial::<I, T>(r, T::EXPM1), rest);
    let d = power.fused::<I>(small, lost) + most;
    let sum = d + T::TWO;
    let lost = d - (sum - T::TWO);
    let large = shifted > T::EXP_ROUND + T::ONE;
    let t = (if large { T::TWO } else { d }) / sum;
    let complement = T::ONE - t;
    let y = if large { complement } else { (t * lost * T::HALF).fused::<I>(-complement, t) };
    y.signed_as(x)
}

/// `e^x / (1 + e^x) = 2^k / (2^k + e^-r) = 2^k / ((1 + 2^k) + (e^-r - 1))`, with what the first sum lost in rounding.
#[inline(always)]
pub(crate) fn sigmoid<I: Isa, T: Float>(x: T) -> T {
    let (shifted, r) = reduce_lifted::<I, T>(clamp(x, T::EXP_RANGE.0, -T::EXPM1_LOW));
    let lifted = T::lifted_power(shifted);
    let power = lifted * T::DROP;
    let most = T::ONE + power;
    let lost = power - (most - T::ONE);
    lifted / (most + (rest_of_exp::<I, T>(-r) + lost)) * T::DROP
}

/// The `(k + EXP_ROUND, r)` of `x = k ln 2 + r`.
#[inline(always)]
pub(super) fn reduce<I: Isa, T: Float>(x: T) -> (T, T) {
    reduce_by::<I, T>(T::EXP_ROUND, x)
}

/// The same, and what `r` lost in rounding.
#[inline(always)]
fn reduce_exactly<I: Isa, T: Float>(x: T) -> (T, T, T) {
    let (shifted, r) = reduce::<I, T>(x);
    let k = T::EXP_ROUND - shifted;
    (shifted, r, k.fused::<I>(T::LN2.1, k.fused::<I>(T::LN2.0, x) - r))
}

/// The same with a number `LIFT_ROUND` for [`Float::lifted_power`].
#[inline(always)]
fn reduce_lifted<I: Isa, T: Float>(x: T) -> (T, T) {
    reduce_by::<I, T>(T::LIFT_ROUND, x)
}

#[inline(always)]
fn reduce_by<I: Isa, T: Float>(round: T, x: T) -> (T, T) {
    let shifted = x.fused::<I>(T::LOG2_E, round);
    let k = round - shifted;
    (shifted, k.fused::<I>(T::LN2.1, k.fused::<I>(T::LN2.0, x)))
}

/// The `(k + LIFT_ROUND, r)` of `x + low = k ln 2 + r`.
#[inline(always)]
pub(super) fn reduce_sum<I: Isa, T: Float>(x: T, low: T) -> (T, T) {
    let shifted = x.fused::<I>(T::LOG2_E, T::LIFT_ROUND);
    let k = T::LIFT_ROUND - shifted;
    (shifted, k.fused::<I>(T::LN2.0, x) + k.fused::<I>(T::LN2.1, low))
}

/// `e^r - 1`, which is to be added to 1.
#[inline(always)]
pub(super) fn rest_of_exp<I: Isa, T: Float>(r: T) -> T {
    (r * r).fused::<I>(polynomial::<I, T>(r, T::EXP), r)
}

/// `e^r - 1`
#[inline(always)]
fn expm1_of_rest<I: Isa, T: Float>(r: T) -> T {
    (r * r).fused::<I>(polynomial::<I, T>(r, T::EXPM1), r)
}
