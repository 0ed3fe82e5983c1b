//! The step computed operation by operation.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Index, Tensor};
use optim::{Optimizer, StepInputs};

use super::initial_state;
use super::instance::{Instance, Loss, Values};
use crate::Module;

/// The values between two steps. `M` and `X` are model and batch under [`Autodiff`].
pub(super) struct Eager<B: Backend, M, X> {
    loss: Box<Loss<'static, B, M, X>>,
    values: Values<B>,
    /// How often each parameter was updated: one may be out of a loss's reach in some steps.
    updates: Vec<u32>,
}

impl<B: Backend, M, X> Eager<B, M, X> {
    #[track_caller]
    pub(super) fn new<S: Module<B>, O: Optimizer>(model: &S, optimizer: &O, loss: Box<Loss<'static, B, M, X>>) -> Self {
        let parameters = model.parameters();
        let buffers = model.named_buffers().into_iter().map(|(_, value)| value).collect();
        let state = initial_state(optimizer, &parameters);
        Self { loss, updates: vec![0; parameters.len()], values: Values { parameters, state, buffers } }
    }

    pub(super) const fn values(&self) -> &Values<B> {
        &self.values
    }

    #[track_caller]
    pub(super) fn run<S, Y, O>(&mut self, model: &S, optimizer: &O, batch: &Y, lr: f64, key: [i32; 2]) -> B::Elem
    where
        S: Module<B, With<Autodiff<B>> = M>,
        Y: Module<B, With<Autodiff<B>> = X>,
        O: Optimizer,
    {
        let device = self.values.parameters.first().map(|first| first.device().clone()).unwrap_or_default();
        let batch = batch.map_tensors(|_, tensor| Tensor::constant_of(tensor.clone()));
        let instance = Instance::new(model, &self.values, Tensor::clone);
        let key = Index::from_slice(&key, [2], &device);
        let at = |number: usize| StepInputs::new(lr, self.updates[number] + 1, &device);
        let outcome = instance.step(&self.loss, &batch, key, optimizer, &self.values.state, at);
        for (number, updated) in outcome.parameters.into_iter().enumerate() {
            if let Some((parameter, state)) = updated {
                self.values.parameters[number] = parameter;
                self.values.state[number] = state;
                self.updates[number] += 1;
            }
        }
        for (old, new) in self.values.buffers.iter_mut().zip(outcome.buffers) {
            if let Some(new) = new {
                *old = new;
            }
        }
        outcome.loss.item()
    }
}
