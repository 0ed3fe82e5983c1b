//! The compiled step: one list for each kind of batch, all run in one memory, in which parameters and state stay.

use core::error::Error;
use core::fmt::{self, Debug};

use alloc::boxed::Box;
use alloc::vec::Vec;

use autodiff_core::{Backend, Data, DataBuf, DataMut, Element, Execute, Slot, Spec, Tensor, WengertList};
use optim::Optimizer;

use super::outline::has_outline;
use super::variant::{Kept, TracedLoss, Variant};
use super::{StepError, TraceReport};
use crate::module::same_backend;
use crate::{Kind, Module};

/// For how many kinds of batches a step is compiled at a time; the one that was not run for longest gives way.
const VARIANTS: usize = 32;

/// What changes from step to step beside the values that the step itself changes.
pub(super) struct Numbers<E> {
    lr: [E; 1],
    step: [E; 1],
    key: [i32; 2],
    /// The number of the step.
    at: u32,
}

impl<E: Element> Numbers<E> {
    pub(super) fn new(lr: f64, at: u32, key: [i32; 2]) -> Self {
        Self { lr: [E::from_f64(lr)], step: [E::from_f64(f64::from(at))], key, at }
    }

    /// In the order of the list's inputs.
    const fn data(&self) -> [Data<'_, E>; 3] {
        [Data::Elem(&self.lr), Data::Elem(&self.step), Data::Index(&self.key)]
    }
}

/// A compiled step of which is forgotten that its backend executes lists, so that a step need not be on such a one.
pub(super) trait Replay<B: Backend, M, X, O> {
    /// Does a step and answers the loss; after an error what is kept is what it was.
    #[track_caller]
    fn run(&mut self, of: (&M, &O), batch: &X, numbers: &Numbers<B::Elem>) -> Result<B::Elem, StepError>;
    /// The model with parameters and buffers as they are.
    fn model(&self, structure: &M) -> M;
    /// The slot of this name of each parameter; none where one has no such slot of its own shape.
    fn slot(&self, name: &str) -> Option<Vec<Tensor<B>>>;
    /// The list that was run last.
    fn list(&self) -> &WengertList<B::Elem>;
    /// What was compiled so far.
    fn traces(&self) -> &[TraceReport];
}

pub(super) struct Compiled<B: Execute, M: Module<B>, X: Module<B>> {
    loss: Box<TracedLoss<B, M, X>>,
    kept: Kept,
    device: B::Device,
    memory: B::Memory,
    variants: Vec<Variant<B>>,
    /// The variant that was run last.
    current: usize,
    traces: Vec<TraceReport>,
    /// The tensors of a batch during a run.
    given: Vec<Tensor<B>>,
}

impl<B: Execute, M: Module<B>, X: Module<B>> Compiled<B, M, X> {
    /// Compiles the step for batches like the example, and puts the model's parameters into the memory.
    #[track_caller]
    pub(super) fn new<O: Optimizer>(model: &M, optimizer: &O, loss: Box<TracedLoss<B, M, X>>, example: &X) -> Self {
        let (kept, values) = Kept::new(model, optimizer);
        let device = values.first().map(|value| value.device().clone()).unwrap_or_default();
        let (memory, variants) = (B::Memory::default(), Vec::new());
        let mut compiled =
            Self { loss, kept, device, memory, variants, current: 0, traces: Vec::new(), given: Vec::new() };
        compiled.trace((model, optimizer), example, 0);
        let program = &compiled.variants[0].program;
        for (number, value) in values.iter().enumerate() {
            sound(B::write(program, &mut compiled.memory, number, value.to_data().as_data()));
        }
        compiled
    }

    /// Finds the variant for a batch, whose tensors are `given`.
    fn find(&self, batch: &X) -> Option<usize> {
        let fits = |variant: &Variant<B>| {
            let specs = variant.batch.iter().map(|(_, spec)| *spec);
            specs.eq(self.given.iter().map(Tensor::spec)) && has_outline(batch, &variant.outline)
        };
        // Mostly it is the one of the step before.
        let (before, from) = self.variants.split_at(self.current);
        from.iter().chain(before).position(fits).map(|ahead| (self.current + ahead) % self.variants.len())
    }

    /// Compiles the step for another kind of batch; answers the number of the variant.
    #[track_caller]
    fn trace<O: Optimizer>(&mut self, (model, optimizer): (&M, &O), batch: &X, at: u32) -> usize {
        let variant = Variant::new((model, optimizer), &*self.loss, &self.kept, batch, &self.device);
        self.traces.push(TraceReport {
            step: at,
            batch: variant.batch.clone(),
            assignments: variant.list.assignments().len(),
            passes: variant.passes.clone(),
        });
        if self.variants.len() < VARIANTS {
            self.variants.push(variant);
            return self.variants.len() - 1;
        }
        let oldest = (0..VARIANTS).min_by_key(|&number| self.variants[number].used).unwrap_or(0);
        self.variants[oldest] = variant;
        oldest
    }

    /// A value of the memory as a tensor.
    fn tensor(&self, number: usize) -> Tensor<B> {
        let Spec { shape, dtype } = self.kept.slots[number].1;
        let mut data = DataBuf::zeros(dtype, shape.elements());
        sound(B::read(&self.variants[self.current].program, &self.memory, Slot::Input(number), data.as_data_mut()));
        Tensor::from_data(data.as_data(), shape, &self.device)
    }
}

impl<B: Execute, M: Module<B>, X: Module<B>, O: Optimizer> Replay<B, M, X, O> for Compiled<B, M, X> {
    #[track_caller]
    fn run(&mut self, of: (&M, &O), batch: &X, numbers: &Numbers<B::Elem>) -> Result<B::Elem, StepError> {
        // Not empty where the loss panicked while it was traced.
        self.given.clear();
        batch.visit(|_, tensor| self.given.push(tensor.clone()));
        self.current = match self.find(batch) {
            Some(current) => current,
            None => self.trace(of, batch, numbers.at),
        };
        let variant = &mut self.variants[self.current];
        variant.used = numbers.at;
        let first = self.kept.slots.len() + variant.batch.len();
        for (input, data) in (first..).zip(numbers.data()) {
            sound(B::write(&variant.program, &mut self.memory, input, data));
        }
        let result = B::run(&variant.program, &mut self.memory, &self.given);
        self.given.clear();
        result.map_err(StepError::new)?;
        let mut loss = [B::Elem::default()];
        sound(B::read(&variant.program, &self.memory, Slot::Output(0), DataMut::Elem(&mut loss)));
        Ok(loss[0])
    }

    fn model(&self, structure: &M) -> M {
        let mut parameters = 0..self.kept.paths.len();
        let mut buffers = self.kept.slots.len() - self.kept.buffers..self.kept.slots.len();
        same_backend(structure, |leaf, old| {
            let number = match leaf.kind {
                Kind::Param => parameters.next(),
                Kind::Buffer => buffers.next(),
                Kind::Tensor => None,
            };
            number.map_or_else(|| old.clone(), |number| self.tensor(number))
        })
    }

    fn slot(&self, name: &str) -> Option<Vec<Tensor<B>>> {
        let Kept { slots, state, .. } = &self.kept;
        let mut found = Vec::with_capacity(state.len());
        let mut first = state.len();
        for (parameter, names) in state.iter().enumerate() {
            let number = first + names.iter().position(|own| *own == name)?;
            found.push((slots[number].1 == slots[parameter].1).then(|| self.tensor(number))?);
            first += names.len();
        }
        Some(found)
    }

    fn list(&self) -> &WengertList<B::Elem> {
        &self.variants[self.current].list
    }

    fn traces(&self) -> &[TraceReport] {
        &self.traces
    }
}

impl<B: Execute, M: Module<B>, X: Module<B>> Debug for Compiled<B, M, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("traces", &self.traces).finish_non_exhaustive()
    }
}

/// What a program says of values that it keeps: they are of the shapes that it was compiled for.
#[track_caller]
fn sound<R, E: Error>(result: Result<R, E>) -> R {
    match result {
        Ok(value) => value,
        Err(error) => panic!("compiled step: {error}"),
    }
}
