//! Where the largest cell of each window lies: the first on a tie, the first NaN where there is one.

use backend_cpu::math;

use super::over::Over;
use crate::real::Real;
use crate::scratch::Room;
use crate::simd::{Isa, Job};

/// The positions over a plane.
pub(super) struct ArgMax<'a, R> {
    pub(super) over: &'a Over,
    pub(super) x: &'a [R],
    /// Room for a row of the largest so far.
    pub(super) best: &'a mut Room<R>,
    pub(super) out: &'a mut [i32],
}

impl<R: Real> Job for ArgMax<'_, R> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (cells, windows) = self.over.row();
        let (stride, pairs) = (self.over.stride(), self.over.pairs());
        self.best.resize(windows, R::zero());
        let best = &mut self.best[..windows];
        for (rows, out) in self.over.rows().zip(self.out.chunks_exact_mut(windows)) {
            if pairs && let &[a, b] = rows {
                squares([a, b].map(|row| (&self.x[row * cells..][..cells], index(self.over.place(row)))), out);
                continue;
            }
            best.fill(R::neg_infinity());
            // Where nothing is larger than minus infinity, it is the first cell.
            let first = rows.first().map_or(0, |&first| self.over.place(first));
            for tap in self.over.last().iter().rev() {
                positions(&mut out[tap.windows.clone()], first + tap.cell, stride);
            }
            for &from in rows {
                let x = &self.x[from * cells..][..cells];
                if pairs {
                    let mut at = index(self.over.place(from));
                    for ((best, out), x) in best.iter_mut().zip(out.iter_mut()).zip(x.as_chunks::<2>().0) {
                        beat(best, out, x[0], at);
                        beat(best, out, x[1], at + 1);
                        at += 2;
                    }
                    continue;
                }
                for tap in self.over.last() {
                    let (mut at, step) = (index(self.over.place(from) + tap.cell), index(stride));
                    let (best, out) = (&mut best[tap.windows.clone()], &mut out[tap.windows.clone()]);
                    let pairs = best.iter_mut().zip(out.iter_mut());
                    let x = &x[tap.cell..];
                    match stride {
                        1 => pairs.zip(x).for_each(|((best, out), &x)| {
                            beat(best, out, x, at);
                            at += 1;
                        }),
                        _ => pairs.zip(x.iter().step_by(stride)).for_each(|((best, out), &x)| {
                            beat(best, out, x, at);
                            at = at.wrapping_add(step);
                        }),
                    }
                }
            }
        }
    }
}

/// Windows of two cells in each of two rows, which come with their positions. As many as fill vectors are compared cell by
/// cell; of those that do not, four at a time are searched for their largest, without branches.
#[inline(always)]
fn squares<R: Real>(rows: [(&[R], i32); 2], out: &mut [i32]) {
    let whole = out.len() - out.len() % 8;
    let from = |at: usize| rows.map(|(x, first)| (&x[2 * at..], first + index(2 * at)));
    let (vectors, rest) = out.split_at_mut(whole);
    compared(rows, vectors);
    let (fours, few) = rest.as_chunks_mut::<4>();
    let mut at = whole;
    for out in fours {
        searched(from(at), out);
        at += 4;
    }
    compared(from(at), few);
}

#[inline(always)]
fn compared<R: Real>([(a, first), (b, second)]: [(&[R], i32); 2], out: &mut [i32]) {
    let mut at = 0;
    for ((out, a), b) in out.iter_mut().zip(a.as_chunks::<2>().0).zip(b.as_chunks::<2>().0) {
        let (mut best, mut place) = (a[0], first + at);
        beat(&mut best, &mut place, a[1], first + at + 1);
        beat(&mut best, &mut place, b[0], second + at);
        beat(&mut best, &mut place, b[1], second + at + 1);
        *out = place;
        at += 2;
    }
}

#[inline(always)]
fn searched<R: Real>([(a, first), (b, second)]: [(&[R], i32); 2], out: &mut [i32; 4]) {
    let ([a, ..], [b, ..]) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0) else { return };
    for i in 0..4 {
        let [w, x, y, z] = [a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1]];
        let most = math::larger(math::larger(w, x), math::larger(y, z));
        #[expect(clippy::eq_op, reason = "only NaN is not equal to itself")]
        let is = |x: R| (x == most) | (x != x);
        let at = index(2 * i);
        let place = if is(y) { second + at } else { second + at + 1 };
        let place = if is(x) { first + at + 1 } else { place };
        out[i] = if is(w) { first + at } else { place };
    }
}

/// Takes a cell that is larger, or the first that is NaN.
#[inline(always)]
fn beat<R: Real>(best: &mut R, out: &mut i32, x: R, at: i32) {
    #[expect(clippy::eq_op, reason = "only NaN is not equal to itself")]
    let beats = (x > *best) | ((x != x) & (*best == *best));
    *best = if beats { x } else { *best };
    *out = if beats { at } else { *out };
}

#[inline(always)]
fn positions(out: &mut [i32], first: usize, stride: usize) {
    for (number, out) in out.iter_mut().enumerate() {
        *out = index(first + number * stride);
    }
}

/// A position. Validation refuses sizes whose positions an index cannot hold.
#[inline(always)]
fn index(at: usize) -> i32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "positions fit")]
    let at = at as i32;
    at
}
