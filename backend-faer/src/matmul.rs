//! Matrix products: each by the fastest route for its shape, on one thread or on all.
//!
//! Products by faer have the same bits on any number of threads, with two exceptions that are met here: thin ones, of which
//! it splits the sums, are split in parts of rows that depend on the shape alone; and batches are spread over threads.

mod gemm;
mod half;
mod matrix;

use backend_cpu::{Scalar, View, Walk};
use faer::Par;

use crate::par;

pub(crate) use gemm::Gemm;
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
    if let Some(tall) = batch.as_one() {
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
pub(crate) fn product<T: Gemm>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T], accumulate: bool) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    if k == 0 {
        if !accumulate {
            out.fill(T::zero());
        }
    } else if n <= THIN && m > ROWS {
        par::fixed(out, ROWS * n, |part, out| {
            T::gemm(a.rows_from(part * ROWS, out.len() / n), b, out, accumulate, Par::Seq);
        });
    } else if m == 1 && n > ROWS {
        // The same thing turned over.
        par::fixed(out, ROWS, |part, out| {
            let b = b.transposed().rows_from(part * ROWS, out.len());
            T::gemm(b, a.transposed(), out, accumulate, Par::Seq);
        });
    } else {
        let several = par::threads() > 1 && m * k * n >= WORTH_THREADS && m > 1 && n > 1;
        T::gemm(a, b, out, accumulate, if several { Par::rayon(0) } else { Par::Seq });
    }
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

#[cfg(test)]
mod tests {
    use autodiff_core::{Shape, bf16, f16};
    use backend_cpu::kernels::scalar;
    use backend_cpu::{Layout, View};
    use rayon::ThreadPoolBuilder;

    use super::{Gemm, matmul};

    /// Below 2 in steps of 1/64: sums of a thousand products are exact in `f32`, in whatever order.
    fn numbers<T: Gemm>(len: usize, seed: u32) -> Vec<T> {
        let step = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some(T::from_f64(f64::from(*state >> 24) / 64.0 - 2.0))
        };
        (0..len).scan(seed, |state, _| step(state)).collect()
    }

    /// How a factor's matrices lie in memory.
    #[derive(Clone, Copy, Debug)]
    enum Lie {
        Rows,
        Columns,
        Stepped,
        Backwards,
        Shared,
    }

    const ALL: [Lie; 5] = [Lie::Rows, Lie::Columns, Lie::Stepped, Lie::Backwards, Lie::Shared];

    fn laid<T: Gemm>(lie: Lie, [batch, rows, cols]: [usize; 3], seed: u32) -> (Vec<T>, Layout) {
        let order = autodiff_core::Order::try_new(&[0, 2, 1]).unwrap();
        let (stored, layout): (_, fn(Layout, [usize; 3]) -> Layout) = match lie {
            Lie::Rows => ([batch, rows, cols], |layout, _| layout),
            Lie::Columns => ([batch, cols, rows], |layout, _| layout),
            Lie::Stepped => ([batch, rows, 2 * cols], |layout, [.., cols]| layout.slice(2, 1.min(cols), 2 * cols, 2)),
            Lie::Backwards => ([batch, rows, cols], |layout, _| layout.flip(autodiff_core::Axes::one(2))),
            Lie::Shared => ([1, rows, cols], |layout, shape| layout.broadcast(shape.into())),
        };
        let layout = layout(Layout::contiguous(Shape::from(stored)), [batch, rows, cols]);
        let layout = if matches!(lie, Lie::Columns) { layout.permute(&order) } else { layout };
        (numbers(Shape::from(stored).elements(), seed), layout)
    }

    #[track_caller]
    fn check<T: Gemm>([batch, m, k, n]: [usize; 4], lies: [Lie; 2]) {
        let (a, a_layout) = laid::<T>(lies[0], [batch, m, k], 1);
        let (b, b_layout) = laid::<T>(lies[1], [batch, k, n], 2);
        let (a, b) = (View::new(&a, &a_layout), View::new(&b, &b_layout));
        let start = numbers::<T>(batch * m * n, 3);
        for accumulate in [false, true] {
            let mut expected = start.clone();
            scalar::matmul(a, b, &mut expected, accumulate);
            let on = |threads| {
                let mut found = start.clone();
                let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| matmul(a, b, &mut found, accumulate));
                found
            };
            let found = on(1);
            for (place, (x, y)) in found.iter().zip(&expected).enumerate() {
                assert!(x == y, "{batch} {m} {k} {n} {lies:?} at {place}: {x} for {y}");
            }
            let bits = |all: &[T]| all.iter().map(|x| x.bits()).collect::<Vec<_>>();
            assert!(bits(&on(2)) == bits(&found), "2 threads, {batch} {m} {k} {n}");
            assert!(bits(&on(4)) == bits(&found), "4 threads, {batch} {m} {k} {n}");
        }
    }

    #[test]
    fn agrees_with_the_plain_loop_on_any_number_of_threads() {
        let shapes =
            [[1, 1, 1, 1], [1, 3, 0, 2], [2, 0, 3, 2], [1, 5, 7, 3], [3, 17, 9, 33], [1, 1, 70, 300], [1, 600, 30, 5]];
        for shape in shapes {
            for a in ALL {
                for b in ALL {
                    check::<f32>(shape, [a, b]);
                    check::<f64>(shape, [a, b]);
                }
            }
        }
    }

    #[test]
    fn halves_are_added_up_in_single() {
        for shape in [[1, 3, 0, 2], [2, 5, 7, 3], [1, 130, 600, 70], [1, 1, 700, 130]] {
            for lie in ALL {
                check::<f16>(shape, [lie, Lie::Rows]);
                check::<bf16>(shape, [Lie::Columns, lie]);
            }
        }
    }

    #[test]
    fn large_products_have_the_same_bits_on_any_number_of_threads() {
        for shape in [[1, 200, 210, 190], [4, 96, 200, 128], [1, 1000, 500, 5], [1, 300, 700, 300], [1, 512, 128, 784]]
        {
            check::<f32>(shape, [Lie::Rows, Lie::Columns]);
        }
    }
}
