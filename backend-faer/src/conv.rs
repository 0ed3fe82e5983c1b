//! Convolutions and their gradients.

use autodiff_core::{Shape, Window};
use backend_cpu::kernels::scalar;
use backend_cpu::{Scalar, View};

pub(crate) fn conv<T: Scalar>(
    window: &Window,
    groups: usize,
    x: View<'_, T>,
    w: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    scalar::conv(window, groups, x, w, shape, out);
}

pub(crate) fn conv_input_grad<T: Scalar>(
    window: &Window,
    groups: usize,
    y: View<'_, T>,
    w: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    scalar::conv_input_grad(window, groups, y, w, shape, out);
}

pub(crate) fn conv_weight_grad<T: Scalar>(
    window: &Window,
    groups: usize,
    x: View<'_, T>,
    y: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) {
    scalar::conv_weight_grad(window, groups, x, y, shape, out);
}
