//! The loops over all results of a piece, tile by tile.

use core::hint::black_box;

use super::{Piece, Run};
use crate::conv::tile;
use crate::registers::Lanes;
use crate::simd::{Isa, Job};

/// So many runs of pixels are added up at a time: with six outputs as many sums as hide how long an addition takes, and twice
/// as many where there are twice as many registers, so that all that is loaded serves twice.
const RUNS: usize = 2;
const WIDE_RUNS: usize = 4;

/// `O` outputs over all runs of a piece.
pub(super) struct Pixels<'a, L: Lanes, const O: usize> {
    pub(super) piece: &'a Piece<L::Of>,
    pub(super) x: &'a [L::Of],
    pub(super) w: &'a [L::Of],
    pub(super) plane: usize,
    pub(super) out: &'a mut [L::Of],
    /// For the sums of a tile.
    pub(super) room: &'a mut [L::Of],
}

impl<L: Lanes, const O: usize> Pixels<'_, L, O> {
    #[inline(always)]
    fn tile<I: Isa, const V: usize>(&mut self, runs: &[Run; V]) {
        let mut bases = [0; V];
        for v in 0..V {
            bases[v] = runs[v].base;
        }
        let sums = tile::pixels::<I, L, O, V>(self.x, bases, &self.piece.offsets, self.w);
        // By way of `room`: whatever else is done with them keeps the compiler from holding them in registers.
        let lanes = L::COUNT;
        for o in 0..O {
            for v in 0..V {
                sums[o][v].store(&mut self.room[(o * V + v) * lanes..]);
            }
        }
        let mut rows = black_box(&*self.room).chunks_exact(lanes);
        for out in self.out.chunks_exact_mut(self.plane) {
            for (run, sums) in runs.iter().zip(&mut rows) {
                let out = &mut out[run.out..];
                match self.piece.step {
                    1 => out[..lanes].copy_from_slice(sums),
                    step => out.iter_mut().step_by(step).zip(sums).for_each(|(out, &sum)| *out = sum),
                }
            }
        }
    }
}

impl<L: Lanes, const O: usize> Job for Pixels<'_, L, O> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        let (wide, rest) = if L::WIDE { self.piece.runs.as_chunks() } else { (&[][..], &*self.piece.runs) };
        for tile in wide {
            self.tile::<I, WIDE_RUNS>(tile);
        }
        let (tiles, rest) = rest.as_chunks::<RUNS>();
        for tile in tiles {
            self.tile::<I, RUNS>(tile);
        }
        for run in rest.as_chunks::<1>().0 {
            self.tile::<I, 1>(run);
        }
    }
}

/// The outputs of `V` registers over all runs of a piece.
pub(super) struct Outputs<'a, L: Lanes, const V: usize> {
    pub(super) piece: &'a Piece<L::Of>,
    pub(super) x: &'a [L::Of],
    pub(super) w: &'a [L::Of],
    pub(super) plane: usize,
    pub(super) out: &'a mut [L::Of],
    /// For the sums of a tile.
    pub(super) room: &'a mut [L::Of],
}

impl<L: Lanes, const V: usize> Outputs<'_, L, V> {
    #[inline(always)]
    fn tile<I: Isa, const P: usize>(&mut self, run: Run) {
        let sums = tile::outputs::<I, L, P, V>(&self.x[run.base..], &self.piece.offsets, self.w);
        let (lanes, width) = (L::COUNT, V * L::COUNT);
        let room = &mut self.room[..P * width];
        for p in 0..P {
            for v in 0..V {
                sums[p][v].store(&mut room[p * width + v * lanes..]);
            }
        }
        let (step, room) = (self.piece.step, black_box(&*room));
        for (o, out) in self.out.chunks_exact_mut(self.plane).enumerate() {
            let out = &mut out[run.out..][..(P - 1) * step + 1];
            for p in 0..P {
                out[p * step] = room[p * width + o];
            }
        }
    }
}

impl<L: Lanes, const V: usize> Job for Outputs<'_, L, V> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        for &run in &*self.piece.runs {
            match run.count {
                6 => self.tile::<I, 6>(run),
                5 => self.tile::<I, 5>(run),
                4 => self.tile::<I, 4>(run),
                3 => self.tile::<I, 3>(run),
                2 => self.tile::<I, 2>(run),
                _ => self.tile::<I, 1>(run),
            }
        }
    }
}
