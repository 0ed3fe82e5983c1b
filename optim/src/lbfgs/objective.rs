//! The function that is minimized, over one vector of all parameters.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use super::{flat, largest, number};

/// A point with what the function is there.
#[derive(Clone, Debug)]
pub(super) struct Point<B: Backend> {
    pub(super) x: Tensor<B>,
    pub(super) loss: f64,
    pub(super) grad: Tensor<B>,
}

impl<B: Backend> Point<B> {
    #[track_caller]
    pub(super) fn is_finite(&self) -> bool {
        self.loss.is_finite() && largest(&self.grad).is_finite()
    }
}

/// A loss, and its gradient for each parameter.
type Evaluated<B> = (Tensor<B>, Vec<Tensor<B>>);

/// The function over one vector of all parameters.
pub(super) struct Objective<'a, B: Backend> {
    pub(super) like: &'a [Tensor<B>],
    pub(super) f: &'a mut dyn FnMut(&[Tensor<B>]) -> Evaluated<B>,
    pub(super) maximize: bool,
    pub(super) evaluations: usize,
    /// Whether the last evaluation was.
    pub(super) was_finite: bool,
}

impl<B: Backend> Objective<'_, B> {
    pub(super) const fn sign(&self) -> f64 {
        if self.maximize { -1.0 } else { 1.0 }
    }

    pub(super) fn loss_of_nothing(&mut self) -> f64 {
        number(&(self.f)(&[]).0)
    }

    #[track_caller]
    pub(super) fn at(&mut self, x: Tensor<B>) -> Point<B> {
        self.evaluations += 1;
        let parts = self.unflat(&x);
        let (loss, grads) = (self.f)(&parts);
        let shapes = |tensors: &[Tensor<B>]| tensors.iter().map(Tensor::shape).collect::<Vec<_>>();
        let (expected, found) = (shapes(self.like), shapes(&grads));
        assert!(
            expected == found,
            "lbfgs: the gradients must have the parameters' shapes {expected:?}, found {found:?}"
        );
        let point = Point { x, loss: self.sign() * number(&loss), grad: flat(&grads) * self.sign() };
        self.was_finite = point.is_finite();
        point
    }

    /// The parts of a vector that are the parameters.
    pub(super) fn unflat(&self, x: &Tensor<B>) -> Vec<Tensor<B>> {
        let mut start = 0;
        let part = |like: &Tensor<B>| {
            let range = start..start + like.shape().elements();
            start = range.end;
            x.slice(0, range).reshape(like.shape())
        };
        self.like.iter().map(part).collect()
    }
}
