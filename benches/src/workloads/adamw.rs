//! Adam with decoupled weight decay, made of Adam.

use autodiff_core::{Backend, Tensor};
use optim::{Adam, Optimizer, StepInputs};

/// `x <- adam(x (1 - lr weight_decay), g)` (Loshchilov and Hutter, *Decoupled weight decay regularization*, ICLR 2019).
#[derive(Clone, Debug)]
pub(super) struct AdamW {
    pub(super) adam: Adam,
    pub(super) weight_decay: f64,
}

impl Optimizer for AdamW {
    fn lr(&self) -> f64 {
        self.adam.lr()
    }

    fn state_names(&self) -> &'static [&'static str] {
        self.adam.state_names()
    }

    fn init<B: Backend>(&self, param: &Tensor<B>) -> Vec<Tensor<B>> {
        self.adam.init(param)
    }

    fn update<B: Backend>(
        &self,
        param: &Tensor<B>,
        grad: &Tensor<B>,
        state: &[Tensor<B>],
        at: &StepInputs<B>,
    ) -> (Tensor<B>, Vec<Tensor<B>>) {
        let kept = 1.0 - &at.lr * self.weight_decay;
        self.adam.update(&(param * kept), grad, state, at)
    }
}
