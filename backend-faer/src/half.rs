//! [`Stored`]: blocks of halves as `f32` and back, vectorised; nothing but a copy for the other elements.

use autodiff_core::{bf16, f16};

use crate::math::Functions;
use crate::real::Lane;
use crate::simd::{Isa, Job, compiled};

/// So many elements are widened at a time; they stay in the nearest cache.
pub(crate) const BLOCK: usize = 256;

/// An element whose format is one to compute in, or is widened to one.
pub(crate) trait Stored: Lane<Real: Functions> {
    /// The same number.
    fn wide(self) -> Self::Real;
    /// The nearest element, ties to even.
    fn rounded(wide: Self::Real) -> Self;
}

/// The same numbers.
pub(crate) fn widen<T: Stored>(x: &[T], out: &mut [T::Real]) {
    compiled(Widen { x, out });
}

/// The nearest elements.
pub(crate) fn narrow<T: Stored>(x: &[T::Real], out: &mut [T]) {
    compiled(Narrow { x, out });
}

/// The numbers as they are computed with: themselves, or in `room`, for at most [`BLOCK`] of them.
#[inline]
pub(crate) fn reals<'a, T: Stored>(x: &'a [T], room: &'a mut [T::Real; BLOCK]) -> &'a [T::Real] {
    if let Some(x) = T::as_real(x) {
        return x;
    }
    let room = &mut room[..x.len()];
    widen(x, room);
    room
}

/// Has numbers written as they are computed, at most [`BLOCK`] of them unless they are stored so.
#[inline]
pub(crate) fn write<T: Stored>(out: &mut [T], work: impl FnOnce(&mut [T::Real])) {
    if let Some(out) = T::as_real_mut(out) {
        return work(out);
    }
    let room = &mut [T::Real::default(); BLOCK][..out.len()];
    work(room);
    narrow(room, out);
}

struct Widen<'a, T: Stored> {
    x: &'a [T],
    out: &'a mut [T::Real],
}

impl<T: Stored> Job for Widen<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (y, &x) in self.out.iter_mut().zip(self.x) {
            *y = x.wide();
        }
    }
}

struct Narrow<'a, T: Stored> {
    x: &'a [T::Real],
    out: &'a mut [T],
}

impl<T: Stored> Job for Narrow<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (y, &x) in self.out.iter_mut().zip(self.x) {
            *y = T::rounded(x);
        }
    }
}

macro_rules! as_they_are {
    ($($T:ty)*) => {
        $(impl Stored for $T {
            #[inline(always)]
            fn wide(self) -> $T {
                self
            }
            #[inline(always)]
            fn rounded(wide: $T) -> $T {
                wide
            }
        })*
    };
}

as_they_are! { f32 f64 }

impl Stored for bf16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    fn rounded(wide: f32) -> Self {
        let bits = wide.to_bits();
        let even = bits.wrapping_add(0x7fff + (bits >> 16 & 1));
        Self::from_bits(upper(if wide.is_nan() { bits | 0x40_0000 } else { even }))
    }
}

impl Stored for f16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        // The exponent's bias grows by 112 in a product, which makes subnormal numbers normal on the way.
        const BIAS: f32 = f32::from_bits((127 + 112) << 23);
        let bits = u32::from(self.to_bits());
        let moved = (bits & 0x7fff) << 13;
        let finite = (f32::from_bits(moved) * BIAS).to_bits();
        let size = if bits & 0x7c00 == 0x7c00 { moved | 0x7f80_0000 } else { finite };
        f32::from_bits(size | (bits & 0x8000) << 16)
    }

    /// (Giesen, *Float to half conversion*, 2016, `float_to_half_fast3_rtne`.)
    #[inline(always)]
    fn rounded(wide: f32) -> Self {
        // In this number's format the last bit is that of the smallest subnormal half.
        const MAGIC: f32 = f32::from_bits((127 - 15 + 23 - 10 + 1) << 23);
        let bits = wide.to_bits() & 0x7fff_ffff;
        let subnormal = (f32::from_bits(bits) + MAGIC).to_bits().wrapping_sub(MAGIC.to_bits());
        let normal = bits.wrapping_sub(112 << 23).wrapping_add(0xfff + (bits >> 13 & 1)) >> 13;
        let huge = if bits > 0x7f80_0000 { 0x7e00 } else { 0x7c00 };
        let finite = if bits < 113 << 23 { subnormal } else { normal };
        let size = if bits >= 143 << 23 { huge } else { finite };
        Self::from_bits(upper((size | wide.to_bits() >> 16 & 0x8000) << 16))
    }
}

/// The upper half of the bits.
#[inline(always)]
fn upper(bits: u32) -> u16 {
    (bits >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::{Stored, narrow, widen};
    use autodiff_core::{bf16, f16};

    #[test]
    fn all_halves_and_back() {
        fn check<T: Stored<Real = f32>>(from_bits: fn(u16) -> T) {
            let all: Vec<T> = (0..=u16::MAX).map(from_bits).collect();
            let (mut wide, mut back) = (vec![0.0_f32; all.len()], vec![T::zero(); all.len()]);
            widen(&all, &mut wide);
            narrow(&wide, &mut back);
            for ((&half, &wide), &back) in all.iter().zip(&wide).zip(&back) {
                if half.is_nan() {
                    assert!(wide.is_nan() && back.is_nan());
                } else {
                    assert_eq!((f64::from(wide).to_bits(), back.bits()), (half.into_f64().to_bits(), half.bits()));
                }
            }
        }
        check(f16::from_bits);
        check(bf16::from_bits);
    }

    #[test]
    fn rounding_is_to_nearest_even() {
        fn check<T: Stored<Real = f32>>() {
            for bits in (0..=u32::MAX).step_by(4093).chain((0..=u32::MAX).step_by(4096)) {
                let x = f32::from_bits(bits);
                let (ours, exact) = (T::rounded(x), T::from_f64(f64::from(x)));
                assert!(ours.bits() == exact.bits() || x.is_nan() && ours.is_nan(), "{bits:x}: {ours} {exact}");
            }
        }
        check::<f16>();
        check::<bf16>();
    }
}
