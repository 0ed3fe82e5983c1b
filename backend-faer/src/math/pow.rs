//! Powers.

use backend_cpu::Math;

use super::{Float, exp, log};
use crate::simd::Isa;

/// A format with powers.
pub(crate) trait Powers: Float {
    /// `self^exponent`, as IEEE 754's `pow`.
    fn power<I: Isa>(self, exponent: Self) -> Self;
}

impl Powers for f32 {
    /// `e^(y log |x|)` in `f64`, which carries the 8 bits that the exponential's argument loses, and many more.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is asked for")]
    fn power<I: Isa>(self, exponent: Self) -> Self {
        let (x, y) = (f64::from(self.abs()), f64::from(exponent));
        let logarithm = log::<I, f64>(x);
        // The logarithm 0 times an infinite exponent is 0 here, and NaN is told below.
        let size = exp::<I, f64>(if logarithm == 0.0 { 0.0 } else { y * logarithm }) as Self;
        let whole = y.floor() == y;
        let odd = whole && (0.5 * y).floor() != 0.5 * y;
        let real = whole || x == 0.0 || x == f64::INFINITY;
        let below = if odd { -size } else { size };
        let below = if real { below } else { Self::NAN };
        let any = if self.is_sign_negative() { below } else { size };
        let any = if y.is_nan() { exponent } else { any };
        if y == 0.0 || self == 1.0 { 1.0 } else { any }
    }
}

impl Powers for f64 {
    /// One by one: the logarithm would have to be known to 64 bits.
    #[inline(always)]
    fn power<I: Isa>(self, exponent: Self) -> Self {
        if exponent == 2.0 { self * self } else { Math::pow(self, exponent) }
    }
}
