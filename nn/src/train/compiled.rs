//! The step as one list, executed over host memory: what changes has two copies, which change places.

use core::error::Error;
use core::fmt::Debug;
use core::mem;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{
    Autodiff, Backend, Data, DataBuf, DataMut, Element, Execute, InputError, Spec, Tensor, Trace, WengertList,
};
use optim::{Optimizer, StepInputs};

use super::instance::{Instance, Loss, Outcome, Values};
use super::{State, StepError, initial_state};
use crate::module::{moved, same_backend};
use crate::{Kind, Leaf, Module};

/// What changes from step to step beside the values that the step itself changes.
pub(super) struct Numbers<E> {
    lr: [E; 1],
    step: [E; 1],
    key: [i32; 2],
}

impl<E: Element> Numbers<E> {
    pub(super) fn new(lr: f64, step: u32, key: [i32; 2]) -> Self {
        Self { lr: [E::from_f64(lr)], step: [E::from_f64(f64::from(step))], key }
    }
}

/// A compiled step whose backend's program type is forgotten, so that a step need not be on an executing backend.
pub(super) trait Replay<E: Element>: Debug {
    /// Runs the list and answers the loss; after an error the slots are what they were.
    fn run(&mut self, batch: &[DataBuf<E>], numbers: &Numbers<E>) -> Result<E, Box<dyn Error>>;
    /// Parameters, state and buffers.
    fn slots(&self) -> &Slots<E>;
    /// Names, shapes and formats of the batch's tensors.
    fn batch(&self) -> &[(String, Spec)];
    /// The batch as [`fixed`] shows it.
    fn fixed(&self) -> &str;
    fn list(&self) -> &WengertList<E>;
}

/// Parameters, then the optimizer's state, then buffers.
#[derive(Debug)]
pub(super) struct Slots<E> {
    values: Vec<DataBuf<E>>,
    parameters: usize,
    /// What those of each parameter's state are called.
    state: Vec<Vec<&'static str>>,
    buffers: usize,
}

#[derive(Debug)]
pub(super) struct Compiled<B: Execute> {
    list: WengertList<B::Elem>,
    program: B::Program,
    batch: Vec<(String, Spec)>,
    fixed: String,
    slots: Slots<B::Elem>,
    /// The slots that the step changes, each with room for its next value, in the order of the list's outputs.
    next: Vec<(usize, DataBuf<B::Elem>)>,
    loss: [B::Elem; 1],
}

/// Where the loss is traced.
type Traced<B> = Autodiff<Trace<<B as Backend>::Elem>>;
type TracedLoss<'f, B, M, X> =
    Loss<'f, Trace<<B as Backend>::Elem>, <M as Module<B>>::With<Traced<B>>, <X as Module<B>>::With<Traced<B>>>;

/// The model's tensors at the start, named as the list's inputs will be.
struct Start<B: Backend> {
    /// What the parameters are called in the model.
    paths: Vec<String>,
    /// What the slots of each parameter's state are called.
    slots: Vec<Vec<&'static str>>,
    parameters: Vec<(String, Tensor<B>)>,
    state: Vec<Vec<(String, Tensor<B>)>>,
    buffers: Vec<(String, Tensor<B>)>,
}

impl<B: Backend> Start<B> {
    #[track_caller]
    fn new<M: Module<B>, O: Optimizer>(model: &M, optimizer: &O) -> Self {
        let (paths, parameters): (Vec<_>, Vec<_>) = model.named_parameters().into_iter().unzip();
        let State { names: slots, values } = initial_state(optimizer, &paths, &parameters);
        let named = |((path, slots), values): ((&String, &Vec<&str>), Vec<Tensor<B>>)| {
            let names = slots.iter().map(|slot| format!("{}.{slot}", join("state", path)));
            names.zip(values).collect()
        };
        let state = paths.iter().zip(&slots).zip(values).map(named).collect();
        let of_model = |(path, value): (&String, _)| (join("model", path), value);
        let buffers = model.named_buffers();
        Self {
            parameters: paths.iter().zip(parameters).map(of_model).collect(),
            buffers: buffers.iter().map(|(path, value)| of_model((path, value.clone()))).collect(),
            paths,
            slots,
            state,
        }
    }

    /// Every value, in the order of the list's inputs.
    fn values(&self) -> impl Iterator<Item = &(String, Tensor<B>)> {
        self.parameters.iter().chain(self.state.iter().flatten()).chain(&self.buffers)
    }

    /// An input of the list for each.
    fn inputs(&self) -> Values<Trace<B::Elem>> {
        let input = |(name, value): &(String, Tensor<B>)| Tensor::input(&name[..], value.spec());
        Values {
            names: self.paths.clone(),
            parameters: self.parameters.iter().map(input).collect(),
            state: self.state.iter().map(|slots| slots.iter().map(input).collect()).collect(),
            buffers: self.buffers.iter().map(input).collect(),
        }
    }
}

/// `prefix.path`, where the path may be empty.
fn join(prefix: &str, path: &str) -> String {
    if path.is_empty() { prefix.into() } else { format!("{prefix}.{path}") }
}

impl<B: Execute> Compiled<B> {
    #[track_caller]
    pub(super) fn new<M, X, O>(model: &M, optimizer: &O, loss: &TracedLoss<'_, B, M, X>, example: &X) -> Self
    where
        M: Module<B>,
        X: Module<B>,
        O: Optimizer,
    {
        let start = Start::new(model, optimizer);
        let fixed = fixed(example);
        let values = start.inputs();
        let mut batch = Vec::new();
        let mut batch_inputs = Vec::new();
        let example = example.map_tensors(|leaf, tensor| {
            let (name, spec) = (join("batch", &format!("{}", leaf.path)), tensor.spec());
            let input = Tensor::<Trace<B::Elem>>::input(&name[..], spec);
            batch.push((name, spec));
            batch_inputs.push(input.clone());
            Tensor::constant_of(input)
        });
        let scalar = Spec::elem([]);
        let at = StepInputs { lr: Tensor::input("lr", scalar), step: Tensor::input("step", scalar) };
        let key = Tensor::input("key", Spec::index([2])).to_index();
        let instance = Instance::new(model, &values, |tensor| moved(tensor, &()));
        let outcome = instance.step(loss, &example, key.clone(), optimizer, &values, |_| at.clone());

        let Values { parameters, state, buffers, .. } = &values;
        let slots = parameters.iter().chain(state.iter().flatten()).chain(buffers);
        let inputs: Vec<_> = slots.chain(&batch_inputs).chain([&at.lr, &at.step, key.tensor()]).collect();
        let loss = outcome.loss.clone();
        let changed = changed(outcome, state);
        let names: Vec<_> = start.values().map(|(name, _)| format!("new.{name}")).collect();
        let new = changed.iter().map(|(slot, value)| (&names[*slot][..], value));
        let list = WengertList::new(&inputs, &[("loss", &loss)].into_iter().chain(new).collect::<Vec<_>>());

        let slots = Slots {
            values: start.values().map(|(_, value)| value.to_data()).collect(),
            parameters: parameters.len(),
            state: start.slots,
            buffers: buffers.len(),
        };
        let room = |(slot, value): &(usize, Tensor<_>)| {
            let spec = value.spec();
            (*slot, DataBuf::zeros(spec.dtype, spec.shape.elements()))
        };
        let next = changed.iter().map(room).collect();
        Self { program: B::compile(&list), list, batch, fixed, slots, next, loss: [B::Elem::default()] }
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

impl<B: Execute> Replay<B::Elem> for Compiled<B> {
    fn run(&mut self, batch: &[DataBuf<B::Elem>], numbers: &Numbers<B::Elem>) -> Result<B::Elem, Box<dyn Error>> {
        let host = [Data::Elem(&numbers.lr), Data::Elem(&numbers.step), Data::Index(&numbers.key)];
        let inputs: Vec<_> = self.slots.values.iter().chain(batch).map(DataBuf::as_data).chain(host).collect();
        let mut outputs = Vec::with_capacity(1 + self.next.len());
        outputs.push(DataMut::Elem(&mut self.loss));
        outputs.extend(self.next.iter_mut().map(|(_, room)| room.as_data_mut()));
        B::run(&mut self.program, &inputs, &mut outputs)?;
        for (slot, new) in &mut self.next {
            mem::swap(&mut self.slots.values[*slot], new);
        }
        Ok(self.loss[0])
    }

    fn slots(&self) -> &Slots<B::Elem> {
        &self.slots
    }

    fn batch(&self) -> &[(String, Spec)] {
        &self.batch
    }

    fn fixed(&self) -> &str {
        &self.fixed
    }

    fn list(&self) -> &WengertList<B::Elem> {
        &self.list
    }
}

/// All of a batch but its tensors' numbers, as text: what tracing has fixed.
fn fixed<B: Backend, X: Module<B>>(batch: &X) -> String {
    let blank = |_: &Leaf<'_>, tensor: &Tensor<B>| Tensor::<Trace<B::Elem>>::input("tensor", tensor.spec());
    format!("{:?}", batch.map_tensors(blank))
}

/// Runs a step on a batch whose shapes are checked first.
pub(super) fn run<B: Backend, X: Module<B>>(
    step: &mut dyn Replay<B::Elem>,
    batch: &X,
    numbers: &Numbers<B::Elem>,
) -> Result<B::Elem, StepError> {
    let mut tensors = Vec::with_capacity(step.batch().len());
    batch.visit(|_, tensor| tensors.push(tensor.clone()));
    let (expected, found) = (step.batch().len(), tensors.len());
    if expected != found {
        return Err(StepError::Batch(InputError::Count { expected, found }));
    }
    for ((name, expected), tensor) in step.batch().iter().zip(&tensors) {
        let found = tensor.spec();
        if *expected != found {
            return Err(StepError::Batch(InputError::Spec { name: name.clone(), expected: *expected, found }));
        }
    }
    let (expected, found) = (step.fixed(), fixed(batch));
    if expected != found {
        return Err(StepError::Fixed { expected: expected.into(), found });
    }
    let data: Vec<_> = tensors.iter().map(Tensor::to_data).collect();
    step.run(&data, numbers).map_err(StepError::Run)
}

/// The model with the step's parameters and buffers.
pub(super) fn model<B: Backend, M: Module<B>>(model: &M, step: &dyn Replay<B::Elem>) -> M {
    let Slots { values, parameters, buffers, .. } = step.slots();
    let mut parameters = values[..*parameters].iter();
    let mut buffers = values[values.len() - buffers..].iter();
    same_backend(model, |leaf, old| {
        let new = match leaf.kind {
            Kind::Param => parameters.next(),
            Kind::Buffer => buffers.next(),
            Kind::Tensor => None,
        };
        match new {
            Some(new) => Tensor::from_data(new.as_data(), old.shape(), old.device()),
            None => old.clone(),
        }
    })
}

/// The slot of this name of each parameter; none where one has no such slot of its own shape.
pub(super) fn slot<B: Backend>(
    parameters: &[Tensor<B>],
    step: &dyn Replay<B::Elem>,
    name: &str,
) -> Option<Vec<Tensor<B>>> {
    let (Slots { values, state, .. }, list) = (step.slots(), step.list());
    let mut found = Vec::with_capacity(parameters.len());
    let mut first = parameters.len();
    for (parameter, names) in parameters.iter().zip(state) {
        let place = first + names.iter().position(|own| *own == name)?;
        let spec = list[list.inputs()[place]].spec;
        let data = (spec == parameter.spec()).then(|| values[place].as_data())?;
        found.push(Tensor::from_data(data, parameter.shape(), parameter.device()));
        first += names.len();
    }
    Some(found)
}
