//! The step computed operation by operation.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Index, Tensor};
use optim::{Optimizer, StepInputs};

use super::instance::{Instance, Loss, Values};
use super::{State, initial_state};
use crate::Module;

/// The values between two steps. `M` and `X` are model and batch under [`Autodiff`].
pub(super) struct Eager<B: Backend, M, X> {
    loss: Box<Loss<'static, B, M, X>>,
    values: Values<B>,
    /// What the slots of each parameter are called.
    slots: Vec<Vec<&'static str>>,
    /// How often each parameter was updated: one may be out of a loss's reach in some steps.
    updates: Vec<u32>,
}

impl<B: Backend, M, X> Eager<B, M, X> {
    #[track_caller]
    pub(super) fn new<S: Module<B>, O: Optimizer>(model: &S, optimizer: &O, loss: Box<Loss<'static, B, M, X>>) -> Self {
        let (names, parameters): (Vec<_>, Vec<_>) = model.named_parameters().into_iter().unzip();
        let buffers = model.named_buffers().into_iter().map(|(_, value)| value).collect();
        let State { names: slots, values: state } = initial_state(optimizer, &names, &parameters);
        Self { loss, slots, updates: vec![0; parameters.len()], values: Values { names, parameters, state, buffers } }
    }

    pub(super) const fn values(&self) -> &Values<B> {
        &self.values
    }

    /// The slot of this name of each parameter; none where one has no such slot of its own shape.
    pub(super) fn slot(&self, name: &str) -> Option<Vec<Tensor<B>>> {
        let Values { parameters, state, .. } = &self.values;
        let mut found = Vec::with_capacity(parameters.len());
        for ((parameter, slots), names) in parameters.iter().zip(state).zip(&self.slots) {
            let slot = &slots[names.iter().position(|own| *own == name)?];
            found.push((slot.spec() == parameter.spec()).then(|| slot.clone())?);
        }
        Some(found)
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
        let outcome = instance.step(&self.loss, &batch, key, optimizer, &self.values, at);
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
