//! Lion: steps of one length, in the direction of a sign.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Backend, Tensor};

use crate::optimizer::Updated;
use crate::rule::{Rule, StepInputs, average, check_not_negative, check_shares, decayed, downhill, slots};

/// Lion.
///
/// ```text
/// x <- x - lr weight_decay x
/// x <- x - lr sign(b1 m + (1 - b1) g)
/// m <- b2 m + (1 - b2) g
/// ```
///
/// with `betas = (b1, b2)`. The state is `m`, called `exp_avg`. The sign of 0 is 0. PyTorch has no Lion: names and defaults are
/// those of the authors' program. Its learning rate is commonly three to ten times smaller than Adam's.
///
/// (X. Chen et al., *Symbolic discovery of optimization algorithms*, NeurIPS 2023, algorithm 2.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use optim::{Lion, Rule, StepInputs};
/// let lion = Lion { weight_decay: 1.0, ..Lion::new(0.25) };
/// let (x, g) = (Tensor::<Cpu<f64>>::new(&[1.0, 1.0], [2]), Tensor::new(&[1e-9, 0.0], [2]));
/// let (x, _) = lion.update(&x, &g, &[x.zeros_like()], &StepInputs::new(lion.lr, 1, x.device()));
/// assert_eq!(x.to_vec(), [0.5, 0.75]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// The learning rate; 0.0001 by default.
    pub lr: f64,
    /// How much of the running average is in the direction, and how much of it stays; 0.9 and 0.99 by default.
    pub betas: (f64, f64),
    /// How much of the parameter is taken away, per unit of learning rate; 0 by default.
    pub weight_decay: f64,
    /// Whether the objective is to grow; off by default.
    pub maximize: bool,
}

impl Lion {
    /// Lion at this learning rate.
    #[must_use]
    pub const fn new(lr: f64) -> Self {
        Self { lr, betas: (0.9, 0.99), weight_decay: 0.0, maximize: false }
    }
}

impl Default for Lion {
    fn default() -> Self {
        Self::new(1e-4)
    }
}

impl Rule for Lion {
    fn lr(&self) -> f64 {
        self.lr
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<(&'static str, Tensor<B>)> {
        check_not_negative("lion", &[("lr", self.lr), ("weight_decay", self.weight_decay)]);
        check_shares("lion", &[("betas.0", self.betas.0), ("betas.1", self.betas.1)]);
        vec![("exp_avg", param.zeros_like())]
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> Updated<B> {
        let ([m], (b1, b2)) = (slots("lion", state), self.betas);
        let g = downhill("lion", param, grad, self.maximize);
        let x = decayed(param, self.weight_decay, at);
        (x - &at.lr * average(b1, m, &g).sign(), vec![average(b2, m, &g)])
    }
}
