//! Reductions along axes.

use autodiff_core::{ArgReduce, Axes, Reduce};
use backend_cpu::kernels::scalar;
use backend_cpu::{Scalar, View};

pub(crate) fn reduce<T: Scalar>(kind: Reduce, axes: Axes, x: View<'_, T>, out: &mut [T]) {
    scalar::reduce(kind, axes, x, out);
}

pub(crate) fn arg_reduce<T: Scalar>(kind: ArgReduce, axis: usize, x: View<'_, T>, out: &mut [i32]) {
    scalar::arg_reduce(kind, axis, x, out);
}
