//! [`Gemm`]: one matrix product, by faer for the elements that processors compute with.

use backend_cpu::Scalar;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::half;
use super::matrix::Matrix;
use autodiff_core::{bf16, f16};

/// An element of which there are matrix products.
pub(crate) trait Gemm: Scalar {
    /// `out = a b` in row-major order, or `out += a b`; `a` has columns.
    fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self], accumulate: bool, par: Par);
}

macro_rules! by_faer {
    ($($T:ty)*) => {
        $(impl Gemm for $T {
            fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self], accumulate: bool, par: Par) {
                let ([m, k], n) = ([a.rows(), a.cols()], b.cols());
                let accum = if accumulate { Accum::Add } else { Accum::Replace };
                let out = MatMut::from_row_major_slice_mut(out, m, n);
                let (mut left, mut right) = (Vec::new(), Vec::new());
                let a = a.as_faer().unwrap_or_else(|| packed(&mut left, a.to_dense(), m, k));
                let b = b.as_faer().unwrap_or_else(|| packed(&mut right, b.to_dense(), k, n));
                matmul(out, accum, a, b, 1.0, par);
            }
        })*
    };
}

by_faer! { f32 f64 }

/// A copy where no stride is 1.
fn packed<T>(room: &mut Vec<T>, dense: Vec<T>, rows: usize, cols: usize) -> MatRef<'_, T> {
    *room = dense;
    MatRef::from_row_major_slice(room, rows, cols)
}

macro_rules! widened {
    ($($T:ty)*) => {
        $(impl Gemm for $T {
            fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self], accumulate: bool, _: Par) {
                half::gemm(a, b, out, accumulate);
            }
        })*
    };
}

widened! { f16 bf16 }
