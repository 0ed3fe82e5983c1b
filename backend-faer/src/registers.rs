//! [`Lanes`]: what fills a register, of either size.

use crate::real::{Lane, Real};
use crate::simd::{Isa, Job, narrow, wide};

/// The registers of 256 bits, and those of 512, for what an element is computed in.
pub(crate) type Narrow<T> = <<T as Lane>::Real as Tile>::Narrow;
pub(crate) type Wide<T> = <<T as Lane>::Real as Tile>::Wide;

/// An element with the vectors that the loops hold it in.
pub(crate) trait Tile: Real {
    /// As many as one register of 256 bits has.
    type Narrow: Lanes<Of = Self>;
    /// As many as one register of 512 bits has.
    type Wide: Lanes<Of = Self>;

    /// `a * b + self`, in one instruction where there is one.
    fn plus<I: Isa>(self, a: Self, b: Self) -> Self;
}

/// Some neighbours.
pub(crate) trait Lanes: Copy + Send + Sync {
    /// Their element.
    type Of: Tile;

    /// How many.
    const COUNT: usize;

    /// Whether they fill a register of 512 bits, of which there are twice as many.
    const WIDE: bool;

    /// All of them 0.
    const ZERO: Self;

    /// Runs a loop by instructions for registers of this size.
    fn compiled<J: Job>(job: J) -> J::Out;
    /// The first elements of a slice.
    fn load(x: &[Self::Of]) -> Self;
    /// A slice as whole vectors, without what is left of it.
    fn all(x: &[Self::Of]) -> &[Self];
    /// The one that the slice is too short for.
    fn store(self, out: &mut [Self::Of]);
    /// `a * b + self` of each.
    fn plus<I: Isa>(self, a: Self, b: Self) -> Self;
    /// The same for one number as `a`.
    fn plus_scaled<I: Isa>(self, a: Self::Of, b: Self) -> Self;
}

macro_rules! tiles {
    ($($T:ty, $narrow:literal, $wide:literal;)*) => {
        $(impl Tile for $T {
            type Narrow = [$T; $narrow];
            type Wide = [$T; $wide];

            #[inline(always)]
            fn plus<I: Isa>(self, a: Self, b: Self) -> Self {
                if I::FMA { a.mul_add(b, self) } else { a * b + self }
            }
        })*
    };
}

tiles! {
    f32, 8, 16;
    f64, 4, 8;
}

macro_rules! lanes {
    ($($T:ty, $count:literal, $compiled:path;)*) => {
        $(impl Lanes for [$T; $count] {
            type Of = $T;
            const COUNT: usize = $count;
            const WIDE: bool = size_of::<Self>() == 64;
            const ZERO: Self = [0.0; $count];

            #[inline]
            fn compiled<J: Job>(job: J) -> J::Out {
                $compiled(job)
            }

            #[inline(always)]
            fn load(x: &[$T]) -> Self {
                let mut lanes = Self::ZERO;
                lanes.copy_from_slice(&x[..$count]);
                lanes
            }

            #[inline(always)]
            fn all(x: &[$T]) -> &[Self] {
                x.as_chunks().0
            }

            #[inline(always)]
            fn store(self, out: &mut [$T]) {
                out[..$count].copy_from_slice(&self);
            }

            #[inline(always)]
            fn plus<I: Isa>(mut self, a: Self, b: Self) -> Self {
                for lane in 0..$count {
                    self[lane] = Tile::plus::<I>(self[lane], a[lane], b[lane]);
                }
                self
            }

            #[inline(always)]
            fn plus_scaled<I: Isa>(mut self, a: $T, b: Self) -> Self {
                for lane in 0..$count {
                    self[lane] = Tile::plus::<I>(self[lane], a, b[lane]);
                }
                self
            }
        })*
    };
}

lanes! {
    f32, 8, narrow;
    f32, 16, wide;
    f64, 4, narrow;
    f64, 8, wide;
}
