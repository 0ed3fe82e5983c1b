//! Where the extreme value of a line is: the first of several, the first NaN where there is one.

use std::marker::PhantomData;
use std::ops::Range;

use super::fold::{Fold, LANES, LEAF, leaf, same};
use super::{PANEL, Reducer};
use crate::half::Stored;
use crate::lines::{Block, Lines};
use crate::real::Real;
use crate::simd::{Isa, Job, compiled};

/// An extreme: what `F` makes of a better number and a worse one is the better.
pub(super) struct First<F>(PhantomData<F>);

/// The best number so far and its position.
type Best<R> = (R, usize);

impl<T: Stored, F: Fold<T::Real>> Reducer<T> for First<F> {
    type State = Best<T::Real>;
    const PART: usize = 128 * LEAF;
    const FEW: usize = 1;

    fn start() -> Best<T::Real> {
        (F::start(), 0)
    }

    fn join(a: Best<T::Real>, b: Best<T::Real>) -> Best<T::Real> {
        if better::<T::Real, F>(b.0, a.0) { b } else { a }
    }

    fn fold(lines: &Lines<'_, T>, first: usize, elements: Range<usize>, best: &mut [Best<T::Real>]) {
        best.fill((F::start(), 0));
        let all = [first, best.len()];
        if lines.run.strides != [1] && lines.row.strides == [1] {
            lines.by_element(all, elements, LEAF, &mut |line, at, block| {
                let best = &mut best[line..][..block.cols];
                compiled(Across::<T::Real, F> { block, at, best, f: PhantomData });
            });
        } else {
            lines.by_line(all, elements, LEAF, &mut |line, at, block| {
                let best = &mut best[line..][..block.rows];
                compiled(Along::<T::Real, F> { block, at, best, f: PhantomData });
            });
        }
    }
}

/// Whether `x` is better than what was the best before it, which ties leave.
#[inline(always)]
fn better<R: Real, F: Fold<R>>(x: R, best: R) -> bool {
    let joined = F::join(best, x);
    (joined != best) & !best.is_nan()
}

/// Whether both are one number, or NaN.
#[inline(always)]
fn is<R: Real>(x: R, extreme: R) -> bool {
    x == extreme || x.is_nan()
}

/// Rows from element `at` on: leaves are folded, and only one that is better than all before is searched.
struct Along<'a, R, F> {
    block: Block<'a, R>,
    at: usize,
    best: &'a mut [Best<R>],
    f: PhantomData<F>,
}

impl<R: Real, F: Fold<R>> Job for Along<'_, R, F> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (row, best) in self.best.iter_mut().enumerate() {
            let x = self.block.row(row);
            if x.len() < LANES {
                for (&x, at) in x.iter().zip(self.at..) {
                    *best = if better::<R, F>(x, best.0) { (x, at) } else { *best };
                }
                continue;
            }
            for (x, at) in x.chunks(LEAF).zip((self.at..).step_by(LEAF)) {
                let extreme = leaf::<R, F>(x, same);
                if better::<R, F>(extreme, best.0) {
                    *best = (extreme, at + x.iter().position(|&x| is(x, extreme)).unwrap_or(0));
                }
            }
        }
    }
}

/// Columns, row by row from element `at` on.
struct Across<'a, R, F> {
    block: Block<'a, R>,
    at: usize,
    best: &'a mut [Best<R>],
    f: PhantomData<F>,
}

impl<R: Real, F: Fold<R>> Job for Across<'_, R, F> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let cols = self.best.len();
        // The row of the best, where one of these rows has it.
        let (mut best, mut from) = ([F::start(); PANEL], [u32::MAX; PANEL]);
        let (best, from) = (&mut best[..cols], &mut from[..cols]);
        best.iter_mut().zip(&*self.best).for_each(|(best, &(x, _))| *best = x);
        for (row, number) in (0..self.block.rows).zip(0_u32..) {
            let (row, best, from) = (&self.block.row(row)[..cols], &mut best[..cols], &mut from[..cols]);
            for i in 0..cols {
                let better = better::<R, F>(row[i], best[i]);
                best[i] = if better { row[i] } else { best[i] };
                from[i] = if better { number } else { from[i] };
            }
        }
        for (out, (&best, &row)) in self.best.iter_mut().zip(best.iter().zip(&*from)) {
            if row != u32::MAX {
                *out = (best, self.at + row as usize);
            }
        }
    }
}
