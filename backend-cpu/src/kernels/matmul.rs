//! The matrix product.

use crate::layout::Walk;
use crate::math::Scalar;
use crate::view::View;

/// `[.., m, k] x [.., k, n] -> [.., m, n]` for equal leading axes; with `accumulate`, added to what `out` holds.
///
/// ```text
/// y[i, j] = ((a[i, 0] b[0, j] + a[i, 1] b[1, j]) + a[i, 2] b[2, j]) + ..     in the accumulator's format
/// ```
///
/// The order of the sum does not depend on strides. A small tile of outputs is kept in registers while `k` runs.
///
/// # Panics
/// When a view has fewer than two axes.
pub fn matmul<T: Scalar>(a: View<'_, T>, b: View<'_, T>, out: &mut [T], accumulate: bool) {
    let outer = a.shape().rank().checked_sub(2).expect("matmul: a matrix has two axes");
    let [m, k, n] = [a.shape()[outer], a.shape()[outer + 1], b.shape()[outer + 1]];
    if m * n == 0 {
        return;
    }
    let mut matrices = Walk::new([a.start(), b.start()]);
    for axis in 0..outer {
        matrices.push(a.shape()[axis], [a.strides()[axis], b.strides()[axis]]);
    }
    for (out, [a_from, b_from]) in out.chunks_exact_mut(m * n).zip(matrices) {
        // Rows of the left factor and columns of the right one are the lanes of a tile.
        let a = Factor { data: a.data(), from: a_from, lane: a.strides()[outer], inner: a.strides()[outer + 1] };
        let b = Factor { data: b.data(), from: b_from, lane: b.strides()[outer + 1], inner: b.strides()[outer] };
        // A tile is wide along columns, so these had better be many and neighbours in memory.
        let turned = a.lane == 1 && (b.lane != 1 || n < COLUMNS);
        if turned {
            Product { a: b, b: a, extents: [n, k, m], strides: [1, n], accumulate, out }.all();
        } else {
            Product { a, b, extents: [m, k, n], strides: [n, 1], accumulate, out }.all();
        }
    }
}

/// The most rows of a tile.
const ROWS: usize = 4;
/// The most columns of a tile.
const COLUMNS: usize = 8;
/// The columns of a tile where fewer are left.
const HALF: usize = 4;

/// One matrix, seen along the axis that the product keeps (its lanes) and the one that is summed over.
#[derive(Clone, Copy)]
struct Factor<'a, T> {
    data: &'a [T],
    from: usize,
    lane: isize,
    inner: isize,
}

impl<T: Scalar> Factor<'_, T> {
    /// The place of the first inner element of a lane.
    fn lane(&self, number: usize) -> usize {
        self.from.wrapping_add_signed(self.lane.wrapping_mul(number.cast_signed()))
    }

    /// The elements of neighbouring lanes, widened; `UNIT` promises that lanes are neighbours in memory.
    #[inline(always)]
    fn load<const L: usize, const UNIT: bool>(&self, at: usize) -> [T::Accumulator; L] {
        let mut loaded = [T::zero().widen(); L];
        if UNIT {
            for (loaded, x) in loaded.iter_mut().zip(&self.data[at..at + L]) {
                *loaded = x.widen();
            }
        } else {
            let mut at = at;
            for loaded in &mut loaded {
                *loaded = self.data[at].widen();
                at = at.wrapping_add_signed(self.lane);
            }
        }
        loaded
    }
}

/// One matrix product; `a`'s lanes are rows of tiles, `b`'s are columns.
struct Product<'a, T> {
    a: Factor<'a, T>,
    b: Factor<'a, T>,
    /// How many rows, summands and columns.
    extents: [usize; 3],
    /// The distance of rows and of columns in `out`.
    strides: [usize; 2],
    accumulate: bool,
    out: &'a mut [T],
}

impl<T: Scalar> Product<'_, T> {
    /// Column by column of tiles, so that the part of `b` that they share stays in the cache.
    fn all(mut self) {
        let mut column = 0;
        while column < self.extents[2] {
            column += match (self.extents[2] - column, self.b.lane) {
                (COLUMNS.., 1) => self.column::<COLUMNS, true>(column),
                (COLUMNS.., _) => self.column::<COLUMNS, false>(column),
                (HALF.., _) => self.column::<HALF, false>(column),
                _ => self.column::<1, false>(column),
            };
        }
    }

    /// Tiles of this many columns, one under another; answers how many columns.
    fn column<const C: usize, const UNIT: bool>(&mut self, column: usize) -> usize {
        let [rows, ..] = self.extents;
        let whole = rows - rows % ROWS;
        for row in (0..whole).step_by(ROWS) {
            self.tile::<ROWS, C, UNIT>(row, column);
        }
        for row in whole..rows {
            self.tile::<1, C, UNIT>(row, column);
        }
        C
    }

    /// `UNIT` promises that the columns are neighbours in memory.
    fn tile<const R: usize, const C: usize, const UNIT: bool>(&mut self, row: usize, column: usize) {
        let mut sums = [[T::zero().widen(); C]; R];
        let (mut a_at, mut b_at) = (self.a.lane(row), self.b.lane(column));
        for _ in 0..self.extents[1] {
            let left = self.a.load::<R, false>(a_at);
            let right = self.b.load::<C, UNIT>(b_at);
            for r in 0..R {
                for c in 0..C {
                    sums[r][c] += left[r] * right[c];
                }
            }
            a_at = a_at.wrapping_add_signed(self.a.inner);
            b_at = b_at.wrapping_add_signed(self.b.inner);
        }
        let [row_stride, column_stride] = self.strides;
        for (r, sums) in sums.iter().enumerate() {
            for (c, &sum) in sums.iter().enumerate() {
                let y = &mut self.out[(row + r) * row_stride + (column + c) * column_stride];
                *y = T::narrow(if self.accumulate { y.widen() + sum } else { sum });
            }
        }
    }
}
