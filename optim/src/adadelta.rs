//! Adadelta: steps in the parameter's own unit.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, at_least_normal, average, check_not_negative, penalized, slots};

/// Adadelta.
///
/// ```text
/// g <- g + weight_decay x
/// v <- rho v + (1 - rho) g g
/// d  = sqrt(u + eps) / sqrt(v + eps) g
/// u <- rho u + (1 - rho) d d
/// x <- x - lr d
/// ```
///
/// The state is `v` and `u`, PyTorch's `square_avg` and `acc_delta`. An `eps` below the element's smallest normal number counts
/// as that.
///
/// (M. Zeiler, *ADADELTA: an adaptive learning rate method*, arXiv:1212.5701, algorithm 1, which has no learning rate.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Adadelta, Rule, StepInputs};
/// let adadelta = Adadelta { rho: 0.5, eps: 1.0, ..Adadelta::default() };
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[4.0], [1]));
/// let state = [x.zeros_like(), x.zeros_like()];
/// let (x, state) = adadelta.update(&x, &g, &state, &StepInputs::new(adadelta.lr, 1, x.device()));
/// // v = 8, d = 4/3
/// assert!((x.item() - (1.0 - 4.0 / 3.0)).abs() < 1e-15);
/// assert_eq!(state[0].item(), 8.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adadelta {
    /// The learning rate; 1 by default.
    pub lr: f64,
    /// How much of the running averages stays; 0.9 by default.
    pub rho: f64,
    /// What keeps the quotient finite, and the first step from being 0; 1e-6 by default.
    pub eps: f64,
    /// The factor of the L2 penalty, whose gradient is added to the loss's; 0 by default.
    pub weight_decay: f64,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Adadelta {
    /// Adadelta at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, rho: 0.9, eps: 1e-6, weight_decay: 0.0, maximize: false }
    }
}

impl Default for Adadelta {
    fn default() -> Self {
        Self::new(1.0)
    }
}

impl Rule for Adadelta {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_not_negative("adadelta", &[("lr", self.lr), ("eps", self.eps), ("weight_decay", self.weight_decay)]);
        assert!((0.0..=1.0).contains(&self.rho), "adadelta: rho must be from 0 to 1, found {}", self.rho);
        vec![("square_avg", param.zeros_like()), ("acc_delta", param.zeros_like())]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let ([v, u], eps) = (slots("adadelta", state), at_least_normal::<B>(self.eps));
        let g = penalized("adadelta", param, grad, self.maximize, self.weight_decay);
        let v = average(self.rho, v, &(&g * &g));
        let d = (u + eps).sqrt() / (&v + eps).sqrt() * g;
        let u = average(self.rho, u, &(&d * &d));
        (param - &at.lr * d, vec![v, u])
    }
}
