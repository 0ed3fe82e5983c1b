//! [`Lane`]: what a kernel computes an element in. Halves are stored, and computed with as `f32` block by block.

use autodiff_core::{bf16, f16};
use backend_cpu::Scalar;

/// An element that the processor computes with: `f32` or `f64`.
pub(crate) trait Real: Scalar<Accumulator = Self> {}

impl Real for f32 {}
impl Real for f64 {}

/// One of the four elements, and the one that it is computed in.
pub(crate) trait Lane: Scalar<Accumulator = Self::Real> {
    /// `f32` for the halves, the element itself otherwise.
    type Real: Real;

    /// The elements themselves, where they are computed with as they are.
    fn as_real(x: &[Self]) -> Option<&[Self::Real]>;
    /// The same to be written.
    fn as_real_mut(x: &mut [Self]) -> Option<&mut [Self::Real]>;
}

macro_rules! lanes {
    ($($T:ty, $Real:ty, $some:expr, $some_mut:expr;)*) => {
        $(impl Lane for $T {
            type Real = $Real;

            #[inline(always)]
            fn as_real(x: &[Self]) -> Option<&[$Real]> {
                $some(x)
            }
            #[inline(always)]
            fn as_real_mut(x: &mut [Self]) -> Option<&mut [$Real]> {
                $some_mut(x)
            }
        })*
    };
}

lanes! {
    f32, f32, Some, Some;
    f64, f64, Some, Some;
    f16, f32, |_| None, |_| None;
    bf16, f32, |_| None, |_| None;
}
