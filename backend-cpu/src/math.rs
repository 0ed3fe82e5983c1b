//! [`Math`] and [`Scalar`]: the functions of the four element formats, with the same bits on every machine.
//!
//! Transcendental functions come from `libm` always, halves are computed in `f32` and rounded once, nothing is
//! contracted into a fused multiply-add. What is here is the definition that the loops in
//! [`kernels`](crate::kernels) apply element by element.

use core::cmp::Ordering;
use core::fmt::Debug;

use autodiff_core::{Binary, Compare, Element, MaybeSendSync, Unary, bf16, f16};

/// An [`Element`] with its mathematical functions.
///
/// ```
/// use backend_cpu::Math;
/// fn check<T: Math>() {
///     assert_eq!(T::zero().exp(), T::one());
///     assert_eq!(T::from_f64(2.5).round_even(), T::from_f64(2.0));
///     assert_eq!(T::from_f64(-1e3).sigmoid(), T::zero());
/// }
/// check::<f32>();
/// check::<f64>();
/// ```
pub trait Math: Element {
    /// `e^x`
    #[must_use]
    fn exp(self) -> Self;
    /// `e^x - 1`, exact near 0.
    #[must_use]
    fn expm1(self) -> Self;
    /// The natural logarithm.
    #[must_use]
    fn log(self) -> Self;
    /// `log(1 + x)`, exact near 0.
    #[must_use]
    fn log1p(self) -> Self;
    /// Sine of an angle in radians.
    #[must_use]
    fn sin(self) -> Self;
    /// Cosine of an angle in radians.
    #[must_use]
    fn cos(self) -> Self;
    /// The square root, correctly rounded.
    #[must_use]
    fn sqrt(self) -> Self;
    /// The hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// `1 / (1 + e^-x)`, without overflow at any `x`.
    #[must_use]
    fn sigmoid(self) -> Self;
    /// `2/sqrt(pi) * integral of e^(-t^2) from 0 to x`
    #[must_use]
    fn erf(self) -> Self;
    /// `1 - erf(x)`, exact where `erf(x)` is near 1.
    #[must_use]
    fn erfc(self) -> Self;
    /// `x^y`, as IEEE 754's `pow`.
    #[must_use]
    fn pow(self, exponent: Self) -> Self;
    /// The angle of the point `(x, self)` in radians.
    #[must_use]
    fn atan2(self, x: Self) -> Self;
    /// `|x|`
    #[must_use]
    fn magnitude(self) -> Self;
    /// The largest whole number that is not above `x`.
    #[must_use]
    fn round_down(self) -> Self;
    /// The nearest whole number, ties to even.
    #[must_use]
    fn round_even(self) -> Self;
}

macro_rules! by_libm {
    ($T:ident: $($method:ident = $function:ident),*; pow = $pow:ident, atan2 = $atan2:ident) => {
        impl Math for $T {
            $(
                #[inline]
                fn $method(self) -> Self {
                    libm::$function(self)
                }
            )*
            #[inline]
            fn pow(self, exponent: Self) -> Self {
                libm::$pow(self, exponent)
            }
            #[inline]
            fn atan2(self, x: Self) -> Self {
                libm::$atan2(self, x)
            }
            #[inline]
            fn magnitude(self) -> Self {
                $T::abs(self)
            }
            #[inline]
            fn sigmoid(self) -> Self {
                // The exponential is taken of a number that is not positive, so that it cannot overflow.
                if self >= 0.0 {
                    1.0 / (1.0 + Math::exp(-self))
                } else {
                    let small = Math::exp(self);
                    small / (1.0 + small)
                }
            }
        }
    };
}
by_libm!(f32: exp = expf, expm1 = expm1f, log = logf, log1p = log1pf, sin = sinf, cos = cosf, sqrt = sqrtf,
    tanh = tanhf, erf = erff, erfc = erfcf, round_down = floorf, round_even = roundevenf; pow = powf, atan2 = atan2f);
by_libm!(f64: exp = exp, expm1 = expm1, log = log, log1p = log1p, sin = sin, cos = cos, sqrt = sqrt,
    tanh = tanh, erf = erf, erfc = erfc, round_down = floor, round_even = roundeven; pow = pow, atan2 = atan2);

macro_rules! by_f32 {
    ($T:ident: $($method:ident),*) => {
        impl Math for $T {
            $(
                #[inline]
                fn $method(self) -> Self {
                    $T::from_f32(Math::$method(self.to_f32()))
                }
            )*
            #[inline]
            fn pow(self, exponent: Self) -> Self {
                $T::from_f32(Math::pow(self.to_f32(), exponent.to_f32()))
            }
            #[inline]
            fn atan2(self, x: Self) -> Self {
                $T::from_f32(Math::atan2(self.to_f32(), x.to_f32()))
            }
        }
    };
}
by_f32!(f16: exp, expm1, log, log1p, sin, cos, sqrt, tanh, sigmoid, erf, erfc, magnitude, round_down, round_even);
by_f32!(bf16: exp, expm1, log, log1p, sin, cos, sqrt, tanh, sigmoid, erf, erfc, magnitude, round_down, round_even);

/// An element that kernels compute with: it has its functions, and so does its accumulator.
pub trait Scalar: Math + Element<Accumulator: Math> {}

impl<T: Math + Element<Accumulator: Math>> Scalar for T {}

/// A number that a tensor can hold: an element or an index.
pub trait Number: Copy + PartialOrd + Debug + Default + MaybeSendSync + 'static {
    /// The same number in `f64`, exactly.
    fn to_wide(self) -> f64;
    /// The nearest element; for an index, the number cut towards zero and saturated, 0 for NaN.
    fn from_wide(value: f64) -> Self;
}

impl<T: Scalar> Number for T {
    #[inline]
    fn to_wide(self) -> f64 {
        self.into_f64()
    }
    #[inline]
    fn from_wide(value: f64) -> Self {
        T::from_f64(value)
    }
}

impl Number for i32 {
    #[inline]
    fn to_wide(self) -> f64 {
        f64::from(self)
    }
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "cutting and saturating is what is asked for")]
    fn from_wide(value: f64) -> Self {
        value as Self
    }
}

/// The function `f` of one element.
#[inline]
#[must_use]
pub fn unary<T: Math>(f: Unary, x: T) -> T {
    match f {
        Unary::Neg => -x,
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.expm1(),
        Unary::Log => x.log(),
        Unary::Log1p => x.log1p(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Sqrt => x.sqrt(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => x.sigmoid(),
        Unary::Erf => x.erf(),
        Unary::Erfc => x.erfc(),
        Unary::Abs => x.magnitude(),
        Unary::Relu => relu(x),
        Unary::Floor => x.round_down(),
        Unary::Round => x.round_even(),
    }
}

/// The function `f` of two elements.
#[inline]
#[must_use]
pub fn binary<T: Math>(f: Binary, a: T, b: T) -> T {
    match f {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.pow(b),
        Binary::Atan2 => a.atan2(b),
        Binary::Max => larger(a, b),
        Binary::Min => smaller(a, b),
    }
}

/// The function `f` of two indices, wrapping around on overflow.
///
/// # Panics
/// For `Div`, `Pow` and `Atan2`, which indices do not have.
#[inline]
#[must_use]
pub fn binary_index(f: Binary, a: i32, b: i32) -> i32 {
    match f {
        Binary::Add => a.wrapping_add(b),
        Binary::Sub => a.wrapping_sub(b),
        Binary::Mul => a.wrapping_mul(b),
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
        Binary::Div | Binary::Pow | Binary::Atan2 => panic!("{}: indices do not have it", f.name()),
    }
}

/// Whether the comparison holds; never where either is NaN.
#[inline]
#[must_use]
pub fn compare<T: PartialOrd>(f: Compare, a: T, b: T) -> bool {
    match f {
        Compare::Eq => a == b,
        Compare::Lt => a < b,
        Compare::Le => a <= b,
    }
}

/// The order by which numbers are sorted: zeros of either sign are equal, NaN is the largest and equal to NaN.
#[inline]
#[must_use]
pub fn order<T: PartialOrd>(a: T, b: T) -> Ordering {
    let nan = |x: &T| x.partial_cmp(x).is_none();
    a.partial_cmp(&b).unwrap_or_else(|| nan(&a).cmp(&nan(&b)))
}

/// `max(x, 0)`; NaN stays NaN.
#[inline]
#[must_use]
pub fn relu<T: Element>(x: T) -> T {
    if x <= T::zero() { T::zero() } else { x }
}

/// The larger; NaN where either is, the first where both are equal.
#[inline]
#[must_use]
pub fn larger<T: Element>(a: T, b: T) -> T {
    if b > a || b.is_nan() { b } else { a }
}

/// The smaller; NaN where either is, the first where both are equal.
#[inline]
#[must_use]
pub fn smaller<T: Element>(a: T, b: T) -> T {
    if b < a || b.is_nan() { b } else { a }
}
