//! Where the extreme value of a line is: the first of several, the first NaN where there is one.

use std::marker::PhantomData;
use std::ops::Range;

use super::fold::{Fold, LANES, LEAF, leaf, same};
use super::{PANEL, Reducer};
use crate::half::Stored;
use crate::lines::{Lines, load};
use crate::real::Real;
use crate::simd::Isa;

/// An extreme: what `F` makes of a better number and a worse one is the better.
pub(super) struct First<F>(PhantomData<F>);

impl<T: Stored, F: Fold<T::Real>> Reducer<T> for First<F> {
    /// The best number so far and its position.
    type State = (T::Real, usize);
    const PART: usize = 128 * LEAF;
    const FEW: usize = 1;

    fn start() -> (T::Real, usize) {
        (F::start(), 0)
    }

    #[inline(always)]
    fn join(a: (T::Real, usize), b: (T::Real, usize)) -> (T::Real, usize) {
        if better::<T::Real, F>(b.0, a.0) { b } else { a }
    }

    #[inline(always)]
    fn fold<I: Isa>(lines: &Lines<'_, T>, first: usize, elements: Range<usize>, best: &mut [(T::Real, usize)]) {
        let mut starts = lines.starts(first);
        if lines.run.strides != [1] && lines.row.strides == [1] {
            let mut rest = best;
            while !rest.is_empty() {
                let ([from], count) = starts.next_run(rest.len());
                let (now, later) = rest.split_at_mut(count);
                across::<T, F>(lines, from, elements.clone(), now);
                rest = later;
            }
        } else {
            for best in best {
                *best = along::<T, F>(lines, starts.next_place()[0], elements.clone());
            }
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

/// One line: leaves are folded, and only one that is better than all before is searched.
#[inline(always)]
fn along<T: Stored, F: Fold<T::Real>>(lines: &Lines<'_, T>, from: usize, elements: Range<usize>) -> (T::Real, usize) {
    let slice = lines.slice(from).and_then(T::as_real);
    if let Some(x) = slice.filter(|x| x.len() < LANES) {
        let first = (F::start(), 0);
        return x
            .iter()
            .enumerate()
            .fold(first, |best, (at, &x)| if better::<T::Real, F>(x, best.0) { (x, at) } else { best });
    }
    let mut room = [F::start(); LEAF];
    let mut next = lines.elements(elements.start);
    let (mut best, mut at) = (F::start(), 0);
    for start in elements.clone().step_by(LEAF) {
        let end = elements.end.min(start + LEAF);
        let numbers = match slice {
            Some(x) => &x[start..end],
            None => {
                lines.load(from, &mut next, &mut room[..end - start]);
                &room[..end - start]
            }
        };
        let extreme = leaf::<T::Real, F>(numbers, same);
        if better::<T::Real, F>(extreme, best) {
            at = start + numbers.iter().position(|&x| is(x, extreme)).unwrap_or(0);
            best = extreme;
        }
    }
    (best, at)
}

/// Lines whose elements are neighbours row by row.
#[inline(always)]
fn across<T: Stored, F: Fold<T::Real>>(
    lines: &Lines<'_, T>,
    from: usize,
    elements: Range<usize>,
    out: &mut [(T::Real, usize)],
) {
    let mut next = lines.elements(elements.start);
    let mut room = [F::start(); PANEL];
    let (mut best, mut at) = ([F::start(); PANEL], [0_u32; PANEL]);
    let (best, at, room) = (&mut best[..out.len()], &mut at[..out.len()], &mut room[..out.len()]);
    for (_, number) in elements.clone().zip(0_u32..) {
        let place = from.wrapping_add(next.next_place()[0]);
        let row = match T::as_real(lines.x.data()) {
            Some(x) => &x[place..place + out.len()],
            None => {
                load(lines.x, place, 1, room);
                &*room
            }
        };
        let (row, best, at) = (&row[..out.len()], &mut best[..out.len()], &mut at[..out.len()]);
        for i in 0..out.len() {
            let better = better::<T::Real, F>(row[i], best[i]);
            best[i] = if better { row[i] } else { best[i] };
            at[i] = if better { number } else { at[i] };
        }
    }
    for (out, (&best, &at)) in out.iter_mut().zip(best.iter().zip(&*at)) {
        *out = (best, elements.start + at as usize);
    }
}
