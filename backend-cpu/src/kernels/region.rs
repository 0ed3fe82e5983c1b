//! Loops that move elements: copies of views, zeros around them, parts of an output.

use autodiff_core::Shape;

use crate::layout::{Layout, Step, Walk};
use crate::view::{Row, View};

/// The elements of a view in row-major order.
pub fn copy<T: Copy>(x: View<'_, T>, out: &mut [T]) {
    match x.as_slice() {
        Some(x) => out.copy_from_slice(x),
        None => place(x, out, &Layout::contiguous(*x.shape())),
    }
}

/// Writes a view into the part of `out` that `region`, of the view's shape, describes.
pub fn place<T: Copy>(x: View<'_, T>, out: &mut [T], region: &Layout) {
    let mut walk = Walk::over(x.shape(), [x.start(), region.offset()], [x.strides(), region.strides()]);
    let Step { len, strides: [x_stride, stride] } = walk.pop();
    for [from, to] in walk {
        match (x.row(from, len, x_stride), stride) {
            (Row::Slice(row), 1) => out[to..to + len].copy_from_slice(row),
            (Row::Same(x), 1) => out[to..to + len].fill(x),
            (Row::Strided(row), 1) => out[to..to + len].iter_mut().zip(row).for_each(|(y, x)| *y = x),
            _ => {
                let mut to = to;
                for x in x.strided(from, x_stride).take(len) {
                    out[to] = x;
                    to = to.wrapping_add_signed(stride);
                }
            }
        }
    }
}

/// Zeros before, after and between the elements along an axis; `shape` is that of the output.
pub fn pad<T: Copy>(axis: usize, lo: usize, interior: usize, x: View<'_, T>, shape: &Shape, zero: T, out: &mut [T]) {
    out.fill(zero);
    let extent = x.shape()[axis];
    if extent > 0 {
        let stop = lo + (extent - 1) * (interior + 1) + 1;
        place(x, out, &Layout::contiguous(*shape).slice(axis, lo, stop, interior + 1));
    }
}

/// Writes a view where it lies in a concatenation along `axis`, whose shape is `shape`, from `start` on.
pub fn join<T: Copy>(axis: usize, start: usize, x: View<'_, T>, shape: &Shape, out: &mut [T]) {
    let stop = start + x.shape()[axis];
    place(x, out, &Layout::contiguous(*shape).slice(axis, start, stop, 1));
}
