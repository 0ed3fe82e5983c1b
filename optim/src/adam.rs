//! Adam: steps scaled by running estimates of the gradient's mean and of its square's.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{
    Rule, StepInputs, at_least_normal, average, check_not_negative, check_shares, correction, penalized, slots,
};

/// Adam.
///
/// ```text
/// g <- g + weight_decay x
/// m <- b1 m + (1 - b1) g
/// v <- b2 v + (1 - b2) g g
/// w <- v                    or max(w, v) with amsgrad
/// x <- x - lr (m / (1 - b1^t)) / (sqrt(w / (1 - b2^t)) + eps)
/// ```
///
/// with `betas = (b1, b2)` and the step `t` counting from 1. The state is `m`, `v` and, with amsgrad, `w`, PyTorch's `exp_avg`,
/// `exp_avg_sq` and `max_exp_avg_sq`. The penalty is L2, added to the gradient; [`AdamW`](crate::AdamW) has the other one.
///
/// An `eps` below the element's smallest normal number counts as that: in `f16`, 1e-8 is 0, and a parameter without a
/// gradient would become 0/0.
///
/// (D. Kingma and J. Ba, *Adam: a method for stochastic optimization*, ICLR 2015, algorithm 1; amsgrad: S. Reddi, S. Kale and
/// S. Kumar, *On the convergence of Adam and beyond*, ICLR 2018, algorithm 2, with the corrections of Adam as in PyTorch.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Adam, Rule, StepInputs};
/// let adam = Adam::new(0.1);
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0, 1.0], [2]), Tensor::new(&[1e-3, -50.0], [2]));
/// let state = [x.zeros_like(), x.zeros_like()];
/// let (x, _) = adam.update(&x, &g, &state, &StepInputs::new(adam.lr, 1, x.device()));
/// // The first step is lr in the gradient's direction, whatever the gradient's size.
/// let x = x.to_vec();
/// assert!((x[0] - 0.9).abs() < 1e-5 && (x[1] - 1.1).abs() < 1e-5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate; 0.001 by default.
    pub lr: f64,
    /// How much of the running averages of the gradient and of its square stays; 0.9 and 0.999 by default.
    pub betas: (f64, f64),
    /// What keeps the quotient finite; 1e-8 by default.
    pub eps: f64,
    /// The factor of the L2 penalty, whose gradient is added to the loss's; 0 by default.
    pub weight_decay: f64,
    /// Whether the largest average of squares so far scales the step; off by default.
    pub amsgrad: bool,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Adam {
    /// Adam at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, amsgrad: false, maximize: false }
    }
}

impl Default for Adam {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Rule for Adam {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        self.zeros("adam", param)
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let g = penalized("adam", param, grad, self.maximize, self.weight_decay);
        self.advance("adam", param, &g, state, at)
    }
}

impl Adam {
    /// The state at the start, for the rule that is called `op`.
    #[track_caller]
    pub(crate) fn zeros<B: Backend>(&self, op: &str, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_not_negative(op, &[("lr", self.lr), ("eps", self.eps), ("weight_decay", self.weight_decay)]);
        check_shares(op, &[("betas.0", self.betas.0), ("betas.1", self.betas.1)]);
        let names = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];
        let count = if self.amsgrad { 3 } else { 2 };
        names[..count].iter().map(|&name| (name, param.zeros_like())).collect()
    }

    /// The averages of the gradient and of its square.
    #[track_caller]
    fn averages<B: Backend>(&self, [m, v]: [&Tensor<B>; 2], g: &Tensor<B>) -> [Tensor<B>; 2] {
        [average(self.betas.0, m, g), average(self.betas.1, v, &(g * g))]
    }

    /// All of the formula but its first line.
    #[track_caller]
    pub(crate) fn advance<B: Backend>(
        &self,
        op: &str,
        x: &Tensor<B>,
        g: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let (b1, b2) = self.betas;
        let (m, w, state) = if self.amsgrad {
            let [m, v, w] = slots(op, state);
            let [m, v] = self.averages([m, v], g);
            let w = w.maximum(&v);
            (m.clone(), w.clone(), vec![m, v, w])
        } else {
            let [m, v] = slots(op, state);
            let [m, v] = self.averages([m, v], g);
            (m.clone(), v.clone(), vec![m, v])
        };
        let rate = &at.lr / correction(b1, &at.step);
        let scale = w.sqrt() / correction(b2, &at.step).sqrt() + at_least_normal::<B>(self.eps);
        (x - rate * (m / scale), state)
    }
}
