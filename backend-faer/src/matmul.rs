//! Matrix products: each by the fastest route for its shape, on one thread or on all.
//!
//! Faer computes each on one thread. Batches are spread over threads here, and so are the rows and columns of a large product:
//! in whatever piece an element is added up in the same order, except where there are few columns. Those products are
//! split in parts of rows that depend on the shape alone, or have loops of their own ([`thin`]).

mod gemm;
mod half;
mod matrix;
mod thin;

use backend_cpu::{Scalar, View, Walk};

use crate::par;
use crate::scratch::Room;

pub(crate) use gemm::{Gemm, warm};
pub(crate) use matrix::Matrix;

/// Below so many products one thread is faster than several (192 cubed was measured).
const WORTH_THREADS: usize = 192 * 192 * 192;
/// A product with so few columns is thin: little of it stays in registers.
const THIN: usize = 16;
/// Rows of a thin product that are computed together; more than faer's cache blocks make no difference.
const ROWS: usize = 256;

/// `[.., m, k] x [.., k, n] -> [.., m, n]` for equal leading axes; with `accumulate`, added to what `out` holds.
pub(crate) fn matmul<T: Gemm>(a: View<'_, T>, b: View<'_, T>, out: &mut [T], accumulate: bool) {
    let batch = Batch::new(a, b);
    let [m, n] = [batch.a.rows(), batch.b.cols()];
    if m * n == 0 {
        return;
    }
    // One matrix decides, however those of a batch lie.
    let few = T::THIN && thin::takes([m, batch.a.cols(), n]);
    let product = if few { few_by_many } else { by_faer };
    if let Some(tall) = batch.as_one().filter(|_| !few || n <= thin::FEW) {
        return product(tall, batch.b, out, accumulate);
    }
    let (matrices, room) = (out.len() / (m * n), m * n);
    let one = |number: usize, out: &mut [T]| {
        if let Some([a, b]) = { batch.walk }.nth(number) {
            product(batch.a.at(a), batch.b.at(b), out, accumulate);
        }
    };
    if matrices >= par::threads() && room * batch.a.cols() * matrices >= WORTH_THREADS {
        par::fixed(out, room, one);
    } else {
        out.chunks_exact_mut(room).enumerate().for_each(|(number, out)| one(number, out));
    }
}

/// One product into row-major order.
fn by_faer<T: Gemm>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], accumulate: bool) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    if k == 0 {
        if !accumulate {
            out.fill(T::zero());
        }
    } else if n <= THIN && m > ROWS {
        par::fixed(out, ROWS * n, |part, out| {
            T::gemm(a.rows_from(part * ROWS, out.len() / n), b, out, accumulate, 1);
        });
    } else if m == 1 && n > ROWS {
        // The same thing turned over.
        par::fixed(out, ROWS, |part, out| {
            let b = b.transposed().rows_from(part * ROWS, out.len());
            T::gemm(b, a.transposed(), out, accumulate, 1);
        });
    } else {
        let (threads, worth) = (par::threads(), m * k * n / (WORTH_THREADS / 2));
        let several = threads > 1 && worth >= 2 && m > 1 && n > 1;
        T::gemm(a, b, out, accumulate, if several { worth.min(2 * threads) } else { 1 });
    }
}

/// The same with few columns, or with few rows: that is the same turned over.
fn few_by_many<T: Gemm>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], accumulate: bool) {
    let turned = b.cols() > thin::FEW;
    if !turned && !accumulate {
        return T::thin(a, b, out);
    }
    let mut room = Room::filled(T::zero(), out.len());
    let product = if turned {
        T::thin(b.transposed(), a.transposed(), &mut room);
        Matrix::dense(&room, b.cols(), a.rows()).transposed()
    } else {
        T::thin(a, b, &mut room);
        Matrix::dense(&room, a.rows(), b.cols())
    };
    product.each(|at, x| out[at] = if accumulate { out[at] + x } else { x });
}

/// The matrices of both factors, of which the first stand here.
struct Batch<'a, T> {
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    /// Where each matrix begins.
    walk: Walk<2>,
    /// Extents and strides of the leading axes.
    a_outer: (&'a [usize], &'a [isize]),
    b_strides: &'a [isize],
}

impl<'a, T: Scalar> Batch<'a, T> {
    fn new(a: View<'a, T>, b: View<'a, T>) -> Self {
        let outer = a.shape().rank().checked_sub(2).expect("matmul: a matrix has two axes");
        let mut walk = Walk::new([a.start(), b.start()]);
        for axis in 0..outer {
            walk.push(a.shape()[axis], [a.strides()[axis], b.strides()[axis]]);
        }
        Self {
            a: Matrix::last_two(a),
            b: Matrix::last_two(b),
            walk,
            a_outer: (&a.shape().extents()[..outer], &a.strides()[..outer]),
            b_strides: &b.strides()[..outer],
        }
    }

    /// All left matrices one under another, where there is one right matrix for all of them.
    fn as_one(&self) -> Option<Matrix<'a, T>> {
        let (extents, strides) = self.a_outer;
        let mut tall = self.a;
        for axis in (0..extents.len()).rev().filter(|&axis| extents[axis] != 1) {
            if self.b_strides[axis] != 0 {
                return None;
            }
            tall = tall.continued(extents[axis], strides[axis])?;
        }
        Some(tall)
    }
}
