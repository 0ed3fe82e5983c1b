//! Reading and adding at computed positions.

mod scatter;

use backend_cpu::{IndexError, Place, Row, View, Walk};

pub(crate) use self::scatter::scatter_add;
use crate::half::Stored;
use crate::lines::Runs;
use crate::par;

/// So many elements are worth a thread's attention.
const GRAIN: usize = 1 << 13;

/// `y[.., j, ..] = x[.., i[.., j, ..], ..]`
pub(crate) fn gather<T: Stored>(
    axis: usize,
    x: View<'_, T>,
    index: View<'_, i32>,
    out: &mut [T],
) -> Result<(), IndexError> {
    check(axis, x.shape()[axis], index)?;
    if out.is_empty() {
        return Ok(());
    }
    // The index decides on the axis, so that walking along the output does not move along `x` there.
    let mut walk = Walk::new([x.start(), index.start()]);
    for (at, &extent) in index.shape().extents().iter().enumerate() {
        let stride = if at == axis { 0 } else { x.strides()[at] };
        walk.push(extent, [stride, index.strides()[at]]);
    }
    let (step, stride) = (walk.pop(), x.strides()[axis]);
    let place = |from: usize, index: i32| from.wrapping_add_signed(stride.wrapping_mul(index as isize));
    par::parts(out, GRAIN, |first, out| {
        let (mut runs, mut rest) = (Runs::new(walk, step, first), out);
        while !rest.is_empty() {
            let ([from, index_at], len) = runs.next_run(rest.len());
            let (out, later) = rest.split_at_mut(len);
            rest = later;
            if step.strides[1] == 0 {
                match x.row(place(from, index.data()[index_at]), len, step.strides[0]) {
                    Row::Slice(row) => out.copy_from_slice(row),
                    Row::Same(x) => out.fill(x),
                    Row::Strided(row) => out.iter_mut().zip(row).for_each(|(y, x)| *y = x),
                }
            } else if step.strides == [0, 1] && stride >= 0 {
                let (x, index) = (&x.data()[from..], &index.data()[index_at..][..len]);
                let stride = stride.unsigned_abs();
                out.iter_mut().zip(index).for_each(|(y, &index)| *y = x[index.cast_unsigned() as usize * stride]);
            } else {
                let mut from = from;
                for (y, index) in out.iter_mut().zip(index.strided(index_at, step.strides[1])) {
                    *y = x.data()[place(from, index)];
                    from = from.wrapping_add_signed(step.strides[0]);
                }
            }
        }
    });
    Ok(())
}

/// Whether all of the index are positions on the axis; if not, the first in row-major order that is none.
fn check(axis: usize, bound: usize, index: View<'_, i32>) -> Result<(), IndexError> {
    // Below 0 is far above.
    let end = u32::try_from(bound).unwrap_or(u32::MAX).min(1 << 31);
    let outside = |index: i32| index.cast_unsigned() >= end;
    let mut walk = Walk::new([index.start()]);
    for (&extent, &stride) in index.shape().extents().iter().zip(index.strides()) {
        // What is repeated needs one look.
        walk.push(if stride == 0 { extent.min(1) } else { extent }, [stride]);
    }
    let step = walk.pop();
    let any_outside = walk.into_iter().any(|[from]| match index.row(from, step.len, step.strides[0]) {
        Row::Slice(row) => row.iter().fold(false, |any, &index| any | outside(index)),
        Row::Same(index) => outside(index),
        Row::Strided(row) => row.take(step.len).any(outside),
    });
    if !any_outside {
        return Ok(());
    }
    let found = index.iter().find(|&index| outside(index));
    found.map_or(Ok(()), |index| Err(IndexError { index, bound, place: Place::Axis(axis) }))
}
