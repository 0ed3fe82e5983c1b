//! [`Format`]: what the tests know of a number format, independently of the crate that implements it.

use autodiff_core::{DType, Element, bf16, f16};

/// A floating-point format, by its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Format {
    /// Bits of the significand, the hidden one included.
    pub(crate) digits: u32,
    /// The same of what sums are carried in.
    pub(crate) accumulator_digits: u32,
    /// The exponent of the smallest normal number.
    min_exponent: i32,
    /// The largest finite number.
    max: f64,
}

impl Format {
    /// The format of `dtype` on a backend of element `E`; whole numbers are exact in `f64`.
    pub(crate) fn of<E: Element>(dtype: DType) -> Self {
        match dtype {
            DType::Elem => Self::element::<E>(),
            DType::F16 => Self::element::<f16>(),
            DType::Bf16 => Self::element::<bf16>(),
            DType::Index => Self::element::<f64>(),
        }
    }

    fn element<E: Element>() -> Self {
        Self {
            digits: E::MANTISSA_DIGITS,
            accumulator_digits: E::Accumulator::MANTISSA_DIGITS,
            min_exponent: exponent(E::min_positive_value().into_f64()),
            max: E::max_value().into_f64(),
        }
    }

    /// The number of this format that is nearest to `x`, ties to even.
    pub(crate) fn round(&self, x: f64) -> f64 {
        if self.digits == f64::MANTISSA_DIGITS || x == 0.0 || !x.is_finite() {
            return x;
        }
        let rounded = libm::rint(x / self.ulp(x)) * self.ulp(x);
        if rounded.abs() > self.max { f64::INFINITY.copysign(x) } else { rounded }
    }

    /// The distance of two neighbours in the format where `x` lies.
    pub(crate) fn ulp(&self, x: f64) -> f64 {
        let magnitude = if x == 0.0 { self.min_exponent } else { exponent(x).max(self.min_exponent) };
        power_of_two(magnitude - self.digits.cast_signed() + 1)
    }

    /// Half the distance of 1 and its upper neighbour: the largest relative error of one rounding.
    pub(crate) fn unit_roundoff(&self) -> f64 {
        power_of_two(-self.digits.cast_signed())
    }

    /// The same of what sums are carried in.
    pub(crate) fn accumulator_roundoff(&self) -> f64 {
        power_of_two(-self.accumulator_digits.cast_signed())
    }

    /// Whether the format is a half, whose functions are computed in `f32`.
    pub(crate) fn is_half(&self) -> bool {
        self.digits < f32::MANTISSA_DIGITS
    }

    /// The smallest normal number.
    pub(crate) fn min_positive(&self) -> f64 {
        power_of_two(self.min_exponent)
    }
}

/// `2^n`
pub(crate) fn power_of_two(n: i32) -> f64 {
    libm::ldexp(1.0, n)
}

/// The exponent of a finite number other than 0: `2^e <= |x| < 2^(e+1)`.
fn exponent(x: f64) -> i32 {
    libm::frexp(x).1 - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers around a tie, with bits far below it: two roundings in a row would go wrong.
    #[test]
    fn rounding_is_one_rounding() {
        let half = Format::of::<f16>(DType::Elem);
        assert_eq!(half.round(2049.0), 2048.0);
        assert_eq!(half.round(2049.0 + 1e-11), 2050.0);
        assert_eq!(half.round(65519.999), 65504.0);
        assert_eq!(half.round(65520.0), f64::INFINITY);
        assert_eq!(half.round(-3e-8), -power_of_two(-24));
        assert_eq!(half.round(2.9e-8), 0.0);
        let brain = Format::of::<f32>(DType::Bf16);
        assert_eq!(brain.round(1.0 + power_of_two(-8)), 1.0);
        assert_eq!(brain.round(1.0 + power_of_two(-8) + power_of_two(-40)), 1.0 + power_of_two(-7));
    }

    #[test]
    fn f32_rounds_as_the_language_does() {
        let single = Format::of::<f32>(DType::Elem);
        for x in [0.1, 1e-40, 1e-46, 3.4028235677973366e38, 16_777_217.0, -1e300] {
            assert_eq!(single.round(x), f32::from_f64(x).into_f64(), "{x}");
        }
    }
}
