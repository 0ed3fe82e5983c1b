//! The innermost loops: a few accumulators, all in registers, to which products of three kinds are added. They come and go
//! by value: behind a reference they would be loaded and stored in every round.

use crate::registers::{Lanes, Tile};
use crate::simd::{Isa, Job};

/// `O` outputs at `V` runs of neighbouring pixels: `sum over k  w[k][o] x[base + offset[k] ..]`.
#[inline(always)]
pub(super) fn pixels<I: Isa, L: Lanes, const O: usize, const V: usize>(
    x: &[L::Of],
    bases: [usize; V],
    offsets: &[u32],
    w: &[L::Of],
) -> [[L; V]; O] {
    let mut sums = [[L::ZERO; V]; O];
    for (&offset, w) in offsets.iter().zip(w.chunks_exact(O)) {
        let mut lanes = [L::ZERO; V];
        for v in 0..V {
            lanes[v] = L::load(&x[bases[v] + offset as usize..]);
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
pub(super) fn outputs<I: Isa, L: Lanes, const P: usize, const V: usize>(
    x: &[L::Of],
    offsets: &[u32],
    w: &[L::Of],
) -> [[L; V]; P] {
    let mut sums = [[L::ZERO; V]; P];
    for (&offset, w) in offsets.iter().zip(w.chunks_exact(V * L::COUNT)) {
        let x = &x[offset as usize..][..P];
        let mut lanes = [L::ZERO; V];
        for v in 0..V {
            lanes[v] = L::load(&w[v * L::COUNT..]);
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
pub(super) fn places_by_outputs<I: Isa, L: Lanes, const R: usize, const V: usize>(
    x: &[L::Of],
    offsets: &[u32; R],
    y: &[L::Of],
    mut sums: [[L; V]; R],
) -> [[L; V]; R] {
    let width = V * L::COUNT;
    let count = y.len() / width;
    let mut rows = [x; R];
    for r in 0..R {
        rows[r] = &x[offsets[r] as usize..][..count];
    }
    for (j, y) in y.chunks_exact(width).enumerate() {
        let mut lanes = [L::ZERO; V];
        for v in 0..V {
            lanes[v] = L::load(&y[v * L::COUNT..]);
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
pub(super) fn lines<I: Isa, L: Lanes, const R: usize, const O: usize>(
    x: [&[L::Of]; R],
    y: [&[L::Of]; O],
    mut sums: [[L; R]; O],
) -> [[L; R]; O] {
    let count = x[0].len() / L::COUNT;
    let (mut left, mut right) = ([L::all(x[0]); R], [L::all(y[0]); O]);
    for r in 0..R {
        left[r] = &L::all(x[r])[..count];
    }
    for o in 0..O {
        right[o] = &L::all(y[o])[..count];
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
