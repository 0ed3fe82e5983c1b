//! Rows of unit size, around their mean or around 0. The mean is taken off before squares are: `mean(x x) - mean(x)^2`
//! would cancel.

use super::RowKernel;
use crate::math::Float;
use crate::reduce::fold::{Sum, same, total};
use crate::simd::Isa;

/// `(x - mean) / sqrt(mean((x - mean)^2) + eps)`
#[derive(Clone, Copy, Debug)]
pub(super) struct Standardize {
    pub(super) eps: f64,
}

/// `x / sqrt(mean(x x) + eps)`
#[derive(Clone, Copy, Debug)]
pub(super) struct RmsNorm {
    pub(super) eps: f64,
}

impl<R: Float> RowKernel<R> for Standardize {
    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        let mean = total::<R, Sum>(x, same) / count(x);
        scaled::<I, R>(x, mean, self.eps, y);
    }
}

impl<R: Float> RowKernel<R> for RmsNorm {
    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        scaled::<I, R>(x, R::ZERO, self.eps, y);
    }
}

/// `y = c / sqrt(mean(c c) + eps)` with `c = x - centre`
#[inline(always)]
fn scaled<I: Isa, R: Float>(x: &[R], centre: R, eps: f64, y: &mut [R]) {
    let square = |x: R| (x - centre) * (x - centre);
    let root = (total::<R, Sum>(x, square) / count(x) + R::from_f64(eps)).root();
    let (inverse, y) = (R::ONE / root, &mut y[..x.len()]);
    for i in 0..x.len() {
        y[i] = (x[i] - centre) * inverse;
    }
}

#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "an array of more than 2^53 elements does not exist")]
fn count<R: Float>(x: &[R]) -> R {
    R::from_f64(x.len() as f64)
}
