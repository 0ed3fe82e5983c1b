//! Folding lines that are innermost themselves: row after row of neighbours, one element of each line in a row.

use std::marker::PhantomData;
use std::ops::Range;

use super::fold::Fold;
use super::{PANEL, Reducer};
use crate::half::Stored;
use crate::lines::{Block, Lines};
use crate::real::Real;
use crate::simd::{Isa, Job, compiled};

/// So many rows are folded with each other before the result joins those before it.
const TOGETHER: usize = 8;
/// So many rows are folded by themselves.
const LEAF: usize = 16 * TOGETHER;

pub(super) struct Across<F>(PhantomData<F>);

impl<T: Stored, F: Fold<T::Real>> Reducer<T> for Across<F> {
    type State = T::Real;
    const PART: usize = 64 * LEAF;
    const FEW: usize = 32;

    fn start() -> T::Real {
        F::start()
    }

    fn join(a: T::Real, b: T::Real) -> T::Real {
        F::join(a, b)
    }

    fn fold(lines: &Lines<'_, T>, first: usize, elements: Range<usize>, totals: &mut [T::Real]) {
        totals.fill(F::start());
        lines.by_element([first, totals.len()], elements, LEAF, &mut |line, _, block| {
            compiled(Leaves::<T::Real, F> { block, totals: &mut totals[line..][..block.cols], f: PhantomData });
        });
    }
}

/// Joins each column to its total.
struct Leaves<'a, R, F> {
    block: Block<'a, R>,
    totals: &'a mut [R],
    f: PhantomData<F>,
}

impl<R: Real, F: Fold<R>> Job for Leaves<'_, R, F> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { block, totals, .. } = self;
        let mut sums = [F::start(); PANEL];
        let sums = &mut sums[..totals.len()];
        for start in (0..block.rows).step_by(LEAF) {
            let end = block.rows.min(start + LEAF);
            let whole = end - (end - start) % TOGETHER;
            sums.fill(F::start());
            for row in (start..whole).step_by(TOGETHER) {
                eight::<R, F>(sums, core::array::from_fn(|i| block.row(row + i)));
            }
            (whole..end).for_each(|row| one::<R, F>(sums, block.row(row)));
            one::<R, F>(totals, sums);
        }
    }
}

#[inline(always)]
fn one<R: Real, F: Fold<R>>(sums: &mut [R], row: &[R]) {
    let row = &row[..sums.len()];
    for i in 0..sums.len() {
        sums[i] = F::join(sums[i], row[i]);
    }
}

#[inline(always)]
fn eight<R: Real, F: Fold<R>>(sums: &mut [R], rows: [&[R]; TOGETHER]) {
    let len = sums.len();
    let [a, b, c, d, e, f, g, h] = rows.map(|row| &row[..len]);
    for i in 0..len {
        let first = F::join(F::join(a[i], b[i]), F::join(c[i], d[i]));
        let second = F::join(F::join(e[i], f[i]), F::join(g[i], h[i]));
        sums[i] = F::join(sums[i], F::join(first, second));
    }
}
