//! Loops that keep every place along an axis: running sums, and sorted orders.

use autodiff_core::Axes;

use crate::layout::{Layout, Walk};
use crate::math::{self, Number, Scalar};
use crate::view::View;

/// The sum of each element and all before it along `axis`, or all behind it, carried in the accumulator.
pub fn cumsum<T: Scalar>(axis: usize, reverse: bool, x: View<'_, T>, out: &mut [T]) {
    running(axis, reverse, x, out, T::zero().widen(), |total, x| total + x.widen(), T::narrow);
}

/// [`cumsum`] of indices by additions that wrap around on overflow.
pub fn cumsum_index(axis: usize, reverse: bool, x: View<'_, i32>, out: &mut [i32]) {
    running(axis, reverse, x, out, 0_i32, i32::wrapping_add, |total| total);
}

/// For each line along `axis`, from its first element or from its last: `finish` of what `step` has taken in so far.
fn running<T: Copy, A: Copy>(
    axis: usize,
    reverse: bool,
    x: View<'_, T>,
    out: &mut [T],
    start: A,
    step: impl Fn(A, T) -> A,
    finish: impl Fn(A) -> T,
) {
    let backwards = if reverse { Axes::one(axis) } else { Axes::NONE };
    let (source, target) = (x.layout().flip(backwards), Layout::contiguous(*x.shape()).flip(backwards));
    let x = x.with_layout(&source);
    let mut lines = Walk::new([x.start(), target.offset()]);
    for (at, &extent) in x.shape().extents().iter().enumerate().filter(|&(at, _)| at != axis) {
        lines.push(extent, [x.strides()[at], target.strides()[at]]);
    }
    for [from, mut to] in lines {
        let mut total = start;
        for x in x.strided(from, x.strides()[axis]).take(x.shape()[axis]) {
            total = step(total, x);
            out[to] = finish(total);
            to = to.wrapping_add_signed(target.strides()[axis]);
        }
    }
}

/// The positions of the elements along the last axis, sorted by these: equal ones in their order, NaN as the largest.
///
/// # Panics
/// For a scalar, which validation refuses.
pub fn argsort<T: Number>(descending: bool, x: View<'_, T>, out: &mut [i32]) {
    let Some(last) = x.shape().rank().checked_sub(1) else { panic!("argsort: a scalar has no axis to sort along") };
    let (len, stride) = (x.shape()[last], x.strides()[last]);
    if len == 0 {
        return;
    }
    let mut rows = Walk::new([x.start()]);
    for (&extent, &stride) in x.shape().extents()[..last].iter().zip(x.strides()) {
        rows.push(extent, [stride]);
    }
    for (out, [from]) in out.chunks_exact_mut(len).zip(rows) {
        // Validation refuses an axis whose positions an index cannot hold.
        (0..).zip(out.iter_mut()).for_each(|(position, out)| *out = position);
        let at = |position: i32| x.data()[from.wrapping_add_signed(stride * position as isize)];
        // The position breaks ties, so that a sort in place, which needs no memory, is a stable one.
        out.sort_unstable_by(|&a, &b| {
            let order = math::order(at(a), at(b));
            if descending { order.reverse() } else { order }.then(a.cmp(&b))
        });
    }
}
