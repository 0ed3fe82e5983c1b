//! Logarithms.

use super::Float;
use super::float::polynomial;
use crate::simd::Isa;

/// `log(2^k m) = k ln 2 + log(m)`
#[inline(always)]
pub(crate) fn log<I: Isa, T: Float>(x: T) -> T {
    let subnormal = x < T::MIN_NORMAL;
    let (k, m) = (if subnormal { x * T::LIFT.0 } else { x }).split();
    let k = if subnormal { k - T::LIFT.1 } else { k };
    at_ends(x, of_parts::<I, T>(k, m - T::ONE, T::ZERO))
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

/// `k ln 2 + log(1 + f) + rest`, where `log(1 + f) = f - s (f - R)` with `s = f / (2 + f)` and `R` the series of
/// `log((1 + s) / (1 - s)) / s - 2`, written so that the largest part is added last and exact.
///
/// (FreeBSD's msun, `e_log.c`, by Sun Microsystems 1993.)
#[inline(always)]
fn of_parts<I: Isa, T: Float>(k: T, f: T, rest: T) -> T {
    let s = f / (T::TWO + f);
    let z = s * s;
    let series = z * polynomial::<I, T>(z, T::LOG);
    let half_square = T::HALF * f * f;
    let low = s.fused::<I>(half_square + series, k.fused::<I>(T::LN2.1, rest));
    k.fused::<I>(T::LN2.0, f - (half_square - low))
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
