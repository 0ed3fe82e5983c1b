//! Sums and positions over windows: pooling.

use autodiff_core::{Shape, Window};
use backend_cpu::kernels::scalar;
use backend_cpu::{Scalar, View};

pub(crate) fn window_sum<T: Scalar>(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [T]) {
    scalar::window_sum(window, x, shape, out);
}

pub(crate) fn window_spread<T: Scalar>(window: &Window, y: View<'_, T>, shape: &Shape, out: &mut [T]) {
    scalar::window_spread(window, y, shape, out);
}

pub(crate) fn window_arg_max<T: Scalar>(window: &Window, x: View<'_, T>, shape: &Shape, out: &mut [i32]) {
    scalar::window_arg_max(window, x, shape, out);
}
