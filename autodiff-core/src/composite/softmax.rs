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
    use crate::{Axes, Backend, Node, Reduce, Tensor};

    /// `e^(x - m) / sum e^(x - m)` with `m` the largest.
    #[track_caller]
    pub(in crate::composite) fn softmax<B: Backend>(x: &Tensor<B>, axis: usize) -> Tensor<B> {
        if x.shape()[axis] == 0 {
            return x.clone();
        }
        let e = (x - x.reduce(Reduce::Max, Axes::one(axis))).exp();
        &e / e.reduce(Reduce::Sum, Axes::one(axis))
    }

    /// `x - m - log sum e^(x - m)` with `m` the largest.
    #[track_caller]
    pub(in crate::composite) fn log_softmax<B: Backend>(x: &Tensor<B>, axis: usize) -> Tensor<B> {
        if x.shape()[axis] == 0 {
            return x.clone();
        }
        let shifted = x - x.reduce(Reduce::Max, Axes::one(axis));
        let norm = shifted.exp().reduce(Reduce::Sum, Axes::one(axis)).log();
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
        (x - &shift).exp().reduce(Reduce::Sum, Axes::one(axis)).log() + shift
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
