//! The elements of a view in row-major order.

use backend_cpu::{Scalar, Step, View};

use crate::par;

/// So many rows and columns are transposed at a time: a cache line of each.
const SIDE: usize = 16;

pub(crate) fn copy<T: Scalar>(x: View<'_, T>, out: &mut [T]) {
    if let Some(x) = x.as_slice() {
        return par::parts(out, super::GRAIN, |first, out| out.copy_from_slice(&x[first..first + out.len()]));
    }
    let mut planes = x.walk();
    let (columns, rows) = (planes.pop(), planes.pop());
    let plane = Plane { x: x.data(), rows, columns };
    par::rows(out, columns.len, super::GRAIN, |first, mut out| {
        let mut row = first % rows.len;
        for from in planes.skip(first / rows.len).map(|[from]| from) {
            let count = (rows.len - row).min(out.len() / columns.len);
            let (part, rest) = out.split_at_mut(count * columns.len);
            plane.copy(from.wrapping_add_signed(rows.strides[0] * row.cast_signed()), part);
            (out, row) = (rest, 0);
            if out.is_empty() {
                return;
            }
        }
    });
}

/// The two innermost axes.
struct Plane<'a, T> {
    x: &'a [T],
    rows: Step<1>,
    columns: Step<1>,
}

impl<T: Scalar> Plane<'_, T> {
    /// Some whole rows, the first of which begins at `from`.
    fn copy(&self, mut from: usize, out: &mut [T]) {
        let ([row_stride], [stride]) = (self.rows.strides, self.columns.strides);
        if row_stride == 1 && stride > 1 {
            return self.transpose(from, stride.unsigned_abs(), out);
        }
        for row in out.chunks_exact_mut(self.columns.len) {
            match stride {
                1 => row.copy_from_slice(&self.x[from..from + row.len()]),
                0 => row.fill(self.x[from]),
                _ => self.step(from, stride, row),
            }
            from = from.wrapping_add_signed(row_stride);
        }
    }

    fn step(&self, mut from: usize, stride: isize, row: &mut [T]) {
        for y in row {
            *y = self.x[from];
            from = from.wrapping_add_signed(stride);
        }
    }

    /// Rows whose neighbours are in the same place of consecutive columns: square by square, so that the cache lines
    /// read for one row still are there for the next.
    fn transpose(&self, from: usize, stride: usize, out: &mut [T]) {
        let columns = self.columns.len;
        for (band, from) in out.chunks_mut(SIDE * columns).zip((from..).step_by(SIDE)) {
            for start in (0..columns).step_by(SIDE) {
                let from = from + start * stride;
                match self.square(from, stride) {
                    Some(lines) if band.len() == SIDE * columns && start + SIDE <= columns => {
                        for (i, row) in band.chunks_exact_mut(columns).enumerate() {
                            for (y, line) in row[start..start + SIDE].iter_mut().zip(lines) {
                                *y = line[i];
                            }
                        }
                    }
                    _ => {
                        let end = columns.min(start + SIDE);
                        for (row, from) in band.chunks_exact_mut(columns).zip(from..) {
                            self.step(from, stride.cast_signed(), &mut row[start..end]);
                        }
                    }
                }
            }
        }
    }

    /// The lines of a whole square, where the data reaches so far.
    fn square(&self, from: usize, stride: usize) -> Option<[&[T; SIDE]; SIDE]> {
        let first = self.x.get(from..from + SIDE)?.try_into().ok()?;
        let mut lines = [first; SIDE];
        for (j, line) in lines.iter_mut().enumerate() {
            let at = from + j * stride;
            *line = self.x.get(at..at + SIDE)?.try_into().ok()?;
        }
        Some(lines)
    }
}
