//! One step as a function of tensors, the same for a backend that computes and for [`Trace`](autodiff_core::Trace).

use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Index, Tensor};
use optim::{Optimizer, StepInputs};

use crate::{Context, Kind, Module, ParamId};

/// The loss function of a step.
pub(super) type Loss<'f, C, M, X> = dyn Fn(&M, &X, &mut Context<Autodiff<C>>) -> Tensor<Autodiff<C>> + 'f;

/// What a step reads and changes: each parameter with its state, and the buffers, in the order of the model's fields.
#[derive(Debug)]
pub(super) struct Values<C: Backend> {
    pub(super) parameters: Vec<Tensor<C>>,
    pub(super) state: Vec<Vec<Tensor<C>>>,
    pub(super) buffers: Vec<Tensor<C>>,
}

/// What a step yields; `None` for what it leaves as it is.
pub(super) struct Outcome<C: Backend> {
    pub(super) loss: Tensor<C>,
    pub(super) parameters: Vec<Option<Updated<C>>>,
    pub(super) buffers: Vec<Option<Tensor<C>>>,
}

/// A parameter and its state after the update.
pub(super) type Updated<C> = (Tensor<C>, Vec<Tensor<C>>);

/// A model in which gradients are recorded, with its variables and buffers in order.
pub(super) struct Instance<C: Backend, M> {
    model: M,
    variables: Vec<Tensor<Autodiff<C>>>,
    buffers: Vec<ParamId>,
}

impl<C: Backend, M> Instance<C, M> {
    /// The model with these values; `constant` carries over what is neither parameter nor buffer.
    pub(super) fn new<B: Backend, S: Module<B, With<Autodiff<C>> = M>>(
        structure: &S,
        values: &Values<C>,
        constant: impl Fn(&Tensor<B>) -> Tensor<C>,
    ) -> Self {
        let (mut variables, mut buffers) = (Vec::new(), Vec::new());
        let model = structure.map_tensors(|leaf, tensor| match (leaf.kind, leaf.id) {
            (Kind::Param, _) => {
                let variable = Tensor::variable(values.parameters[variables.len()].clone());
                variables.push(variable.clone());
                variable
            }
            (Kind::Buffer, Some(id)) => {
                let value = values.buffers[buffers.len()].clone();
                buffers.push(id.clone());
                Tensor::constant_of(value)
            }
            _ => Tensor::constant_of(constant(tensor)),
        });
        Self { model, variables, buffers }
    }

    /// Forward, backward, update; `at` knows learning rate and step of the parameter with this number.
    #[track_caller]
    pub(super) fn step<X, O: Optimizer>(
        &self,
        loss: &Loss<'_, C, M, X>,
        batch: &X,
        key: Index<C>,
        optimizer: &O,
        state: &[Vec<Tensor<C>>],
        at: impl Fn(usize) -> StepInputs<C>,
    ) -> Outcome<C> {
        let mut ctx = Context::training(Tensor::constant_of(key.tensor().clone()).to_index());
        let loss = loss(&self.model, batch, &mut ctx);
        let value = loss.value().clone();
        let gradients = loss.backward();
        let mut parameters = Vec::with_capacity(self.variables.len());
        for (number, (variable, state)) in self.variables.iter().zip(state).enumerate() {
            parameters.push(match gradients.get(variable) {
                Some(gradient) => {
                    let updated = optimizer.update(variable.value(), gradient, state, &at(number));
                    check_update(number, variable.value(), state, &updated);
                    Some(updated)
                }
                None => None,
            });
        }
        let new = |id| ctx.new_buffer(id).map(|value| value.value().clone());
        Outcome { loss: value, parameters, buffers: self.buffers.iter().map(new).collect() }
    }
}

/// An optimizer must leave shapes and formats, and the number of slots, as they are.
#[track_caller]
fn check_update<C: Backend>(number: usize, old: &Tensor<C>, state: &[Tensor<C>], (new, next): &Updated<C>) {
    let specs = |first: &Tensor<C>, rest: &[Tensor<C>]| {
        let rest = rest.iter().map(Tensor::spec);
        core::iter::once(first.spec()).chain(rest).collect::<Vec<_>>()
    };
    let (expected, found) = (specs(old, state), specs(new, next));
    assert!(
        expected == found,
        "optimizer: parameter {number} and its state are {expected:?}, their update answered {found:?}"
    );
}
