//! Logarithms.

use super::Float;
use super::float::polynomial;
use crate::simd::Isa;

/// `log(2^k m) = k ln 2 + log(m)`
#[inline(always)]
pub(crate) fn log<I: Isa, T: Float>(x: T) -> T {
    // Factors, since of two branches that compute something the compiler makes two vectors.
    let (factor, exponent) = if x < T::MIN_NORMAL { T::LIFT } else { (T::ONE, T::ZERO) };
    let (k, m) = (x * factor).split();
    at_ends(x, of_parts::<I, T>(k - exponent, m - T::ONE, T::ZERO))
}

/// `log(u) + e / u` with `u = 1 + x` as rounded and `e` what that lost; without a detour where `u` is near 1.
#[inline(always)]
pub(crate) fn log1p<I: Isa, T: Float>(x: T) -> T {
    let u = T::ONE + x;
    let lost = if x > T::ONE { T::ONE - (u - x) } else { x - (u - T::ONE) };
    let (k, m) = u.split();
    let near = k == T::ZERO;
    let (f, rest) = (if near { x } else { m - T::ONE }, if near { T::ZERO } else { lost / u });
    let y = at_ends(u, of_parts::<I, T>(k, f, rest));
    if x.size() < T::TINY { x } else { y }
}

/// `k ln 2 + log(1 + f) + rest`, where `log(1 + f) = f - (f^2 / 2 - R)`, written so that the largest part is added last and
/// exact. `R` is `f^3` times a polynomial, or `s (f^2 / 2 + S)` with `s = f / (2 + f)` and `S` the series of
/// `log((1 + s) / (1 - s)) / s - 2`.
///
/// (FreeBSD's msun, `e_log.c`, by Sun Microsystems 1993.)
#[inline(always)]
fn of_parts<I: Isa, T: Float>(k: T, f: T, rest: T) -> T {
    let square = f * f;
    let small = k.fused::<I>(T::LN2.1, rest);
    let low = if T::LOG_DIRECT {
        (square * f).fused::<I>(polynomial::<I, T>(f, T::LOG), small)
    } else {
        let s = f / (T::TWO + f);
        let z = s * s;
        let series = z * polynomial::<I, T>(z, T::LOG);
        s.fused::<I>(T::HALF.fused::<I>(square, series), small)
    };
    k.fused::<I>(T::LN2.0, f + square.fused::<I>(-T::HALF, low))
}

/// `y`, but where `x` is not a positive number what IEEE 754 says.
#[inline(always)]
fn at_ends<T: Float>(x: T, y: T) -> T {
    let outside = if x == T::ZERO { -T::INFINITY } else { T::NAN };
    let inside = if x == T::INFINITY { x } else { y };
    if x > T::ZERO { inside } else { outside }
}

/// `log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)`, which overflows nowhere.
#[inline(always)]
pub(crate) fn softplus<I: Isa, T: Float>(x: T) -> T {
    let above = if x <= T::ZERO { T::ZERO } else { x };
    above + log1p::<I, T>(super::exp::<I, T>(-x.size()))
}
