//! RMSprop: steps scaled by a running average of the squared gradient.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, at_least_normal, average, check_not_negative, penalized};

/// RMSprop.
///
/// ```text
/// g <- g + weight_decay x
/// v <- alpha v + (1 - alpha) g g
/// a <- alpha a + (1 - alpha) g                   only centered
/// d  = g / (sqrt(v) + eps)                       centered: sqrt(max(0, v - a a))
/// b <- momentum b + d                            only with momentum
/// x <- x - lr d                                  with momentum: lr b
/// ```
///
/// The state is `v`, with momentum `b`, and centered `a`: PyTorch's `square_avg`, `momentum_buffer` and `grad_avg`. An `eps`
/// below the element's smallest normal number counts as that. `v - a a` is a variance, which rounding may bring below 0:
/// PyTorch's root of it is NaN then.
///
/// (T. Tieleman and G. Hinton, *Neural networks for machine learning*, lecture 6.5, 2012; centered: A. Graves, *Generating
/// sequences with recurrent neural networks*, arXiv:1308.0850, equations 38 to 41, `eps` outside of the root.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{RmsProp, Rule, StepInputs};
/// let rmsprop = RmsProp { alpha: 0.75, ..RmsProp::new(0.1) };
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[4.0], [1]));
/// let (x, state) = rmsprop.update(&x, &g, &[x.zeros_like()], &StepInputs::new(rmsprop.lr, 1, x.device()));
/// // v = 4, d = 2
/// assert!((x.item() - 0.8).abs() < 1e-8 && state[0].item() == 4.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// The learning rate; 0.01 by default.
    pub lr: f64,
    /// How much of the running averages stays; 0.99 by default.
    pub alpha: f64,
    /// What keeps the quotient finite; 1e-8 by default.
    pub eps: f64,
    /// The factor of the L2 penalty, whose gradient is added to the loss's; 0 by default.
    pub weight_decay: f64,
    /// How much of the last direction stays; 0 by default.
    pub momentum: f64,
    /// Whether the average gradient is taken out of the average square; off by default.
    pub centered: bool,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl RmsProp {
    /// RMSprop at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, alpha: 0.99, eps: 1e-8, weight_decay: 0.0, momentum: 0.0, centered: false, maximize: false }
    }
}

impl Default for RmsProp {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl Rule for RmsProp {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        let Self { lr, alpha, eps, weight_decay, momentum, .. } = *self;
        let settings = [("lr", lr), ("alpha", alpha), ("eps", eps), ("weight_decay", weight_decay)];
        check_not_negative("rmsprop", &settings);
        check_not_negative("rmsprop", &[("momentum", momentum)]);
        let slots = [("square_avg", true), ("momentum_buffer", momentum > 0.0), ("grad_avg", self.centered)];
        slots.iter().filter(|(_, used)| *used).map(|&(name, _)| (name, param.zeros_like())).collect()
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let (v, b, a) = self.slots(state);
        let g = penalized("rmsprop", param, grad, self.maximize, self.weight_decay);
        let v = average(self.alpha, v, &(&g * &g));
        let a = a.map(|a| average(self.alpha, a, &g));
        let spread = match &a {
            Some(a) => (&v - a * a).relu(),
            None => v.clone(),
        };
        let d = g / (spread.sqrt() + at_least_normal::<B>(self.eps));
        let b = b.map(|b| b * self.momentum + &d);
        let x = param - &at.lr * b.as_ref().unwrap_or(&d);
        (x, [Some(v), b, a].into_iter().flatten().collect())
    }
}

impl RmsProp {
    /// `v`, `b` and `a`, as far as the settings have them.
    #[track_caller]
    fn slots<'a, B: Backend>(
        &self,
        state: &'a [Tensor<B>],
    ) -> (&'a Tensor<B>, Option<&'a Tensor<B>>, Option<&'a Tensor<B>>) {
        match (state, self.momentum > 0.0, self.centered) {
            ([v], false, false) => (v, None, None),
            ([v, b], true, false) => (v, Some(b), None),
            ([v, a], false, true) => (v, None, Some(a)),
            ([v, b, a], true, true) => (v, Some(b), Some(a)),
            (_, momentum, centered) => {
                let expected = 1 + usize::from(momentum) + usize::from(centered);
                panic!("rmsprop: a state of {expected} tensors expected, {} given", state.len())
            }
        }
    }
}
