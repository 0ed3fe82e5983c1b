//! [`Matrix`]: a matrix in memory, with any two strides.

use backend_cpu::{Scalar, View};
use faer::MatRef;

use crate::half::{Stored, widen};
use crate::scratch::Room;

/// Rows and columns of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a, T> {
    data: &'a [T],
    start: usize,
    extents: [usize; 2],
    strides: [isize; 2],
}

impl<'a, T: Scalar> Matrix<'a, T> {
    /// The first matrix in the last two axes.
    pub(crate) fn last_two(view: View<'a, T>) -> Self {
        let rows = view.shape().rank() - 2;
        let (extents, strides) = (view.shape().extents(), view.strides());
        Self {
            data: view.data(),
            start: view.start(),
            extents: [extents[rows], extents[rows + 1]],
            strides: [strides[rows], strides[rows + 1]],
        }
    }

    /// Row after row without gaps.
    pub(crate) const fn dense(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self { data, start: 0, extents: [rows, cols], strides: [cols.cast_signed(), 1] }
    }

    pub(crate) const fn rows(&self) -> usize {
        self.extents[0]
    }

    pub(crate) const fn cols(&self) -> usize {
        self.extents[1]
    }

    pub(crate) const fn transposed(self) -> Self {
        let ([rows, cols], [down, right]) = (self.extents, self.strides);
        Self { extents: [cols, rows], strides: [right, down], ..self }
    }

    /// The same extents and strides from another element on.
    pub(super) const fn at(self, start: usize) -> Self {
        Self { start, ..self }
    }

    /// Some of the rows.
    pub(crate) const fn rows_from(self, row: usize, rows: usize) -> Self {
        let start = self.start.wrapping_add_signed(self.strides[0] * row.cast_signed());
        Self { start, extents: [rows, self.extents[1]], ..self }
    }

    /// Some of the columns.
    pub(crate) const fn cols_from(self, col: usize, cols: usize) -> Self {
        self.transposed().rows_from(col, cols).transposed()
    }

    /// So many such matrices one under another, `apart` elements from one to the next, where one stride tells that.
    pub(super) fn continued(self, count: usize, apart: isize) -> Option<Self> {
        let [rows, cols] = self.extents;
        let down = if rows == 1 { apart } else { self.strides[0] };
        let follows = apart == down.wrapping_mul(rows.cast_signed());
        follows.then_some(Self { extents: [count * rows, cols], strides: [down, self.strides[1]], ..self })
    }

    /// As faer sees it, where neighbours in rows or in columns are neighbours in memory. A single row or column has to have
    /// neighbours itself: faer adds up a spread one in another way, and the bits of a product must not tell how factors lie.
    fn as_faer(&self) -> Option<MatRef<'a, T>> {
        let ([rows, cols], [down, right]) = (self.extents, self.strides);
        let spread = (rows == 1 && cols > 1 && right != 1) || (cols == 1 && rows > 1 && down != 1);
        if rows == 0 || cols == 0 || spread {
            return None;
        }
        let data = &self.data[self.start..];
        if right == 1 || cols == 1 {
            let down = if rows == 1 { cols } else { usize::try_from(down).ok()? };
            return Some(MatRef::from_row_major_slice_with_stride(data, rows, cols, down));
        }
        if down == 1 {
            return Some(MatRef::from_column_major_slice_with_stride(data, rows, cols, usize::try_from(right).ok()?));
        }
        None
    }

    /// Row `row` goes through `each`, which gets the column and the element.
    #[inline]
    fn row(&self, row: usize, mut each: impl FnMut(usize, T)) {
        let [down, right] = self.strides;
        let mut at = self.start.wrapping_add_signed(down * row.cast_signed());
        for col in 0..self.extents[1] {
            each(col, self.data[at]);
            at = at.wrapping_add_signed(right);
        }
    }

    /// The elements row by row.
    pub(super) fn copy_into(&self, to: &mut [T]) {
        let [rows, cols] = self.extents;
        for (row, to) in (0..rows).zip(to.chunks_exact_mut(cols)) {
            self.row(row, |col, x| to[col] = x);
        }
    }

    /// All elements, row by row, each with its number.
    pub(super) fn each(&self, mut each: impl FnMut(usize, T)) {
        let [rows, cols] = self.extents;
        (0..rows).for_each(|row| self.row(row, |col, x| each(row * cols + col, x)));
    }

    /// Whether neighbours in columns are neighbours in memory, and those in rows are not.
    pub(super) const fn has_columns(&self) -> bool {
        self.strides[0] == 1 && self.strides[1] != 1
    }

    /// Rows of neighbours in memory, and from where to where one follows another; copied where they do not lie so.
    pub(super) fn in_rows<'r>(&self, room: &'r mut Room<T>) -> (&'r [T], usize)
    where
        'a: 'r,
    {
        let [rows, cols] = self.extents;
        match (usize::try_from(self.strides[0]), self.strides[1]) {
            (Ok(down), 1) => (&self.data[self.start..], down),
            _ => {
                room.resize(rows * cols, T::zero());
                self.copy_into(room);
                (room, cols)
            }
        }
    }

    /// The elements row by row, widened.
    pub(super) fn widen_into(&self, to: &mut [T::Real])
    where
        T: Stored,
    {
        let [rows, cols] = self.extents;
        for (row, to) in (0..rows).zip(to.chunks_exact_mut(cols)) {
            if self.strides[1] == 1 {
                let at = self.start.wrapping_add_signed(self.strides[0] * row.cast_signed());
                widen(&self.data[at..at + cols], to);
            } else {
                self.row(row, |col, x| to[col] = x.wide());
            }
        }
    }

    /// As faer sees it, copied where no stride is 1.
    pub(super) fn packed(self, room: &'a mut Room<T>) -> MatRef<'a, T> {
        let [rows, cols] = self.extents;
        self.as_faer().unwrap_or_else(|| {
            room.resize(rows * cols, T::zero());
            self.copy_into(room);
            MatRef::from_row_major_slice(room, rows, cols)
        })
    }
}
