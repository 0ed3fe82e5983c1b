//! Folding lines that are innermost themselves: row after row of neighbours, one element of each line in a row.

use std::marker::PhantomData;
use std::ops::Range;

use super::fold::Fold;
use super::{PANEL, Reducer};
use crate::half::Stored;
use crate::lines::{Lines, Runs, load};
use crate::real::Real;
use crate::simd::Isa;

/// So many rows are folded with each other before the result joins those before it.
const TOGETHER: usize = 8;
/// So many rows are folded by themselves.
const LEAF: usize = 16 * TOGETHER;
/// Room for rows that must be gathered or widened.
const ROOM: usize = TOGETHER * PANEL;

pub(super) struct Across<F>(PhantomData<F>);

impl<T: Stored, F: Fold<T::Real>> Reducer<T> for Across<F> {
    type State = T::Real;
    const PART: usize = 64 * LEAF;
    const FEW: usize = 32;

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
        let mut rest = totals;
        while !rest.is_empty() {
            let ([from], count) = starts.next_run(rest.len());
            let (now, later) = rest.split_at_mut(count);
            panel::<T, F>(lines, from, elements.clone(), now);
            rest = later;
        }
    }
}

/// Lines that begin at neighbours, leaf by leaf.
#[inline(always)]
fn panel<T: Stored, F: Fold<T::Real>>(lines: &Lines<'_, T>, from: usize, rows: Range<usize>, totals: &mut [T::Real]) {
    let mut next = lines.elements(rows.start);
    let mut room = [F::start(); ROOM];
    let mut sums = [F::start(); PANEL];
    let sums = &mut sums[..totals.len()];
    totals.fill(F::start());
    for start in rows.clone().step_by(LEAF) {
        let len = LEAF.min(rows.end - start);
        sums.fill(F::start());
        if lines.row.strides != [1] {
            gathered::<T, F>(lines, from, &mut next, len, &mut room, sums);
        } else if let Some(x) = T::as_real(lines.x.data()) {
            for _ in 0..len / TOGETHER {
                let rows = [(); TOGETHER].map(|()| from.wrapping_add(next.next_place()[0]));
                join_eight::<T::Real, F>(sums, rows.map(|row| &x[row..row + sums.len()]));
            }
            for _ in 0..len % TOGETHER {
                let row = from.wrapping_add(next.next_place()[0]);
                join::<T::Real, F>(sums, &x[row..row + sums.len()]);
            }
        } else {
            widened::<T, F>(lines, from, &mut next, len, &mut room, sums);
        }
        join::<T::Real, F>(totals, sums);
    }
}

/// A leaf whose rows are rounded to a half.
#[inline(always)]
fn widened<T: Stored, F: Fold<T::Real>>(
    lines: &Lines<'_, T>,
    from: usize,
    next: &mut Runs<1>,
    len: usize,
    room: &mut [T::Real; ROOM],
    sums: &mut [T::Real],
) {
    let width = sums.len();
    for start in (0..len).step_by(TOGETHER) {
        let count = TOGETHER.min(len - start);
        for row in room.chunks_exact_mut(width).take(count) {
            load(lines.x, from.wrapping_add(next.next_place()[0]), 1, row);
        }
        rows::<T::Real, F>(&room[..count * width], sums);
    }
}

/// A leaf whose lines lie apart: each line's elements, which may be neighbours, are loaded at once.
#[inline(always)]
fn gathered<T: Stored, F: Fold<T::Real>>(
    lines: &Lines<'_, T>,
    from: usize,
    next: &mut Runs<1>,
    len: usize,
    room: &mut [T::Real; ROOM],
    sums: &mut [T::Real],
) {
    let mut places = [0; LEAF];
    for place in &mut places[..len] {
        [*place] = next.next_place();
    }
    let data = lines.x.data();
    for (panel, sums) in sums.chunks_mut(ROOM / LEAF).enumerate() {
        let width = sums.len();
        for column in 0..width {
            let line = (panel * (ROOM / LEAF) + column).cast_signed();
            let from = from.wrapping_add_signed(lines.row.strides[0].wrapping_mul(line));
            for (row, &place) in places[..len].iter().enumerate() {
                room[row * width + column] = data[from.wrapping_add(place)].wide();
            }
        }
        rows::<T::Real, F>(&room[..len * width], sums);
    }
}

/// Rows next to each other, each as wide as `sums`.
#[inline(always)]
fn rows<R: Real, F: Fold<R>>(x: &[R], sums: &mut [R]) {
    let width = sums.len();
    let mut groups = x.chunks_exact(TOGETHER * width);
    for group in &mut groups {
        let mut rows = group.chunks_exact(width);
        join_eight::<R, F>(sums, [(); TOGETHER].map(|()| rows.next().unwrap_or(&[])));
    }
    groups.remainder().chunks_exact(width).for_each(|row| join::<R, F>(sums, row));
}

#[inline(always)]
fn join<R: Real, F: Fold<R>>(sums: &mut [R], row: &[R]) {
    let row = &row[..sums.len()];
    for i in 0..sums.len() {
        sums[i] = F::join(sums[i], row[i]);
    }
}

#[inline(always)]
fn join_eight<R: Real, F: Fold<R>>(sums: &mut [R], rows: [&[R]; TOGETHER]) {
    let len = sums.len();
    let [a, b, c, d, e, f, g, h] = rows.map(|row| &row[..len]);
    for i in 0..len {
        let first = F::join(F::join(a[i], b[i]), F::join(c[i], d[i]));
        let second = F::join(F::join(e[i], f[i]), F::join(g[i], h[i]));
        sums[i] = F::join(sums[i], F::join(first, second));
    }
}
