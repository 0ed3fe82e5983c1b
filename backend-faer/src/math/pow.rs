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
    /// `e^(y log |x|)` in `f64`, which carries the bits that the exponential's argument loses, and many more.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is asked for")]
    fn power<I: Isa>(self, exponent: Self) -> Self {
        let (x, y) = (f64::from(self), f64::from(exponent));
        let logarithm = log::<I, f64>(x.abs());
        // The logarithm 0 times an infinite exponent is 0 here.
        let size = exp::<I, f64>(if logarithm == 0.0 { 0.0 } else { y * logarithm });
        let whole = y.floor() == y;
        let even = (0.5 * y).floor() == 0.5 * y;
        // Of a negative number; 0 and infinity have all powers.
        let real = if whole { size } else { f64::NAN };
        let real = if logarithm.abs() == f64::INFINITY { size } else { real };
        let below = if even { real } else { -real };
        let below = if whole { below } else { real };
        let power = if 1.0_f64.copysign(x) < 0.0 { below } else { size };
        let power = if y.is_nan() { y } else { power };
        let power = if y == 0.0 { 1.0 } else { power };
        (if x == 1.0 { 1.0 } else { power }) as Self
    }
}

impl Powers for f64 {
    /// One by one: the logarithm would have to be known to 64 bits.
    #[inline(always)]
    fn power<I: Isa>(self, exponent: Self) -> Self {
        if exponent == 2.0 { self * self } else { Math::pow(self, exponent) }
    }
}
