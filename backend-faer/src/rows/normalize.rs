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

/// `(x - mean) / sqrt(mean((x - mean)^2) + eps) weight + bias`
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerNorm<'a, R> {
    pub(super) eps: f64,
    pub(super) weight: &'a [R],
    pub(super) bias: &'a [R],
}

/// `x / sqrt(mean(x x) + eps)`
#[derive(Clone, Copy, Debug)]
pub(super) struct RmsNorm {
    pub(super) eps: f64,
}

impl<R: Float> RowKernel<R> for Standardize {
    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        let mean = mean(x);
        scaled(x, mean, inverse(x, mean, self.eps), y);
    }
}

impl<R: Float> RowKernel<R> for LayerNorm<'_, R> {
    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        let mean = mean(x);
        let inverse = inverse(x, mean, self.eps);
        let (weight, bias, y) = (&self.weight[..x.len()], &self.bias[..x.len()], &mut y[..x.len()]);
        for i in 0..x.len() {
            y[i] = ((x[i] - mean) * inverse).fused::<I>(weight[i], bias[i]);
        }
    }
}

impl<R: Float> RowKernel<R> for RmsNorm {
    #[inline(always)]
    fn row<I: Isa>(self, x: &[R], y: &mut [R]) {
        scaled(x, R::ZERO, inverse(x, R::ZERO, self.eps), y);
    }
}

#[inline(always)]
fn mean<R: Float>(x: &[R]) -> R {
    total::<R, Sum>(x, same) / count(x)
}

/// `1 / sqrt(mean((x - centre)^2) + eps)`
#[inline(always)]
fn inverse<R: Float>(x: &[R], centre: R, eps: f64) -> R {
    let square = |x: R| (x - centre) * (x - centre);
    R::ONE / (total::<R, Sum>(x, square) / count(x) + R::from_f64(eps)).root()
}

/// `(x - centre) factor`
#[inline(always)]
fn scaled<R: Float>(x: &[R], centre: R, factor: R, y: &mut [R]) {
    let y = &mut y[..x.len()];
    for i in 0..x.len() {
        y[i] = (x[i] - centre) * factor;
    }
}

#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "an array of more than 2^53 elements does not exist")]
fn count<R: Float>(x: &[R]) -> R {
    R::from_f64(x.len() as f64)
}
