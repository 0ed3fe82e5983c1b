//! The step traced: its list for one kind of batch, and what lists of all kinds have in common.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Role, Spec, Tensor, Trace, WengertList};
use optim::{Optimizer, StepInputs};

use super::instance::{Instance, Loss, Outcome, Values};
use super::{State, initial_state};
use crate::Module;
use crate::compile::{Batch, Traced, Tracing, join};
use crate::module::moved;

/// Where the loss is traced.
type Recorded<B> = Autodiff<Trace<<B as Backend>::Elem>>;
pub(super) type TracedLoss<B, M, X> = Loss<
    'static,
    Trace<<B as Backend>::Elem>,
    <M as Module<B>>::With<Recorded<B>>,
    <X as Module<B>>::With<Recorded<B>>,
>;

/// What stays in the memory: parameters, then the optimizer's state, then buffers, named as the lists' inputs are.
pub(super) struct Kept {
    pub(super) slots: Vec<(String, Spec)>,
    /// What the parameters are called in the model.
    pub(super) paths: Vec<String>,
    /// What the slots of each parameter's state are called.
    pub(super) state: Vec<Vec<&'static str>>,
    pub(super) buffers: usize,
}

impl Kept {
    /// What stays of a model and its optimizer, and the values at the start.
    #[track_caller]
    pub(super) fn new<B: Backend, M: Module<B>, O: Optimizer>(model: &M, optimizer: &O) -> (Self, Vec<Tensor<B>>) {
        let (paths, parameters): (Vec<_>, Vec<_>) = model.named_parameters().into_iter().unzip();
        let State { names: state, values: of_state } = initial_state(optimizer, &paths, &parameters);
        let (buffers, of_buffers): (Vec<_>, Vec<_>) = model.named_buffers().into_iter().unzip();
        let slot_names = |(path, slots): (&String, &Vec<&str>)| {
            slots.iter().map(|slot| format!("{}.{slot}", join("state", path))).collect::<Vec<_>>()
        };
        let names = paths.iter().map(|path| join("model", path));
        let names = names.chain(paths.iter().zip(&state).flat_map(slot_names));
        let names = names.chain(buffers.iter().map(|path| join("model", path)));
        let values: Vec<_> = parameters.into_iter().chain(of_state.into_iter().flatten()).chain(of_buffers).collect();
        let slots = names.zip(values.iter().map(Tensor::spec)).collect();
        let buffers = buffers.len();
        (Self { slots, paths, state, buffers }, values)
    }

    /// An input of a list for each.
    fn inputs<B: Backend>(&self) -> Values<Trace<B::Elem>> {
        let mut inputs = self.slots.iter().map(|(name, spec)| Tensor::input(&name[..], *spec));
        let mut next = |count: usize| inputs.by_ref().take(count).collect::<Vec<_>>();
        Values {
            names: self.paths.clone(),
            parameters: next(self.paths.len()),
            state: self.state.iter().map(|slots| next(slots.len())).collect(),
            buffers: next(self.buffers),
        }
    }
}

/// A step to be traced.
pub(super) struct Step<'a, B: Backend, M: Module<B>, X: Module<B>, O> {
    pub(super) model: &'a M,
    pub(super) optimizer: &'a O,
    pub(super) loss: &'a TracedLoss<B, M, X>,
    pub(super) kept: &'a Kept,
    pub(super) example: &'a X,
}

impl<B: Backend, M: Module<B>, X: Module<B>, O: Optimizer> Tracing<B, ()> for Step<'_, B, M, X, O> {
    #[track_caller]
    fn trace(&self) -> Traced<B, ()> {
        let Self { model, optimizer, loss, kept, example } = *self;
        let values = kept.inputs::<B>();
        let batch = Batch::<B, X, Recorded<B>>::new(example, Tensor::constant_of);
        let scalar = Spec::elem([]);
        let at = StepInputs { lr: Tensor::input("lr", scalar), step: Tensor::input("step", scalar) };
        let key = Tensor::input("key", Spec::index([2])).to_index();
        let instance = Instance::new(model, &values, |tensor| moved(tensor, &()));
        let outcome = instance.step(loss, &batch.traced, key.clone(), optimizer, &values, |_| at.clone());

        let Values { parameters, state, buffers, .. } = &values;
        let slots = parameters.iter().chain(state.iter().flatten()).chain(buffers);
        let inputs: Vec<_> = slots.chain(&batch.inputs).chain([&at.lr, &at.step, key.tensor()]).collect();
        let loss = outcome.loss.clone();
        let changed = changed(outcome, state);
        let names: Vec<_> = changed.iter().map(|(slot, _)| format!("new.{}", kept.slots[*slot].0)).collect();
        let new = names.iter().zip(&changed).map(|(name, (_, value))| (&name[..], value));
        let list = WengertList::new(&inputs, &[("loss", &loss)].into_iter().chain(new).collect::<Vec<_>>());

        let mut roles = alloc::vec![Role::Kept; inputs.len()];
        roles[kept.slots.len()..][..batch.inputs.len()].fill(Role::Given);
        for (number, (slot, _)) in changed.iter().enumerate() {
            roles[*slot] = Role::Carried(1 + number);
        }
        Traced { list, roles, extra: () }
    }
}

/// The new values of the slots that the step changes, with the slots' numbers.
fn changed<C: Backend>(outcome: Outcome<C>, state: &[Vec<Tensor<C>>]) -> Vec<(usize, Tensor<C>)> {
    let parameters = outcome.parameters.len();
    let (mut first, mut of_state) = (Vec::new(), Vec::new());
    let mut slot = parameters;
    for (number, (updated, state)) in outcome.parameters.into_iter().zip(state).enumerate() {
        if let Some((parameter, new)) = updated {
            first.push((number, parameter));
            of_state.extend((slot..).zip(new));
        }
        slot += state.len();
    }
    let buffers = (slot..).zip(outcome.buffers).filter_map(|(slot, new)| Some((slot, new?)));
    first.into_iter().chain(of_state).chain(buffers).collect()
}
