//! softmax, `log_softmax` and logsumexp: exponentials shifted by the largest element, so that none overflows.

use crate::Axes;
use crate::spec::{self, Spec, SpecError};

pub(super) fn infer(op: &'static str, inputs: &[Spec], axis: usize) -> Result<Spec, SpecError> {
    let [x] = spec::arity(op, inputs)?;
    spec::float(op, 0, x)?;
    spec::has_axis(op, axis, &x.shape)?;
    Ok(*x)
}

pub(super) fn infer_logsumexp(inputs: &[Spec], axis: usize) -> Result<Spec, SpecError> {
    infer("logsumexp", inputs, axis).map(|x| x.reshaped(x.shape.reduced(Axes::one(axis))))
}

#[cfg(feature = "alloc")]
pub(super) use rule::*;

#[cfg(feature = "alloc")]
mod rule {
    use num_traits::float::FloatCore;

    use crate::{Axes, Backend, DType, Element, Node, Reduce, Tensor, bf16, f16};

    /// `e^(x - m) / sum e^(x - m)` with `m` the largest.
    #[track_caller]
    pub(in crate::composite) fn softmax<B: Backend>(x: &Tensor<B>, axis: usize) -> Tensor<B> {
        if x.shape()[axis] == 0 {
            return x.clone();
        }
        let e = (x - x.reduce(Reduce::Max, Axes::one(axis))).exp();
        match beyond(x, axis) {
            None => &e / e.reduce(Reduce::Sum, Axes::one(axis)),
            Some(n) => &e * (1.0 / n) / e.reduce(Reduce::Mean, Axes::one(axis)),
        }
    }

    /// `x - m - log sum e^(x - m)` with `m` the largest.
    #[track_caller]
    pub(in crate::composite) fn log_softmax<B: Backend>(x: &Tensor<B>, axis: usize) -> Tensor<B> {
        if x.shape()[axis] == 0 {
            return x.clone();
        }
        let shifted = x - x.reduce(Reduce::Max, Axes::one(axis));
        let norm = log_sum(&shifted.exp(), axis);
        shifted - norm
    }

    /// `m + log sum e^(x - m)` with `m` the largest, or 0 where that is infinite; `-inf` of nothing.
    #[track_caller]
    pub(in crate::composite) fn logsumexp<B: Backend>(x: &Tensor<B>, axis: usize) -> Tensor<B> {
        let shape = x.shape().reduced(Axes::one(axis));
        if x.shape()[axis] == 0 {
            return x.new_full(shape, f64::NEG_INFINITY);
        }
        let largest = x.reduce(Reduce::Max, Axes::one(axis));
        let zero = largest.zeros_like();
        let infinite = largest.abs().eq(&x.new_full(shape, f64::INFINITY));
        let shift = infinite.select(&zero, &largest);
        log_sum(&(x - &shift).exp(), axis) + shift
    }

    /// `log sum e`, by way of the mean where the sum may be beyond the format.
    #[track_caller]
    fn log_sum<B: Backend>(e: &Tensor<B>, axis: usize) -> Tensor<B> {
        match beyond(e, axis) {
            None => e.reduce(Reduce::Sum, Axes::one(axis)).log(),
            Some(n) => {
                let mean = e.reduce(Reduce::Mean, Axes::one(axis));
                let log_n = mean.new_full(mean.shape(), n / 65_536.0).log();
                mean.log() + log_n + 16.0 * core::f64::consts::LN_2
            }
        }
    }

    /// The extent of the axis where a sum of so many ones is infinite in `x`'s format: f16 ends at 65,504.
    fn beyond<B: Backend>(x: &Tensor<B>, axis: usize) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate is enough")]
        let n = x.shape()[axis] as f64;
        let largest = match x.dtype() {
            DType::F16 => f16::MAX.into_f64(),
            DType::Bf16 => bf16::MAX.into_f64(),
            DType::Elem | DType::Index => B::Elem::max_value().into_f64(),
        };
        (n > largest).then_some(n)
    }

    /// ```text
    /// y (g - sum g y)
    /// ```
    pub(in crate::composite) fn softmax_grad<B: Backend>(axis: usize, at: &Node<'_, B>) -> Tensor<B> {
        let (g, y) = (at.grad(), at.output());
        y * (g - (g * y).reduce(Reduce::Sum, Axes::one(axis)))
    }

    /// ```text
    /// g - e^y sum g
    /// ```
    pub(in crate::composite) fn log_softmax_grad<B: Backend>(axis: usize, at: &Node<'_, B>) -> Tensor<B> {
        let g = at.grad();
        g - at.output().exp() * g.reduce(Reduce::Sum, Axes::one(axis))
    }

    /// ```text
    /// g e^(x - y)
    /// ```
    pub(in crate::composite) fn logsumexp_grad<B: Backend>(at: &Node<'_, B>) -> Tensor<B> {
        at.grad() * (at.input(0) - at.output()).exp()
    }
}
