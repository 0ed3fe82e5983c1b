//! [`Float`]: the bits of `f32` and `f64`, and the constants and polynomials of their functions.

use crate::real::Real;
use crate::simd::Isa;

/// A format that functions are computed in.
pub(crate) trait Float: Real {
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
    /// Adding it rounds to a whole number, which is then in the low bits of the sum.
    const ROUND: Self;

    const LOG2_E: Self;
    /// `ln 2` in a part of few bits, whose products with exponents are exact, and the rest.
    const LN2: (Self, Self);
    /// Below, `e^x` is 0, and above infinite.
    const EXP_RANGE: (Self, Self);
    /// Below, `e^x - 1` is -1.
    const EXPM1_LOW: Self;
    /// Above, `tanh(x)` is 1.
    const TANH_HIGH: Self;
    /// Above, `erfc(x)` is 0.
    const ERFC_HIGH: Self;
    /// The number `a` of [`erfc`](super::erfc).
    const ERFC_POLE: Self;

    /// `(e^r - 1 - r) / r^2` for `|r| <= ln(2) / 2`
    const EXP: &[Self];
    /// `(log((1 + s) / (1 - s)) - 2 s) / s^3` by `s^2`, for `|s| <= (sqrt(2) - 1) / (sqrt(2) + 1)`
    const LOG: &[Self];
    /// `erf(x) / x - 1` by `x^2`, for `|x| <= 1`
    const ERF: &[Self];
    /// `(x + a) e^(x^2) erfc(x)` by `(x - a) / (x + a)`, for `x` from 0 to [`ERFC_HIGH`](Self::ERFC_HIGH)
    const ERFC: &[Self];

    /// The numbers themselves, where they are `f32`.
    fn singles(x: &[Self]) -> Option<&[f32]>;
    /// `self * factor + addend`, rounded once where the instruction set does that.
    fn fused<I: Isa>(self, factor: Self, addend: Self) -> Self;
    /// `|self|` with the sign of `other`.
    fn signed_as(self, other: Self) -> Self;
    /// `|self|`
    fn size(self) -> Self;
    /// The number without the lower half of its bits, so that its square is exact.
    fn upper(self) -> Self;
    /// `2^k` for `k + ROUND`, as far as that is a normal number.
    fn power(shifted: Self) -> Self;
    /// Two factors of `2^k` for `k + ROUND`, which may itself be too large or too small to be a number.
    fn powers(shifted: Self) -> (Self, Self);
    /// The `(k, m)` of a positive normal number `2^k m` with `m` from `sqrt(1/2)` to `sqrt(2)`.
    fn split(self) -> (Self, Self);
    fn root(self) -> Self;
    fn down(self) -> Self;
    fn even(self) -> Self;
}

/// `c[0] + c[1] x + c[2] x^2 + ..`
#[inline(always)]
pub(crate) fn polynomial<I: Isa, T: Float>(x: T, coefficients: &[T]) -> T {
    let mut sum = T::ZERO;
    let mut first = true;
    for &c in coefficients.iter().rev() {
        sum = if first { c } else { sum.fused::<I>(x, c) };
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
        fn size(self) -> Self {
            $T::abs(self)
        }
        #[inline(always)]
        fn upper(self) -> Self {
            $T::from_bits(self.to_bits() & ($Bits::MAX << (($mantissa + 2) / 2)))
        }
        #[inline(always)]
        fn power(shifted: Self) -> Self {
            $T::from_bits(shifted.to_bits().wrapping_add($bias) << $mantissa)
        }
        #[inline(always)]
        fn powers(shifted: Self) -> (Self, Self) {
            // Made positive, since there is no vector instruction that halves signed numbers of 64 bits.
            let above: $Bits = 8 * $bias + 8;
            let k = shifted.to_bits().wrapping_sub(Self::ROUND.to_bits()).wrapping_add(above);
            let half = k >> 1;
            let power = |k: $Bits| $T::from_bits(k.wrapping_add($bias).wrapping_sub(above / 2) << $mantissa);
            (power(half), power(k.wrapping_sub(half)))
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
    const LN2: (Self, Self) = (355.0 / 512.0, -0.000_212_194_44);
    const EXP_RANGE: (Self, Self) = (-104.0, 89.0);
    const EXPM1_LOW: Self = -18.0;
    const TANH_HIGH: Self = 10.0;
    const ERFC_HIGH: Self = 10.2;
    const ERFC_POLE: Self = 3.0;

    const EXP: &[Self] = &[0.5, 0.166_666_67, 0.041_666_35, 0.008_333_272, 0.001_394_120_7, 0.000_199_145_19];
    const LOG: &[Self] = &[0.666_667_76, 0.399_774_52, 0.298_743_3];
    const ERF: &[Self] =
        &[0.128_379_17, -0.376_126_26, 0.112_835_854, -0.026_853_813, 0.005_188_327_3, -0.000_801_018_85, 7.853_835e-5];
    const ERFC: &[Self] = &[
        1.074_006_9,
        -0.883_394_5,
        0.590_228_3,
        -0.310_465_96,
        0.119_529_17,
        -0.026_840_061,
        -0.001_227_054_9,
        0.003_080_575,
        -0.000_481_984_43,
        -0.000_324_713,
    ];

    #[inline(always)]
    fn singles(x: &[Self]) -> Option<&[f32]> {
        Some(x)
    }

    bits!(f32, u32, mantissa = 23, bias = 127, root_half = 0x3f35_04f3);
}

impl Float for f64 {
    const LIFT: (Self, Self) = (18_014_398_509_481_984.0, 54.0);
    const LN2: (Self, Self) = (Self::from_bits(0x3fe6_2e42_fee0_0000), 1.908_214_929_270_587_7e-10);
    const EXP_RANGE: (Self, Self) = (-746.0, 710.0);
    const EXPM1_LOW: Self = -40.0;
    const TANH_HIGH: Self = 20.0;
    const ERFC_HIGH: Self = 27.4;
    const ERFC_POLE: Self = 4.0;

    const EXP: &[Self] = &[
        0.5,
        0.166_666_666_666_666_77,
        0.041_666_666_666_666_7,
        0.008_333_333_333_321_436,
        0.001_388_888_888_886_635_5,
        0.000_198_412_698_866_723_03,
        2.480_158_736_146_340_7e-5,
        2.755_724_360_964_765e-6,
        2.755_724_200_430_914e-7,
        2.510_926_183_255_734_3e-8,
        2.092_467_332_931_689_6e-9,
    ];
    const LOG: &[Self] = &[
        0.666_666_666_666_673_5,
        0.399_999_999_994_075_3,
        0.285_714_287_441_394,
        0.222_221_983_780_662_96,
        0.181_835_752_120_587_09,
        0.153_137_540_578_282_16,
        0.147_990_871_711_273_12,
    ];
    const ERF: &[Self] = &[
        0.128_379_167_095_512_6,
        -0.376_126_389_031_837_5,
        0.112_837_916_709_548_57,
        -0.026_866_170_645_072_903,
        0.005_223_977_624_780_955,
        -0.000_854_832_697_874_712_5,
        0.000_120_553_310_370_750_04,
        -1.492_559_351_101_541_8e-5,
        1.646_097_288_179_310_6e-6,
        -1.635_002_589_423_797e-7,
        1.465_788_425_667_913_3e-8,
        -1.136_568_262_452_759_7e-9,
        5.945_289_257_375_883e-11,
    ];
    const ERFC: &[Self] = &[
        1.095_995_661_000_491,
        -0.976_548_729_080_882_1,
        0.773_208_702_265_236_7,
        -0.540_853_831_313_225,
        0.330_851_587_878_025_1,
        -0.174_010_937_240_291_07,
        0.076_381_514_909_111_83,
        -0.026_370_053_334_609_633,
        0.006_112_055_657_187_858,
        -0.000_280_958_915_833_257_6,
        -0.000_455_052_691_525_116_9,
        0.000_176_813_085_613_479,
        -3.635_139_164_930_845_5e-6,
        -1.886_177_734_484_034_3e-5,
        4.694_306_597_297_78e-6,
        1.426_067_671_842_118_6e-6,
        -8.459_753_231_486_071e-7,
        -7.793_104_420_747_584e-8,
        1.239_204_137_322_922_8e-7,
        2.564_265_635_570_49e-9,
        -1.539_526_718_711_183_4e-8,
        -3.646_731_033_334_085e-10,
        1.023_864_521_225_611_9e-9,
    ];

    #[inline(always)]
    fn singles(_: &[Self]) -> Option<&[f32]> {
        None
    }

    bits!(f64, u64, mantissa = 52, bias = 1023, root_half = 0x3fe6_a09e_667f_3bcd);
}
