//! Sine and cosine.

use super::Float;
use super::float::polynomial;
use crate::simd::Isa;

/// A format with functions of angles: `x = q pi / 2 + r`, `|r| <= pi / 4`, then a polynomial in `r`.
///
/// (Cody and Waite, *Software Manual for the Elementary Functions*, 1980, chapter 8.)
pub(crate) trait Angle: Float {
    /// Above, the functions here are wrong; there are others for such numbers.
    const FAR: Self;

    fn sin<I: Isa>(self) -> Self;
    fn cos<I: Isa>(self) -> Self;

    /// Whether the functions are not for this number.
    #[inline(always)]
    fn is_far(self) -> bool {
        self.size() > Self::FAR
    }
}

impl Angle for f32 {
    const FAR: Self = 1_048_576.0;

    #[inline(always)]
    fn sin<I: Isa>(self) -> Self {
        let (quarter, r) = reduce_f32::<I>(self);
        of_quarter_f32::<I>(quarter, r)
    }
    #[inline(always)]
    fn cos<I: Isa>(self) -> Self {
        let (quarter, r) = reduce_f32::<I>(self);
        of_quarter_f32::<I>(quarter.wrapping_add(1), r)
    }
}

/// Which quarter, and what remains, by way of `f64`: its 53 bits hold the product of any `q` here.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the low bits, and rounding, are asked for")]
fn reduce_f32<I: Isa>(x: f32) -> (u32, f32) {
    const HIGH: f64 = f64::from_bits(0x3ff9_21fb_5400_0000);
    const LOW: f64 = 9.920_935_796_805_404e-10;
    let x = f64::from(x);
    let shifted = x.fused::<I>(std::f64::consts::FRAC_2_PI, f64::ROUND);
    let q = f64::ROUND - shifted;
    (shifted.to_bits() as u32, q.fused::<I>(LOW, q.fused::<I>(HIGH, x)) as f32)
}

/// The sine of `q pi / 2 + r`.
#[inline(always)]
fn of_quarter_f32<I: Isa>(q: u32, r: f32) -> f32 {
    const SIN: &[f32] = &[-0.166_666_55, 0.008_332_17, -0.000_195_160_38];
    const COS: &[f32] = &[0.041_666_646, -0.001_388_735_5, 2.443_700_8e-5];
    let z = r * r;
    let sin = (r * z).fused::<I>(polynomial::<I, f32>(z, SIN), r).signed_as(r);
    let cos = (z * z).fused::<I>(polynomial::<I, f32>(z, COS), z.fused::<I>(-0.5, 1.0));
    let y = if q & 1 == 0 { sin } else { cos };
    f32::from_bits(y.to_bits() ^ ((q & 2) << 30))
}

impl Angle for f64 {
    const FAR: Self = 1_048_576.0;

    #[inline(always)]
    fn sin<I: Isa>(self) -> Self {
        let (quarter, r, rest) = reduce_f64::<I>(self);
        of_quarter_f64::<I>(quarter, r, rest)
    }
    #[inline(always)]
    fn cos<I: Isa>(self) -> Self {
        let (quarter, r, rest) = reduce_f64::<I>(self);
        of_quarter_f64::<I>(quarter.wrapping_add(1), r, rest)
    }
}

/// Which quarter, and what remains as a sum of two.
#[inline(always)]
fn reduce_f64<I: Isa>(x: f64) -> (u64, f64, f64) {
    // Two parts of 33 bits, whose products are exact, and one of 53.
    const PARTS: [f64; 3] =
        [f64::from_bits(0x3ff9_21fb_5440_0000), f64::from_bits(0x3dd0_b461_1a60_0000), 2.022_266_248_795_950_6e-21];
    let shifted = x.fused::<I>(std::f64::consts::FRAC_2_PI, f64::ROUND);
    let q = shifted - f64::ROUND;
    let (high, middle, low) = (x - q * PARTS[0], q * PARTS[1], q * PARTS[2]);
    // high - middle and what its rounding lost. (Knuth, The Art of Computer Programming 2, section 4.2.2, theorem B.)
    let near = high - middle;
    let back = near - high;
    let lost = (high - (near - back)) - (middle + back);
    let rest = lost - low;
    let r = near + rest;
    (shifted.to_bits(), r, (near - r) + rest)
}

/// The sine of `q pi / 2 + r + rest`.
///
/// (FreeBSD's msun, `k_sin.c` and `k_cos.c`, by Sun Microsystems 1993.)
#[inline(always)]
fn of_quarter_f64<I: Isa>(q: u64, r: f64, rest: f64) -> f64 {
    const SIN: &[f64] = &[
        0.008_333_333_333_322_205,
        -0.000_198_412_698_296_331_4,
        2.755_731_362_874_095_4e-6,
        -2.505_074_785_182_475_4e-8,
        1.589_618_071_712_875_7e-10,
    ];
    const SIN_FIRST: f64 = -0.166_666_666_666_666_32;
    const COS: &[f64] = &[
        0.041_666_666_666_666_595,
        -0.001_388_888_888_887_384_3,
        2.480_158_728_929_872_7e-5,
        -2.755_731_429_707_037e-7,
        2.087_571_547_457_759_8e-9,
        -1.135_923_006_459_609_3e-11,
    ];
    let z = r * r;
    let cube = z * r;
    let inner = rest * 0.5 - cube * polynomial::<I, f64>(z, SIN);
    let sin = (r - (z.fused::<I>(inner, -rest) - cube * SIN_FIRST)).signed_as(r);
    let half = 0.5 * z;
    let most = 1.0 - half;
    let cos = most + (((1.0 - most) - half) + (z * z).fused::<I>(polynomial::<I, f64>(z, COS), -(r * rest)));
    let y = if q & 1 == 0 { sin } else { cos };
    f64::from_bits(y.to_bits() ^ ((q & 2) << 62))
}
