//! The same numbers in another format.

use std::any::Any;

use autodiff_core::{bf16, f16};
use backend_cpu::{Number, View};

use super::tiles::Tiles;
use crate::half::{BLOCK, Stored, narrow, reals};
use crate::math::Float;
use crate::simd::{Isa, Job, compiled};

/// The nearest element; an index is cut towards zero.
pub(crate) fn cast<T: Stored, D: Number>(x: View<'_, T>, out: &mut [D]) {
    let tiles = Tiles::over(x.shape(), [x.start()], [x.strides()]);
    tiles.split(out, super::GRAIN, |first, out| {
        let mut x = tiles.operand(0, x);
        let mut wide = [T::Real::default(); BLOCK];
        let mut room = [D::default(); BLOCK];
        tiles.each(first, out.len(), |tile| {
            let (x, out) = (reals(x.slice(tile), &mut wide), tile.of(out));
            if halves::<f16, D, T::Real>(x, &mut room) || halves::<bf16, D, T::Real>(x, &mut room) {
                out.copy_from_slice(&room[..x.len()]);
            } else {
                compiled(Cast { x, out });
            }
        });
    });
}

/// Rounds to the half `H` where that is what is asked for, and `x` is what it is rounded from.
fn halves<H: Stored<Real = f32>, D: Number, S: Float>(x: &[S], room: &mut [D; BLOCK]) -> bool {
    let room: &mut dyn Any = room;
    match (S::singles(x), room.downcast_mut::<[H; BLOCK]>()) {
        (Some(x), Some(room)) => {
            narrow(x, &mut room[..x.len()]);
            true
        }
        _ => false,
    }
}

struct Cast<'a, S, D> {
    x: &'a [S],
    out: &'a mut [D],
}

impl<S: Number, D: Number> Job for Cast<'_, S, D> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (y, &x) in self.out.iter_mut().zip(self.x) {
            *y = D::from_wide(x.to_wide());
        }
    }
}
