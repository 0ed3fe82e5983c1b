//! Adamax: Adam by the largest gradient instead of the average square.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{
    Rule, StepInputs, at_least_normal, average, check_not_negative, check_shares, correction, penalized, slots,
};

/// Adamax: Adam with the infinity norm.
///
/// ```text
/// g <- g + weight_decay x
/// m <- b1 m + (1 - b1) g
/// u <- max(b2 u, |g| + eps)
/// x <- x - lr / (1 - b1^t) m / u
/// ```
///
/// with `betas = (b1, b2)` and the step `t` counting from 1. The state is `m` and `u`, PyTorch's `exp_avg` and `exp_inf`. An
/// `eps` below the element's smallest normal number counts as that.
///
/// (D. Kingma and J. Ba, *Adam: a method for stochastic optimization*, ICLR 2015, algorithm 2.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Adamax, Rule, StepInputs};
/// let adamax = Adamax::new(0.5);
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[-4.0], [1]));
/// let state = [x.zeros_like(), x.zeros_like()];
/// let (x, state) = adamax.update(&x, &g, &state, &StepInputs::new(adamax.lr, 1, x.device()));
/// assert!((x.item() - 1.5).abs() < 1e-8 && (state[1].item() - 4.0).abs() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adamax {
    /// The learning rate; 0.002 by default.
    pub lr: f64,
    /// How much of the running average and of the running maximum stays; 0.9 and 0.999 by default.
    pub betas: (f64, f64),
    /// What keeps the quotient finite; 1e-8 by default.
    pub eps: f64,
    /// The factor of the L2 penalty, whose gradient is added to the loss's; 0 by default.
    pub weight_decay: f64,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Adamax {
    /// Adamax at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, maximize: false }
    }
}

impl Default for Adamax {
    fn default() -> Self {
        Self::new(2e-3)
    }
}

impl Rule for Adamax {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_not_negative("adamax", &[("lr", self.lr), ("eps", self.eps), ("weight_decay", self.weight_decay)]);
        check_shares("adamax", &[("betas.0", self.betas.0), ("betas.1", self.betas.1)]);
        vec![("exp_avg", param.zeros_like()), ("exp_inf", param.zeros_like())]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let ([m, u], (b1, b2)) = (slots("adamax", state), self.betas);
        let g = penalized("adamax", param, grad, self.maximize, self.weight_decay);
        let m = average(b1, m, &g);
        let u = (u * b2).maximum(&(g.abs() + at_least_normal::<B>(self.eps)));
        let rate = &at.lr / correction(b1, &at.step);
        (param - rate * (&m / &u), vec![m, u])
    }
}
