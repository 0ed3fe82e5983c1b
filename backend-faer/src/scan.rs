//! Running sums and sorting.

use backend_cpu::kernels::scalar;
use backend_cpu::{Scalar, View};

pub(crate) fn cumsum<T: Scalar>(axis: usize, reverse: bool, x: View<'_, T>, out: &mut [T]) {
    scalar::cumsum(axis, reverse, x, out);
}

pub(crate) fn argsort<T: Scalar>(descending: bool, x: View<'_, T>, out: &mut [i32]) {
    scalar::argsort(descending, x, out);
}
