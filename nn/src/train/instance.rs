//! One step as a function of tensors, the same for a backend that computes and for [`Trace`](autodiff_core::Trace).

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Index, Spec, Tensor};
use optim::{Optimizer, ParamStep, StepInputs, Updated};

use crate::{Context, Kind, Module, ParamId};

/// The loss function of a step.
pub(super) type Loss<'f, C, M, X> = dyn Fn(&M, &X, &mut Context<Autodiff<C>>) -> Tensor<Autodiff<C>> + 'f;

/// What a step reads and changes: each parameter with its name and state, and the buffers, in the order of the model's
/// fields.
#[derive(Debug)]
pub(super) struct Values<C: Backend> {
    pub(super) names: Vec<String>,
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
        values: &Values<C>,
        at: impl Fn(usize) -> StepInputs<C>,
    ) -> Outcome<C> {
        let mut ctx = Context::training(Tensor::constant_of(key.tensor().clone()).to_index());
        let loss = loss(&self.model, batch, &mut ctx);
        let value = loss.value().clone();
        let scale = values.state.first().and_then(|state| optimizer.loss_scale(state));
        let gradients = match &scale {
            Some(scale) => (loss * Tensor::constant_of(scale.clone())).backward(),
            None => loss.backward(),
        };
        let (mut numbers, mut params) = (Vec::new(), Vec::new());
        for (number, variable) in self.variables.iter().enumerate() {
            if let Some(grad) = gradients.get(variable) {
                let (name, state) = (&values.names[number], &values.state[number]);
                numbers.push(number);
                let grad = scale.as_ref().map_or_else(|| grad.clone(), |scale| grad / scale);
                params.push(ParamStep { name, value: variable.value(), grad, state, at: at(number) });
            }
        }
        let updated = optimizer.step(&params);
        check_updates(&params, &updated);
        let mut parameters = vec![None; self.variables.len()];
        for (number, updated) in numbers.into_iter().zip(updated) {
            parameters[number] = Some(updated);
        }
        let new = |id| ctx.new_buffer(id).map(|value| value.value().clone());
        Outcome { loss: value, parameters, buffers: self.buffers.iter().map(new).collect() }
    }
}

/// An optimizer must answer each parameter, and leave shapes and formats, and the number of slots, as they are.
#[track_caller]
fn check_updates<C: Backend>(params: &[ParamStep<'_, C>], updated: &[Updated<C>]) {
    let (expected, found) = (params.len(), updated.len());
    assert!(expected == found, "optimizer: {expected} parameters given, {found} answered");
    for (old, (new, next)) in params.iter().zip(updated) {
        let (expected, found) = (specs(old.value, old.state), specs(new, next));
        let name = old.name;
        assert!(
            expected == found,
            "optimizer: parameter `{name}` and its state are {expected:?}, their update answered {found:?}"
        );
    }
}

fn specs<C: Backend>(first: &Tensor<C>, rest: &[Tensor<C>]) -> Vec<Spec> {
    core::iter::once(first).chain(rest).map(Tensor::spec).collect()
}
