//! The softmax family: exponentials shifted by the largest number of the row, so that none overflows.

use super::RowKernel;
use crate::math::{Float, exp, log};
use crate::reduce::fold::{LEAF, Largest, Sum, leaf, same, total};
use crate::simd::Isa;

/// Rows of so few numbers are computed as whole vectors: those of classes are short.
const FEW: usize = 16;

/// `e^(x - m) / sum e^(x - m)`
#[derive(Clone, Copy, Debug)]
pub(super) struct Softmax;

/// `x - m - log sum e^(x - m)`
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSoftmax;

/// `m + log sum e^(x - m)`
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSumExp;

impl<R: Float> RowKernel<R> for Softmax {
    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        let most = largest(x);
        if x.len() <= FEW {
            let few = few_exp::<I, R>(x, most);
            let inverse = R::ONE / leaf::<R, Sum>(&few[..x.len()], same);
            return y.iter_mut().zip(few).for_each(|(y, x)| *y = x * inverse);
        }
        let mut sum = R::ZERO;
        for (x, y) in x.chunks(LEAF).zip(y.chunks_mut(LEAF)) {
            shifted_exp::<I, R>(x, most, y);
            sum += leaf::<R, Sum>(y, same);
        }
        let inverse = R::ONE / sum;
        for y in y {
            *y *= inverse;
        }
    }
}

impl<R: Float> RowKernel<R> for LogSoftmax {
    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        let most = largest(x);
        let norm = log::<I, R>(sum_of_exp::<I, R>(x, most));
        let y = &mut y[..x.len()];
        for i in 0..x.len() {
            y[i] = (x[i] - most) - norm;
        }
    }
}

impl<R: Float> RowKernel<R> for LogSumExp {
    const SINGLE: bool = true;

    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        let most = largest(x);
        // Infinite as it is, NaN, or of nothing.
        y[0] = if most.is_finite() { log::<I, R>(sum_of_exp::<I, R>(x, most)) + most } else { most };
    }
}

#[inline(always)]
pub(super) fn largest<R: Float>(x: &[R]) -> R {
    total::<R, Largest>(x, same)
}

/// `sum e^(x - m)`
#[inline(always)]
pub(super) fn sum_of_exp<I: Isa, R: Float>(x: &[R], most: R) -> R {
    if x.len() <= FEW {
        return leaf::<R, Sum>(&few_exp::<I, R>(x, most)[..x.len()], same);
    }
    let mut room = [R::ZERO; LEAF];
    let mut sum = R::ZERO;
    for x in x.chunks(LEAF) {
        let y = &mut room[..x.len()];
        shifted_exp::<I, R>(x, most, y);
        sum += leaf::<R, Sum>(y, same);
    }
    sum
}

/// `e^(x - m)` of a short row, filled up to whole vectors.
#[inline(always)]
fn few_exp<I: Isa, R: Float>(x: &[R], most: R) -> [R; FEW] {
    let mut y = [R::ZERO; FEW];
    y[..x.len()].copy_from_slice(x);
    for y in &mut y {
        *y = exp::<I, R>(*y - most);
    }
    y
}

/// `y = e^(x - m)`
#[inline(always)]
fn shifted_exp<I: Isa, R: Float>(x: &[R], most: R, y: &mut [R]) {
    let y = &mut y[..x.len()];
    for i in 0..x.len() {
        y[i] = exp::<I, R>(x[i] - most);
    }
}
