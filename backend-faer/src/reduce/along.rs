//! Folding lines whose elements are innermost: by lanes, which hold every 32nd element.

use std::marker::PhantomData;
use std::ops::Range;

use super::Reducer;
use super::fold::{Fold, LANES, LEAF, leaf, same};
use crate::half::Stored;
use crate::lines::{Lines, load};
use crate::simd::Isa;

/// So many lines are folded together where they are neighbours in memory and their elements are not.
const ABREAST: usize = 32;

pub(super) struct Along<F>(PhantomData<F>);

impl<T: Stored, F: Fold<T::Real>> Reducer<T> for Along<F> {
    type State = T::Real;
    const PART: usize = 128 * LEAF;
    const FEW: usize = 1;

    fn start() -> T::Real {
        F::start()
    }

    #[inline(always)]
    fn join(a: T::Real, b: T::Real) -> T::Real {
        F::join(a, b)
    }

    #[inline(always)]
    fn fold<I: Isa>(lines: &Lines<'_, T>, first: usize, elements: Range<usize>, totals: &mut [T::Real]) {
        let mut starts = lines.starts(first);
        if lines.run.strides != [1] && lines.row.strides == [1] {
            let mut rest = totals;
            while !rest.is_empty() {
                let ([from], count) = starts.next_run(rest.len().min(ABREAST));
                let (now, later) = rest.split_at_mut(count);
                abreast::<T, F>(lines, from, elements.clone(), now);
                rest = later;
            }
        } else {
            for total in totals {
                *total = one::<T, F>(lines, starts.next_place()[0], elements.clone());
            }
        }
    }
}

/// One line.
#[inline(always)]
fn one<T: Stored, F: Fold<T::Real>>(lines: &Lines<'_, T>, from: usize, elements: Range<usize>) -> T::Real {
    if let Some(x) = lines.slice(from).and_then(T::as_real) {
        return super::fold::total::<T::Real, F>(&x[elements], same);
    }
    let mut numbers = [F::start(); LEAF];
    let mut total = F::start();
    let mut next = lines.elements(elements.start);
    for start in elements.clone().step_by(LEAF) {
        let numbers = &mut numbers[..LEAF.min(elements.end - start)];
        lines.load(from, &mut next, numbers);
        total = F::join(total, leaf::<T::Real, F>(numbers, same));
    }
    total
}

/// Neighbouring lines, at most [`ABREAST`], each in the same order.
#[inline(always)]
fn abreast<T: Stored, F: Fold<T::Real>>(
    lines: &Lines<'_, T>,
    from: usize,
    elements: Range<usize>,
    totals: &mut [T::Real],
) {
    let mut next = lines.elements(elements.start);
    let mut sums = [F::start(); ABREAST];
    for start in elements.clone().step_by(LEAF) {
        let len = LEAF.min(elements.end - start);
        let used = if len < LANES { 1 } else { LANES };
        let mut lanes = [[F::start(); ABREAST]; LANES];
        let mut row = [F::start(); ABREAST];
        for number in 0..len {
            let [shift] = next.next_place();
            load(lines.x, from.wrapping_add(shift), 1, &mut row[..totals.len()]);
            join::<T::Real, F>(&mut lanes[number & (used - 1)], &row);
        }
        let mut width = used / 2;
        while width > 0 {
            let (low, high) = lanes.split_at_mut(width);
            low.iter_mut().zip(high).for_each(|(low, high)| join::<T::Real, F>(low, high));
            width /= 2;
        }
        join::<T::Real, F>(&mut sums, &lanes[0]);
    }
    totals.copy_from_slice(&sums[..totals.len()]);
}

#[inline(always)]
fn join<R: crate::real::Real, F: Fold<R>>(a: &mut [R; ABREAST], b: &[R; ABREAST]) {
    for i in 0..ABREAST {
        a[i] = F::join(a[i], b[i]);
    }
}
