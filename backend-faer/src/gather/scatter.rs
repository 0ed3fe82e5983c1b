//! Adding at computed positions: each output's additions in the updates' order, whoever adds.

use autodiff_core::Shape;
use backend_cpu::kernels::scalar;
use backend_cpu::{IndexError, Layout, Step, View, Walk};

use super::{GRAIN, check};
use crate::half::Stored;
use crate::par;
use crate::scratch::Room;
use crate::simd::{Isa, Job, compiled};

/// `y[.., i[.., j, ..], ..] += u[.., j, ..]` for each `j` in row-major order; `out`, of `shape`, holds `y`.
pub(crate) fn scatter_add<T: Stored>(
    axis: usize,
    index: View<'_, i32>,
    updates: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) -> Result<(), IndexError> {
    check(axis, shape[axis], index)?;
    if index.shape().extents().contains(&0) {
        return Ok(());
    }
    let Some(lead) = shape.extents()[..axis].iter().position(|&extent| extent > 1) else {
        add_by_columns(axis, index, updates, shape, out);
        return Ok(());
    };
    // What lies apart along another axis has nothing in common.
    let row = out.len() / shape[lead];
    par::rows(out, row, GRAIN, |first, out| {
        let (rows, stop) = (out.len() / row, index.shape()[lead].min(first + out.len() / row));
        if first < stop {
            let part = |layout: &Layout| layout.slice(lead, first, stop, 1);
            let (index_part, updates_part) = (part(index.layout()), part(updates.layout()));
            let (index, updates) = (index.with_layout(&index_part), updates.with_layout(&updates_part));
            add(axis, index, updates, &shape.with(lead, rows), out);
        }
    });
    Ok(())
}

/// The same on one thread, of positions that are known to exist.
fn add<T: Stored>(axis: usize, index: View<'_, i32>, updates: View<'_, T>, shape: &Shape, out: &mut [T]) {
    match Rows::find(axis, index, updates, shape) {
        Some(rows) => compiled(Whole { rows, out }),
        None => {
            let added = scalar::scatter(axis, index, updates, shape, out, |y, u| y + u);
            debug_assert_eq!(added, Ok(()), "positions were checked");
        }
    }
}

/// The same of whole rows at equal positions, by several threads, each of which adds some columns of all rows.
fn add_by_columns<T: Stored>(axis: usize, index: View<'_, i32>, updates: View<'_, T>, shape: &Shape, out: &mut [T]) {
    let (threads, elements) = (par::threads(), index.shape().elements());
    let trailing = index.shape().extents()[axis + 1..].iter().product::<usize>();
    let rows = Rows::find(axis, index, updates, shape).filter(|rows| rows.len == trailing);
    let worthwhile = threads > 1 && elements > GRAIN * threads && elements > 8 * threads * shape[axis];
    let Some(rows) = rows.filter(|rows| worthwhile && rows.len >= 16 * threads) else {
        return add(axis, index, updates, shape, out);
    };
    let (positions, columns) = (shape[axis], rows.len.div_ceil(threads));
    let count = rows.len.div_ceil(columns) * positions;
    let mut pieces: Room<&mut [T]> = (0..count).map(|_| <&mut [T]>::default()).collect();
    for (position, row) in out.chunks_exact_mut(rows.stride).enumerate() {
        let pieces = pieces[position..].iter_mut().step_by(positions);
        pieces.zip(row[..rows.len].chunks_mut(columns)).for_each(|(piece, row)| *piece = row);
    }
    par::rows(&mut pieces, positions, 1, |first, pieces| {
        for (piece, part) in pieces.chunks_exact_mut(positions).zip(first..) {
            compiled(Part { rows, start: part * columns, piece });
        }
    });
}

/// Some columns of all rows.
type Columns<'a, T> = [&'a mut [T]];

/// Updates of `len` neighbours each to neighbours.
#[derive(Clone, Copy)]
struct Rows<'a, T> {
    /// Places in the output at position 0, in the index and in the updates.
    walk: Walk<3>,
    index: &'a [i32],
    updates: &'a [T],
    /// The distance of positions in the output.
    stride: usize,
    len: usize,
}

impl<'a, T> Rows<'a, T> {
    /// The updates as rows, where they are such.
    fn find(axis: usize, index: View<'a, i32>, updates: View<'a, T>, shape: &Shape) -> Option<Self> {
        let strides = shape.strides();
        let mut walk = Walk::new([0, index.start(), updates.start()]);
        for (at, &extent) in index.shape().extents().iter().enumerate() {
            let stride = if at == axis { 0 } else { strides[at] };
            walk.push(extent, [stride, index.strides()[at], updates.strides()[at]]);
        }
        let Step { len, strides: step } = walk.pop();
        let stride = strides[axis].unsigned_abs();
        (step == [1, 0, 1]).then_some(Self { walk, index: index.data(), updates: updates.data(), stride, len })
    }

    #[inline(always)]
    fn position(&self, at: usize) -> usize {
        self.index[at].cast_unsigned() as usize
    }
}

/// All columns.
struct Whole<'a, T> {
    rows: Rows<'a, T>,
    out: &'a mut [T],
}

impl<T: Stored> Job for Whole<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let rows = self.rows;
        for [to, at, from] in rows.walk {
            let to = to + rows.position(at) * rows.stride;
            add_row(&mut self.out[to..to + rows.len], &rows.updates[from..from + rows.len]);
        }
    }
}

/// The columns from `start` on.
struct Part<'a, 'b, T> {
    rows: Rows<'a, T>,
    start: usize,
    piece: &'a mut Columns<'b, T>,
}

impl<T: Stored> Job for Part<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let rows = self.rows;
        for [_, at, from] in rows.walk {
            let y = &mut *self.piece[rows.position(at)];
            let from = from + self.start;
            add_row(y, &rows.updates[from..from + y.len()]);
        }
    }
}

#[inline(always)]
fn add_row<T: Stored>(y: &mut [T], u: &[T]) {
    let u = &u[..y.len()];
    for i in 0..y.len() {
        y[i] += u[i];
    }
}
