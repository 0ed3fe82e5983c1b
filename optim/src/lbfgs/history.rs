//! The changes that L-BFGS remembers, and the direction that they give.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use super::dot;

/// The last changes of point and gradient.
#[derive(Clone, Debug)]
pub(super) struct History<B: Backend> {
    size: usize,
    changes: VecDeque<Change<B>>,
    /// `s y / y y` of the last change.
    scale: f64,
    /// The last way, which is not in the changes yet, and the gradient at its beginning.
    last: Option<(Tensor<B>, Tensor<B>)>,
}

/// A change of the point, of the gradient, and `1 / (y s)`.
#[derive(Clone, Debug)]
struct Change<B: Backend> {
    s: Tensor<B>,
    y: Tensor<B>,
    r: f64,
}

impl<B: Backend> History<B> {
    pub(super) const fn new(size: usize) -> Self {
        Self { size, changes: VecDeque::new(), scale: 1.0, last: None }
    }

    /// Notes a way, and the gradient at its beginning.
    pub(super) fn moved(&mut self, way: Tensor<B>, grad: &Tensor<B>) {
        self.last = Some((way, grad.clone()));
    }

    /// `-H g`, or none where there is nothing to estimate `H` from.
    #[track_caller]
    pub(super) fn direction(&mut self, grad: &Tensor<B>) -> Option<Tensor<B>> {
        match self.last.take() {
            Some((s, before)) => self.learn(s, grad - before),
            None if self.changes.is_empty() => return None,
            None => {}
        }
        Some(self.product(-grad))
    }

    /// Takes up a change along which the function curves upwards: `H` stays positive definite.
    #[track_caller]
    fn learn(&mut self, s: Tensor<B>, y: Tensor<B>) {
        let curvature = dot(&y, &s);
        if curvature > 1e-10 {
            if self.changes.len() == self.size {
                self.changes.pop_front();
            }
            self.scale = curvature / dot(&y, &y);
            self.changes.push_back(Change { s, y, r: 1.0 / curvature });
        }
    }

    /// `H q` (Nocedal and Wright, algorithm 7.4).
    #[track_caller]
    fn product(&self, mut q: Tensor<B>) -> Tensor<B> {
        let mut alphas = Vec::with_capacity(self.changes.len());
        for Change { s, y, r } in self.changes.iter().rev() {
            let alpha = r * dot(s, &q);
            q = q - y * alpha;
            alphas.push(alpha);
        }
        q = q * self.scale;
        for (Change { s, y, r }, alpha) in self.changes.iter().zip(alphas.into_iter().rev()) {
            let beta = r * dot(y, &q);
            q = q + s * (alpha - beta);
        }
        q
    }
}
