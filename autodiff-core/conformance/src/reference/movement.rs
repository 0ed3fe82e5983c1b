//! Changes of order and extent, and reading at computed positions.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Axes, Order, Spec};

use super::{Place, offset, places, with};
use crate::host::Host;

/// Each element of the input in the place of the result where `to` says, 0 elsewhere.
fn put(x: &Host, out: &Spec, to: impl Fn(Place) -> Place) -> Vec<f64> {
    let mut y = vec![0.0; out.shape.elements()];
    for (from, &x) in places(&x.spec.shape).zip(&x.values) {
        y[offset(&out.shape, &to(from))] = x;
    }
    y
}

/// Each element of the result from the place of the input where `from` says.
fn take(x: &Host, out: &Spec, from: impl Fn(Place) -> Place) -> Vec<f64> {
    places(&out.shape).map(|to| x.values[offset(&x.spec.shape, &from(to))]).collect()
}

pub(super) fn permute(order: &Order, x: &Host, out: &Spec) -> Vec<f64> {
    put(x, out, |from| {
        let mut to = from;
        for (axis, source) in order.iter().enumerate() {
            to[axis] = from[source];
        }
        to
    })
}

pub(super) fn flip(axes: Axes, x: &Host, out: &Spec) -> Vec<f64> {
    put(x, out, |mut place| {
        axes.iter().for_each(|axis| place[axis] = out.shape[axis] - 1 - place[axis]);
        place
    })
}

pub(super) fn broadcast(x: &Host, out: &Spec) -> Vec<f64> {
    let shape = &x.spec.shape;
    take(x, out, |to| {
        let mut from = [0; autodiff_core::MAX_RANK];
        for axis in 0..shape.rank() {
            let aligned = to[axis + out.shape.rank() - shape.rank()];
            from[axis] = if shape[axis] == 1 { 0 } else { aligned };
        }
        from
    })
}

pub(super) fn pad(axis: usize, lo: usize, step: usize, x: &Host, out: &Spec) -> Vec<f64> {
    put(x, out, |from| with(from, axis, lo + from[axis] * step))
}

pub(super) fn slice(axis: usize, start: usize, step: usize, x: &Host, out: &Spec) -> Vec<f64> {
    take(x, out, |to| with(to, axis, start + to[axis] * step))
}

pub(super) fn concat(axis: usize, inputs: &[&Host], out: &Spec) -> Vec<f64> {
    let mut y = vec![0.0; out.shape.elements()];
    let mut start = 0;
    for part in inputs {
        for (from, &x) in places(&part.spec.shape).zip(&part.values) {
            y[offset(&out.shape, &with(from, axis, start + from[axis]))] = x;
        }
        start += part.spec.shape[axis];
    }
    y
}

pub(super) fn gather(axis: usize, x: &Host, index: &Host) -> Vec<f64> {
    take(x, &index.spec, |to| with(to, axis, position(index, &to)))
}

/// The position that an index names.
pub(super) fn position(index: &Host, place: &Place) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cases are in range")]
    let position = index.values[offset(&index.spec.shape, place)] as usize;
    position
}
