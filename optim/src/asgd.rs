//! ASGD: gradient descent whose points are averaged.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, check_not_negative, penalized, slots};

/// Averaged stochastic gradient descent.
///
/// ```text
/// g <- g + weight_decay x
/// x <- x (1 - lambd eta) - eta g
/// a <- a + mu (x - a)
/// eta <- lr / (1 + lambd lr t)^alpha
/// mu  <- 1 / max(1, t - t0)
/// ```
///
/// with the step `t` counting from 1. The state is `eta` and `mu`, scalars that begin with `lr` and 1, and the average `a`,
/// PyTorch's `ax`: what the training is for, once `t` has passed `t0`.
///
/// (B. Polyak and A. Juditsky, *Acceleration of stochastic approximation by averaging*, SIAM Journal on Control and
/// Optimization 30, 1992; the rates are those of L. Bottou's programs.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Asgd, Rule, StepInputs};
/// let asgd = Asgd { lambd: 0.0, t0: 0.0, ..Asgd::new(0.5) };
/// let mut x = Tensor::<Cpu<f64>>::new(&[1.0], [1]);
/// let mut state: Vec<_> = asgd.init(&x).into_iter().map(|(_, slot)| slot).collect();
/// for step in 1..=3 {
///     (x, state) = asgd.update(&x, &x.ones_like(), &state, &StepInputs::new(asgd.lr, step, x.device()));
/// }
/// assert_eq!(x.item(), -0.5);
/// assert_eq!(state[2].item(), -0.25); // the mean of the second and the third point
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Asgd {
    /// The learning rate; 0.01 by default.
    pub lr: f64,
    /// The decay; 0.0001 by default.
    pub lambd: f64,
    /// The power with which the rate falls; 0.75 by default.
    pub alpha: f64,
    /// The step at which averaging starts; 1e6 by default.
    pub t0: f64,
    /// The factor of the L2 penalty, whose gradient is added to the loss's; 0 by default.
    pub weight_decay: f64,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Asgd {
    /// ASGD at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, lambd: 1e-4, alpha: 0.75, t0: 1e6, weight_decay: 0.0, maximize: false }
    }
}

impl Default for Asgd {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl Rule for Asgd {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        let Self { lr, lambd, alpha, weight_decay, .. } = *self;
        check_not_negative("asgd", &[("lr", lr), ("lambd", lambd), ("alpha", alpha), ("weight_decay", weight_decay)]);
        vec![("eta", param.new_full([], lr)), ("mu", param.new_full([], 1.0)), ("ax", param.zeros_like())]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let ([eta, mu, a], t) = (slots("asgd", state), &at.step);
        let g = penalized("asgd", param, grad, self.maximize, self.weight_decay);
        let x = param * (1.0 - eta * self.lambd) - eta * g;
        let a = a + mu * (&x - a);
        let eta = &at.lr / (&at.lr * t * self.lambd + 1.0).powf(self.alpha);
        let mu = (t - self.t0).maximum(&t.ones_like()).recip();
        (x, vec![eta, mu, a])
    }
}
