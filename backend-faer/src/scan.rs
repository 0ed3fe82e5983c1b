//! Running sums and sorting.

mod sort;

use autodiff_core::Axes;
use backend_cpu::View;

pub(crate) use self::sort::argsort;
use crate::half::Stored;
use crate::lines::{Lines, load};
use crate::par;

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
            along(&lines, reverse, block, out);
        } else {
            across(&lines, reverse, x.strides()[axis], [block * width, width], out);
        }
    });
}

/// Lines from `first` on whose sums are neighbours.
fn along<T: Stored>(lines: &Lines<'_, T>, reverse: bool, first: usize, out: &mut [T]) {
    let len = lines.len;
    lines.by_line([first, out.len() / len], 0..len, usize::MAX, &mut |line, _, block| {
        let (mut row, mut rest) = (0, &mut out[line * len..][..block.rows * len]);
        // Each sum waits for the one before it; those of other lines do not.
        while block.rows - row >= 4 {
            let (four, later) = rest.split_at_mut(4 * len);
            let (a, b) = four.split_at_mut(2 * len);
            let ((a, b), (c, d)) = (a.split_at_mut(len), b.split_at_mut(len));
            sums([0, 1, 2, 3].map(|i| block.row(row + i)), [a, b, c, d], reverse);
            (row, rest) = (row + 4, later);
        }
        rest.chunks_exact_mut(len).zip(row..).for_each(|(y, row)| sums([block.row(row)], [y], reverse));
    });
}

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
fn across<T: Stored>(lines: &Lines<'_, T>, reverse: bool, stride: isize, [first, width]: [usize; 2], out: &mut [T]) {
    let len = lines.len;
    let mut starts = lines.starts(first);
    let (mut totals, mut row) = ([T::Real::default(); PANEL], [T::Real::default(); PANEL]);
    for out in out.chunks_exact_mut(len * width) {
        let mut column = 0;
        while column < width {
            let ([from], count) = starts.next_run((width - column).min(PANEL));
            let (totals, row) = (&mut totals[..count], &mut row[..count]);
            totals.fill(T::Real::default());
            for number in 0..len {
                let at = if reverse { len - 1 - number } else { number };
                load(lines.x, from.wrapping_add_signed(stride * at.cast_signed()), lines.row.strides[0], row);
                add(totals, row, &mut out[at * width + column..][..count]);
            }
            column += count;
        }
    }
}

/// Adds a row to the totals and writes these down.
fn add<T: Stored>(totals: &mut [T::Real], row: &[T::Real], out: &mut [T]) {
    let (totals, row) = (&mut totals[..out.len()], &row[..out.len()]);
    for i in 0..out.len() {
        totals[i] += row[i];
        out[i] = T::rounded(totals[i]);
    }
}
