//! Functions of each element, and of two or three in the same place.

use autodiff_core::{Binary, Compare, Element, Unary};
use backend_cpu::kernels::scalar;
use backend_cpu::{Number, Scalar, Side, View};

pub(crate) fn unary<T: Scalar>(f: Unary, x: View<'_, T>, out: &mut [T]) {
    scalar::unary(f, x, out);
}

pub(crate) fn unary_in_place<T: Scalar>(f: Unary, x: &mut [T]) {
    scalar::unary_in_place(f, x);
}

pub(crate) fn binary<T: Scalar>(f: Binary, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
    scalar::binary(f, a, b, out);
}

pub(crate) fn binary_in_place<T: Scalar>(f: Binary, side: Side, x: &mut [T], other: View<'_, T>) {
    scalar::binary_in_place(f, side, x, other);
}

pub(crate) fn compare<T: Scalar, E: Element>(f: Compare, a: View<'_, T>, b: View<'_, T>, out: &mut [E]) {
    scalar::compare(f, a, b, out);
}

pub(crate) fn select<T: Scalar, E: Element>(condition: View<'_, E>, a: View<'_, T>, b: View<'_, T>, out: &mut [T]) {
    scalar::select(condition, a, b, out);
}

pub(crate) fn cast<T: Scalar, D: Number>(x: View<'_, T>, out: &mut [D]) {
    scalar::cast(x, out);
}

pub(crate) fn copy<T: Scalar>(x: View<'_, T>, out: &mut [T]) {
    scalar::copy(x, out);
}
