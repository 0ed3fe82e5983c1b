//! Loops along axes: sums, means, products, extreme values, and where those are.

use autodiff_core::{ArgReduce, Axes, Element, Reduce};

use crate::layout::{Step, Walk};
use crate::math::{self, Scalar};
use crate::view::{Row, View};

/// So many elements are added up before their sum is added to the others': `n` elements then leave the error of
/// `n / RUN + RUN` additions in a row, not of `n`.
const RUN: usize = 128;

/// The reduction along `axes`. Each output is accumulated over its elements in row-major order, a sum run by run.
pub fn reduce<T: Scalar>(kind: Reduce, axes: Axes, x: View<'_, T>, out: &mut [T]) {
    let zero = T::zero().widen();
    let sum = |(total, run): (T::Accumulator, T::Accumulator), x: T, number: usize| {
        let run = run + x.widen();
        if number % RUN == RUN - 1 { (total + run, zero) } else { (total, run) }
    };
    match kind {
        Reduce::Sum => fold(axes, x, out, (zero, zero), sum, |(total, run)| T::narrow(total + run)),
        Reduce::Mean => {
            let count = count::<T>(axes, &x);
            fold(axes, x, out, (zero, zero), sum, |(total, run)| T::narrow((total + run) / count));
        }
        Reduce::Max => fold(axes, x, out, T::neg_infinity(), |most, x, _| math::larger(most, x), |most| most),
        Reduce::Min => fold(axes, x, out, T::infinity(), |least, x, _| math::smaller(least, x), |least| least),
        Reduce::Prod => fold(axes, x, out, T::one().widen(), |product, x, _| product * x.widen(), T::narrow),
    }
}

/// The reduction of indices. Sums and products wrap around on overflow.
///
/// # Panics
/// For the mean, which indices do not have.
pub fn reduce_index(kind: Reduce, axes: Axes, x: View<'_, i32>, out: &mut [i32]) {
    match kind {
        Reduce::Sum => fold(axes, x, out, 0_i32, |total, x, _| total.wrapping_add(x), |total| total),
        Reduce::Max => fold(axes, x, out, i32::MIN, |most, x, _| most.max(x), |most| most),
        Reduce::Min => fold(axes, x, out, i32::MAX, |least, x, _| least.min(x), |least| least),
        Reduce::Prod => fold(axes, x, out, 1_i32, |product, x, _| product.wrapping_mul(x), |product| product),
        Reduce::Mean => panic!("mean: indices do not have it"),
    }
}

/// The position of the extreme value along `axis`: the first on a tie, the first NaN where there is one.
pub fn arg_reduce<T: Scalar>(kind: ArgReduce, axis: usize, x: View<'_, T>, out: &mut [i32]) {
    match kind {
        ArgReduce::Max => arg_fold(axis, x, out, |x, best| x > best),
        ArgReduce::Min => arg_fold(axis, x, out, |x, best| x < best),
    }
}

fn arg_fold<T: Scalar>(axis: usize, x: View<'_, T>, out: &mut [i32], better: impl Fn(T, T) -> bool) {
    let step = |(best, at): (T, i32), x: T, position: usize| {
        if position == 0 || better(x, best) || (x.is_nan() && !best.is_nan()) {
            // Validation refuses an axis whose positions an index cannot hold.
            (x, i32::try_from(position).unwrap_or(i32::MAX))
        } else {
            (best, at)
        }
    };
    fold(Axes::one(axis), x, out, (T::zero(), 0), step, |(_, at)| at);
}

fn count<T: Scalar>(axes: Axes, x: &View<'_, T>) -> T::Accumulator {
    let count = axes.iter().fold(1_usize, |count, axis| count.saturating_mul(x.shape()[axis]));
    #[expect(clippy::cast_precision_loss, reason = "an array of more than 2^53 elements does not exist")]
    T::Accumulator::from_f64(count as f64)
}

/// So many outputs are accumulated together: their sums do not wait for one another.
const BLOCK: usize = 16;

/// For each output, `finish` of `start` and all its elements in row-major order, taken in by `step` together with
/// their number in that order.
fn fold<S: Copy, A: Copy, D>(
    axes: Axes,
    x: View<'_, S>,
    out: &mut [D],
    start: A,
    step: impl Fn(A, S, usize) -> A,
    finish: impl Fn(A) -> D,
) {
    let (mut kept, mut reduced) = split(axes, &x);
    let (kept_row, reduced_row) = (kept.pop(), reduced.pop());
    let within = Within { walk: reduced, row: reduced_row };
    let [stride] = kept_row.strides;
    for (out, [mut from]) in out.chunks_exact_mut(kept_row.len).zip(kept) {
        for out in out.chunks_mut(BLOCK) {
            if let [out] = out {
                *out = finish(within.one(x, from, start, &step));
            } else {
                let mut totals = [start; BLOCK];
                within.many(x, from, stride, &mut totals[..out.len()], &step);
                for (out, &total) in out.iter_mut().zip(&totals) {
                    *out = finish(total);
                }
            }
            from = from.wrapping_add_signed(stride.wrapping_mul(BLOCK.cast_signed()));
        }
    }
}

/// The first elements of the outputs, and the displacements of the elements that each output takes in.
fn split<S>(axes: Axes, x: &View<'_, S>) -> (Walk<1>, Walk<1>) {
    let (mut kept, mut reduced) = (Walk::new([x.start()]), Walk::new([0]));
    for (axis, (&extent, &stride)) in x.shape().extents().iter().zip(x.strides()).enumerate() {
        let walk = if axes.contains(axis) { &mut reduced } else { &mut kept };
        walk.push(extent, [stride]);
    }
    (kept, reduced)
}

/// The elements that one output takes in, as displacements from its first.
struct Within {
    walk: Walk<1>,
    row: Step<1>,
}

impl Within {
    /// One output whose elements begin at `from`.
    fn one<S: Copy, A: Copy>(&self, x: View<'_, S>, from: usize, start: A, step: &impl Fn(A, S, usize) -> A) -> A {
        let Step { len, strides: [stride] } = self.row;
        let (mut total, mut number) = (start, 0);
        for [shift] in self.walk {
            let mut take = |x| {
                total = step(total, x, number);
                number += 1;
            };
            match x.row(from.wrapping_add(shift), len, stride) {
                Row::Slice(row) => row.iter().for_each(|&x| take(x)),
                Row::Same(x) => (0..len).for_each(|_| take(x)),
                Row::Strided(row) => row.take(len).for_each(take),
            }
        }
        total
    }

    /// Neighbouring outputs whose elements begin at `from, from + apart, ..`.
    fn many<S: Copy, A: Copy>(
        &self,
        x: View<'_, S>,
        from: usize,
        apart: isize,
        totals: &mut [A],
        step: &impl Fn(A, S, usize) -> A,
    ) {
        let Step { len, strides: [stride] } = self.row;
        let mut number = 0;
        for [shift] in self.walk {
            let mut at = from.wrapping_add(shift);
            for _ in 0..len {
                match x.row(at, totals.len(), apart) {
                    Row::Slice(row) => {
                        totals.iter_mut().zip(row).for_each(|(total, &x)| *total = step(*total, x, number));
                    }
                    Row::Same(x) => totals.iter_mut().for_each(|total| *total = step(*total, x, number)),
                    Row::Strided(row) => {
                        totals.iter_mut().zip(row).for_each(|(total, x)| *total = step(*total, x, number));
                    }
                }
                at = at.wrapping_add_signed(stride);
                number += 1;
            }
        }
    }
}
