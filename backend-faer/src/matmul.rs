//! Matrix products by faer.

use backend_cpu::kernels::scalar;
use backend_cpu::{Scalar, View};

pub(crate) fn matmul<T: Scalar>(a: View<'_, T>, b: View<'_, T>, out: &mut [T], accumulate: bool) {
    scalar::matmul(a, b, out, accumulate);
}
