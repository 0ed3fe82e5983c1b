//! Windows over the last axes: their sums, the adjoint of that, and where their largest cells are.
//!
//! A sum over windows is a convolution whose weights are all 1, so the loops are those of [`super::conv`].

use autodiff_core::{Shape, Window};

use super::conv::{Grid, cells, correlate, distribute};
use crate::layout::{Layout, Walk};
use crate::math::Scalar;
use crate::view::View;

/// The sum of each window's cells, `x [.., s..] -> [.., t..]`, of shape `shape`.
pub fn window_sum<T: Scalar>(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [T]) {
    let (one, layout) = ([T::one()], Layout::contiguous(Shape::SCALAR));
    let ones = ones(window, View::new(&one, &layout));
    let [t0, t1, t2] = inner(window, shape.extents(), 1);
    for (out, x) in out.chunks_exact_mut(t0 * t1 * t2).zip(planes(window, x)) {
        correlate(window, 1, &x, &ones, [1, t0, t1, t2], out);
    }
}

/// Each cell's sum over the windows that hold it, `y [.., t..] -> [.., s..]`, of shape `shape`.
pub fn window_spread<T: Scalar>(window: &Window, y: View<'_, T>, shape: &Shape, out: &mut [T]) {
    let (one, layout) = ([T::one()], Layout::contiguous(Shape::SCALAR));
    let ones = ones(window, View::new(&one, &layout));
    let [e0, e1, e2] = inner(window, shape.extents(), 1);
    for (out, y) in out.chunks_exact_mut((e0 * e1 * e2).max(1)).zip(planes(window, y)) {
        distribute(window, 1, &y, &ones, [1, e0, e1, e2], out);
    }
}

/// Where the largest cell of each window lies, counted in row-major order over the axes that windows slide over,
/// `x [.., s..] -> [.., t..]`, of shape `shape`: the first on a tie, the first NaN where there is one.
pub fn window_arg_max<T: Scalar>(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [i32]) {
    let ([s0, s1, s2], [t0, t1, t2]) = (window.all(), inner(window, shape.extents(), 1));
    for (out, x) in out.chunks_exact_mut(t0 * t1 * t2).zip(planes(window, x)) {
        let [.., e0, e1, e2] = x.extents;
        for (number, out) in out.iter_mut().enumerate() {
            let [j0, j1, j2] = [number / t2 / t1, number / t2 % t1, number % t2];
            let mut best: Option<(T, usize)> = None;
            for (_, p0) in cells(s0, j0, s0.kernel as usize, e0) {
                for (_, p1) in cells(s1, j1, s1.kernel as usize, e1) {
                    for (_, p2) in cells(s2, j2, s2.kernel as usize, e2) {
                        let x = x.view.data()[x.at([0, 0, p0, p1, p2])];
                        let beats = |(best, _): (T, usize)| x > best || x.is_nan() && !best.is_nan();
                        if best.is_none_or(beats) {
                            best = Some((x, (p0 * e1 + p1) * e2 + p2));
                        }
                    }
                }
            }
            // Validation refuses windows without a cell, and sizes whose positions an index cannot hold.
            *out = best.and_then(|(_, at)| i32::try_from(at).ok()).unwrap_or(i32::MAX);
        }
    }
}

/// The axes that windows slide over, as three.
fn inner<A: Copy>(window: &Window, axes: &[A], missing: A) -> [A; 3] {
    let mut inner = [missing; 3];
    inner[3 - window.rank()..].copy_from_slice(&axes[axes.len() - window.rank()..]);
    inner
}

/// What windows slide over, for each place along the axes in front.
fn planes<'a, T: Scalar>(window: &Window, view: View<'a, T>) -> impl Iterator<Item = Grid<'a, T>> {
    let lead = view.shape().rank() - window.rank();
    let mut walk = Walk::new([view.start()]);
    for axis in 0..lead {
        walk.push(view.shape()[axis], [view.strides()[axis]]);
    }
    let ([e0, e1, e2], [s0, s1, s2]) = (inner(window, view.shape().extents(), 1), inner(window, view.strides(), 0));
    walk.map(move |[start]| Grid { view, start, extents: [1, 1, e0, e1, e2], strides: [0, 0, s0, s1, s2] })
}

/// A weight that is the one element of `one` everywhere.
fn ones<'a, T>(window: &Window, one: View<'a, T>) -> Grid<'a, T> {
    let [k0, k1, k2] = window.all().map(|slide| slide.kernel as usize);
    Grid { view: one, start: 0, extents: [1, 1, k0, k1, k2], strides: [0; 5] }
}
