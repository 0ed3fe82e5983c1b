//! Running sums and sorting.

mod sort;
#[cfg(test)]
mod tests;

use autodiff_core::Axes;
use backend_cpu::View;

pub(crate) use self::sort::argsort;
use crate::half::Stored;
use crate::lines::{FEW_ABREAST, Lines, Source, load};
use crate::par;
use crate::simd::{Isa, Job, compiled};

/// So many elements are worth a thread's attention.
const GRAIN: usize = 1 << 13;
/// So many lines are added up at once, in room on the stack.
const PANEL: usize = 256;

/// The sum of each element and all before it along `axis`, or behind it, one after the other.
pub(crate) fn cumsum<T: Stored>(axis: usize, reverse: bool, x: View<'_, T>, out: &mut [T]) {
    if out.is_empty() {
        return;
    }
    let lines = Lines::new(Axes::one(axis), x);
    let (len, width) = (lines.len, x.shape().extents()[axis + 1..].iter().product::<usize>());
    par::rows(out, len * width, GRAIN, |block, out| {
        if width == 1 {
            compiled(Along { lines: &lines, reverse, first: block, out });
        } else {
            compiled(Across { lines: &lines, reverse, stride: x.strides()[axis], width, first: block * width, out });
        }
    });
}

/// Lines from `first` on whose sums are neighbours.
struct Along<'a, T> {
    lines: &'a Lines<'a, T>,
    reverse: bool,
    first: usize,
    out: &'a mut [T],
}

impl<T: Stored> Job for Along<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (mut source, len) = (Source::new(self.lines, self.first), self.lines.len);
        for out in self.out.chunks_mut(source.abreast * len) {
            source.load(out.len() / len);
            for (group, out) in out.chunks_mut(FEW_ABREAST * len).enumerate() {
                let x = |line| source.line(group * FEW_ABREAST + line);
                if out.len() == FEW_ABREAST * len {
                    // Each sum waits for the one before it; those of other lines do not.
                    let (a, b) = out.split_at_mut(2 * len);
                    let ((a, b), (c, d)) = (a.split_at_mut(len), b.split_at_mut(len));
                    sums([x(0), x(1), x(2), x(3)], [a, b, c, d], self.reverse);
                } else {
                    out.chunks_exact_mut(len).enumerate().for_each(|(line, y)| sums([x(line)], [y], self.reverse));
                }
            }
        }
    }
}

#[inline(always)]
fn sums<T: Stored, const N: usize>(x: [&[T::Real]; N], y: [&mut [T]; N], reverse: bool) {
    let len = x[0].len();
    let mut totals = [T::Real::default(); N];
    for number in 0..len {
        let at = if reverse { len - 1 - number } else { number };
        for line in 0..N {
            totals[line] += x[line][at];
            y[line][at] = T::rounded(totals[line]);
        }
    }
}

/// Lines from `first` on that are neighbours, `width` of them beside each other.
struct Across<'a, T> {
    lines: &'a Lines<'a, T>,
    reverse: bool,
    stride: isize,
    width: usize,
    first: usize,
    out: &'a mut [T],
}

impl<T: Stored> Job for Across<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (len, width) = (self.lines.len, self.width);
        let mut starts = self.lines.starts(self.first);
        let (mut totals, mut row) = ([T::Real::default(); PANEL], [T::Real::default(); PANEL]);
        for out in self.out.chunks_exact_mut(len * width) {
            let mut column = 0;
            while column < width {
                let ([from], count) = starts.next_run((width - column).min(PANEL));
                let (totals, row) = (&mut totals[..count], &mut row[..count]);
                totals.fill(T::Real::default());
                for number in 0..len {
                    let at = if self.reverse { len - 1 - number } else { number };
                    let place = from.wrapping_add_signed(self.stride * at.cast_signed());
                    load(self.lines.x, place, self.lines.row.strides[0], row);
                    add(totals, row, &mut out[at * width + column..][..count]);
                }
                column += count;
            }
        }
    }
}

/// Adds a row to the totals and writes these down.
#[inline(always)]
fn add<T: Stored>(totals: &mut [T::Real], row: &[T::Real], out: &mut [T]) {
    let (totals, row) = (&mut totals[..out.len()], &row[..out.len()]);
    for i in 0..out.len() {
        totals[i] += row[i];
        out[i] = T::rounded(totals[i]);
    }
}
