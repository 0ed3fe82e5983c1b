//! Convolution over up to three axes, and its gradients for the input and for the weight.
//!
//! All three add up products of an element of `x`, one of `w` and one of `y`, as the primitives say. In each a few
//! neighbouring results, the lanes, are added up together in the accumulator's format; what lies in the padding is left
//! out by the bounds of the loops, not by a condition inside.

use autodiff_core::{Shape, Slide, Window};

use crate::math::Scalar;
use crate::view::{Row, View};

/// So many results are added up together.
const LANES: usize = 16;

/// `x [n, c, s..], w [o, c / groups, k..] -> [n, o, t..]`, of shape `shape`.
///
/// ```text
/// y[n, o, j] = sum over c, i  x[n, c, cell(j, i)] w[o, c, i]      by the last axis of i, then its others, then c
/// ```
pub fn conv<T: Scalar>(window: &Window, groups: usize, x: View<'_, T>, w: View<'_, T>, shape: &Shape, out: &mut [T]) {
    let [_, outputs, t0, t1, t2] = five(shape);
    correlate(window, groups, &Grid::new(x), &Grid::new(w), [outputs, t0, t1, t2], out);
}

/// The same of `[outputs, t0, t1, t2]` results for each of a batch.
pub(super) fn correlate<T: Scalar>(
    window: &Window,
    groups: usize,
    x: &Grid<'_, T>,
    w: &Grid<'_, T>,
    [outputs, t0, t1, t2]: [usize; 4],
    out: &mut [T],
) {
    let [s0, s1, s2] = window.all();
    let (inner, stride) = (w.extents[1], s2.stride as usize);
    for (number, row) in out.chunks_exact_mut(t2).enumerate() {
        let [n, o, j0, j1] = unravel(number, [outputs, t0, t1]);
        let channel = o / (outputs / groups) * inner;
        for (first, out) in (0..).step_by(LANES).zip(row.chunks_mut(LANES)) {
            let mut sums = [T::zero().widen(); LANES];
            for i2 in 0..w.extents[4] {
                let lanes = s2.reaching(i2, 0..x.extents[4], first..first + out.len());
                let Some(p2) = s2.cell(lanes.start, i2, x.extents[4]).filter(|_| !lanes.is_empty()) else { continue };
                let sums = &mut sums[lanes.start - first..lanes.end - first];
                for (i0, p0) in cells(s0, j0, w.extents[2], x.extents[2]) {
                    for (i1, p1) in cells(s1, j1, w.extents[3], x.extents[3]) {
                        let (x_at, w_at) = (x.at([n, channel, p0, p1, p2]), w.at([o, 0, i0, i1, i2]));
                        for c in 0..inner {
                            let row = x.row(x.shift(x_at, 1, c), sums.len(), stride);
                            add(sums.iter_mut(), w.element(w.shift(w_at, 1, c)), row);
                        }
                    }
                }
            }
            store(out, &sums);
        }
    }
}

/// `y [n, o, t..], w [o, c / groups, k..] -> [n, c, s..]`, of shape `shape`.
///
/// ```text
/// x[n, c, p] = sum over o, j, i with cell(j, i) = p  y[n, o, j] w[o, c, i]      by the last axis of i, its others, o
/// ```
pub fn conv_input_grad<T: Scalar>(
    window: &Window,
    groups: usize,
    y: View<'_, T>,
    w: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    let [_, channels, e0, e1, e2] = five(shape);
    distribute(window, groups, &Grid::new(y), &Grid::new(w), [channels, e0, e1, e2], out);
}

/// The same of `[channels, e0, e1, e2]` results for each of a batch.
pub(super) fn distribute<T: Scalar>(
    window: &Window,
    groups: usize,
    y: &Grid<'_, T>,
    w: &Grid<'_, T>,
    [channels, e0, e1, e2]: [usize; 4],
    out: &mut [T],
) {
    let [s0, s1, s2] = window.all();
    let (inner, outputs, stride) = (w.extents[1], w.extents[0] / groups, s2.stride as usize);
    for (number, row) in out.chunks_exact_mut(e2.max(1)).enumerate() {
        let [n, c, p0, p1] = unravel(number, [channels, e0, e1]);
        let output = c / inner * outputs;
        for (first, out) in (0..).step_by(LANES).zip(row.chunks_mut(LANES)) {
            let mut sums = [T::zero().widen(); LANES];
            for i2 in 0..w.extents[4] {
                let lanes = s2.reaching(i2, first..first + out.len(), 0..y.extents[4]);
                let Some(p2) = s2.cell(lanes.start, i2, e2).filter(|_| !lanes.is_empty()) else { continue };
                for (i0, j0) in windows(s0, p0, w.extents[2], y.extents[2]) {
                    for (i1, j1) in windows(s1, p1, w.extents[3], y.extents[3]) {
                        let y_at = y.at([n, output, j0, j1, lanes.start]);
                        let w_at = w.at([output, c % inner, i0, i1, i2]);
                        for o in 0..outputs {
                            let row = y.row(y.shift(y_at, 1, o), lanes.len(), 1);
                            let weight = w.element(w.shift(w_at, 0, o));
                            let sums = &mut sums[p2 - first..];
                            // A step that is known to be 1 is worth a loop of its own.
                            match stride {
                                1 => add(sums[..lanes.len()].iter_mut(), weight, row),
                                _ => add(sums.iter_mut().step_by(stride).take(lanes.len()), weight, row),
                            }
                        }
                    }
                }
            }
            store(out, &sums);
        }
    }
}

/// `x [n, c, s..], y [n, o, t..] -> [o, c / groups, k..]`, of shape `shape`.
///
/// ```text
/// w[o, c, i] = sum over n, j  x[n, c, cell(j, i)] y[n, o, j]      the products of a row in lanes, these at last
/// ```
pub fn conv_weight_grad<T: Scalar>(
    window: &Window,
    groups: usize,
    x: View<'_, T>,
    y: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    let (x, y, [outputs, inner, k0, k1, k2]) = (Grid::new(x), Grid::new(y), five(shape));
    let [s0, s1, s2] = window.all();
    for (number, out) in out.iter_mut().enumerate() {
        let [oc, i0, i1, i2] = unravel(number, [k0, k1, k2]);
        let (o, c) = (oc / inner, oc % inner + oc / inner / (outputs / groups) * inner);
        let inside = |slide: &Slide, tap, axis: usize| slide.reaching(tap, 0..x.extents[axis], 0..y.extents[axis]);
        let [rows, columns, lanes] = [inside(s0, i0, 2), inside(s1, i1, 3), inside(s2, i2, 4)];
        let cell = |slide: &Slide, window: usize, tap: usize| {
            window * slide.stride as usize + tap * slide.dilation as usize - slide.lo as usize
        };
        let mut sums = [T::zero().widen(); LANES];
        for n in 0..x.extents[0] {
            for j0 in rows.clone() {
                for j1 in columns.clone() {
                    for first in lanes.clone().step_by(LANES) {
                        let len = LANES.min(lanes.end - first);
                        let x_at = x.at([n, c, cell(s0, j0, i0), cell(s1, j1, i1), cell(s2, first, i2)]);
                        let y_at = y.at([n, o, j0, j1, first]);
                        multiply(&mut sums[..len], (&x, x_at, s2.stride as usize), (&y, y_at));
                    }
                }
            }
        }
        *out = T::narrow(sums.iter().fold(T::zero().widen(), |total, &sum| total + sum));
    }
}

/// A tensor with two outer axes and three inner ones, of which leading ones may have been missing.
pub(super) struct Grid<'a, T> {
    pub(super) view: View<'a, T>,
    /// The place of the first element.
    pub(super) start: usize,
    pub(super) extents: [usize; 5],
    pub(super) strides: [isize; 5],
}

impl<'a, T: Scalar> Grid<'a, T> {
    fn new(view: View<'a, T>) -> Self {
        let mut strides = [0; 5];
        strides[..2].copy_from_slice(&view.strides()[..2]);
        strides[7 - view.shape().rank()..].copy_from_slice(&view.strides()[2..]);
        Self { view, start: view.start(), extents: five(view.shape()), strides }
    }

    /// Where an element lies.
    #[inline]
    pub(super) fn at(&self, place: [usize; 5]) -> usize {
        (0..5).fold(self.start, |at, axis| self.shift(at, axis, place[axis]))
    }

    /// So many steps along an axis from `at`.
    #[inline]
    fn shift(&self, at: usize, axis: usize, steps: usize) -> usize {
        at.wrapping_add_signed(self.strides[axis].wrapping_mul(steps.cast_signed()))
    }

    #[inline]
    fn element(&self, at: usize) -> T::Accumulator {
        self.view.data()[at].widen()
    }

    /// Elements along the last axis, every `step`-th.
    #[inline]
    fn row(&self, at: usize, len: usize, step: usize) -> Row<'a, T> {
        self.view.row(at, len, self.strides[4].wrapping_mul(step.cast_signed()))
    }
}

/// The extents with 1 for missing inner axes.
fn five(shape: &Shape) -> [usize; 5] {
    let mut extents = [1; 5];
    extents[..2].copy_from_slice(&shape.extents()[..2]);
    extents[7 - shape.rank()..].copy_from_slice(&shape.extents()[2..]);
    extents
}

/// The place of a number in row-major order; the first extent is not limited.
fn unravel(number: usize, [a, b, c]: [usize; 3]) -> [usize; 4] {
    [number / c / b / a, number / c / b % a, number / c % b, number % c]
}

/// The places of a window that are cells, and which.
pub(super) fn cells(slide: &Slide, window: usize, kernel: usize, size: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..kernel).filter_map(move |tap| Some((tap, slide.cell(window, tap, size)?)))
}

/// The places that a cell has in windows, and in which.
fn windows(slide: &Slide, cell: usize, kernel: usize, count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..kernel).filter_map(move |tap| Some((tap, slide.reaching(tap, cell..cell + 1, 0..count).next()?)))
}

/// `sum += w x` for a sum and an element each.
#[inline]
fn add<'a, T: Scalar>(sums: impl Iterator<Item = &'a mut T::Accumulator>, w: T::Accumulator, row: Row<'_, T>) {
    match row {
        Row::Slice(row) => sums.zip(row).for_each(|(sum, x)| *sum += w * x.widen()),
        Row::Same(x) => sums.for_each(|sum| *sum += w * x.widen()),
        Row::Strided(row) => sums.zip(row).for_each(|(sum, x)| *sum += w * x.widen()),
    }
}

/// `sum += x y` for a sum and an element of each row.
#[inline]
fn multiply<T: Scalar>(
    sums: &mut [T::Accumulator],
    (x, x_at, step): (&Grid<'_, T>, usize, usize),
    (y, y_at): (&Grid<'_, T>, usize),
) {
    match (x.row(x_at, sums.len(), step), y.row(y_at, sums.len(), 1)) {
        (Row::Slice(x), Row::Slice(y)) => {
            sums.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += x.widen() * y.widen());
        }
        _ => {
            let x = x.view.strided(x_at, x.strides[4].wrapping_mul(step.cast_signed()));
            let pairs = x.zip(y.view.strided(y_at, y.strides[4]));
            sums.iter_mut().zip(pairs).for_each(|(sum, (x, y))| *sum += x.widen() * y.widen());
        }
    }
}

/// The sums, rounded to the format.
fn store<T: Scalar>(out: &mut [T], sums: &[T::Accumulator]) {
    out.iter_mut().zip(sums).for_each(|(y, &sum)| *y = T::narrow(sum));
}
