//! Adam: steps scaled by running estimates of the gradient's mean and of its square's.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Element, FloatCore, Tensor};

use crate::optimizer::{Optimizer, StepInputs, descent, slots};

/// Adam.
///
/// ```text
/// g <- g + weight_decay x
/// m <- b1 m + (1 - b1) g
/// v <- b2 v + (1 - b2) g g
/// x <- x - lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
/// ```
///
/// with `betas = (b1, b2)` and the step `t` counting from 1. The state is `m` and `v`, PyTorch's `exp_avg` and `exp_avg_sq`.
/// The penalty is L2, added to the gradient.
///
/// The corrections are computed as `1 - b^t = -expm1(t log1p(-(1 - b)))`: in `f32`, `1 - 0.999` has lost a third of its
/// digits before it is used.
///
/// An `eps` below the element's smallest normal number counts as that: in `f16`, 1e-8 is 0, and a parameter without a
/// gradient would become 0/0.
///
/// (D. Kingma and J. Ba, *Adam: a method for stochastic optimization*, ICLR 2015, algorithm 1.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Adam, Optimizer, StepInputs};
/// let adam = Adam::new(0.1);
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0, 1.0], [2]), Tensor::new(&[1e-3, -50.0], [2]));
/// let (x, _) = adam.update(&x, &g, &adam.init(&x), &StepInputs::new(adam.lr, 1, x.device()));
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
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Adam {
    /// Adam at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 0.0, maximize: false }
    }
}

impl Default for Adam {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Optimizer for Adam {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn state_names(&self) -> &'static [&'static str] {
        &["exp_avg", "exp_avg_sq"]
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<Tensor<B>> {
        vec![param.zeros_like(); 2]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> (Tensor<B>, Vec<Tensor<B>>) {
        let ([m, v], (b1, b2)) = (slots("adam", state), self.betas);
        let g = descent("adam", param, grad, self.maximize, self.weight_decay);
        let m = m * b1 + &g * (1.0 - b1);
        let v = v * b2 + &g * &g * (1.0 - b2);
        let rate = &at.lr / correction(b1, &at.step);
        let eps = self.eps.max(B::Elem::min_positive_value().into_f64());
        let scale = v.sqrt() / correction(b2, &at.step).sqrt() + eps;
        (param - rate * (&m / scale), vec![m, v])
    }
}

/// `1 - beta^t`
#[track_caller]
fn correction<B: Backend>(beta: f64, t: &Tensor<B>) -> Tensor<B> {
    let log_beta = t.new_full([], -(1.0 - beta)).log1p();
    -(t * log_beta).expm1()
}
