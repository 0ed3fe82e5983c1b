//! Reading and adding at computed positions.

use autodiff_core::Shape;
use backend_cpu::kernels::scalar;
use backend_cpu::{IndexError, Scalar, View};

pub(crate) fn gather<T: Scalar>(
    axis: usize,
    x: View<'_, T>,
    index: View<'_, i32>,
    out: &mut [T],
) -> Result<(), IndexError> {
    scalar::gather(axis, x, index, out)
}

pub(crate) fn scatter_add<T: Scalar>(
    axis: usize,
    index: View<'_, i32>,
    updates: View<'_, T>,
    shape: &Shape,
    out: &mut [T],
) -> Result<(), IndexError> {
    scalar::scatter(axis, index, updates, shape, out, |y, u| y + u)
}
