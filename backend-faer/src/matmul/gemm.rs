//! [`Gemm`]: one matrix product, by faer for the elements that processors compute with.

use autodiff_core::{bf16, f16};
use backend_cpu::Scalar;
use faer::linalg::matmul::matmul;
use faer::traits::{ComplexField, math_utils};
use faer::{Accum, MatMut, MatRef, Par};

use super::matrix::Matrix;
use super::{half, thin};
use crate::registers::{Narrow, Wide};
use crate::scratch::Room;
use crate::simd::is_wide;

/// Pieces of a product begin at multiples of so many rows or columns, the most that registers hold at once.
const TILE: usize = 32;

/// An element of which there are matrix products.
pub(crate) trait Gemm: Scalar {
    /// `out = a b` in row-major order, or `out += a b`; `a` has columns. In about so many pieces, which threads share.
    fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self], accumulate: bool, pieces: usize);

    /// Whether there are loops for products with few columns.
    const THIN: bool;

    /// `out = a b`, where [`thin::takes`] the shape and `b` has the few columns, if there are loops for that.
    fn thin(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self]);
}

macro_rules! by_faer {
    ($($T:ty)*) => {
        $(impl Gemm for $T {
            fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self], accumulate: bool, pieces: usize) {
                let accum = if accumulate { Accum::Add } else { Accum::Replace };
                let out = MatMut::from_row_major_slice_mut(out, a.rows(), b.cols());
                let (mut left, mut right) = (Room::new(), Room::new());
                shared(out, accum, a.packed(&mut left), b.packed(&mut right), pieces);
            }

            const THIN: bool = true;

            fn thin(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self]) {
                if is_wide() { thin::product::<Wide<$T>>(a, b, out) } else { thin::product::<Narrow<$T>>(a, b, out) }
            }
        })*
    };
}

by_faer! { f32 f64 }

/// Faer's own way to several threads allocates; this one does not. An element has the same bits in whatever piece.
fn shared<T: ComplexField>(out: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>, pieces: usize) {
    let (rows, cols, before) = (out.nrows(), out.ncols(), pieces / 2);
    let at = (rows.max(cols) * before / pieces.max(1)).next_multiple_of(TILE);
    if before == 0 || at >= rows.max(cols) {
        matmul(out, accum, a, b, math_utils::one(), Par::Seq);
    } else if rows >= cols {
        let ((out, rest), (a, below)) = (out.split_at_row_mut(at), a.split_at_row(at));
        rayon::join(|| shared(out, accum, a, b, before), || shared(rest, accum, below, b, pieces - before));
    } else {
        let ((out, rest), (b, behind)) = (out.split_at_col_mut(at), b.split_at_col(at));
        rayon::join(|| shared(out, accum, a, b, before), || shared(rest, accum, a, behind, pieces - before));
    }
}

macro_rules! widened {
    ($($T:ty)*) => {
        $(impl Gemm for $T {
            fn gemm(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self], accumulate: bool, _: usize) {
                half::gemm(a, b, out, accumulate);
            }

            const THIN: bool = false;

            fn thin(a: Matrix<'_, Self>, b: Matrix<'_, Self>, out: &mut [Self]) {
                half::gemm(a, b, out, false);
            }
        })*
    };
}

widened! { f16 bf16 }

/// Has this thread take the memory that faer keeps for each one, which it would else do in its first product.
pub(crate) fn warm() {
    const SIDE: usize = 32;
    let (x, mut out) = ([0.0_f32; SIDE * SIDE], [0.0; SIDE * SIDE]);
    let x = Matrix::dense(&x, SIDE, SIDE);
    f32::gemm(x, x, &mut out, false, 1);
}
