//! AdamW: Adam whose weight decay is decoupled from the gradient.

use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::Adam;
use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, decayed, downhill};

/// AdamW: [`Adam`] whose weight decay does not go through the gradient, and so not through the scaling.
///
/// ```text
/// x <- x - lr weight_decay x
/// x, m, v <- Adam's step from there, with the gradient alone
/// ```
///
/// The state is Adam's.
///
/// (I. Loshchilov and F. Hutter, *Decoupled weight decay regularization*, ICLR 2019, algorithm 2.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{AdamW, Rule, StepInputs};
/// let adamw = AdamW { weight_decay: 0.5, ..AdamW::new(0.1) };
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0, 1.0], [2]), Tensor::new(&[0.0, 7.0], [2]));
/// let state = [x.zeros_like(), x.zeros_like()];
/// let (x, _) = adamw.update(&x, &g, &state, &StepInputs::new(adamw.lr, 1, x.device()));
/// let x = x.to_vec();
/// assert!((x[0] - 0.95).abs() < 1e-8 && (x[1] - 0.85).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// The learning rate; 0.001 by default.
    pub lr: f64,
    /// How much of the running averages of the gradient and of its square stays; 0.9 and 0.999 by default.
    pub betas: (f64, f64),
    /// What keeps the quotient finite; 1e-8 by default.
    pub eps: f64,
    /// How much of the parameter is taken away, per unit of learning rate; 0.01 by default.
    pub weight_decay: f64,
    /// Whether the largest average of squares so far scales the step; off by default.
    pub amsgrad: bool,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl AdamW {
    /// AdamW at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 1e-2, amsgrad: false, maximize: false }
    }

    const fn adam(&self) -> Adam {
        let &Self { lr, betas, eps, weight_decay, amsgrad, maximize } = self;
        Adam { lr, betas, eps, weight_decay, amsgrad, maximize }
    }
}

impl Default for AdamW {
    fn default() -> Self {
        Self::new(1e-3)
    }
}

impl Rule for AdamW {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        self.adam().zeros("adamw", param)
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let g = downhill("adamw", param, grad, self.maximize);
        self.adam().advance("adamw", &decayed(param, self.weight_decay, at), &g, state, at)
    }
}
