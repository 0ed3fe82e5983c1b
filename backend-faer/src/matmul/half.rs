//! Products of halves: panels that fit the cache are widened to `f32`, multiplied, added up there, and rounded once.

use super::gemm::Gemm;
use super::matrix::Matrix;
use crate::half::{Stored, narrow, widen};
use crate::par;
use crate::scratch::Room;

/// Rows, summands and columns of a panel: 64 KB and 512 KB of `f32`.
const M: usize = 64;
const K: usize = 256;
const N: usize = 512;

/// `out = a b` in row-major order, or `out += a b`.
pub(super) fn gemm<T: Stored<Real = f32>>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], accumulate: bool) {
    let n = b.cols();
    par::fixed(out, M * n, |part, out| {
        let a = a.rows_from(part * M, out.len() / n);
        rows(a, b, out, accumulate);
    });
}

/// A panel of rows.
fn rows<T: Stored<Real = f32>>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], accumulate: bool) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let mut left = Room::filled(0.0, m * k.min(K));
    let mut right = Room::filled(0.0, k.min(K) * n.min(N));
    let mut sums = Room::filled(0.0, m * n.min(N));
    for col in (0..n).step_by(N) {
        let cols = N.min(n - col);
        let sums = &mut sums[..m * cols];
        for (sums, out) in sums.chunks_exact_mut(cols).zip(out.chunks_exact(n)) {
            if accumulate {
                widen(&out[col..col + cols], sums);
            } else {
                sums.fill(0.0);
            }
        }
        for inner in (0..k).step_by(K) {
            let inners = K.min(k - inner);
            let (left, right) = (&mut left[..m * inners], &mut right[..inners * cols]);
            a.cols_from(inner, inners).widen_into(left);
            b.rows_from(inner, inners).cols_from(col, cols).widen_into(right);
            f32::gemm(Matrix::dense(left, m, inners), Matrix::dense(right, inners, cols), sums, true, 1);
        }
        for (sums, out) in sums.chunks_exact(cols).zip(out.chunks_exact_mut(n)) {
            narrow(sums, &mut out[col..col + cols]);
        }
    }
}
