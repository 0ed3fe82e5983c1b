//! [`Tiles`]: going through strided operands piece by piece, each piece as slices that a loop of contiguous elements takes.

use autodiff_core::Shape;
use backend_cpu::{Step, View, Walk};

use super::loops::Part;
use crate::half::BLOCK;
use crate::par;
use crate::scratch::Room;

/// Rows of fewer elements are gathered, several at a time, rather than computed one by one.
const SHORT: usize = 32;
/// About so many elements are handed to a loop row by row.
const LONG: usize = 4096;
/// So many rows are gathered together: in operands whose columns lie apart, neighbours in them share what is fetched.
const ABREAST: usize = 16;

/// The pieces of `N` operands of one shape, in row-major order.
#[derive(Clone, Copy)]
pub(super) struct Tiles<const N: usize> {
    /// The innermost axis, the one around it, and the positions on the others.
    columns: Step<N>,
    rows: Step<N>,
    planes: Walk<N>,
    /// The most elements and rows of a piece.
    most: (usize, usize),
    /// Whether pieces are read where they lie.
    in_place: bool,
}

/// Rows, or a part of one: consecutive elements of the output.
pub(super) struct Tile<const N: usize> {
    /// The place of the first element in each operand.
    from: [usize; N],
    rows: usize,
    columns: usize,
    /// The place of the first element in the part of the output.
    at: usize,
}

impl<const N: usize> Tile<N> {
    /// The part of the output.
    pub(super) fn of<'a, T>(&self, out: &'a mut [T]) -> &'a mut [T] {
        &mut out[self.at..self.at + self.rows * self.columns]
    }
}

impl<const N: usize> Tiles<N> {
    /// Pieces of at most [`BLOCK`] elements.
    pub(super) fn over(shape: &Shape, starts: [usize; N], strides: [&[isize]; N]) -> Self {
        let mut planes = Walk::over(shape, starts, strides);
        let (columns, rows) = (planes.pop(), planes.pop());
        let len = columns.len;
        let most = if len > BLOCK { (BLOCK, 1) } else { (len, BLOCK / len) };
        Self { columns, rows, planes, most, in_place: false }
    }

    /// Whole rows, of which the loops know to read neighbours and repeated elements; others as [`over`](Self::over).
    pub(super) fn in_rows(shape: &Shape, starts: [usize; N], strides: [&[isize]; N]) -> Self {
        let tiles = Self::over(shape, starts, strides);
        let known = tiles.columns.strides.iter().all(|stride| matches!(stride, 0 | 1));
        let forward = tiles.rows.strides.iter().all(|&stride| stride >= 0);
        match tiles.columns.len {
            len if known && forward && len >= SHORT => {
                Self { most: (len, LONG.div_ceil(len)), in_place: true, ..tiles }
            }
            len if tiles.rows.strides.contains(&1) && (SHORT..=LONG).contains(&len) => {
                Self { most: (len, ABREAST), ..tiles }
            }
            _ => tiles,
        }
    }

    /// The same in pieces of at most so many elements.
    pub(super) fn of_at_most(mut self, elements: usize) -> Self {
        let columns = self.columns.len.min(elements);
        self.most = (columns, elements / columns);
        self
    }

    /// Writes `out` in parts, of which `work` gets the first place; none shorter than `grain`.
    pub(super) fn split<T: Send>(&self, out: &mut [T], grain: usize, work: impl Fn(usize, &mut [T]) + Sync) {
        // A single row is split anywhere, others between rows.
        let row = if self.rows.len == 1 && self.planes.left() == 1 { 1 } else { self.columns.len };
        par::rows(out, row, grain, |first, out| work(first * row, out));
    }

    /// The pieces of the `len` elements from `first` on, in order.
    pub(super) fn each(&self, first: usize, len: usize, mut work: impl FnMut(&Tile<N>)) {
        let (columns, rows) = (self.columns.len, self.rows.len);
        let (mut row, mut column) = (first / columns, first % columns);
        let mut planes = self.planes.skip(row / rows);
        row %= rows;
        let mut at = 0;
        while at < len {
            let Some(plane) = planes.next() else { return };
            while row < rows && at < len {
                let count = self.most.1.min(rows - row).min((len - at).div_ceil(columns));
                let end = columns.min(column + (len - at));
                while column < end {
                    let width = self.most.0.min(end - column);
                    let from = core::array::from_fn(|n| {
                        plane[n]
                            .wrapping_add_signed(self.rows.strides[n].wrapping_mul(row.cast_signed()))
                            .wrapping_add_signed(self.columns.strides[n].wrapping_mul(column.cast_signed()))
                    });
                    work(&Tile { from, rows: count, columns: width, at });
                    at += count * width;
                    column += width;
                }
                column = 0;
                row += count;
            }
            row = 0;
        }
    }

    /// Operand `n`.
    pub(super) fn operand<'a, T: Copy + Default>(&self, n: usize, view: View<'a, T>) -> Operand<'a, T> {
        let strides = [self.rows.strides[n], self.columns.strides[n]];
        Operand { n, view, strides, in_place: self.in_place, room: Room::new(), holds: None }
    }
}

/// An operand, and room for the elements of a piece that are not neighbours.
pub(super) struct Operand<'a, T> {
    n: usize,
    view: View<'a, T>,
    /// Of rows and columns.
    strides: [isize; 2],
    in_place: bool,
    room: Room<T>,
    /// The piece in the room, as far as its elements depend on it.
    holds: Option<(usize, usize, usize)>,
}

impl<T: Copy + Default> Operand<'_, T> {
    /// The elements of a piece.
    #[inline]
    pub(super) fn part<const N: usize>(&mut self, tile: &Tile<N>) -> Part<'_, T> {
        let [rows, columns] = self.strides;
        let joined = columns == 1 && (tile.rows == 1 || rows == tile.columns.cast_signed());
        if !self.in_place || joined {
            return Part::Slice(self.slice(tile));
        }
        let x = &self.view.data()[tile.from[self.n]..];
        Part::Rows { x, stride: rows.unsigned_abs(), columns: tile.columns, same: columns == 0 }
    }

    /// The elements of a piece one after another.
    #[inline]
    pub(super) fn slice<const N: usize>(&mut self, tile: &Tile<N>) -> &[T] {
        let (from, len) = (tile.from[self.n], tile.rows * tile.columns);
        let [rows, columns] = self.strides;
        if columns == 1 && (tile.rows == 1 || rows == tile.columns.cast_signed()) {
            return &self.view.data()[from..from + len];
        }
        // The next piece has the same elements where they are repeated.
        let piece = Some((from, tile.rows, tile.columns));
        if self.holds != piece {
            self.room.resize(len, T::default());
            self.gather(from, tile.columns, len);
            self.holds = piece;
        }
        &self.room[..len]
    }

    fn gather(&mut self, mut from: usize, columns: usize, len: usize) {
        let [row_stride, stride] = self.strides;
        if row_stride == 1 && stride > 1 {
            for column in 0..columns {
                let x = &self.view.data()[from + column * stride.unsigned_abs()..][..len / columns];
                self.room[column..].iter_mut().step_by(columns).zip(x).for_each(|(y, &x)| *y = x);
            }
            return;
        }
        for row in self.room[..len].chunks_exact_mut(columns) {
            match stride {
                1 => row.copy_from_slice(&self.view.data()[from..from + columns]),
                0 => row.fill(self.view.data()[from]),
                _ => row.iter_mut().zip(self.view.strided(from, stride)).for_each(|(y, x)| *y = x),
            }
            from = from.wrapping_add_signed(row_stride);
        }
    }
}
