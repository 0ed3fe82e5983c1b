//! [`Float`]: the bits of `f32` and `f64`, and arithmetic with them.

use super::tables::Tables;
use crate::real::Real;
use crate::simd::Isa;

/// A format that functions are computed in.
pub(crate) trait Float: Real + Tables {
    const ZERO: Self;
    const ONE: Self;
    const TWO: Self;
    const HALF: Self;
    const NAN: Self;
    const INFINITY: Self;
    /// The smallest number that is not subnormal.
    const MIN_NORMAL: Self;
    /// Half of the distance of 1 and the next number: where `f(x) = x + c x^2 + ..` rounds to `x`.
    const TINY: Self;
    /// A power of two that makes any subnormal number normal, and its logarithm.
    const LIFT: (Self, Self);
    /// The inverse of the first number of [`LIFT`](Self::LIFT).
    const DROP: Self;
    /// Adding it rounds to a whole number, which is then in the low bits of the sum.
    const ROUND: Self;

    const LOG2_E: Self;
    /// [`ROUND`](Self::ROUND) with twice the exponents' bias in its low bits, which exponentials round with.
    const EXP_ROUND: Self;
    /// The same with the bias and the logarithm of [`LIFT`](Self::LIFT).
    const LIFT_ROUND: Self;

    /// The numbers themselves, where they are `f32`.
    fn singles(x: &[Self]) -> Option<&[f32]>;
    /// `self * factor + addend`, rounded once where the instruction set does that.
    fn fused<I: Isa>(self, factor: Self, addend: Self) -> Self;
    /// `|self|` with the sign of `other`.
    fn signed_as(self, other: Self) -> Self;
    /// Whether the sign is there, that of a zero or of NaN too.
    fn is_negative(self) -> bool;
    /// `|self|`
    fn size(self) -> Self;
    /// The number without the lower half of its bits, so that its square is exact.
    fn upper(self) -> Self;
    /// `2^k` for `k + EXP_ROUND`, as far as that is a normal number.
    fn power(shifted: Self) -> Self;
    /// `2^k` times the first number of [`LIFT`](Self::LIFT), for `k + LIFT_ROUND`.
    fn lifted_power(shifted: Self) -> Self;
    /// Two factors of `2^k` for `k + EXP_ROUND`, which may itself be too large or too small to be a number.
    fn powers(shifted: Self) -> (Self, Self);
    /// The `(k, m)` of a positive normal number `2^k m` with `m` from `sqrt(1/2)` to `sqrt(2)`.
    fn split(self) -> (Self, Self);
    fn root(self) -> Self;
    fn down(self) -> Self;
    fn even(self) -> Self;
}

/// `c[0] + c[1] x + c[2] x^2 + ..` as `(c[0] + c[1] x) + x^2 ((c[2] + c[3] x) + x^2 ..)`, and long ones by fours in the same
/// way. They wait for fewer results than Horner's rule: a processor has too few instructions in flight to hide them all.
///
/// (Estrin, *Organization of computer systems: the fixed plus variable structure computer*, 1960.)
#[inline(always)]
pub(crate) fn polynomial<I: Isa, T: Float>(x: T, coefficients: &[T]) -> T {
    let square = x * x;
    let pair = |c: &[T]| if c.len() > 1 { c[1].fused::<I>(x, c[0]) } else { c[0] };
    let long = coefficients.len() >= 12;
    let step = if long { square * square } else { square };
    let mut sum = T::ZERO;
    let mut first = true;
    for part in coefficients.chunks(if long { 4 } else { 2 }).rev() {
        let part = if part.len() > 2 { pair(&part[2..]).fused::<I>(square, pair(part)) } else { pair(part) };
        sum = if first { part } else { sum.fused::<I>(step, part) };
        first = false;
    }
    sum
}

macro_rules! bits {
    ($T:ident, $Bits:ident, mantissa = $mantissa:literal, bias = $bias:literal, root_half = $root:literal) => {
        const ZERO: Self = 0.0;
        const ONE: Self = 1.0;
        const TWO: Self = 2.0;
        const HALF: Self = 0.5;
        const NAN: Self = $T::NAN;
        const INFINITY: Self = $T::INFINITY;
        const MIN_NORMAL: Self = $T::MIN_POSITIVE;
        const TINY: Self = $T::EPSILON / 2.0;
        const LOG2_E: Self = std::$T::consts::LOG2_E;
        const DROP: Self = 1.0 / Self::LIFT.0;
        const ROUND: Self = 1.5 / $T::EPSILON;

        #[inline(always)]
        fn fused<I: Isa>(self, factor: Self, addend: Self) -> Self {
            if I::FMA { self.mul_add(factor, addend) } else { self * factor + addend }
        }
        #[inline(always)]
        fn signed_as(self, other: Self) -> Self {
            self.copysign(other)
        }
        #[inline(always)]
        fn is_negative(self) -> bool {
            self.is_sign_negative()
        }
        #[inline(always)]
        fn size(self) -> Self {
            $T::abs(self)
        }
        #[inline(always)]
        fn upper(self) -> Self {
            $T::from_bits(self.to_bits() & ($Bits::MAX << (($mantissa + 2) / 2)))
        }
        #[inline(always)]
        fn power(shifted: Self) -> Self {
            $T::from_bits(shifted.to_bits().wrapping_sub($bias) << $mantissa)
        }
        #[inline(always)]
        fn lifted_power(shifted: Self) -> Self {
            $T::from_bits(shifted.to_bits() << $mantissa)
        }
        #[inline(always)]
        fn powers(shifted: Self) -> (Self, Self) {
            // Both halves of `k + 2 bias` are exponents with their bias.
            let k = shifted.to_bits();
            let half = k >> 1;
            ($T::from_bits(half << $mantissa), $T::from_bits(k.wrapping_sub(half) << $mantissa))
        }
        #[inline(always)]
        fn split(self) -> (Self, Self) {
            const ROOT: $Bits = $root;
            let above = self.to_bits().wrapping_sub(ROOT);
            let exponent = above.wrapping_add($bias << $mantissa) >> $mantissa;
            // The exponent becomes a float in the low bits of a large one.
            let large = 1.0 / $T::EPSILON;
            let k = $T::from_bits(exponent | large.to_bits()) - (large + $T::from(u16::cast_signed($bias)));
            (k, $T::from_bits((above & ((1 << $mantissa) - 1)).wrapping_add(ROOT)))
        }
        #[inline(always)]
        fn root(self) -> Self {
            self.sqrt()
        }
        #[inline(always)]
        fn down(self) -> Self {
            self.floor()
        }
        #[inline(always)]
        fn even(self) -> Self {
            self.round_ties_even()
        }
    };
}

impl Float for f32 {
    const LIFT: (Self, Self) = (33_554_432.0, 25.0);
    const EXP_ROUND: Self = Self::ROUND + 254.0;
    const LIFT_ROUND: Self = Self::ROUND + 152.0;

    #[inline(always)]
    fn singles(x: &[Self]) -> Option<&[f32]> {
        Some(x)
    }

    bits!(f32, u32, mantissa = 23, bias = 127, root_half = 0x3f35_04f3);
}

impl Float for f64 {
    const LIFT: (Self, Self) = (18_014_398_509_481_984.0, 54.0);
    const EXP_ROUND: Self = Self::ROUND + 2046.0;
    const LIFT_ROUND: Self = Self::ROUND + 1077.0;

    #[inline(always)]
    fn singles(_: &[Self]) -> Option<&[f32]> {
        None
    }

    bits!(f64, u64, mantissa = 52, bias = 1023, root_half = 0x3fe6_a09e_667f_3bcd);
}
