//! Adagrad: steps scaled by the sum of all squared gradients.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, at_least_normal, check_not_negative, penalized, slots};

/// Adagrad.
///
/// ```text
/// g <- g + weight_decay x
/// s <- s + g g                                        from initial_accumulator_value
/// x <- x - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)
/// ```
///
/// with the step `t` counting from 1. The state is `s`, PyTorch's `sum`. An `eps` below the element's smallest normal number
/// counts as that.
///
/// (J. Duchi, E. Hazan and Y. Singer, *Adaptive subgradient methods for online learning and stochastic optimization*, JMLR 12,
/// 2011, figure 1, with a diagonal matrix.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Adagrad, Rule, StepInputs};
/// let adagrad = Adagrad { initial_accumulator_value: 9.0, ..Adagrad::new(0.5) };
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[4.0], [1]));
/// let sum = adagrad.init(&x).remove(0).1;
/// let (x, state) = adagrad.update(&x, &g, &[sum], &StepInputs::new(adagrad.lr, 1, x.device()));
/// assert!((x.item() - (1.0 - 0.5 * 4.0 / 5.0)).abs() < 1e-9 && state[0].item() == 25.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad {
    /// The learning rate; 0.01 by default.
    pub lr: f64,
    /// How fast the learning rate falls; 0 by default.
    pub lr_decay: f64,
    /// The factor of the L2 penalty, whose gradient is added to the loss's; 0 by default.
    pub weight_decay: f64,
    /// Where the sum begins; 0 by default.
    pub initial_accumulator_value: f64,
    /// What keeps the quotient finite; 1e-10 by default.
    pub eps: f64,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Adagrad {
    /// Adagrad at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, lr_decay: 0.0, weight_decay: 0.0, initial_accumulator_value: 0.0, eps: 1e-10, maximize: false }
    }
}

impl Default for Adagrad {
    fn default() -> Self {
        Self::new(1e-2)
    }
}

impl Rule for Adagrad {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        let Self { lr, lr_decay, weight_decay, initial_accumulator_value: start, eps, .. } = *self;
        let settings = [("lr", lr), ("lr_decay", lr_decay), ("weight_decay", weight_decay), ("eps", eps)];
        check_not_negative("adagrad", &settings);
        check_not_negative("adagrad", &[("initial_accumulator_value", start)]);
        vec![("sum", param.new_full(param.shape(), start))]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let [s] = slots("adagrad", state);
        let g = penalized("adagrad", param, grad, self.maximize, self.weight_decay);
        let s = s + &g * &g;
        let rate = &at.lr / ((&at.step - 1.0) * self.lr_decay + 1.0);
        (param - rate * (g / (s.sqrt() + at_least_normal::<B>(self.eps))), vec![s])
    }
}
