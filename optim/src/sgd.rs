//! Stochastic gradient descent, with momentum, Nesterov's momentum, and weight decay.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, check_not_negative, penalized, slots};

/// Stochastic gradient descent.
///
/// ```text
/// g <- g + weight_decay x
/// b <- g                                in the first step (only with momentum)
/// b <- momentum b + (1 - dampening) g   afterwards
/// g <- b                                or g + momentum b by Nesterov
/// x <- x - lr g
/// ```
///
/// The state is `b`, PyTorch's `momentum_buffer`, and empty without momentum. Note that PyTorch's `b` does not contain the
/// learning rate, unlike that of Sutskever, Martens, Dahl and Hinton (*On the importance of initialization and momentum
/// in deep learning*, ICML 2013, equations 1 to 4).
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Rule, Sgd, StepInputs};
/// let sgd = Sgd { momentum: 0.5, ..Sgd::new(0.1) };
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0], [1]), Tensor::new(&[2.0], [1]));
/// let b = sgd.init(&x).remove(0).1;
/// let (x, b) = sgd.update(&x, &g, &[b], &StepInputs::new(sgd.lr, 1, x.device()));
/// assert_eq!(x.to_vec(), [0.8]); // 1 - 0.1 * 2
/// let (_, b) = sgd.update(&x, &g, &b, &StepInputs::new(sgd.lr, 2, x.device()));
/// assert_eq!(b[0].to_vec(), [3.0]); // 0.5 * 2 + 2
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate; 0.001 by default.
    pub lr: f64,
    /// How much of the last direction stays; 0 by default.
    pub momentum: f64,
    /// How much of the gradient is held back from the momentum; 0 by default.
    pub dampening: f64,
    /// The factor of the L2 penalty, whose gradient is added to the loss's; 0 by default.
    pub weight_decay: f64,
    /// Whether the gradient is taken, approximately, where the momentum will have led; off by default.
    pub nesterov: bool,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Sgd {
    /// Plain gradient descent at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, momentum: 0.0, dampening: 0.0, weight_decay: 0.0, nesterov: false, maximize: false }
    }
}

impl Default for Sgd {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Rule for Sgd {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        let settings = [("lr", self.lr), ("momentum", self.momentum), ("weight_decay", self.weight_decay)];
        check_not_negative("sgd", &settings);
        assert!(
            !self.nesterov || (self.momentum > 0.0 && self.dampening == 0.0),
            "sgd: Nesterov's momentum needs a momentum above 0 and no dampening, found {} and {}",
            self.momentum,
            self.dampening
        );
        if self.momentum == 0.0 { Vec::new() } else { vec![("momentum_buffer", param.zeros_like())] }
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let g = penalized("sgd", param, grad, self.maximize, self.weight_decay);
        if self.momentum == 0.0 {
            let [] = slots("sgd", state);
            return (param - &at.lr * g, Vec::new());
        }
        let [b] = slots("sgd", state);
        let b = b * self.momentum + self.share(&g, at);
        let direction = if self.nesterov { g + &b * self.momentum } else { b.clone() };
        (param - &at.lr * direction, vec![b])
    }
}

impl Sgd {
    /// `(1 - dampening) g`, but `g` in the first step, where the buffer that it is added to is 0.
    #[track_caller]
    fn share<B: Backend>(&self, g: &Tensor<B>, at: &StepInputs<B>) -> Tensor<B> {
        if self.dampening == 0.0 {
            return g.clone();
        }
        let later = at.step.gt(&at.step.ones_like());
        (1.0 - later * self.dampening) * g
    }
}
