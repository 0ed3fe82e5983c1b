//! The numbers a tensor is made of: [`Element`], the four float formats, and [`DType`], what a tensor carries.

use core::fmt::{Debug, Display};

use half::{bf16, f16};
use num_traits::NumAssign;
use num_traits::float::FloatCore;

/// `Send + Sync` on targets with atomic pointers; no demand at all where there is no second thread to send to.
#[cfg(target_has_atomic = "ptr")]
pub trait MaybeSendSync: Send + Sync {}
#[cfg(target_has_atomic = "ptr")]
impl<T: Send + Sync + ?Sized> MaybeSendSync for T {}

/// `Send + Sync` on targets with atomic pointers; no demand at all where there is no second thread to send to.
#[cfg(not(target_has_atomic = "ptr"))]
pub trait MaybeSendSync {}
#[cfg(not(target_has_atomic = "ptr"))]
impl<T: ?Sized> MaybeSendSync for T {}

/// A floating-point number that tensors are made of: `f32`, `f64`, `f16` or `bf16`.
///
/// The arithmetic is `num-traits`' [`FloatCore`], which has no transcendental functions on purpose: a backend brings its
/// own, so that no function of the host's C library can slip into a computation that must repeat bit by bit on a
/// microcontroller.
///
/// Laws, for every `x: T` and every finite `v: f64`:
///
/// ```text
/// T::from_f64(x.into_f64()) == x                  (widening loses nothing)
/// T::narrow(x.widen())    == x                  (nor does the accumulator)
/// T::from_bits(x.bits()).bits() == x.bits()     (not even of a NaN)
/// |T::from_f64(v) - v|    <= ulp(v) / 2         (one rounding, to nearest even)
/// ```
///
/// ```
/// use autodiff_core::Element;
/// fn check<T: Element>(x: T) {
///     assert_eq!(T::from_f64(x.into_f64()), x);
///     assert_eq!(T::narrow(x.widen()), x);
///     assert_eq!(T::from_bits(x.bits()), x);
/// }
/// check(0.1_f32);
/// check(half::bf16::from_f32(3.0));
/// ```
pub trait Element: FloatCore + NumAssign + Debug + Display + Default + MaybeSendSync + 'static {
    /// What sums and products of many elements are carried in: `f32` for the halves, the element itself otherwise.
    type Accumulator: Element<Accumulator = Self::Accumulator>;

    /// The format's name: `"f32"`.
    const NAME: &'static str;
    /// Digits of the significand in bits, the hidden one included: 24 for `f32`.
    const MANTISSA_DIGITS: u32;

    /// The element nearest to `value`, ties to even.
    fn from_f64(value: f64) -> Self;
    /// The same number in `f64`, exactly.
    fn into_f64(self) -> f64;
    /// The same number in the accumulator's format, exactly.
    fn widen(self) -> Self::Accumulator;
    /// The element nearest to an accumulated value.
    fn narrow(value: Self::Accumulator) -> Self;
    /// The bits, zero-extended: how constants are compared and hashed.
    fn bits(self) -> u64;
    /// The element of these bits, as [`bits`](Element::bits) gives them; those beyond the format are not read.
    fn from_bits(bits: u64) -> Self;
}

macro_rules! element {
    ($T:ty, $Acc:ty, $name:literal, $digits:expr, $from:expr, $to:expr, $widen:expr, $narrow:expr) => {
        impl Element for $T {
            type Accumulator = $Acc;
            const NAME: &'static str = $name;
            const MANTISSA_DIGITS: u32 = $digits;
            #[inline]
            fn from_f64(value: f64) -> Self {
                $from(value)
            }
            #[inline]
            fn into_f64(self) -> f64 {
                $to(self)
            }
            #[inline]
            fn widen(self) -> $Acc {
                $widen(self)
            }
            #[inline]
            fn narrow(value: $Acc) -> Self {
                $narrow(value)
            }
            #[inline]
            fn bits(self) -> u64 {
                u64::from(self.to_bits())
            }
            #[inline]
            fn from_bits(bits: u64) -> Self {
                Self::from_le_bytes(lowest(bits))
            }
        }
    };
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest f32 is what is asked for")]
fn round_f32(value: f64) -> f32 {
    value as f32
}

/// A half from its nearest single would be rounded twice (and `half`'s own conversions from `f64` drop its low bits, or
/// round twice where the processor helps). So the single is rounded to odd: a bit below the half's then still tells on
/// which side of a tie the number lies. (Boldo and Melquiond, *Emulation of a FMA and correctly rounded sums*, 2008.)
fn round_to_odd(value: f64) -> f32 {
    let nearest = round_f32(value);
    let (bits, back) = (nearest.to_bits(), f64::from(nearest));
    if back == value || value.is_nan() || bits % 2 == 1 {
        return nearest;
    }
    f32::from_bits(if back.abs() < value.abs() { bits + 1 } else { bits - 1 })
}

fn round_f16(value: f64) -> f16 {
    f16::from_f32(round_to_odd(value))
}

fn round_bf16(value: f64) -> bf16 {
    bf16::from_f32(round_to_odd(value))
}

/// The lowest bytes, little end first.
fn lowest<const N: usize>(bits: u64) -> [u8; N] {
    let bytes = bits.to_le_bytes();
    core::array::from_fn(|place| bytes[place])
}

fn same<T>(value: T) -> T {
    value
}

element!(f32, f32, "f32", f32::MANTISSA_DIGITS, round_f32, f64::from, same, same);
element!(f64, f64, "f64", f64::MANTISSA_DIGITS, same, same, same, same);
element!(f16, f32, "f16", f16::MANTISSA_DIGITS, round_f16, f16::to_f64, f16::to_f32, f16::from_f32);
element!(bf16, f32, "bf16", bf16::MANTISSA_DIGITS, round_bf16, bf16::to_f64, bf16::to_f32, bf16::from_f32);

/// What a tensor carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
pub enum DType {
    /// The backend's element.
    Elem,
    /// IEEE half precision as storage beside another element: mixed precision.
    F16,
    /// bfloat16 as storage beside another element: mixed precision.
    Bf16,
    /// Whole numbers, `i32`: labels, tokens, positions, random bits, keys, step counts.
    Index,
}

impl DType {
    /// True for everything that can have a gradient, which is everything but [`DType::Index`].
    #[must_use]
    pub const fn is_float(self) -> bool {
        !matches!(self, Self::Index)
    }
}

impl Display for DType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Elem => "elem",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Index => "index",
        })
    }
}
