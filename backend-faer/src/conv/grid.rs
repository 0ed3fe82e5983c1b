//! A tensor of two outer axes and up to three inner ones, and its copy in [places](super::axis).

use autodiff_core::Shape;
use backend_cpu::{Row, View};

use super::axis::Axis;
use crate::half::Stored;
use crate::lines::load;
use crate::scratch::Room;

/// A tensor with two outer axes and three inner ones, of which leading ones may have been missing.
pub(super) struct Grid<'a, T> {
    pub(super) view: View<'a, T>,
    pub(super) extents: [usize; 5],
    pub(super) strides: [isize; 5],
}

impl<'a, T: Stored> Grid<'a, T> {
    pub(super) fn new(view: View<'a, T>) -> Self {
        let mut strides = [0; 5];
        strides[..2].copy_from_slice(&view.strides()[..2]);
        strides[7 - view.shape().rank()..].copy_from_slice(&view.strides()[2..]);
        Self { view, extents: five(view.shape()), strides }
    }

    /// Where an element lies.
    pub(super) fn at(&self, place: [usize; 5]) -> usize {
        (0..5).fold(self.view.start(), |at, axis| self.shift(at, axis, place[axis]))
    }

    /// So many steps along an axis from `at`.
    #[inline]
    pub(super) fn shift(&self, at: usize, axis: usize, steps: usize) -> usize {
        at.wrapping_add_signed(self.strides[axis].wrapping_mul(steps.cast_signed()))
    }

    /// Copies an image's channels from `first` on into their places; padding is not written.
    pub(super) fn places(&self, axes: &[Axis; 3], image: usize, first: usize, out: &mut [T::Real]) {
        let [a, b, c] = axes;
        let [(p0, n0, o0), (p1, n1, o1)] = [a.run(0), b.run(0)];
        let runs: Room<_> = (0..c.phases).map(|phase| c.run(phase)).filter(|&(_, count, _)| count > 0).collect();
        if n0 * n1 == 0 {
            return;
        }
        for (channel, out) in (first..).zip(out.chunks_exact_mut(a.len * b.len * c.len)) {
            for row in 0..n0 * n1 {
                let (i, j) = (row / n1, row % n1);
                let out = &mut out[((o0 + i) * b.len + o1 + j) * c.len..][..c.len];
                for &(cell, count, place) in &*runs {
                    let at = self.at([image, channel, p0 + i, p1 + j, cell]);
                    let step = self.strides[4].wrapping_mul(c.phases.cast_signed());
                    load(self.view, at, step, &mut out[place..place + count]);
                }
            }
        }
    }

    /// Copies the row at `at` to every `step`-th element.
    pub(super) fn strew(&self, at: usize, step: usize, out: &mut [T::Real]) {
        let out = out.iter_mut().step_by(step);
        match self.view.row(at, self.extents[4], self.strides[4]) {
            Row::Slice(row) => out.zip(row).for_each(|(y, x)| *y = x.wide()),
            Row::Same(x) => out.for_each(|y| *y = x.wide()),
            Row::Strided(row) => out.zip(row).for_each(|(y, x)| *y = x.wide()),
        }
    }
}

/// The extents with 1 for missing inner axes.
pub(super) fn five(shape: &Shape) -> [usize; 5] {
    let mut extents = [1; 5];
    extents[..2].copy_from_slice(&shape.extents()[..2]);
    extents[7 - shape.rank()..].copy_from_slice(&shape.extents()[2..]);
    extents
}
