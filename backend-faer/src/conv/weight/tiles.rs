//! The loops over all pixels of an image, tile by tile.

use super::{NEAR, NEAR_BY_PIXELS, WeightGrad};
use crate::conv::tile;
use crate::registers::Lanes;
use crate::simd::{Isa, Job};

/// The outputs of `V` registers, for all places.
pub(super) struct ByOutputs<'a, L: Lanes, const V: usize> {
    pub(super) plan: &'a WeightGrad<L>,
    pub(super) x: &'a [L::Of],
    pub(super) y: &'a [L::Of],
    pub(super) sums: &'a mut [L::Of],
}

impl<L: Lanes, const V: usize> ByOutputs<'_, L, V> {
    #[inline(always)]
    fn tile<I: Isa, const P: usize>(&mut self, first: usize, rows: &[usize], y: &[L::Of]) {
        let (lanes, width) = (L::COUNT, V * L::COUNT);
        let Some(offsets) = self.plan.offsets[first..].first_chunk::<P>() else { return };
        let sums = &mut self.sums[first * width..][..P * width];
        let mut tile = [[L::ZERO; V]; P];
        for p in 0..P {
            for v in 0..V {
                tile[p][v] = L::load(&sums[p * width + v * lanes..]);
            }
        }
        for (&base, y) in rows.iter().zip(y.chunks_exact(self.plan.count * width)) {
            tile = tile::places_by_outputs::<I, L, P, V>(&self.x[base..], offsets, y, tile);
        }
        for p in 0..P {
            for v in 0..V {
                tile[p][v].store(&mut sums[p * width + v * lanes..]);
            }
        }
    }
}

impl<L: Lanes, const V: usize> Job for ByOutputs<'_, L, V> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        let (plan, y) = (self.plan, self.y);
        let row = plan.count * V * L::COUNT;
        let near = (NEAR / plan.count).max(1);
        for (rows, y) in plan.rows.chunks(near).zip(y.chunks(near * row)) {
            for &(first, count) in &*plan.together {
                match count {
                    4 => self.tile::<I, 4>(first, rows, y),
                    3 => self.tile::<I, 3>(first, rows, y),
                    2 => self.tile::<I, 2>(first, rows, y),
                    _ => self.tile::<I, 1>(first, rows, y),
                }
            }
        }
    }
}

/// `O` outputs, for all places.
pub(super) struct ByPixels<'a, L: Lanes, const O: usize> {
    pub(super) plan: &'a WeightGrad<L>,
    pub(super) x: &'a [L::Of],
    pub(super) y: &'a [L::Of],
    pub(super) sums: &'a mut [L::Of],
}

impl<L: Lanes, const O: usize> ByPixels<'_, L, O> {
    /// `P` places, for the pixels from `start` on.
    #[inline(always)]
    fn tile<I: Isa, const P: usize>(&mut self, first: usize, start: usize) {
        let (plan, lanes) = (self.plan, L::COUNT);
        let Some(offsets) = plan.offsets[first..].first_chunk::<P>() else { return };
        let count = NEAR_BY_PIXELS.min(plan.line - start);
        let (mut x, mut y) = ([self.x; P], [self.y; O]);
        for p in 0..P {
            x[p] = &self.x[offsets[p] as usize + start..][..count];
        }
        for o in 0..O {
            y[o] = &self.y[o * plan.line + start..][..count];
        }
        let mut tile = [[L::ZERO; P]; O];
        for o in 0..O {
            let sums = &self.sums[(o * plan.offsets.len() + first) * lanes..][..P * lanes];
            for p in 0..P {
                tile[o][p] = L::load(&sums[p * lanes..]);
            }
        }
        tile = tile::lines::<I, L, P, O>(x, y, tile);
        for o in 0..O {
            let sums = &mut self.sums[(o * plan.offsets.len() + first) * lanes..][..P * lanes];
            for p in 0..P {
                tile[o][p].store(&mut sums[p * lanes..]);
            }
        }
    }
}

impl<L: Lanes, const O: usize> Job for ByPixels<'_, L, O> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        for start in (0..self.plan.line).step_by(NEAR_BY_PIXELS) {
            for &(first, count) in &*self.plan.together {
                match count {
                    2 => self.tile::<I, 2>(first, start),
                    _ => self.tile::<I, 1>(first, start),
                }
            }
        }
    }
}
