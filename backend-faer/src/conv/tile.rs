//! The innermost loops: a few accumulators, all in registers, to which products of three kinds are added. They come and go
//! by value: behind a reference they would be loaded and stored in every round.

use crate::real::Real;
use crate::simd::{Isa, Job};

/// An element with the vector that the loops hold it in.
pub(crate) trait Tile: Real {
    /// As many as one register of 256 bits has.
    type Lanes: Lanes<Self>;

    /// `a * b + self`, in one instruction where there is one.
    fn plus<I: Isa>(self, a: Self, b: Self) -> Self;
}

/// Some neighbours.
pub(crate) trait Lanes<T>: Copy {
    /// How many.
    const COUNT: usize;

    /// All of them 0.
    const ZERO: Self;

    /// The first elements of a slice.
    fn load(x: &[T]) -> Self;
    /// A slice as whole vectors, without what is left of it.
    fn all(x: &[T]) -> &[Self];
    /// The one that the slice is too short for.
    fn store(self, out: &mut [T]);
    /// `a * b + self` of each.
    fn plus<I: Isa>(self, a: Self, b: Self) -> Self;
    /// The same for one number as `a`.
    fn plus_scaled<I: Isa>(self, a: T, b: Self) -> Self;
}

macro_rules! tiles {
    ($($T:ty, $count:literal;)*) => {
        $(impl Tile for $T {
            type Lanes = [$T; $count];

            #[inline(always)]
            fn plus<I: Isa>(self, a: Self, b: Self) -> Self {
                if I::FMA { a.mul_add(b, self) } else { a * b + self }
            }
        }

        impl Lanes<$T> for [$T; $count] {
            const COUNT: usize = $count;
            const ZERO: Self = [0.0; $count];

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

tiles! {
    f32, 8;
    f64, 4;
}

/// `O` outputs at `V` runs of neighbouring pixels: `sum over k  w[k][o] x[base + offset[k] ..]`.
#[inline(always)]
pub(super) fn pixels<I: Isa, T: Tile, const O: usize, const V: usize>(
    x: &[T],
    bases: [usize; V],
    offsets: &[u32],
    w: &[T],
) -> [[T::Lanes; V]; O] {
    let mut sums = [[T::Lanes::ZERO; V]; O];
    for (&offset, w) in offsets.iter().zip(w.chunks_exact(O)) {
        let mut lanes = [T::Lanes::ZERO; V];
        for v in 0..V {
            lanes[v] = T::Lanes::load(&x[bases[v] + offset as usize..]);
        }
        for o in 0..O {
            for v in 0..V {
                sums[o][v] = sums[o][v].plus_scaled::<I>(w[o], lanes[v]);
            }
        }
    }
    sums
}

/// `P` neighbouring pixels of `V` runs of outputs: `sum over k  x[offset[k] + p] w[k][..]`.
#[inline(always)]
pub(super) fn outputs<I: Isa, T: Tile, const P: usize, const V: usize>(
    x: &[T],
    offsets: &[u32],
    w: &[T],
) -> [[T::Lanes; V]; P] {
    let mut sums = [[T::Lanes::ZERO; V]; P];
    for (&offset, w) in offsets.iter().zip(w.chunks_exact(V * T::Lanes::COUNT)) {
        let x = &x[offset as usize..][..P];
        let mut lanes = [T::Lanes::ZERO; V];
        for v in 0..V {
            lanes[v] = T::Lanes::load(&w[v * T::Lanes::COUNT..]);
        }
        for p in 0..P {
            for v in 0..V {
                sums[p][v] = sums[p][v].plus_scaled::<I>(x[p], lanes[v]);
            }
        }
    }
    sums
}

/// Along a row of pixels, `R` places for `V` runs of outputs: `sums[r] + sum over j  x[offset[r] + j] y[j][..]`.
#[inline(always)]
pub(super) fn places_by_outputs<I: Isa, T: Tile, const R: usize, const V: usize>(
    x: &[T],
    offsets: &[u32; R],
    y: &[T],
    mut sums: [[T::Lanes; V]; R],
) -> [[T::Lanes; V]; R] {
    let width = V * T::Lanes::COUNT;
    let count = y.len() / width;
    let mut rows = [x; R];
    for r in 0..R {
        rows[r] = &x[offsets[r] as usize..][..count];
    }
    for (j, y) in y.chunks_exact(width).enumerate() {
        let mut lanes = [T::Lanes::ZERO; V];
        for v in 0..V {
            lanes[v] = T::Lanes::load(&y[v * T::Lanes::COUNT..]);
        }
        for r in 0..R {
            for v in 0..V {
                sums[r][v] = sums[r][v].plus_scaled::<I>(rows[r][j], lanes[v]);
            }
        }
    }
    sums
}

/// The products of `R` lines with `O` others, all of one length in whole registers: `sums[o][r] + x[r][j] y[o][j]`, each lane
/// its own `j`.
#[inline(always)]
pub(super) fn lines<I: Isa, T: Tile, const R: usize, const O: usize>(
    x: [&[T]; R],
    y: [&[T]; O],
    mut sums: [[T::Lanes; R]; O],
) -> [[T::Lanes; R]; O] {
    let count = x[0].len() / T::Lanes::COUNT;
    let (mut left, mut right) = ([T::Lanes::all(x[0]); R], [T::Lanes::all(y[0]); O]);
    for r in 0..R {
        left[r] = &T::Lanes::all(x[r])[..count];
    }
    for o in 0..O {
        right[o] = &T::Lanes::all(y[o])[..count];
    }
    for at in 0..count {
        for o in 0..O {
            for r in 0..R {
                sums[o][r] = sums[o][r].plus::<I>(left[r][at], right[o][at]);
            }
        }
    }
    sums
}

/// Whether all numbers are finite.
pub(super) struct Finite<'a, R>(pub(super) &'a [R]);

impl<R: Tile> Job for Finite<'_, R> {
    type Out = bool;

    #[inline(always)]
    fn run<I: Isa>(self) -> bool {
        let mut sums = [R::zero(); 32];
        let (blocks, rest) = self.0.as_chunks::<32>();
        for block in blocks {
            for lane in 0..32 {
                sums[lane] += block[lane] * R::zero();
            }
        }
        let zero = |x: &R| *x * R::zero() == R::zero();
        sums.iter().all(zero) && rest.iter().all(zero)
    }
}
