//! The error function and its complement.

use std::f64::consts::FRAC_1_SQRT_2;

use super::exp::{expm1_of_rest, reduce_sum};
use super::float::polynomial;
use super::{Float, clamp};
use crate::simd::Isa;

/// `x + x P(x^2)` near 0, `1 - erfc(x)` elsewhere.
#[inline(always)]
pub(crate) fn erf<I: Isa, T: Float>(x: T) -> T {
    let far = (T::ONE - tail::<I, T>(x.size())).signed_as(x);
    if x.size() < T::ONE { near::<I, T>(x) } else { far }
}

/// `1 - erf(x)` near 0, elsewhere the tail, and 2 less it below 0.
#[inline(always)]
pub(crate) fn erfc<I: Isa, T: Float>(x: T) -> T {
    let tail = tail::<I, T>(x.size());
    let far = if x < T::ZERO { T::TWO - tail } else { tail };
    if x.size() < T::HALF { T::ONE - near::<I, T>(x) } else { far }
}

/// `x erfc(-x / sqrt 2) / 2`
#[inline(always)]
pub(crate) fn gelu<I: Isa, T: Float>(x: T) -> T {
    x * (erfc::<I, T>(x * -T::from_f64(FRAC_1_SQRT_2)) * T::HALF)
}

/// `erf(x)` for `|x| < 1`
#[inline(always)]
fn near<I: Isa, T: Float>(x: T) -> T {
    x.fused::<I>(polynomial::<I, T>(x * x, T::ERF), x)
}

/// `erfc(x) = e^(-x^2) P(q) / (x + a)` for `x >= 0`, with `q = (x - a) / (x + a)`, which leaves `P` smooth up to infinity.
///
/// (Shepherd and Laframboise, *Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity*, 1981.)
#[inline(always)]
fn tail<I: Isa, T: Float>(x: T) -> T {
    let x = clamp(x, T::ZERO, T::ERFC_HIGH);
    let inverse = T::ONE / (x + T::ERFC_POLE);
    // q = 2 x / (x + a) - 1
    let q = (x + x).fused::<I>(inverse, -T::ONE);
    let scaled = quotient::<I, T>(polynomial::<I, T>(q, T::ERFC), x + T::ERFC_POLE, inverse);
    // The square in two parts, the first of them exact: the exponential multiplies its error by its size.
    let upper = x.upper();
    let (shifted, r) = reduce_sum::<I, T>(-(upper * upper), -((x - upper) * (x + upper)));
    let rest = expm1_of_rest::<I, T>(r);
    let (first, second) = T::powers(shifted);
    scaled.fused::<I>(rest, scaled) * first * second
}

/// `a / b` with the inverse of `b` at hand: what the product misses is found by a fused multiply-add.
#[inline(always)]
fn quotient<I: Isa, T: Float>(a: T, b: T, inverse: T) -> T {
    if !I::FMA {
        return a / b;
    }
    let y = a * inverse;
    y.fused::<I>(-b, a).fused::<I>(inverse, y)
}
