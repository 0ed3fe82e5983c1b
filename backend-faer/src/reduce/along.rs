//! Folding lines whose elements are innermost: leaf by leaf.

use std::marker::PhantomData;
use std::ops::Range;

use super::Reducer;
use super::fold::{Fold, LEAF, leaf, same};
use crate::half::Stored;
use crate::lines::{Block, Lines};
use crate::real::Real;
use crate::simd::{Isa, Job, compiled};

pub(super) struct Along<F>(PhantomData<F>);

impl<T: Stored, F: Fold<T::Real>> Reducer<T> for Along<F> {
    type State = T::Real;
    const PART: usize = 128 * LEAF;
    const FEW: usize = 1;

    fn start() -> T::Real {
        F::start()
    }

    fn join(a: T::Real, b: T::Real) -> T::Real {
        F::join(a, b)
    }

    fn fold(lines: &Lines<'_, T>, first: usize, elements: Range<usize>, totals: &mut [T::Real]) {
        totals.fill(F::start());
        lines.by_line([first, totals.len()], elements, LEAF, &mut |line, _, block| {
            compiled(Leaves::<T::Real, F> { block, totals: &mut totals[line..][..block.rows], f: PhantomData });
        });
    }
}

/// Joins each row to its total.
struct Leaves<'a, R, F> {
    block: Block<'a, R>,
    totals: &'a mut [R],
    f: PhantomData<F>,
}

impl<R: Real, F: Fold<R>> Job for Leaves<'_, R, F> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (row, total) in self.totals.iter_mut().enumerate() {
            for x in self.block.row(row).chunks(LEAF) {
                *total = F::join(*total, leaf::<R, F>(x, same));
            }
        }
    }
}
